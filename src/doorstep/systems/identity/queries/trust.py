"""What checks of chips rest on, and when it ends."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import msgspec

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.ids import instant_of
from doorstep.systems.identity.models import TrustFile
from doorstep.systems.identity.permissions import READ_TRUST
from doorstep.systems.identity.rules.chip.trust import Anchor, Trust, build_trust
from doorstep.systems.identity.rules.trust_files import FileKind, TrustedFile, read_file

PAGE = 50


class TrustRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the list: valid from `begins` to `expires`, trusted since `added`."""

    id: UUID
    kind: FileKind
    name: str
    states: tuple[str, ...]
    owner: str
    source: str
    begins: datetime | None
    expires: datetime | None
    added: datetime
    fingerprint: str


def trust_files(actor: Actor, start: int = 0, most: int | None = None) -> list[TrustRow]:
    """The files that count, states first: all of them, or `most` after the first `start`."""
    actor.need(READ_TRUST)
    order = list(FileKind)
    rows = sorted(TrustFile.objects.filter(removed=None), key=lambda row: (order.index(FileKind(row.kind)), row.id))
    return [_row(row) for row in rows[start : start + most if most else None]]


def load_trust() -> tuple[Trust, dict[tuple[str, int], UUID]]:
    """What a check rests on, and whose files its faults speak of, by field and line; nobody's data.

    What was built of the same files is kept: of one that is there nothing but its states can change.
    """
    counting = TrustFile.objects.filter(removed=None).order_by("id").values_list("id", "states")
    return _built(tuple((file, tuple(states)) for file, states in counting))


@lru_cache(maxsize=1)
def _built(files: tuple[tuple[UUID, tuple[str, ...]], ...]) -> tuple[Trust, dict[tuple[str, int], UUID]]:
    rows = list(TrustFile.objects.filter(id__in=[file for file, _ in files]).order_by("id"))
    of = {kind: [row for row in rows if row.kind == kind.value] for kind in FileKind}
    content = {kind: [bytes(row.content) for row in found] for kind, found in of.items()}
    trust = build_trust(
        [Anchor(bytes(row.content), frozenset(row.states)) for row in of[FileKind.STATE]],
        links=content[FileKind.LINK],
        signers=content[FileKind.SIGNER],
        lists=content[FileKind.REVOKED],
    )
    fields = {"anchor": FileKind.STATE, "link": FileKind.LINK, "signer": FileKind.SIGNER, "list": FileKind.REVOKED}
    places = {(field, line): row.id for field, kind in fields.items() for line, row in enumerate(of[kind], 1)}
    return trust, places


def ending() -> Iterator[tuple[FileKind, str, str, datetime]]:
    """Kind, name, owner and end of each file; of an issuer's lists the newest alone."""
    rows = TrustFile.objects.filter(removed=None).exclude(expires=None).defer("content").order_by("-expires", "id")
    lists: set[str] = set()
    for row in rows:
        kind = FileKind(row.kind)
        if kind is FileKind.REVOKED:
            if row.issuer in lists:
                continue
            lists.add(row.issuer)
        if row.expires:
            yield kind, row.name, row.owner, row.expires


def _row(row: TrustFile) -> TrustRow:
    read = read_file(bytes(row.content))
    return TrustRow(
        id=row.id,
        kind=FileKind(row.kind),
        name=row.name,
        states=tuple(row.states),
        owner=row.owner,
        source=row.source,
        begins=read.begins if isinstance(read, TrustedFile) else None,
        expires=row.expires,
        added=instant_of(row.id),
        fingerprint=row.fingerprint,
    )
