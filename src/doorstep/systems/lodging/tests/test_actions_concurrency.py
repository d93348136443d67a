"""Many at once: nobody waits for ever, each person ends with one open stay, and the facts are what was accepted."""

import threading
import time
from datetime import date, timedelta
from io import BytesIO
from random import Random
from uuid import UUID

import pytest
from django.db import connection

from doorstep.kernel.access import look
from doorstep.kernel.store.models import JournalEntry
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import Refused, Stale
from doorstep.systems.lodging.actions import houses, stays
from doorstep.systems.lodging.facts import EstablishmentFirstNotified
from doorstep.systems.lodging.models import Booking, Keeper, Notice, OpenStay, Stay, StayVersion
from doorstep.systems.lodging.pages import uploads
from doorstep.systems.lodging.permissions import FOR_NOTICE
from doorstep.systems.lodging.queries.keeper import kept_house, upload
from doorstep.systems.lodging.rules.changes import WhyCancelled
from doorstep.systems.lodging.tests.builders import AT, guest, row
from doorstep.systems.lodging.tests.scene import as_stay, facts, house, keeper, key, line, notify

pytestmark = pytest.mark.django_db(transaction=True)


def until_somebody_waits(seconds=5.0):
    """Returns when a session waits for another one's lock, or when the time is over."""
    for _ in range(int(seconds / 0.02)):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
        time.sleep(0.02)


def test_sixteen_desks_of_a_house_notify_the_same_people():
    chance = Random(7)
    people = range(60)
    code = house()
    batches = [chance.sample(people, 30) for _ in range(16)]

    def send(number):
        return lambda: notify(code, *(line(serial) for serial in batches[number]))

    outcomes = at_once(*(send(number) for number in range(16)))
    assert not [one for one in outcomes if isinstance(one, Exception)]
    sent = {serial for batch in batches for serial in batch}
    assert set(OpenStay.objects.values_list("person", flat=True)) == {key(serial) for serial in sent}
    assert set(OpenStay.objects.values_list("stay", flat=True)) == set(Stay.objects.values_list("id", flat=True))
    accepted = sum(one.accepted for one in outcomes)
    assert accepted == len(sent) == Stay.objects.count() == facts().total()
    assert sum(Notice.objects.values_list("accepted", flat=True)) == accepted
    assert sum(len(one.refused) for one in outcomes) == 16 * 30 - accepted


def test_notices_check_outs_and_corrections_cross_without_deadlock():
    """Each thread notifies, corrects to another of the same few people, and checks out, in its own order."""
    people, code, by = range(8), house(), By(keeper(), AT)

    def work(number):
        chance = Random(number)

        def run():
            accepted = 0
            for _ in range(6):
                told = [line(serial) for serial in chance.sample(people, 4)]
                done = notify(code, *told)
                accepted += done.accepted
                for one, stay in zip(told, done.stays, strict=True):
                    if stay:
                        version = 1
                        after = as_stay(one, guest=guest(serial=chance.choice(people)), room=str(chance.random()))
                        try:
                            stays.correct_stay(by, code, UUID(stay), version, after, "")
                            version = 2
                        except Refused:
                            pass
                        stays.check_out(by, code, UUID(stay), version, AT)
            return accepted

        return run

    outcomes = at_once(*(work(number) for number in range(8)))
    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert not OpenStay.objects.exists()
    assert sum(outcomes) == Stay.objects.count() == facts().total()


def test_a_correction_that_takes_over_a_person_does_not_deadlock_with_a_notice(monkeypatch):
    """The correction of C into B has begun to move the open stay when a notice of B and C comes."""
    code = house()
    told = line(3)
    stay = UUID(notify(code, told).stays[0])
    moving = threading.Event()
    claim = stays._claim

    def slowly(person, row):
        moving.set()
        until_somebody_waits(1)
        return claim(person, row)

    monkeypatch.setattr(stays, "_claim", slowly)

    def correct():
        stays.correct_stay(By(keeper(), AT), code, stay, 1, as_stay(told, guest=guest(serial=2)), "")

    def send():
        assert moving.wait(10)
        return notify(code, line(2), line(3))

    corrected, sent = at_once(correct, send)
    for failure in (corrected, sent):
        assert not isinstance(failure, Exception) or isinstance(failure, Refused), failure
    assert OpenStay.objects.filter(person=key(2)).count() == 1
    assert {one.stay: one.person for one in OpenStay.objects.all()} == dict(Stay.objects.values_list("id", "person"))


def test_a_house_is_first_notified_once_however_many_notify_at_once():
    code = house()
    outcomes = at_once(*(lambda serial=serial: notify(code, line(serial)) for serial in range(8)))
    assert [one.accepted for one in outcomes] == [1] * 8
    assert facts(EstablishmentFirstNotified.KIND) == {("2024-05-21", "H38.901", "tourist"): 1}


def test_a_file_sent_by_several_at_once_is_notified_once_with_one_answer(monkeypatch):
    monkeypatch.setattr(uploads, "CHUNK", 3)
    code, rows = house(), [row(document_number=guest(serial=serial).document_number) for serial in range(10)]
    content = "\n".join(",".join(cells) for cells in (rows[0], *(one.values() for one in rows))).encode()

    def send():
        return uploads._notified(By(keeper(), AT), kept_house(keeper(), code), BytesIO(content))

    digests = at_once(*[send] * 4)
    assert len(set(digests)) == 1
    assert Stay.objects.count() == facts().total() == 10
    told = look(keeper(), FOR_NOTICE, AT, upload, kept_house(keeper(), code), digests[0])
    assert (told.lines, told.accepted, told.refused, len(told.references)) == (10, 10, 0, 4)


def test_two_keepers_correct_the_same_stay():
    code = house()
    told = line(1)
    stay = UUID(notify(code, told).stays[0])
    houses.add_keeper(By(keeper(), AT), code, "second")

    def correct(subject, room):
        by = By(keeper(subject), AT)
        return lambda: stays.correct_stay(by, code, stay, 1, as_stay(told, room=room), subject)

    outcomes = at_once(correct("keeper", "A"), correct("second", "B"))
    assert sorted(type(one) for one in outcomes if one) == [Stale]
    kept = StayVersion.objects.get()
    assert (kept.version, kept.before["room"], kept.why) == (1, "101", "keeper" if outcomes[0] is None else "second")
    assert Stay.objects.values_list("room", "version").get() == ("A" if outcomes[0] is None else "B", 2)
    assert JournalEntry.objects.filter(action="lodging.correct_stay").count() == 1


def test_a_stay_is_cancelled_once_and_its_fact_taken_back_once():
    code = house()
    stay = UUID(notify(code, line(1)).stays[0])
    cancel = lambda: stays.cancel_stay(By(keeper(), AT), code, stay, 1, WhyCancelled.NEVER_CAME)  # noqa: E731
    outcomes = at_once(*[cancel] * 8)
    assert sum(one is None for one in outcomes) == 1
    assert all(one is None or isinstance(one, Stale) for one in outcomes)
    assert facts().total() == 0


def test_a_notice_waits_for_the_check_out(monkeypatch):
    """The check-out has freed the person and is not yet committed: the notice is taken after it."""
    code = house()
    stay = UUID(notify(code, line(1)).stays[0])
    freed = threading.Event()
    change = stays._change

    def slowly(*args, **kwargs):
        freed.set()
        until_somebody_waits()
        change(*args, **kwargs)

    monkeypatch.setattr(stays, "_change", slowly)

    def send():
        assert freed.wait(10)
        return notify(code, line(1))

    left, sent = at_once(lambda: stays.check_out(By(keeper(), AT), code, stay, 1, AT), send)
    assert left is None
    assert sent.accepted == 1
    assert str(OpenStay.objects.get().stay) == sent.stays[0]


def test_a_correction_waits_for_the_check_out(monkeypatch):
    """As the notice does: the person whom it names is being checked out."""
    code, told = house(), line(2)
    one, other = map(UUID, notify(code, told, line(1)).stays)
    freed = threading.Event()
    change = stays._change

    def slowly(*args, **new):
        if "check_out" in args:
            freed.set()
            until_somebody_waits()
        change(*args, **new)

    monkeypatch.setattr(stays, "_change", slowly)

    def correct():
        assert freed.wait(10)
        stays.correct_stay(By(keeper(), AT), code, one, 1, as_stay(told, guest=guest(serial=1)), "")

    leave = lambda: stays.check_out(By(keeper(), AT), code, other, 1, AT)  # noqa: E731
    assert at_once(leave, correct) == [None, None]
    assert OpenStay.objects.values_list("person", "stay").get() == (key(1), one)


def test_a_check_out_that_fails_frees_nobody(monkeypatch):
    code = house()
    stay = UUID(notify(code, line(1)).stays[0])
    freed = threading.Event()

    def fail(*args, **kwargs):
        freed.set()
        until_somebody_waits()
        raise OSError("after the person was freed")

    monkeypatch.setattr(stays, "_change", fail)

    def send():
        assert freed.wait(10)
        return notify(code, line(1))

    left, sent = at_once(lambda: stays.check_out(By(keeper(), AT), code, stay, 1, AT), send)
    assert isinstance(left, OSError)
    assert sent.accepted == 0
    assert OpenStay.objects.get().stay == stay


def test_everybody_due_is_checked_out_once():
    code = house()
    notify(code, *(line(serial, expected_departure=date(2024, 5, 21)) for serial in range(40)))
    outcomes = at_once(*[lambda: stays.check_out_due(By(keeper(), AT), code)] * 6)
    assert sorted(outcomes) == [0, 0, 0, 0, 0, 40]
    assert set(Stay.objects.values_list("version", flat=True)) == {2}
    assert StayVersion.objects.count() == 40
    assert not OpenStay.objects.exists()


def test_one_of_many_bookings_of_a_room_wins():
    code = house()
    houses.put_room(By(keeper(), AT), code, "101", 2, 0)
    first = date(2024, 6, 1)

    def book(shift):
        arrival = first + timedelta(days=shift % 3)
        return lambda: houses.book(
            By(keeper(), AT), code, "101", f"Khách {shift}", 1, arrival, first + timedelta(days=5)
        )

    outcomes = at_once(*(book(shift) for shift in range(8)))
    booked = [one for one in outcomes if isinstance(one, houses.Booked)]
    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert (len(booked), len(refused)) == (1, 7)
    assert {one.reasons[0].code for one in refused} == {"lodging.room_taken"}
    assert Booking.objects.get().id == booked[0].id


def test_two_keepers_who_end_each_other_leave_one():
    code = house()
    houses.add_keeper(By(keeper(), AT), code, "second")
    outcomes = at_once(
        lambda: houses.end_keeper(By(keeper(), AT), code, "second"),
        lambda: houses.end_keeper(By(keeper("second"), AT), code, "keeper"),
    )
    assert sum(one is None for one in outcomes) == 1
    assert Keeper.objects.filter(until=None).count() == 1


def test_a_keeper_added_by_several_at_once_is_one_keeper():
    code = house()
    outcomes = at_once(*[lambda: houses.add_keeper(By(keeper(), AT), code, "second")] * 6)
    assert outcomes == [None] * 6
    assert Keeper.objects.filter(subject="second").count() == 1


def test_no_guests_said_by_several_at_once_is_said_once():
    code = house()
    assert at_once(*[lambda: houses.say_no_guests(By(keeper(), AT), code)] * 6) == [None] * 6
    assert at_once(*[lambda: houses.put_room(By(keeper(), AT), code, "101", 2, 5)] * 6) == [None] * 6
