"""Passive authentication: whether a chip's data are those that a state's signer signed (ICAO Doc 9303-11 section 5.1).

It does not tell whether the chip is a copy: a faithful copy passes. Whoever needs that looks at the document, or lets
the reader do active or chip authentication, which need the chip itself.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.rules.chip.certificates import Certificate, vouches
from doorstep.systems.identity.rules.chip.files import GROUPS, SecurityObject, read_security_object, read_zone
from doorstep.systems.identity.rules.chip.findings import (
    CONTENT,
    GROUP_ALTERED,
    GROUP_MISSING,
    GROUP_UNLISTED,
    NO_REVOCATION_LIST,
    SIGNATURE_WRONG,
    SIGNED_OUTSIDE,
    SIGNER_EXPIRED,
    SIGNER_MISSING,
    SIGNER_PURPOSE,
    SIGNER_REVOKED,
    SIGNER_UNKNOWN,
    STATE_EXPIRED,
    STATE_UNKNOWN,
    TOO_LARGE,
    VERDICTS,
    Verdict,
)
from doorstep.systems.identity.rules.chip.signatures import Policy, digest, fits, judge
from doorstep.systems.identity.rules.chip.trust import Authority, Trust
from doorstep.systems.identity.rules.mrz import Mrz

LARGEST_GROUP = 1024 * 1024


class ChipFiles(msgspec.Struct, frozen=True):
    """Files as read from a chip, whole: EF.SOD, and data groups by number (1 to 16)."""

    security_object: bytes
    groups: Mapping[int, bytes]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the check of a chip found.

    `reasons` speak against it, the worst decides the verdict; `notes` do not, but somebody should know them. `groups`
    are the data groups that were read and are as they were signed: nothing else of the chip may be used, and nothing
    at all unless the verdict is one to rely on. `zone` is data group 1, where it is among them. `signer` and `state`
    are SHA-256 fingerprints of the certificates, where found.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    groups: frozenset[int] = frozenset()
    zone: Mrz | None = None
    signed_at: datetime | None = None
    signer: str = ""
    state: str = ""


def authenticate(files: ChipFiles, trust: Trust, *, at: datetime, day: date, policy: Policy | None = None) -> Outcome:
    """The check at the instant `at` (aware), which is on the legal day `day`. Never raises for what a chip may hold."""
    policy = policy or Policy()
    unfit = _unfit(files.groups)
    signed = read_security_object(files.security_object)
    if isinstance(signed, Reason):
        return _outcome([*unfit, signed])
    signer, wrong = _signature(signed, trust)
    if unfit or signer is None:
        return _outcome([*unfit, *wrong], signed_at=signed.signer.signed_at)
    altered, intact = _compare(signed, files.groups)
    missing = [
        GROUP_MISSING(f"dg{number}", number=number) for number in sorted({1, *policy.groups} - set(files.groups))
    ]
    hash_names = (signed.hashes.hash, signed.signer.hash, signed.signer.method.hash)
    weak, notes = judge(signer.key, hash_names, policy, "sod")
    found = [*altered, *missing, *weak, *_signer_unfit(signer, signed.signer.signed_at, at)]
    zone = read_zone(files.groups[1], day) if 1 in intact else None
    if not isinstance(zone, Mrz):
        found += zone or []
        return _outcome(found, notes=notes, groups=intact, signed_at=signed.signer.signed_at, signer=signer.fingerprint)
    issued = _issued(signer, zone, trust, at, policy)
    return _outcome(
        [*found, *issued.against],
        notes=[*notes, *issued.notes],
        groups=intact,
        zone=zone,
        signed_at=signed.signer.signed_at,
        signer=signer.fingerprint,
        state=issued.authority.certificate.fingerprint if issued.authority else "",
    )


def _outcome(
    reasons: list[Reason], *, notes: Iterable[Reason] = (), groups: Iterable[int] = (), **found: Any
) -> Outcome:
    """A reason that leads to no verdict of its own speaks of the content of a signed file."""
    verdicts = [VERDICTS.get(one.code, Verdict.MALFORMED) for one in reasons]
    worst = next((verdict for verdict in Verdict if verdict in verdicts), Verdict.AUTHENTIC)
    return Outcome(verdict=worst, reasons=tuple(reasons), notes=tuple(notes), groups=frozenset(groups), **found)


def _unfit(groups: Mapping[int, bytes]) -> list[Reason]:
    """Against files that are no data groups at all."""
    numbers = [CONTENT(f"dg{number}") for number in groups if number not in GROUPS]
    large = [TOO_LARGE(f"dg{n}", most=LARGEST_GROUP) for n, file in groups.items() if len(file) > LARGEST_GROUP]
    return numbers + large


def _signature(signed: SecurityObject, trust: Trust) -> tuple[Certificate | None, list[Reason]]:
    """The certificate whose key made the signature, or what speaks against the signature."""
    named = [one for one in (*signed.certificates, *trust.signers) if signed.names(one)]
    if not named:
        return None, [SIGNER_MISSING("sod")]
    if signed.unaltered:
        for one in named:
            if fits(signed.signer.method, one.key, signed.signer.signature, signed.signer.attributes):
                return one, []
    return None, [SIGNATURE_WRONG("sod")]


def _compare(signed: SecurityObject, groups: Mapping[int, bytes]) -> tuple[list[Reason], set[int]]:
    """What is wrong with the groups that were read, and the numbers of those that are as they were signed."""
    found, intact = [], set()
    for number, file in sorted(groups.items()):
        if number not in signed.hashes.groups:
            found.append(GROUP_UNLISTED(f"dg{number}", number=number))
        elif digest(signed.hashes.hash, file) != signed.hashes.groups[number]:
            found.append(GROUP_ALTERED(f"dg{number}", number=number))
        else:
            intact.add(number)
    return found, intact


def _signer_unfit(signer: Certificate, signed_at: datetime | None, at: datetime) -> list[Reason]:
    """Against the certificate by itself: 9303-12 table 6. Those for other purposes name them, those for chips do not."""
    found = [] if signer.valid(at) else [SIGNER_EXPIRED("sod")]
    if "digital_signature" not in (signer.usage or ()) or signer.authority or signer.purposes or signer.critical:
        found.append(SIGNER_PURPOSE("sod"))
    if signed_at:
        begins = max(signer.not_before, signer.signs_from or signer.not_before)
        ends = min(signer.not_after, signer.signs_until or signer.not_after, at)
        found += [] if begins <= signed_at <= ends else [SIGNED_OUTSIDE("sod")]
    return found


class _Issued(msgspec.Struct, frozen=True):
    """Whether the state that the zone names issued the signer's certificate, for such documents."""

    authority: Authority | None = None
    against: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()


def _issued(signer: Certificate, zone: Mrz, trust: Trust, at: datetime, policy: Policy) -> _Issued:
    state = zone.issuer
    authorities = trust.of(state)
    if not authorities:
        return _Issued(against=(STATE_UNKNOWN("sod", state=state),))
    vouching = [one for one in authorities if vouches(one.certificate, signer)]
    if not vouching:
        return _Issued(against=(SIGNER_UNKNOWN("sod", state=state),))
    authority = max(vouching, key=lambda one: one.certificate.valid(at))
    against, notes = judge(authority.certificate.key, [signer.method.hash], policy, "sod")
    if signer.document_types and not any(_covers(kind, zone.code) for kind in signer.document_types):
        against.append(SIGNER_PURPOSE("sod"))
    if any(trust.revoked(signer, one.certificate, at) for one in vouching):
        against.append(SIGNER_REVOKED("sod"))
    if not authority.certificate.valid(at):
        against.append(STATE_EXPIRED("sod", state=state))
    if not any(trust.informed(one.certificate, at) for one in vouching):
        notes.append(NO_REVOCATION_LIST("sod", state=state))
    return _Issued(authority, tuple(against), tuple(notes))


def _covers(kind: str, code: str) -> bool:
    """A single letter stands for all kinds of documents that begin with it (9303-12 section 7.1.1.6)."""
    return code == kind or (len(kind) == 1 and code.startswith(kind))
