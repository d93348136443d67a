"""What people ask about the journal, as the data protection officers of the unit that looked see it."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

import msgspec
from django.db.models import F

from doorstep.kernel.access import personal
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.journal import LAST, concerning
from doorstep.kernel.values.ids import Masked, instant_of
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.identity.models import Account, JournalQuestion
from doorstep.systems.identity.permissions import PROTECT
from doorstep.systems.identity.queries.looks import Asked, Concerned, LookRow, asked_of, read

PAGE = 50


class QuestionRow(msgspec.Struct, frozen=True):
    """A question that waits, in a list: whose it is stays out of it."""

    id: UUID
    at: datetime
    due: datetime | None
    unit: str
    begins: str


class QuestionRecord(msgspec.Struct, frozen=True):
    """A question opened: what was asked, by whom (masked), and about what of whom; `look` None once it was deleted."""

    told_fields: ClassVar = ("number", "question")
    subject_key: str
    document: Masked
    question: Asked
    unit: str
    look: LookRow | None
    official: str
    own: bool


@personal(PROTECT)
def open_questions(actor: Actor, day: date) -> list[QuestionRow]:
    """Those that wait for the actor's unit and what lies below it, those due first."""
    rows = JournalQuestion.objects.filter(units.within(actor.unit, day), answered=None)
    rows = rows.order_by(F("due").asc(nulls_last=True), "id")
    return [QuestionRow(row.id, instant_of(row.id), row.due, row.unit, row.text[:80]) for row in rows[:PAGE]]


@personal(PROTECT)
def question(actor: Actor, day: date, question_id: UUID) -> QuestionRecord:
    """One question of the actor's area with the entry that it is about."""
    row = JournalQuestion.objects.filter(units.within(actor.unit, day), id=question_id).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    keys = {row.subject: LAST}
    entries = concerning(keys, 1, since=row.entry, before=UUID(int=row.entry.int + 1))
    looks = read(entries, Concerned(keys, (row.asked_by,)), "")
    by = entries[0].actor if entries else ""
    return QuestionRecord(
        subject_key=row.subject,
        document=Masked(row.subject.rpartition(":")[2]),
        question=asked_of(row),
        unit=row.unit,
        look=looks[0] if looks else None,
        official=Account.objects.filter(subject=by).values_list("name", flat=True).first() or "",
        own=by == actor.subject,
    )
