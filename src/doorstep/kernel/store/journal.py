"""The journal: one entry for each action or look, one row for each person it concerns, who can read it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from doorstep.kernel.declare.scopes import BASES, Actor, Purpose
from doorstep.kernel.store.prepared import execute
from doorstep.kernel.values.ids import instant_of

COPY_FROM = 20
"""From so many subjects of an entry on, COPY is cheaper than one INSERT of many rows."""
_COLUMNS = "id, actor, principal, unit, via, action, purpose, basis, fields, detail, digest"
_TYPES = ("uuid", *["text"] * 9, "bytea")
_ENTRIES = f"INSERT INTO kernel_journalentry ({_COLUMNS}) SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in _TYPES)})"  # noqa: S608
_WITH_SUBJECTS = (
    "WITH entries AS (" + _ENTRIES + ") INSERT INTO kernel_journalsubject (subject, id)"  # noqa: S608  of constants
    " SELECT * FROM unnest(%s::text[], %s::uuid[])"
)
# Most actions are alone, and one row of plain values costs half as much as arrays of one.
_ONE = f"INSERT INTO kernel_journalentry ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(_TYPES))})"  # noqa: S608
_ONE_WITH_SUBJECTS = (
    "WITH entry AS (" + _ONE + ") INSERT INTO kernel_journalsubject (subject, id) SELECT unnest(%s::text[]), %s"
)
Row = tuple[tuple[Any, ...], Sequence[str]]
"""An entry as it is to be written, and the keys of those whom it concerns."""


def write(*who: Any, **what: Any) -> None:
    """Write one entry, what `row` makes of the same arguments, inside the caller's transaction."""
    write_rows([row(*who, **what)])


def row(
    entry: UUID,
    actor: Actor,
    action: str,
    purpose: Purpose,
    *,
    subjects: Sequence[str],
    fields: Sequence[str] = (),
    detail: str = "",
    digest: bytes = b"",
) -> Row:
    """An entry. `subjects` are personal keys, without repetition; whoever was acted for finds the entry too."""
    subjects = [*subjects, actor.principal] if actor.principal and actor.principal not in subjects else subjects
    who = (actor.subject, actor.principal, actor.unit, actor.via)
    return (entry, *who, action, purpose.code, BASES.get(purpose.code, ""), " ".join(fields), detail, digest), subjects


def write_rows(rows: Sequence[Row]) -> None:
    """Write entries inside the caller's transaction, in one statement unless one concerns very many."""
    (one, subjects), *more = rows
    if not more and len(subjects) < COPY_FROM:
        execute(_ONE_WITH_SUBJECTS, (*one, [*subjects], one[0])) if subjects else execute(_ONE, one)
        return
    columns = [[*column] for column in zip(*(entry for entry, _ in rows), strict=True)]
    pairs = [(subject, entry[0]) for entry, subjects in rows for subject in subjects]
    if max(len(subjects) for _, subjects in rows) < COPY_FROM:
        execute(_WITH_SUBJECTS, (*columns, [subject for subject, _ in pairs], [entry for _, entry in pairs]))
        return
    execute(_ENTRIES, columns)
    with connection.cursor() as cursor, cursor.copy("COPY kernel_journalsubject (subject, id) FROM STDIN") as copy:
        copy.write("".join([f"{escape(subject)}\t{entry}\n" for subject, entry in pairs]))


def escape(text: str) -> str:
    r"""Text as COPY's text format wants it: backslash, tab and line ends escaped.

    >>> escape("a\tb")
    'a\\tb'
    """
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


class Entry(msgspec.Struct, frozen=True):
    """An entry as somebody whom it concerns reads it; `subject` is the key under which it was found."""

    id: UUID
    subject: str
    actor: str
    principal: str
    unit: str
    via: str
    action: str
    purpose: str
    basis: str
    fields: tuple[str, ...]

    @property
    def at(self) -> datetime:
        return instant_of(self.id)


FIRST, LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


def concerning(
    subjects: Mapping[str, UUID],
    most: int,
    *,
    since: UUID = FIRST,
    before: UUID = LAST,
    but: Sequence[str] = (),
    begun: Mapping[str, UUID] | None = None,
) -> list[Entry]:
    """At most `most` entries about any of the subjects, newest first, with ids in [since, before), but not by the actors
    `but`. An entry about two of them comes once. `subjects`: each with the id before which it named this person;
    `begun`: for those that named somebody else at first, the id from which they name this one.
    """
    found: dict[UUID, Entry] = {}
    with connection.cursor() as cursor:
        # One by one, and the entries looked up for each row (OFFSET 0 keeps the planner from walking the whole journal
        # backwards), so that each subject is read in the order of its index and no further than needed.
        for subject, until in subjects.items():
            cursor.execute(
                "SELECT s.id, %s, e.* FROM (SELECT id FROM kernel_journalsubject"
                " WHERE subject = %s AND id >= %s AND id < %s ORDER BY id DESC OFFSET 0) s, LATERAL"
                " (SELECT actor, principal, unit, via, action, purpose, basis, fields FROM kernel_journalentry j"
                " WHERE j.id = s.id OFFSET 0) e WHERE NOT e.actor = ANY(%s) ORDER BY s.id DESC LIMIT %s",
                [subject, subject, max(since, (begun or {}).get(subject, FIRST)), min(before, until), [*but], most],
            )
            for *values, fields in cursor.fetchall():
                found.setdefault(values[0], Entry(*values, *[tuple(fields.split())]))
    return [found[number] for number in sorted(found, reverse=True)[:most]]
