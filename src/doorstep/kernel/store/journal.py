"""The journal's writer: one entry for each action or look, one row for each person it concerns."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from doorstep.kernel.declare.scopes import BASES, Actor, Purpose

COPY_FROM = 20
"""From so many subjects on, COPY is cheaper than one INSERT of many rows."""
_ENTRY = (
    "INSERT INTO kernel_journalentry (id, actor, principal, unit, via, action, purpose, basis, fields, detail, digest)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_WITH_SUBJECTS = (
    "WITH entry AS (" + _ENTRY + " RETURNING id) INSERT INTO kernel_journalsubject (subject, id)"  # noqa: S608  of constants
    " SELECT unnest(%s::text[]), id FROM entry"
)


def write(
    entry: UUID,
    actor: Actor,
    action: str,
    purpose: Purpose,
    *,
    subjects: Sequence[str],
    fields: Sequence[str] = (),
    detail: str = "",
    digest: bytes = b"",
) -> None:
    """Write one entry inside the caller's transaction. `subjects` are personal keys, without repetition.

    Whoever was acted for finds the entry too.
    """
    subjects = [*subjects, actor.principal] if actor.principal and actor.principal not in subjects else subjects
    who = (actor.subject, actor.principal, actor.unit, actor.via)
    row = (entry, *who, action, purpose.code, BASES.get(purpose.code, ""))
    said = (*row, " ".join(fields), detail, digest)
    few = 0 < len(subjects) < COPY_FROM
    with connection.cursor() as cursor:
        if few:
            cursor.execute(_WITH_SUBJECTS, (*said, [*subjects]))
        else:
            cursor.execute(_ENTRY, said)
        if subjects and not few:
            with cursor.copy("COPY kernel_journalsubject (subject, id) FROM STDIN") as copy:
                copy.write("".join([f"{escape(subject)}\t{entry}\n" for subject in subjects]))


def escape(text: str) -> str:
    r"""Text as COPY's text format wants it: backslash, tab and line ends escaped.

    >>> escape("a\tb")
    'a\\tb'
    """
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text
