"""Which states' certificates are trusted, what they vouch for, and which signers they have revoked.

ICAO Doc 9303-12 section 6.1: trust in a state's certificate is established outside of any protocol; later ones of the
same state follow by link certificates, which the older key signs.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import msgspec

from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.rules.chip.certificates import (
    Certificate,
    RevocationList,
    read_certificate,
    read_list,
    vouches,
)
from doorstep.systems.identity.rules.chip.findings import CERTIFICATE_UNFIT, LINK_UNPROVEN, LIST_UNPROVEN
from doorstep.systems.identity.rules.chip.signatures import Policy, judge

T = TypeVar("T")


class Anchor(msgspec.Struct, frozen=True):
    """A state's certificate (DER) that somebody has verified, and the issuers, as in machine-readable zones, for which
    it is trusted. Without that bound any trusted state could issue documents of any other.
    """

    certificate: bytes
    states: frozenset[str]


class Authority(msgspec.Struct, frozen=True):
    """A trusted certificate of a state, whether loaded as such or vouched for by another one."""

    certificate: Certificate
    states: frozenset[str]


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of a chip rests on. `signers` are certificates of signers that chips may lack; `lists` holds the
    revocation lists by the issuing key. `faults` says what could not be used: field `anchor`, `link`, `signer` or
    `list`, and the place among those given as line.
    """

    authorities: tuple[Authority, ...] = ()
    signers: tuple[Certificate, ...] = ()
    lists: Mapping[bytes, tuple[RevocationList, ...]] = {}
    faults: tuple[Reason, ...] = ()

    def of(self, state: str) -> list[Authority]:
        """The authorities for documents that name `state` as their issuer."""
        return [authority for authority in self.authorities if state in authority.states]

    def revoked(self, certificate: Certificate, issuer: Certificate, at: datetime) -> bool:
        """Whether a list of `issuer` known at `at` names the certificate; a later list cannot take that back."""
        return any(
            certificate.serial in known.serials for known in self.lists.get(issuer.key_info, ()) if known.updated <= at
        )

    def informed(self, issuer: Certificate, at: datetime) -> bool:
        """Whether there is a list of `issuer` that is valid at `at`."""
        return any(
            known.updated <= at and (known.next_update is None or at <= known.next_update)
            for known in self.lists.get(issuer.key_info, ())
        )


def build_trust(
    anchors: Iterable[Anchor],
    *,
    links: Iterable[bytes] = (),
    signers: Iterable[bytes] = (),
    lists: Iterable[bytes] = (),
    policy: Policy | None = None,
) -> Trust:
    """Trust out of files in DER: build it once, use it for many chips. What cannot be used is in `faults`."""
    faults: list[Reason] = []
    given = list(anchors)
    read = _readable((anchor.certificate for anchor in given), _read_authority, "anchor", faults)
    authorities = [Authority(certificate, given[line - 1].states) for line, certificate in read]
    known = _readable(lists, read_list, "list", faults)
    pending = _readable(links, _read_authority, "link", faults)
    while taken := _linked(pending, authorities, [one for _, one in known], policy or Policy()):
        authorities += taken.values()
        pending = [(line, one) for line, one in pending if line not in taken]
    faults += [LINK_UNPROVEN("link", line=line) for line, _ in pending]
    proven: dict[bytes, tuple[RevocationList, ...]] = {}
    for line, one in known:
        keys = {a.certificate.key_info for a in authorities if vouches(a.certificate, one)}
        faults += [] if keys else [LIST_UNPROVEN("list", line=line)]
        proven |= {key: (*proven.get(key, ()), one) for key in keys}
    return Trust(
        authorities=tuple(authorities),
        signers=tuple(one for _, one in _readable(signers, read_certificate, "signer", faults)),
        lists=proven,
        faults=tuple(faults),
    )


def _readable(
    encoded: Iterable[bytes], read: Callable[[bytes, str], T | Reason], field: str, faults: list[Reason]
) -> list[tuple[int, T]]:
    """What can be read, with its place counted from 1; the faults of the rest are added to `faults`."""
    found = []
    for line, one in enumerate(encoded, 1):
        value = read(one, field)
        if isinstance(value, Reason):
            faults.append(value.at_line(line))
        else:
            found.append((line, value))
    return found


def _read_authority(encoded: bytes, field: str) -> Certificate | Reason:
    """A certificate that may sign certificates: 9303-12 table 6 demands both extensions."""
    read = read_certificate(encoded, field)
    if isinstance(read, Reason):
        return read
    fit = read.authority and "key_cert_sign" in (read.usage or ()) and not read.critical
    return read if fit else CERTIFICATE_UNFIT(field)


def _linked(
    pending: list[tuple[int, Certificate]], authorities: list[Authority], known: list[RevocationList], policy: Policy
) -> dict[int, Authority]:
    """Those that an authority vouches for which was valid then, by place: trust once passed on outlives its source."""
    return {
        line: Authority(link, authority.states)
        for line, link in pending
        for authority in authorities
        if authority.certificate.valid(link.not_before)
        and not judge(authority.certificate.key, [link.method.hash], policy, "link")[0]
        and vouches(authority.certificate, link)
        and not any(link.serial in one.serials and vouches(authority.certificate, one) for one in known)
    }
