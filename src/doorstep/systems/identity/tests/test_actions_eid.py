"""e-IDs on PostgreSQL: two officers, a phone, and what is counted and taken back."""

import threading
from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from django.db import connection

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import ActorSession, FactBatch, JournalSubject, Notice, Unit
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused, Stale
from doorstep.systems.identity.actions import batches, drive, signin
from doorstep.systems.identity.actions import eid as actions
from doorstep.systems.identity.actions.batches import Line
from doorstep.systems.identity.actions.eid import Applicant
from doorstep.systems.identity.actions.signin import VISITOR
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.models import Account, Appointment, Contact, Eid, Guardian, OneTimeCode, Passkey
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.drive import Hindrance, Where
from doorstep.systems.identity.rules.eid import LockCause, State
from doorstep.systems.identity.tests.builders import AT, NUMBER, PASSCODE, PASSWORD, account, device, eid, person

pytestmark = pytest.mark.django_db
PLACE = "H38.901"
PHONE = "0000123456"
BY = By(VISITOR, AT)
TWO = Applicant(Level.TWO, phone=PHONE)


def officer(subject="officer", unit="H38") -> By:
    return By(Actor(subject, unit, ("identity.officer",), level=2), AT)


@pytest.fixture(autouse=True)
def commune(db):
    for code, parent in (("H38", "nation"), (PLACE, "H38"), ("H39", "nation"), ("H39.901", "H39")):
        Unit.objects.create(
            code=code, kind="any", parent=parent, names={"en": code}, valid_from=date(2020, 1, 1), source="test"
        )


def counted() -> Counter:
    """What was counted so far, by stage and level."""
    found: Counter = Counter()
    for batch in FactBatch.objects.filter(kind="identity.eid_counted"):
        columns = msgspec.msgpack.decode(batch.columns)
        for stage, level, n in zip(columns["stage"], columns["level"], columns["n"], strict=True):
            found[stage, level] += n
    return Counter({key: n for key, n in found.items() if n})


def collected(applicant=TWO, number=NUMBER) -> Eid:
    return Eid.objects.get(id=actions.collect(officer(), number, applicant, PLACE).id)


def approved() -> Eid:
    person()
    row = collected()
    actions.approve(officer("colleague"), row.id, row.version)
    row.refresh_from_db()
    return row


def activate(row: Eid) -> None:
    subject = actions.begin_activation(BY, NUMBER, PHONE)
    code = Notice.objects.filter(kind="identity.code").latest("id").given["code"]
    assert actions.prove_activation(BY, subject, code) is None
    actions.activate(BY, subject, PASSWORD, PASSCODE)
    row.refresh_from_db()


def test_from_the_desk_to_the_first_sign_in():
    row = approved()
    assert (row.state, row.due) == (State.NOTIFIED, date(2024, 3, 6))
    assert Notice.objects.get().kind == "identity.eid_ready"
    activate(row)
    assert row.state == State.ACTIVATED
    assert signin.sign_in_with_password(BY, NUMBER, PASSWORD).actor
    assert counted() == {("collected", "two"): 1, ("activated", "two"): 1}
    assert set(JournalSubject.objects.values_list("subject", flat=True)) == {f"national_id:VN:{NUMBER}"}


def test_who_collected_cannot_approve_and_nobody_approves_what_changed():
    person()
    row = collected()
    with pytest.raises(Refused, match="same_officer"):
        actions.approve(officer(), row.id, row.version)
    with pytest.raises(Stale):
        actions.approve(officer("colleague"), row.id, row.version + 1)


def test_a_person_has_one_eid_and_the_dead_have_none():
    person()
    collected()
    with pytest.raises(Refused, match="eid_there"):
        collected()
    person("900090000777", died=date(2024, 1, 1))
    with pytest.raises(Refused, match="person_dead"):
        collected(number="900090000777")
    with pytest.raises(NotFound):
        collected(number="900090000888")


def test_an_officer_collects_in_the_own_area_only():
    person()
    for place in ("H39.901", "H38", "H38.999"):
        with pytest.raises(NotFound):
            actions.collect(officer(), NUMBER, TWO, place)
    with pytest.raises(NotAllowed):
        actions.collect(By(Actor("somebody"), AT), NUMBER, TWO, PLACE)


def test_a_minor_needs_a_guardian_who_has_activated():
    late = By(officer().actor, AT + timedelta(days=150))
    child = person("900216000777", birth=date(2016, 1, 1))
    with pytest.raises(Refused, match="guardian_needed"):
        actions.collect(late, child.number, TWO, PLACE)
    Guardian.objects.create(
        id=UUID(int=1), ward=child, guardian=eid().person, relation="parent", valid_from=date(2020, 1, 1)
    )
    assert Eid.objects.get(id=actions.collect(late, child.number, TWO, PLACE).id).holder == "minor"


def test_activation_tells_nobody_whether_there_is_an_eid():
    row = approved()
    for number, phone in ((NUMBER, "0000999999"), ("900090000888", PHONE)):
        assert actions.begin_activation(BY, number, phone).startswith("eid:")
    assert not OneTimeCode.objects.exists()
    assert actions.prove_activation(BY, f"eid:{row.id}", "123456") is Cause.CODE_OVER


def test_weak_secrets_are_refused_at_the_activation():
    row = approved()
    with pytest.raises(Refused, match="password_names"):
        actions.activate(BY, f"eid:{row.id}", f"Aa-{NUMBER}", PASSCODE)
    with pytest.raises(Refused, match="passcode_easy"):
        actions.activate(BY, f"eid:{row.id}", PASSWORD, "210590")
    assert not Account.objects.exists()


def test_an_active_eid_is_not_activated_again_by_a_stranger_with_the_phone():
    row = approved()
    activate(row)
    assert actions.begin_activation(BY, NUMBER, PHONE) != f"eid:{row.id}"
    with pytest.raises(NotFound):
        actions.activate(BY, f"eid:{row.id}", PASSWORD, PASSCODE)


def test_a_loss_locks_at_once_and_ends_all_sessions():
    owner = account()
    ActorSession.objects.create(
        session_key="s", session_data="", expire_date=AT + timedelta(hours=1), subject=owner.subject, began=AT
    )
    assert not actions.report_loss(BY, NUMBER, "000111")
    assert ActorSession.objects.exists()
    assert actions.report_loss(BY, NUMBER, PASSCODE)
    assert not ActorSession.objects.exists()
    assert Eid.objects.get().state == State.LOCKED
    assert signin.sign_in_with_password(BY, NUMBER, PASSWORD).actor is None
    assert counted() == {}, "what is locked counts as active"


def test_an_officer_unlocks_and_recovers_in_person():
    owner = account()
    device(owner)
    row = owner.eid
    actions.lock(officer(), row.id, 1, LockCause.REQUEST)
    actions.unlock(officer(), row.id, 2)
    assert signin.sign_in_with_password(BY, NUMBER, PASSWORD).actor
    actions.recover(officer(), row.id, 3)
    assert not Passkey.objects.filter(removed=None).exists()
    assert signin.sign_in_with_password(BY, NUMBER, PASSWORD).actor is None
    row.refresh_from_db()
    activate(row)
    assert signin.sign_in_with_password(BY, NUMBER, PASSWORD).actor
    assert counted() == {}, "a recovery counts nothing anew"


def test_another_phone_is_told_to_the_old_one():
    row = account().eid
    actions.change_phone(officer(), row.id, 1, "0000 654 321")
    assert Notice.objects.get().target == PHONE
    assert Eid.objects.get().phone == Account.objects.get().phone == "0000654321"
    with pytest.raises(Refused, match="phone"):
        actions.change_phone(officer(), row.id, 2, "12")


def test_a_higher_level_moves_the_counts():
    row = eid(level="one")
    actions.raise_level(officer(), row.id, 1, Level.TWO)
    assert counted() == {
        ("collected", "one"): -1,
        ("activated", "one"): -1,
        ("collected", "two"): 1,
        ("activated", "two"): 1,
    }
    with pytest.raises(Refused, match="level_not_offered"):
        actions.raise_level(officer(), row.id, 2, Level.TWO)


def test_a_revocation_takes_back_what_was_counted_and_lasts():
    row = approved()
    activate(row)
    actions.revoke(officer(), row.id, row.version, "found to be another person")
    assert counted() == {}
    row.refresh_from_db()
    with pytest.raises(Refused, match="step_impossible"):
        actions.unlock(officer(), row.id, row.version)


def test_the_drive_notes_contacts_and_makes_one_appointment():
    row = approved()
    drive.note_contact(officer(), row.id, Hindrance.NO_PHONE, "lends the son's")
    for day in (date(2024, 3, 5), date(2024, 3, 6)):
        drive.appoint(officer(), row.id, Where.HOME, day, "9:00", "12 Đường Ví Dụ")
    assert Contact.objects.get().hindrance == "no_phone"
    assert Appointment.objects.get(cancelled=None).day == date(2024, 3, 6)
    with pytest.raises(NotFound):
        drive.note_contact(officer(unit="H39"), row.id, Hindrance.AWAY, "")


def test_an_appointment_is_kept_by_the_activation_on_its_day_or_by_the_officer():
    row = approved()
    drive.appoint(officer(), row.id, Where.HOME, date(2024, 3, 5), "9:00", "12 Đường Ví Dụ")
    first = Appointment.objects.get()
    with pytest.raises(NotFound):
        drive.keep_appointment(officer(unit="H39"), first.id)
    drive.keep_appointment(officer(), first.id)
    with pytest.raises(NotFound):
        drive.keep_appointment(officer(), first.id)
    drive.appoint(officer(), row.id, Where.HOME, date(2024, 3, 1), "9:00", "12 Đường Ví Dụ")
    activate(row)
    assert list(Appointment.objects.order_by("id").values_list("kept", "cancelled")) == [(AT, None), (AT, None)]


def test_an_appointment_is_not_needed_once_the_holder_has_activated():
    row = approved()
    drive.appoint(officer(), row.id, Where.HOME, date(2024, 3, 5), "9:00", "12 Đường Ví Dụ")
    activate(row)
    assert Appointment.objects.values_list("kept", "cancelled").get() == (None, AT)


def test_a_desk_works_in_batches_and_bad_lines_come_back():
    for number in (NUMBER, "900090000777"):
        person(number)
    lines = [
        Line(Masked(NUMBER), TWO),
        Line(Masked("900090000888"), TWO),
        Line(Masked(NUMBER), TWO),
        Line(Masked("900090000777"), Applicant(Level.TWO, phone="12")),
        Line(Masked("900090000777"), Applicant(Level.TWO, phone="0000654321")),
    ]
    done = batches.collect_many(officer(), PLACE, lines)
    assert [(one.line, one.code) for one in done.refused] == [
        (2, "kernel.not_found"),
        (3, "identity.eid_there"),
        (4, "vietnam.phone_malformed"),
    ]
    ids = [UUID(one) for one in done.done]
    assert len(batches.approve_many(officer(), ids).refused) == 2
    assert len(batches.approve_many(officer("colleague"), ids).done) == 2
    assert len(batches.activate_at_desk(officer(), ids).done) == 2
    assert batches.activate_at_desk(officer(), ids).done == ()
    assert counted() == {("collected", "two"): 2, ("activated", "two"): 2}
    row = Eid.objects.get(person__number=NUMBER)
    activate(row)
    assert signin.sign_in_with_password(BY, NUMBER, PASSWORD).actor
    assert counted() == {("collected", "two"): 2, ("activated", "two"): 2}


@pytest.mark.django_db(transaction=True)
def test_two_desks_at_once_make_one_eid():
    person()
    outcomes = []

    def run(subject):
        try:
            actions.collect(officer(subject), NUMBER, TWO, PLACE)
            outcomes.append("collected")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[f"officer{number}"]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["collected", "refused", "refused", "refused"]
    assert counted() == {("collected", "two"): 1}
