"""What a person does about who looked at the own data: takes the journal away, asks; and the officers' answers."""

from datetime import datetime
from uuid import UUID

import msgspec

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.notices import Reach
from doorstep.kernel.notices import notify
from doorstep.kernel.store import units
from doorstep.kernel.store.journal import LAST, concerning
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import first_uuid7, instant_of
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Refused, refuse
from doorstep.systems.identity import notices
from doorstep.systems.identity.actions.telling import reach_of_subject
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import JournalQuestion
from doorstep.systems.identity.permissions import FOR_PROTECTION, OWN, PROTECT, STEP
from doorstep.systems.identity.queries.looks import Concerned, Span, concerned_by, entries_of, ward_of
from doorstep.systems.identity.rules import looks as rules


class QuestionAsked(msgspec.Struct, frozen=True):
    """The new question, and until when it is to be answered; None where no law says."""

    id: UUID
    due: datetime | None


@action(OWN, FOR_PROTECTION)
def take_away(act: Act, kind: str, ward: UUID | None = None) -> None:
    """Note that the journal about the actor, or a ward, leaves as a file of that kind."""
    act.journal(subjects=[_concerned(act, ward).key], detail=f"journal as {kind}")


@action(OWN, FOR_PROTECTION)
def ask_about(act: Act, entry: UUID, text: str, ward: UUID | None = None) -> QuestionAsked:
    """Ask the data protection officer of the unit that acted about one entry; one question an entry is open at a time."""
    refuse(rules.check_prose(text, "text", rules.LONGEST_QUESTION))
    found = entries_of(_concerned(act, ward), 1, Span(entry, UUID(int=entry.int + 1)))
    if not found:
        raise NotFound(NOT_FOUND())
    row, new = JournalQuestion.objects.get_or_create(
        entry=entry,
        subject=found[0].subject,
        answered=None,
        defaults={
            "id": act.id,
            "unit": found[0].unit,
            "text": text.strip(),
            "asked_by": act.actor.subject,
            "due": rules.answer_due(act.at, law(Country, "identity")),
        },
    )
    if not new:
        raise Refused(rules.QUESTION_OPEN("text"))
    act.journal(subjects=[row.subject], detail=f"question {row.id} about {entry}")
    return QuestionAsked(row.id, row.due)


@action(PROTECT, FOR_PROTECTION)
def answer(act: Act, question: UUID, text: str) -> None:
    """Answer, for the unit that acted or one above it; whoever asked is told. Whoever acted does not answer."""
    refuse(rules.check_prose(text, "text", rules.LONGEST_ANSWER))
    rows = JournalQuestion.objects.filter(units.within(act.actor.unit, act.day), id=question)
    row = rows.select_for_update().first()
    if row is None:
        raise NotFound(NOT_FOUND())
    if row.answered:
        raise Refused(rules.QUESTION_ANSWERED())
    about = concerning({row.subject: LAST}, 1, since=row.entry, before=UUID(int=row.entry.int + 1))
    if act.actor.subject in {row.asked_by, *(one.actor for one in about)}:
        raise Refused(rules.OWN_LOOK())
    JournalQuestion.objects.filter(id=row.id).update(
        answer=text.strip(), answered=act.at, answered_by=act.actor.subject
    )
    day = law(Country, "identity").day(instant_of(row.id))
    notify(act, reach_of_subject(row.asked_by) or Reach(row.asked_by), notices.QUESTION_ANSWERED, day=day)
    act.journal(subjects=[row.subject], detail=f"question {row.id} answered")


@action(STEP, FOR_PROTECTION)
def forget_questions(act: Act) -> int:
    """Delete answered questions that are older than the journal; returns how many."""
    end = first_uuid7(act.at.replace(year=act.at.year - profile().journal_years, day=1))
    deleted = JournalQuestion.objects.filter(id__lt=end, answered__isnull=False).delete()[0]
    act.journal(detail=f"{deleted} questions deleted")
    return deleted


def _concerned(act: Act, ward: UUID | None) -> Concerned:
    return ward_of(act.actor, act.day, ward) if ward else concerned_by(act.actor)
