"""Who looked at my data, on PostgreSQL: what a person finds, and questions about it with their answers."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from doorstep.kernel.access import look
from doorstep.kernel.contracts import ask
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import journal
from doorstep.kernel.store.models import JournalEntry, JournalSubject, Notice
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.ids import uuid7
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused
from doorstep.systems.identity import contract
from doorstep.systems.identity.actions import looks as actions
from doorstep.systems.identity.actions import register
from doorstep.systems.identity.contract import Relation
from doorstep.systems.identity.models import Eid, JournalQuestion, Office, Person
from doorstep.systems.identity.permissions import FOR_EID, FOR_PROTECTION, FOR_REGISTER
from doorstep.systems.identity.queries import looks, questions
from doorstep.systems.identity.queries import register as queries
from doorstep.systems.identity.queries.looks import Span
from doorstep.systems.identity.rules.looks import ActorKind, Kind
from doorstep.systems.identity.rules.register import Cause
from doorstep.systems.identity.tests.builders import account, eid, person_actor
from doorstep.systems.identity.tests.people import (
    AT,
    BY,
    DAY,
    HERE,
    SOURCE,
    enter,
    key,
    record,
    registrar,
    replaced,
)

pytestmark = pytest.mark.django_db
OTHERS, ALL = Span(), Span(others=False)
LATER = AT + timedelta(hours=1)
WHY = "Why did you open my record?"


def owner(person: Person, subject: str = "account:lan") -> Actor:
    """Somebody whose e-ID and account are made without a trace."""
    return person_actor(account(eid(person), subject))


def protector(unit: str = "H38", subject: str = "protector") -> Actor:
    return Actor(subject, unit, ("identity.protector",), level=2)


def office(subject: str, role: str, unit: str = "H38", **changes) -> Office:
    values = {"valid_from": date(2024, 1, 1), "granted_by": "admin", "granted": AT, "approved": AT}
    return Office.objects.create(id=uuid7(AT), subject=subject, unit=unit, role=role, **{**values, **changes})


def opened(person: Person, at=LATER, actor: Actor | None = None) -> UUID:
    """The register's record was looked at; the entry's id."""
    look(actor or registrar(), FOR_REGISTER, at, queries.person, DAY, person.id)
    return JournalEntry.objects.filter(action="identity.look.person").latest("id").id


def seen(actor: Actor, span: Span = OTHERS, **options) -> list[looks.LookRow]:
    return looks.looks(actor, DAY, options.get("ward"), span, 50)


def test_a_look_says_who_which_fields_why_and_by_which_law():
    person = enter()
    lan = owner(person)
    office("registrar", "identity.officer")
    office("registrar", "identity.registrar")
    opened(person)
    newest, entered = seen(lan)
    assert (newest.actor_kind, newest.roles) == (
        ActorKind.OFFICE,
        ("Officer for e-identity", "Registrar of the population register"),
    )
    assert newest.scope == "Find and open persons of one's area in the register"
    assert (newest.kind, entered.kind) == (Kind.LOOK, Kind.DEED)
    assert (newest.entry.at, newest.entry.unit, newest.entry.purpose) == (LATER, "H38", FOR_REGISTER.code)
    assert {"full_name", "number", "birth", "address"} <= set(newest.entry.fields)
    assert "Decree" in newest.entry.basis
    assert entered.scope == "Enter and change persons and organisations in the register"


def test_an_office_counts_only_on_its_days_in_its_unit_and_once_approved():
    person = enter()
    lan = owner(person)
    office("registrar", "identity.registrar", valid_to=DAY)
    office("registrar", "identity.registrar", unit="H26")
    office("registrar", "identity.officer", approved=None)
    office("registrar", "identity.asker", ended=AT)
    opened(person)
    assert next((row.actor_kind, row.roles) for row in seen(lan)) == (ActorKind.PERSON, ())


def test_nobody_sees_what_concerns_another():
    mine, other = enter(1), enter(2)
    lan, hoa = owner(mine), owner(other, "account:hoa")
    entry = opened(mine)
    assert entry in [row.entry.id for row in seen(lan)]
    assert entry not in [row.entry.id for row in seen(hoa)]
    with pytest.raises(NotFound):
        actions.ask_about(By(hoa, AT), entry, WHY)
    with pytest.raises(NotFound):
        looks.looks(hoa, DAY, mine.id, ALL, 50)
    with pytest.raises(NotAllowed):
        looks.looks(registrar(), DAY, None, ALL, 50)


def test_what_the_person_did_is_there_when_wanted():
    person = enter()
    lan = owner(person)
    opened(person)
    actions.take_away(By(lan, LATER), "csv")
    assert len(seen(lan)) == 2
    assert [row.actor_kind for row in seen(lan, ALL)].count(ActorKind.OWN) == 1


def test_entries_under_an_earlier_number_stay_until_the_change_and_no_longer():
    person = enter()
    lan = owner(person)
    early = opened(person, AT + timedelta(minutes=1))
    before = record()
    change = By(registrar(), AT + timedelta(minutes=2))
    register.change_person(change, person.id, 1, replaced(before, number=record(5).number), Cause.COURT, DAY, SOURCE)
    late = opened(person, AT + timedelta(minutes=3))
    found = [row.entry.id for row in seen(lan)]
    assert early in found
    assert late in found
    assert len(found) == len(set(found)) == 4  # entered, looked at, changed (under both numbers), looked at
    # Whoever gets the old number later is somebody else.
    journal.write(uuid7(LATER), registrar(), "identity.try", FOR_REGISTER, subjects=[key(before.number)])
    assert len(seen(lan)) == 4


def test_whoever_gets_a_number_later_does_not_read_whose_it_was_before():
    first = enter()
    before = record()
    about_first = opened(first, AT + timedelta(minutes=1))
    change = By(registrar(), AT + timedelta(minutes=2))
    register.change_person(change, first.id, 1, replaced(before, number=record(5).number), Cause.COURT, DAY, SOURCE)
    second = enter(full_name="Trần Thị Khác", by=By(registrar(""), AT + timedelta(minutes=3)))
    assert second.number == before.number
    hoa = owner(second, "account:hoa")
    about_second = opened(second, AT + timedelta(minutes=4))
    found = [row.entry for row in seen(hoa)]
    assert about_second in [one.id for one in found]
    assert [one.action for one in found] == ["identity.look.person", "identity.register_person"]
    with pytest.raises(NotFound):
        actions.ask_about(By(hoa, LATER), about_first, WHY)
    first.refresh_from_db()
    assert about_first in [row.entry.id for row in seen(owner(first))]


def test_an_ask_of_another_system_says_which():
    person = enter()
    lan = owner(person)
    asker = Actor("account:house", "", ("identity.asker",))
    ask(
        By(asker, LATER),
        FOR_EID,
        contract.Particulars(persons=[key(person.number)], wanted=[contract.Particular.BIRTH]),
    )
    row = seen(lan)[0]
    assert (row.kind, row.entry.fields, row.scope) == (
        Kind.ASK,
        ("birth",),
        "Ask the register about persons and organisations",
    )


def guardian_and_ward() -> tuple[Actor, Person]:
    guardian = enter(1)
    ward = enter(2, birth=date(2015, 5, 21))
    register.set_guardian(BY, ward.id, guardian.number, Relation.PARENT, date(2016, 1, 1), SOURCE)
    return owner(guardian), ward


def test_a_guardian_reads_for_a_minor_and_the_minor_can_see_it():
    lan, ward = guardian_and_ward()
    entry = opened(ward)
    assert looks.has_wards(lan, DAY)
    assert [one.full_name for one in look(lan, FOR_PROTECTION, LATER, looks.wards, DAY)] == [ward.full_name]
    rows = look(lan, FOR_PROTECTION, LATER + timedelta(hours=1), looks.ward_looks, DAY, ward.id, Span(), 50).rows
    assert entry in [row.entry.id for row in rows]
    assert JournalSubject.objects.filter(subject=key(ward.number)).latest("id").id > entry
    assert [row.actor_kind for row in seen(lan, ALL, ward=ward.id)].count(ActorKind.GUARDIAN) == 1
    assert ActorKind.GUARDIAN not in [row.actor_kind for row in seen(lan, ward=ward.id)]
    assert actions.ask_about(By(lan, LATER), entry, WHY, ward.id).due


def test_a_guardian_of_yesterday_or_of_somebody_of_age_reads_nothing():
    lan, ward = guardian_and_ward()
    for day in (date(2015, 12, 31), date(2033, 5, 21)):
        assert not looks.has_wards(lan, day)
        with pytest.raises(NotFound):
            looks.looks(lan, day, ward.id, ALL, 50)


def test_an_account_without_an_eid_finds_what_names_the_account():
    journal.write(uuid7(AT), registrar(), "identity.try", FOR_REGISTER, subjects=["account:staff"])
    assert len(seen(Actor("account:staff", roles=("identity.person",)))) == 1


def asked(person: Person, lan: Actor) -> tuple[UUID, UUID]:
    entry = opened(person)
    return entry, actions.ask_about(By(lan, LATER), entry, WHY).id


def test_a_question_is_answered_within_the_time_and_the_person_is_told():
    person = enter()
    lan = owner(person)
    entry, question = asked(person, lan)
    row = JournalQuestion.objects.get()
    assert (row.unit, row.due, row.subject) == ("H38", LATER + timedelta(hours=72), key(person.number))
    with pytest.raises(Refused, match="question_open"):
        actions.ask_about(By(lan, LATER), entry, "Again?")
    actions.answer(By(protector(), LATER), question, "The registrar entered a move.")
    (told,) = Notice.objects.filter(subject=lan.subject)
    assert told.kind == "identity.question_answered"
    (answered,) = next(row for row in seen(lan) if row.entry.id == entry).asked
    assert (answered.text, answered.answer, answered.answered) == (WHY, "The registrar entered a move.", LATER)
    assert key(person.number) in JournalSubject.objects.values_list("subject", flat=True).filter(
        id=JournalEntry.objects.get(action="identity.answer").id
    )
    with pytest.raises(Refused, match="question_answered"):
        actions.answer(By(protector(""), LATER), question, "Once more.")
    actions.ask_about(By(lan, LATER), entry, "Which move?")


def test_who_may_answer():
    person = enter()
    lan = owner(person)
    _, question = asked(person, lan)
    with pytest.raises(NotFound):
        actions.answer(By(protector("H26"), LATER), question, "No.")
    with pytest.raises(NotFound):
        actions.answer(By(protector("H38.901"), LATER), question, "No.")
    for stranger in (registrar(), lan, Actor("low", "H38", ("identity.protector",), level=1)):
        with pytest.raises(NotAllowed):
            actions.answer(By(stranger, LATER), question, "No.")
    with pytest.raises(Refused, match="own_look"):
        actions.answer(By(protector(subject="registrar"), LATER), question, "I may.")
    with pytest.raises(Refused, match="own_look"):
        actions.answer(By(protector(subject=lan.subject), LATER), question, "I may.")
    with pytest.raises(Refused, match="text_missing"):
        actions.answer(By(protector(), LATER), question, " ")


def test_officers_see_the_questions_of_their_area_by_their_time():
    person = enter()
    lan = owner(person)
    _, question = asked(person, lan)
    see = lambda unit: look(protector(unit), FOR_PROTECTION, LATER, questions.open_questions, DAY)  # noqa: E731
    assert [row.id for row in see("H38")] == [row.id for row in see("")] == [question]
    assert see("H26") == see(HERE) == []
    opened_now = look(protector(), FOR_PROTECTION, LATER, questions.question, DAY, question)
    assert opened_now.look.entry.action == "identity.look.person"
    assert opened_now.document == person.number
    assert key(person.number) in JournalSubject.objects.filter(
        id=JournalEntry.objects.get(action="identity.look.question").id
    ).values_list("subject", flat=True)
    with pytest.raises(NotAllowed):
        look(registrar(), FOR_PROTECTION, LATER, questions.open_questions, DAY)


def test_answered_questions_go_with_the_journal():
    person = enter()
    lan = owner(person)
    _, question = asked(person, lan)
    clock = lambda at: By(Actor("task:identity", roles=("identity.clock",), via="task"), at)  # noqa: E731
    late = AT.replace(year=2029, month=4)
    ensure_months(late.date(), late.date())
    assert actions.forget_questions(clock(late)) == 0
    actions.answer(By(protector(), LATER), question, "Because.")
    assert actions.forget_questions(clock(AT)) == 0
    assert actions.forget_questions(clock(late)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_questions_and_answers_at_once_one_counts():
    person = enter()
    lan = owner(person)
    entry = opened(person)
    outcomes = at_once(*[lambda: actions.ask_about(By(lan, LATER), entry, WHY)] * 4)
    assert sorted(type(one).__name__ for one in outcomes) == ["QuestionAsked", "Refused", "Refused", "Refused"]
    question = JournalQuestion.objects.get().id
    answers = [lambda name=name: actions.answer(By(protector(subject=name), LATER), question, name) for name in "abcd"]
    outcomes = at_once(*answers)
    assert sum(one is None for one in outcomes) == 1
    assert all(one is None or isinstance(one, Refused) for one in outcomes)
    assert Notice.objects.count() == 1
    assert JournalEntry.objects.filter(action="identity.answer").count() == 1
    assert Eid.objects.count() == 1
