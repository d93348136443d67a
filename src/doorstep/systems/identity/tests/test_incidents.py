"""The register of breaches on PostgreSQL: nothing is overwritten, clocks remind once, people are told."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject, Notice, Unit
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.ids import Masked, read_reference, uuid7
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused, Stale
from doorstep.systems.identity import tasks
from doorstep.systems.identity.actions import incidents, looks
from doorstep.systems.identity.models import Incident, IncidentVersion, JournalQuestion, Office
from doorstep.systems.identity.queries import incidents as queries
from doorstep.systems.identity.tests.builders import account, eid
from doorstep.systems.identity.tests.people import AT, DAY, enter, key, places, registrar
from doorstep.systems.identity.tests.test_looks import opened, owner, protector
from doorstep.systems.identity.tests.test_rules_incidents import incident

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OFFICER = By(protector(), AT)


def later(hours: float) -> By:
    return By(protector(), AT + hours * HOUR)


def entered(**changes) -> UUID:
    """It happened two days ago, so that a day is left."""
    places()
    return incidents.enter_incident(OFFICER, incident(**changes)).id


def kept(number: UUID) -> queries.IncidentRecord:
    return queries.incident(protector(), DAY, number)


def test_an_entry_starts_the_clock_and_has_a_reference():
    done = incidents.enter_incident(OFFICER, incident())
    assert done.due == AT + 24 * HOUR
    assert read_reference(done.reference) == done.reference
    record = kept(done.id)
    assert (record.unit, record.version, record.content) == ("H38", 1, incident())
    assert record.authority.startswith("A05")
    assert JournalEntry.objects.get().fields.split()[0] == "happened"
    with pytest.raises(Refused, match="text_missing"):
        incidents.enter_incident(OFFICER, incident(act=""))


def test_what_was_known_before_stays_and_the_clock_follows():
    number = entered()
    incidents.add_to_incident(later(1), number, 1, incident(people=90, happened=AT - 60 * HOUR))
    record = kept(number)
    assert [one.content.people for one in record.versions] == [90, 12]
    assert record.due == AT + 12 * HOUR
    with pytest.raises(Stale):
        incidents.add_to_incident(later(1), number, 1, incident())
    incidents.state_notice(later(2), number, AT + HOUR, "A05-77", "")
    incidents.add_to_incident(later(3), number, 2, incident())
    assert kept(number).due == AT + 12 * HOUR
    assert IncidentVersion.objects.count() == 3


def test_the_notice_is_stated_once_and_late_with_its_reason():
    number = entered()
    with pytest.raises(Refused, match="incident_late_reason"):
        incidents.state_notice(later(30), number, AT + 25 * HOUR, "A05-77", "")
    with pytest.raises(Refused, match="text_missing"):
        incidents.state_notice(later(30), number, AT + 23 * HOUR, "", "")
    incidents.state_notice(later(30), number, AT + 25 * HOUR, "A05-77", "The line was down.")
    record = kept(number)
    assert (record.notified, record.notice_reference) == (AT + 25 * HOUR, "A05-77")
    assert record.late_reason == "The line was down."
    with pytest.raises(Refused, match="incident_notified"):
        incidents.state_notice(later(31), number, AT + 26 * HOUR, "A05-78", "Twice.")


def test_without_a_notice_closing_says_why_and_afterwards_nothing_changes():
    number = entered()
    with pytest.raises(Refused, match="incident_unnotified"):
        incidents.close_incident(later(1), number, " ")
    incidents.close_incident(later(1), number, "The disk was encrypted.")
    assert (kept(number).closed, kept(number).why_closed) == (AT + HOUR, "The disk was encrypted.")
    for call in (
        lambda: incidents.close_incident(later(2), number, "Again."),
        lambda: incidents.add_to_incident(later(2), number, 1, incident()),
        lambda: incidents.state_notice(later(2), number, AT, "A05-1", ""),
        lambda: incidents.tell_people(later(2), number, [Masked("1")], "Hear."),
    ):
        with pytest.raises(Refused, match="incident_closed"):
            call()
    other = entered()
    incidents.state_notice(later(1), other, AT, "A05-77", "")
    incidents.close_incident(later(2), other, "")
    assert kept(other).closed


def test_officers_keep_the_register_of_their_area():
    number = entered()
    assert queries.incident(protector(""), DAY, number).id == number
    for elsewhere in (protector("H26"), protector("H38.901")):
        with pytest.raises(NotFound):
            queries.incident(elsewhere, DAY, number)
        with pytest.raises(NotFound):
            incidents.close_incident(By(elsewhere, AT), number, "No.")
        assert queries.incidents(elsewhere, DAY) == []
    for stranger in (registrar(), Actor("low", "", ("identity.protector",), level=1)):
        with pytest.raises(NotAllowed):
            queries.incidents(stranger, DAY)
        with pytest.raises(NotAllowed):
            queries.incident(stranger, DAY, number)
        with pytest.raises(NotAllowed):
            incidents.enter_incident(By(stranger, AT), incident())


def test_the_list_begins_with_what_is_due_first():
    told, soon, overdue, law_free = (
        entered(),
        entered(happened=AT - 60 * HOUR),
        entered(happened=AT - 90 * HOUR, found=AT - 80 * HOUR),
        entered(happened=AT - 9000 * HOUR, found=AT - 9000 * HOUR),
    )
    incidents.state_notice(later(0), told, AT, "A05-77", "")
    rows = queries.incidents(protector(), DAY)
    assert [row.id for row in rows][:2] == [overdue, soon]
    assert [row.waits for row in rows] == [True, True, False, False]
    assert {row.id for row in rows[2:]} == {told, law_free}
    assert rows[0].act == incident().act
    assert [row.id for row in queries.incidents(protector(), DAY, 3)] == [rows[3].id]


def test_people_are_told_and_find_it_in_their_journal():
    reached, unreached = enter(1), enter(2)
    account(eid(reached), "account:lan")
    number = entered(contact="Office 3, 024 3825 0000")
    numbers = [Masked(f" {reached.number} "), Masked(reached.number), Masked(unreached.number), Masked("nobody")]
    done = incidents.tell_people(later(1), number, numbers, "A list was sent to a wrong address.")
    assert (done.told, done.unreached) == (1, (Masked(unreached.number).masked, Masked("NOBODY").masked))
    notice = Notice.objects.get()
    assert (notice.subject, notice.kind) == ("account:lan", "identity.incident_concerns_you")
    assert notice.given["message"] == "A list was sent to a wrong address."
    entry = JournalEntry.objects.get(action="identity.tell_people")
    assert [*JournalSubject.objects.filter(id=entry.id).values_list("subject", flat=True)] == [key(reached.number)]
    assert reached.number not in entry.detail
    assert kept(number).told == 1
    with pytest.raises(Refused, match="incident_numbers"):
        incidents.tell_people(later(1), number, [Masked(str(one)) for one in range(1001)], "Hear.")


def appointed(subject: str, unit: str, **changes) -> None:
    values = {"valid_from": date(2024, 1, 1), "granted_by": "admin", "granted": AT, "approved": AT}
    Office.objects.create(id=uuid7(AT), subject=subject, unit=unit, role="identity.protector", **{**values, **changes})


def test_officers_are_reminded_once_at_each_mark():
    appointed("account:here", "H38")
    appointed("account:nation", "")
    appointed("account:there", "H26")
    appointed("account:waiting", "H38", approved=None)
    appointed("account:over", "H38", valid_to=DAY)
    entered(happened=AT - 47 * HOUR)  # 25 hours are left
    told = lambda: sorted(Notice.objects.values_list("subject", flat=True))  # noqa: E731
    tasks.remind_officers(AT)
    assert told() == []
    tasks.remind_officers(AT + HOUR)
    tasks.remind_officers(AT + 2 * HOUR)
    assert told() == ["account:here", "account:nation"]
    tasks.remind_officers(AT + 20 * HOUR)
    assert len(told()) == 4
    tasks.remind_officers(AT + 26 * HOUR)
    tasks.remind_officers(AT + 40 * HOUR)
    assert len(told()) == 6
    assert JournalEntry.objects.filter(action="identity.remind_officers").count() == 3


def test_who_took_a_unit_over_is_reminded_of_its_clocks():
    appointed("account:there", "H26")
    entered()
    Unit.objects.filter(code="H38").update(valid_to=DAY, successor="H26")
    tasks.remind_officers(AT + 20 * HOUR)
    assert [one.subject for one in Notice.objects.all()] == ["account:there"]


def test_nobody_is_reminded_of_what_was_done_and_all_of_questions():
    appointed("account:here", "H38")
    number = entered()
    incidents.state_notice(OFFICER, number, AT, "A05-77", "")
    tasks.remind_officers(AT + 30 * HOUR)
    assert not Notice.objects.exists()
    person = enter()
    lan = owner(person)
    question = looks.ask_about(By(lan, AT), opened(person, AT), "Why?")
    tasks.remind_officers(question.due - HOUR)
    assert [one.kind for one in Notice.objects.all()] == ["identity.question_due"]
    assert JournalQuestion.objects.get().reminded == 6


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_one_addition_one_notice_and_one_reminder_count():
    appointed("account:here", "H38")
    number = entered()
    adding = [
        lambda people=people: incidents.add_to_incident(later(1), number, 1, incident(people=people))
        for people in range(3)
    ]
    outcomes = at_once(*adding)
    assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", "Stale", "Stale"]
    assert IncidentVersion.objects.count() == 2
    at_once(*[lambda: tasks.remind_officers(AT + 20 * HOUR)] * 3)
    assert Notice.objects.count() == 1
    noticing = [lambda name=name: incidents.state_notice(later(2), number, AT, name, "") for name in ("A", "B", "C")]
    outcomes = at_once(*noticing)
    assert sum(one is None for one in outcomes) == 1
    assert all(one is None or isinstance(one, Refused) for one in outcomes)
    assert Incident.objects.get().notice_reference in {"A", "B", "C"}
