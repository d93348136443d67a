"""e-IDs from home on PostgreSQL: proven by the phone, decided by one officer, and silent about what the register knows."""

import threading
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalSubject, Notice
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NotFound, Refused, Stale
from doorstep.systems.identity import tasks
from doorstep.systems.identity.actions import eid as life
from doorstep.systems.identity.actions import home as actions
from doorstep.systems.identity.actions.home import Applying
from doorstep.systems.identity.models import Application, Eid, EidChange, Guardian, Person
from doorstep.systems.identity.queries.home import applications
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.home import Refusal
from doorstep.systems.identity.tests.builders import AT, CAPTURE, NUMBER, PASSCODE, PASSWORD, account, eid, person
from doorstep.systems.identity.tests.people import VIETNAM
from doorstep.systems.identity.tests.test_actions_eid import BY, PHONE, commune, counted, officer  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db


def applying(**changes: Any) -> Applying:
    passing = {
        "number": Masked(NUMBER),
        "full_name": "Nguyễn Văn Ví Dụ",
        "birth": date(1990, 5, 21),
        "phone": PHONE,
        "capture": CAPTURE,
    }
    return Applying(**{**passing, **changes})


def code(subject: str) -> str:
    return str(Notice.objects.get(kind="identity.code", subject=subject).given["code"])


def applied(by: By = BY, **changes: Any) -> Application:
    subject = actions.apply(by, applying(**changes))
    reference = actions.prove(by, subject, code(subject))
    return Application.objects.get(reference=reference)


def test_from_home_to_the_activation():
    person()
    row = applied()
    assert (row.state, row.due, row.unfit) == ("waiting", date(2024, 3, 4), ""), "one working day from a Friday"
    assert counted() == {}, "nothing is collected before somebody says yes"
    new = actions.approve_application(officer(), row.id, row.version)
    made = Eid.objects.get(id=UUID(new))
    assert (made.state, made.level, made.phone, made.collected) == ("notified", "one", PHONE, AT)
    assert list(EidChange.objects.order_by("version").values_list("change", flat=True)) == [
        "collect",
        "approve",
        "notify",
    ]
    assert Notice.objects.filter(kind="identity.eid_ready").count() == 1
    subject = life.begin_activation(BY, NUMBER, PHONE)
    assert life.prove_activation(BY, subject, code(subject)) is None
    life.activate(BY, subject, PASSWORD, PASSCODE)
    assert counted() == {("collected", "one"): 1, ("activated", "one"): 1}
    assert set(JournalSubject.objects.values_list("subject", flat=True)) == {f"national_id:VN:{NUMBER}"}


def test_a_refusal_tells_the_phone_no_reason():
    person()
    row = applied()
    actions.refuse_application(officer(), row.id, row.version, Refusal.FRAUD)
    assert row.answer_at is not None
    tasks.tell_applicants(row.answer_at - timedelta(seconds=1))
    assert not Notice.objects.filter(kind="identity.application_refused").exists(), (
        "it would tell that somebody is known"
    )
    for _ in range(2):
        tasks.tell_applicants(row.answer_at)
    told = Notice.objects.get(kind="identity.application_refused")
    assert (told.target, set(told.given)) == (PHONE, {"reference"})
    row.refresh_from_db()
    assert (row.state, row.cause, row.decided_by) == ("refused", "fraud", "officer")
    assert row.phone == "", "what may be a stranger's number is not kept"
    assert counted() == {}


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_who_is_answered_late_is_told_on_the_last_day_as_if_nobody_were_known(answer: str):
    person()
    row = applied()
    assert row.answer_at is not None
    for _ in range(2):
        tasks.tell_applicants(row.answer_at)
    assert Notice.objects.filter(kind="identity.application_refused", target=PHONE).count() == 1
    row.refresh_from_db()
    assert (row.state, row.phone) == ("waiting", PHONE), "it still waits for the officer"
    late = By(officer().actor, AT + timedelta(days=9))
    if answer == "yes":
        actions.approve_application(late, row.id, row.version)
    else:
        actions.refuse_application(late, row.id, row.version, Refusal.CARD)
    tasks.tell_applicants(late.at)
    row.refresh_from_db()
    assert row.phone == ""
    assert Notice.objects.filter(kind="identity.application_refused").count() == 1, "a late no is not told again"
    assert Notice.objects.filter(kind="identity.eid_ready", target=PHONE).count() == (answer == "yes")


@pytest.mark.parametrize(
    ("known", "changes", "unfit"),
    [
        (None, {}, "unknown"),
        ({}, {"full_name": "Trần Văn Ví Dụ"}, "unknown"),
        ({}, {"birth": date(1990, 5, 22)}, "unknown"),
        ({"died": date(2024, 1, 1)}, {}, "dead"),
        ({"birth": date(2015, 5, 21)}, {"birth": date(2015, 5, 21)}, "not_offered"),
    ],
)
def test_whatever_fits_nobody_looks_the_same_and_is_refused_on_its_last_day(known, changes, unfit):
    if known is not None:
        person(**known)
    row = applied(**changes)
    assert (row.state, row.unfit, row.due) == ("waiting", unfit, date(2024, 3, 4))
    with pytest.raises(NotFound):
        actions.approve_application(officer(), row.id, row.version)
    assert row.answer_at is not None
    assert 9 <= row.answer_at.astimezone(VIETNAM.calendar.zone).hour < 17
    tasks.tell_applicants(row.answer_at - timedelta(seconds=1))
    assert not Notice.objects.filter(kind="identity.application_refused").exists()
    tasks.tell_applicants(row.answer_at)
    row.refresh_from_db()
    assert (row.state, Notice.objects.filter(kind="identity.application_refused").count()) == ("refused", 1)


def test_an_eid_that_is_there_is_not_told_and_its_holder_can_read_of_the_attempt():
    owner = eid()
    row = applied(phone="0000999999")
    assert (row.unfit, row.person) == ("there", owner.person)
    assert JournalSubject.objects.filter(subject=f"national_id:VN:{NUMBER}").count() == 2
    assert not Notice.objects.filter(target=owner.phone).exists()


def test_one_application_waits_for_a_person_the_next_one_for_the_end_of_its_time():
    person()
    applied()
    assert applied(phone="0000999999").unfit == "waiting"


def test_a_portrait_that_does_not_match_cannot_be_approved():
    person()
    wrong = CAPTURE.__class__(reference="c", known=True, match=False, score=12, quality=90)
    row = applied(capture=wrong)
    with pytest.raises(Refused, match="portrait_unproven"):
        actions.approve_application(officer(), row.id, row.version)
    unknown = CAPTURE.__class__(reference="c", known=False, match=True, score=99, quality=90)
    Application.objects.all().delete()
    row = applied(capture=unknown)
    assert not row.matched


def test_an_altered_chip_cannot_be_approved():
    person()
    row = applied(chip="altered")
    with pytest.raises(Refused, match="card_chip_not_good"):
        actions.approve_application(officer(), row.id, row.version)


def test_a_wrong_or_late_code_leaves_nothing_that_anybody_sees():
    person()
    subject = actions.apply(BY, applying())
    assert actions.prove(BY, subject, "000000") in {Cause.CODE, Cause.CODE_OVER}
    assert actions.prove(BY, f"application:{UUID(int=7)}", "000000") is Cause.CODE_OVER
    tasks.tell_applicants(AT + timedelta(minutes=59))
    assert Application.objects.count() == 1
    tasks.tell_applicants(AT + timedelta(minutes=61))
    assert not Application.objects.exists()


def test_a_code_is_taken_once():
    person()
    subject = actions.apply(BY, applying())
    right = code(subject)
    assert isinstance(actions.prove(BY, subject, right), str)
    assert actions.prove(BY, subject, right) is Cause.CODE_OVER


def test_another_area_and_another_version():
    person()
    row = applied()
    with pytest.raises(NotFound):
        actions.approve_application(officer(unit="H39"), row.id, row.version)
    with pytest.raises(Stale):
        actions.approve_application(officer(), row.id, row.version + 1)
    actions.refuse_application(officer(), row.id, row.version, Refusal.CARD)
    with pytest.raises(Refused, match="application_decided"):
        actions.approve_application(officer(), row.id, row.version)


def test_who_died_or_got_an_eid_meanwhile():
    person()
    row = applied()
    Person.objects.update(died=date(2024, 3, 1))
    with pytest.raises(Refused, match="person_dead"):
        actions.approve_application(officer(), row.id, row.version)
    Person.objects.update(died=None)
    eid(Person.objects.get())
    with pytest.raises(Refused, match="eid_there"):
        actions.approve_application(officer(), row.id, row.version)


def test_the_list_shows_an_officer_what_each_rests_on():
    from doorstep.kernel.access import looking

    person()
    applied(code_agreed=True)
    applied(number=Masked("900090000888"))
    with looking():
        (row,) = applications(officer().actor, AT.date())
        assert applications(officer(unit="H39").actor, AT.date()) == []
    assert (row.matched, row.score, row.code_agreed, row.chip, list(row.against)) == (True, 97, True, None, [])
    assert NUMBER not in row.number


def test_the_successor_of_a_merged_commune_decides_on_its_applications():
    from doorstep.kernel.access import looking
    from doorstep.kernel.store.models import Unit

    person()
    row, heir = applied(), officer(unit="H39.901")
    Unit.objects.filter(code=row.unit).update(valid_to=AT.date(), successor="H39.901")
    with looking():
        assert [one.id for one in applications(heir.actor, AT.date())] == [row.id]
    with pytest.raises(NotFound):
        actions.approve_application(officer(), row.id, row.version)
    assert actions.approve_application(heir, row.id, row.version)


def guarded(birth: date, **changes: Any) -> tuple[By, Person]:
    """A guardian who has signed in, and the ward."""
    own = account()
    ward = person("900220000777", birth=birth, full_name="Nguyễn Thị Nhỏ", **changes)
    Guardian.objects.create(
        id=UUID(int=1), ward=ward, guardian=own.eid.person, relation="parent", valid_from=date(2022, 1, 1)
    )
    return By(Actor(own.subject, roles=("identity.person",), level=2), AT + timedelta(days=150)), ward


def test_a_guardian_applies_for_a_ward_under_the_own_phone():
    by, ward = guarded(date(2016, 1, 1))
    row = Application.objects.get(reference=actions.apply_for_ward(by, ward.id))
    assert (row.phone, row.state, row.unfit) == ("0000123456", "waiting", "")
    with pytest.raises(Refused, match="eid_there"):
        actions.apply_for_ward(by, ward.id)
    late = By(officer().actor, by.at)
    own = By(Actor(by.actor.subject, "H38", ("identity.officer",), level=2), by.at)
    with pytest.raises(Refused, match="same_officer"):
        actions.approve_application(own, row.id, row.version)
    made = Eid.objects.get(id=UUID(actions.approve_application(late, row.id, row.version)))
    assert (made.holder, made.level, made.phone) == ("minor", "one", "0000123456")


@pytest.mark.parametrize("over", ["guardian", "eid", "grown_up"])
def test_a_guardian_who_answers_no_more_gets_no_eid_for_the_ward(over: str):
    by, ward = guarded(date(2016, 1, 1))
    row = Application.objects.get(reference=actions.apply_for_ward(by, ward.id))
    if over == "guardian":
        Guardian.objects.update(valid_to=by.at.date())
    elif over == "eid":
        Eid.objects.update(state="locked")
    else:
        Person.objects.filter(id=ward.id).update(birth=date(2006, 1, 1))
    with pytest.raises(Refused, match="guardian_over"):
        actions.approve_application(By(officer().actor, by.at), row.id, row.version)
    actions.refuse_application(By(officer().actor, by.at), row.id, row.version, Refusal.PARTICULARS)
    assert Notice.objects.filter(kind="identity.application_refused").count() == 1, (
        "a guardian, who has signed in, is told at once"
    )


def test_nobody_applies_for_strangers_for_the_grown_up_or_without_level_2():
    by, ward = guarded(date(2016, 1, 1))
    for who in (person("900090000555").id, UUID(int=9)):
        with pytest.raises(NotFound):
            actions.apply_for_ward(by, who)
    Person.objects.filter(id=ward.id).update(birth=date(2006, 1, 1))
    with pytest.raises(NotFound):
        actions.apply_for_ward(by, ward.id)
    Person.objects.filter(id=ward.id).update(birth=date(2008, 1, 1))
    with pytest.raises(Refused, match="level_not_offered"):
        actions.apply_for_ward(by, ward.id)
    Eid.objects.update(level="one")
    with pytest.raises(NotFound):
        actions.apply_for_ward(by, ward.id)


def run_at_once(*calls: Any) -> list[str]:
    outcomes = []

    def run(call: Any) -> None:
        try:
            call()
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.reasons[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_are_one():
    person()
    row = applied()
    found = run_at_once(
        lambda: actions.approve_application(officer("one"), row.id, row.version),
        lambda: actions.approve_application(officer("two"), row.id, row.version),
        lambda: actions.refuse_application(officer("three"), row.id, row.version, Refusal.CARD),
    )
    assert found == ["done", "identity.application_decided", "identity.application_decided"]
    row.refresh_from_db()
    assert Eid.objects.count() == (row.state == "approved")


@pytest.mark.django_db(transaction=True)
def test_two_applications_at_once_leave_one_that_waits():
    person()
    begun = [actions.apply(BY, applying(phone=phone)) for phone in (PHONE, "0000999999", "0000888888")]
    found = run_at_once(*(lambda one=one: actions.prove(BY, one, code(one)) for one in begun))
    assert found == ["done"] * 3
    assert sorted(Application.objects.values_list("unfit", flat=True)) == ["", "waiting", "waiting"]
