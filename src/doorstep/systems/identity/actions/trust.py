"""The files that checks of chips rest on: added by whoever has verified them, and taken out again."""

from uuid import UUID

from asn1crypto import pem

from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Reason, Refused, reason, refuse
from doorstep.kernel.values.text import TEXT_MISSING
from doorstep.systems.identity.models import TrustFile
from doorstep.systems.identity.permissions import FOR_DOCUMENT, TRUST
from doorstep.systems.identity.queries.trust import load_trust
from doorstep.systems.identity.rules.trust_files import FileKind, TrustedFile, check_states, read_file

THERE = reason("identity.trust_file_there", "This file is there already.", repair="Look at the list; nothing is to do.")
FAULTY = 200


@action(TRUST, FOR_DOCUMENT)
def add_file(act: Act, content: bytes, states: tuple[str, ...], owner: str, source: str) -> TrustedFile:
    """Add a certificate or a list of revoked ones, in DER or PEM. `source` says how it was verified, and by whom.

    Refused for what nothing trusted vouches for: a state's first certificate is trusted because somebody verified it,
    its later ones, lists and signers because an earlier one signed them.
    """
    told = read_file(_der(content))
    if isinstance(told, Reason):
        raise Refused(told)
    refuse(check_states(told, states) or ([] if owner.strip() and source.strip() else [TEXT_MISSING("owner")]))
    if TrustFile.objects.filter(fingerprint=told.fingerprint, removed=None).exists():
        raise Refused(THERE("file"))
    values = {
        "kind": told.kind.value,
        "name": told.name[:FAULTY],
        "content": told.content,
        "issuer": told.issuer,
        "states": list(states) if told.kind is FileKind.STATE else [],
        "owner": owner.strip()[:FAULTY],
        "source": source.strip()[:FAULTY],
        "expires": told.expires,
        "added_by": act.actor.subject,
        "removed": None,
    }
    row, _ = TrustFile.objects.update_or_create(
        fingerprint=told.fingerprint, defaults=values, create_defaults={"id": act.id, **values}
    )
    if told.kind is not FileKind.STATE:
        refuse(_unproven(row))
    act.journal(fields=["trust"], detail=f"added {told.kind.value} {told.fingerprint} for {' '.join(states)}".strip())
    return told


@action(TRUST, FOR_DOCUMENT)
def remove_file(act: Act, file: UUID) -> None:
    """Nothing rests on it from now on."""
    row = TrustFile.objects.select_for_update().filter(id=file, removed=None).first()
    if row is None:
        raise NotFound(NOT_FOUND("file"))
    row.removed = act.at
    row.save(update_fields=["removed"])
    act.journal(fields=["trust"], detail=f"removed {row.kind} {row.fingerprint}")


def _unproven(row: TrustFile) -> list[Reason]:
    """What speaks against the new file, with all others as they are."""
    trust, places = load_trust()
    return [one for one in trust.faults if places.get((one.field, one.line or 0)) == row.id]


def _der(content: bytes) -> bytes:
    """The DER in a PEM file; anything else as it is, for the reader to judge."""
    if not content.startswith(b"-----BEGIN"):
        return content
    try:
        return bytes(pem.unarmor(content)[2])
    except ValueError:
        return content
