"""The keeper's house: enrolling, keepers, rooms, bookings, quiet nights; and what is deleted when its time is over."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import Unit
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked, read_reference
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused
from doorstep.systems.lodging import tasks
from doorstep.systems.lodging.actions import houses, stays
from doorstep.systems.lodging.facts import EstablishmentFirstNotified, FacilityType
from doorstep.systems.lodging.models import Booking, Establishment, Keeper, NoGuests, OpenStay, Room, Stay, StayVersion
from doorstep.systems.lodging.rules.changes import WhyCancelled
from doorstep.systems.lodging.tests.builders import AT, foreigner
from doorstep.systems.lodging.tests.scene import (
    as_stay,
    codes,
    facts,
    house,
    journal,
    keeper,
    line,
    notify,
    police,
    unit,
)

pytestmark = pytest.mark.django_db

BY = By(keeper(), AT)
JUNE = date(2024, 6, 1)
DAY = timedelta(days=1)


def refused(run, *args, **kwargs):
    with pytest.raises(Refused) as failure:
        run(*args, **kwargs)
    return codes(failure.value.reasons)


def enrol(name="Hoa Ban", kind=FacilityType.TOURIST, where="H38.901", address="12 Đường Ví Dụ", **more):
    return houses.enrol_establishment(BY, name, kind, where, address, **more).code


def test_whoever_enrols_a_house_is_its_first_keeper():
    unit("H38.901")
    code = enrol(" Hoa Ban ", address=" 12 Đường Ví Dụ ", remote=True)
    assert read_reference(code) == code
    row = Establishment.objects.get()
    assert (row.code, row.name, row.address, row.unit, row.remote) == (
        *(code, "Hoa Ban", "12 Đường Ví Dụ", "H38.901"),
        True,
    )
    assert (row.enrolled, row.closed, row.first_notice) == (AT, None, None)
    assert [(one.subject, one.since, one.until) for one in Keeper.objects.all()] == [("keeper", AT, None)]
    assert not facts(EstablishmentFirstNotified.KIND), "enrolling alone is no fact"
    assert journal("enrol_establishment") == [(set(), "")]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"name": "  "}, ("text_missing", "name")),
        ({"name": "=1+1"}, ("text_formula", "name")),
        ({"name": "a\0"}, ("text_unreadable", "name")),
        ({"name": "x" * 121}, ("text_too_long", "name")),
        ({"address": ""}, ("text_missing", "address")),
        ({"where": "H38"}, ("unit_not_commune", "unit")),
        ({"where": "H38.901.01"}, ("unit_not_commune", "unit")),
        ({"where": "H38.999"}, ("unit_not_commune", "unit")),
        ({"where": "H38.905"}, ("unit_not_commune", "unit")),
    ],
)
def test_a_house_lies_in_a_commune_of_the_day_and_has_name_and_address(told, why):
    unit("H38.901")
    common = {"names": {}, "source": "test", "certainty": "invented", "valid_from": date(2020, 1, 1)}
    Unit.objects.create(code="H38", kind="province", parent="", **common)
    Unit.objects.create(code="H38.901.01", kind="neighbourhood", parent="H38.901", **common)
    Unit.objects.create(code="H38.905", kind="commune", parent="H38", valid_to=date(2024, 5, 21), **common)
    assert refused(enrol, **told) == [why]
    assert not Establishment.objects.exists()
    assert enrol(), "neighbourhoods below make no other unit of a commune"


def test_a_unit_that_is_split_further_is_no_commune():
    unit("H38.901")
    unit("H38.901.5")
    assert refused(enrol) == [("unit_not_commune", "unit")]


@pytest.mark.parametrize("actor", [Actor("nobody"), police("H38"), Actor("task", roles=("lodging.retention",))])
def test_only_keepers_enrol(actor):
    unit("H38.901")
    with pytest.raises(NotAllowed):
        houses.enrol_establishment(By(actor, AT), "Hoa Ban", FacilityType.TOURIST, "H38.901", "1 Đường Ví Dụ")


def test_every_action_of_the_house_is_hidden_from_others():
    code = house()
    house("neighbour")
    other = By(keeper("neighbour"), AT)
    for run, args in (
        (houses.close_house, ()),
        (houses.add_keeper, ("friend",)),
        (houses.end_keeper, ("keeper",)),
        (houses.put_room, ("101", 2, 0)),
        (houses.retire_room, ("101",)),
        (houses.book, ("101", "Lan", 1, JUNE, JUNE + DAY)),
        (houses.cancel_booking, (uuid4(),)),
        (houses.mark_arrived, (uuid4(),)),
        (houses.say_no_guests, ()),
    ):
        with pytest.raises(NotFound):
            run(other, code, *args)


def test_closing_twice_keeps_the_first_time():
    code = house()
    houses.close_house(BY, code)
    houses.close_house(By(keeper(), AT + DAY), code)
    assert Establishment.objects.get().closed == AT


def test_keepers_come_and_go_but_one_stays():
    code = house()
    assert refused(houses.end_keeper, BY, code, "keeper") == [("last_keeper", "subject")]
    houses.add_keeper(BY, code, " second ")
    houses.add_keeper(By(keeper("second"), AT + DAY), code, "second")
    assert Keeper.objects.filter(subject="second", until=None).count() == 1
    houses.end_keeper(By(keeper("second"), AT + DAY), code, "keeper")
    with pytest.raises(NotFound):
        houses.put_room(BY, code, "101", 2, 0)
    assert refused(houses.end_keeper, By(keeper("second"), AT), code, "second") == [("last_keeper", "subject")]
    houses.add_keeper(By(keeper("second"), AT + 2 * DAY), code, "keeper")
    rows = Keeper.objects.order_by("since", "id").values_list("subject", "since", "until")
    assert list(rows) == [
        ("keeper", AT - timedelta(days=30), AT + DAY),
        ("second", AT, None),
        ("keeper", AT + 2 * DAY, None),
    ], "who kept the house before is not forgotten"
    assert journal("end_keeper") == [({"keeper"}, "")]
    assert [subjects for subjects, _ in journal("add_keeper")] == [{"second"}, {"second"}, {"keeper"}]


def test_a_keeper_who_is_none_cannot_be_ended():
    code = house()
    with pytest.raises(NotFound):
        houses.end_keeper(BY, code, "stranger")
    for subject in (" ", "a\0", "x" * 101):
        assert refused(houses.add_keeper, BY, code, subject)[0][1] == "subject"


def test_a_room_is_put_changed_retired_and_put_again():
    code = house()
    houses.put_room(BY, code, "101", 2, 350_000)
    houses.put_room(BY, code, " 101 ", 3, 400_000)
    assert list(Room.objects.values_list("number", "beds", "price", "retired")) == [("101", 3, 400_000, None)]
    houses.retire_room(BY, code, "101")
    assert Room.objects.get().retired == AT
    for number in ("101", "102"):
        with pytest.raises(NotFound):
            houses.retire_room(BY, code, number)
    houses.put_room(BY, code, "101", 1, 0)
    assert list(Room.objects.values_list("number", "beds", "price", "retired")) == [("101", 1, 0, None)]


@pytest.mark.parametrize(
    ("number", "beds", "price", "why"),
    [
        ("", 1, 0, ("text_missing", "number")),
        ("1" * 21, 1, 0, ("text_too_long", "number")),
        ("101", 0, 0, ("beds_wrong", "beds")),
        ("101", 201, 0, ("beds_wrong", "beds")),
        ("101", 1, -1, ("price_wrong", "price")),
        ("101", 1, 10**12 + 1, ("price_wrong", "price")),
    ],
)
def test_a_room_has_number_beds_and_price(number, beds, price, why):
    code = house()
    assert refused(houses.put_room, BY, code, number, beds, price) == [why]
    houses.put_room(BY, code, "101", 200, 10**12)
    assert Room.objects.count() == 1


def booked(code, first, nights, number="101", name="Lò Thị Mai"):
    return houses.book(BY, code, number, name, 2, first, first + nights * DAY).id


def test_bookings_of_a_room_never_overlap_but_may_touch():
    code = house()
    houses.put_room(BY, code, "101", 2, 0)
    houses.put_room(BY, code, "102", 2, 0)
    booked(code, JUNE + 3 * DAY, 3)
    for shift, nights in ((1, 3), (3, 3), (4, 1), (5, 9), (0, 20), (2, 2)):
        assert refused(booked, code, JUNE + shift * DAY, nights) == [("room_taken", "room")]
    booked(code, JUNE + 6 * DAY, 1)
    booked(code, JUNE + 1 * DAY, 2)
    booked(code, JUNE + 3 * DAY, 3, "102")
    assert Booking.objects.count() == 4
    neighbour = house("neighbour")
    houses.put_room(By(keeper("neighbour"), AT), neighbour, "101", 2, 0)
    houses.book(By(keeper("neighbour"), AT), neighbour, "101", "Lan", 1, JUNE + 3 * DAY, JUNE + 6 * DAY)


def test_a_cancelled_booking_frees_the_room():
    code = house()
    houses.put_room(BY, code, "101", 2, 0)
    first = booked(code, JUNE, 3)
    houses.cancel_booking(BY, code, first)
    second = booked(code, JUNE + DAY, 3)
    for gone in (first, uuid4()):
        with pytest.raises(NotFound):
            houses.cancel_booking(BY, code, gone)
        with pytest.raises(NotFound):
            houses.mark_arrived(BY, code, gone)
    houses.mark_arrived(BY, code, second)
    assert dict(Booking.objects.values_list("id", "arrived")) == {first: None, second: AT}


def test_a_booking_needs_a_room_in_use_a_name_and_nights_to_come():
    code = house()
    houses.put_room(BY, code, "101", 2, 0)
    with pytest.raises(NotFound):
        booked(code, JUNE, 1, "102")
    today = date(2024, 5, 21)
    for first, nights, name, why in (
        (today - DAY, 1, "Lan", ("booking_in_past", "arrival")),
        (JUNE, 0, "Lan", ("booking_without_nights", "departure")),
        (JUNE, -1, "Lan", ("booking_without_nights", "departure")),
        (JUNE, 366, "Lan", ("booking_without_nights", "departure")),
        (JUNE, 1, " ", ("text_missing", "guest_name")),
        (JUNE, 1, "=cmd()", ("text_formula", "guest_name")),
    ):
        assert refused(booked, code, first, nights, name=name) == [why]
    assert not Booking.objects.exists()
    booked(code, today, 1)
    houses.retire_room(BY, code, "101")
    with pytest.raises(NotFound):
        booked(code, JUNE, 1)


def test_today_is_the_day_in_the_country():
    code = house()
    houses.put_room(BY, code, "101", 2, 0)
    late = By(keeper(), datetime(2024, 5, 21, 17, 0, tzinfo=UTC))  # midnight of the 22nd in Ha Noi
    with pytest.raises(Refused):
        houses.book(late, code, "101", "Lan", 1, date(2024, 5, 21), JUNE)
    houses.say_no_guests(late, code)
    assert NoGuests.objects.get().day == date(2024, 5, 22)


def test_no_guests_is_said_once_a_night():
    code = house()
    houses.say_no_guests(BY, code)
    houses.say_no_guests(By(keeper(), AT + timedelta(minutes=5)), code)
    assert list(NoGuests.objects.values_list("day", "said")) == [(date(2024, 5, 21), AT)]
    houses.say_no_guests(By(keeper(), AT + DAY), code)
    assert NoGuests.objects.count() == 2
    assert len(journal("say_no_guests")) == 3


def delete(at, at_once=5000):
    return houses.delete_expired(By(tasks.RETENTION, at), at_once)


@pytest.fixture
def in_2026():
    """Two years after the stays of 2024, which is as long as they are kept."""
    ensure_months(date(2026, 3, 1), date(2026, 8, 1))
    return lambda month, day: datetime(2026, month, day, 12, 0, tzinfo=UTC)


def test_only_what_is_past_is_deleted_with_its_history_and_its_open_stay(in_2026):
    code = house()
    march = datetime(2024, 3, 20, 12, 0, tzinfo=UTC)

    def stayed(serial, arrived, leaves, left=None, *, cancelled=False):
        at = arrived + timedelta(hours=1)
        told = line(serial, at=at, arrival=arrived, expected_departure=leaves)
        stay = UUID(notify(code, told, at=at).stays[0])
        if left:
            stays.check_out(By(keeper(), left), code, stay, 1, left)
        if cancelled:
            stays.cancel_stay(By(keeper(), at), code, stay, 1, WhyCancelled.NEVER_CAME)
        return stay

    gone = [
        stayed(1, march, date(2024, 3, 22), left=march + DAY),
        stayed(2, march, date(2024, 3, 31)),  # never checked out
        stayed(3, march, date(2024, 3, 22), cancelled=True),
        stayed(4, march, date(2024, 4, 10), left=datetime(2024, 3, 31, 16, 59, tzinfo=UTC)),
    ]
    kept = [
        stayed(5, march, date(2024, 4, 10), left=datetime(2024, 3, 31, 17, 0, tzinfo=UTC)),  # 1 April in Ha Noi
        stayed(6, march, date(2024, 4, 1)),
        stayed(9, march, date(2024, 3, 22), left=datetime(2024, 4, 2, 3, 0, tzinfo=UTC)),  # longer than was meant
        stayed(7, march + 20 * DAY, date(2024, 4, 10), left=march + 21 * DAY),
        stayed(8, AT, date(2024, 5, 22)),
    ]
    assert delete(in_2026(3, 31)).stays == 0, "24 months after 31 March are not over on 31 March"
    done = delete(in_2026(4, 1))
    assert done.stays == len(gone)
    assert set(Stay.objects.values_list("id", flat=True)) == set(kept)
    assert set(OpenStay.objects.values_list("stay", flat=True)) == {kept[1], kept[4]}
    assert set(StayVersion.objects.values_list("stay", flat=True)) == {kept[0], kept[2], kept[3]}
    assert delete(in_2026(4, 1)).stays == 0
    assert [subjects for subjects, _ in journal("delete_expired")] == [set()] * 3


def test_whoever_still_stays_is_not_deleted_however_long_ago_the_stay_began(in_2026):
    code = house()
    long = line(guest=foreigner(), expected_departure=date(2028, 12, 31))
    extended = line(guest=foreigner(document_number=Masked("D01X00T47")), expected_departure=date(2024, 5, 22))
    first, second = (UUID(stay) for stay in notify(code, long, extended).stays)
    stays.extend_stay(BY, code, second, 1, date(2027, 1, 1))
    assert delete(in_2026(7, 31)).stays == 0
    assert set(OpenStay.objects.values_list("stay", flat=True)) == {first, second}
    left = in_2026(7, 1)
    stays.check_out(By(keeper(), left), code, first, 1, left)
    assert delete(in_2026(7, 31)).stays == 0, "its months count from the end of the stay"


def test_a_correction_does_not_prolong_and_everything_goes_a_few_at_a_time(in_2026):
    code = house()
    told = [line(serial, expected_departure=date(2024, 5, 22)) for serial in range(7)]
    ids = [UUID(stay) for stay in notify(code, *told).stays]
    stays.correct_stay(BY, code, ids[0], 1, as_stay(told[0], room="2"), "")
    stays.check_out_due(By(keeper(), AT + 2 * DAY), code)
    assert [delete(in_2026(6, 1), 3).stays for _ in range(4)] == [3, 3, 1, 0]
    assert not StayVersion.objects.exists()
    assert facts().total() == 7, "what was counted stays counted"


def test_the_task_deletes_until_nothing_is_left(in_2026, monkeypatch):
    notify(house(), *(line(serial, expected_departure=date(2024, 5, 22)) for serial in range(7)))
    run = houses.delete_expired
    monkeypatch.setattr(tasks, "delete_expired", lambda by: run(by, 2))
    assert tasks.delete_old(in_2026(6, 1)) == 7
    assert not Stay.objects.exists()


def test_bookings_go_a_month_after_their_departure():
    code = house()
    houses.put_room(BY, code, "101", 2, 0)
    booked(code, JUNE, 2)
    booked(code, JUNE + 2 * DAY, 2)
    gone_at = datetime(2024, 7, 4, 17, 0, tzinfo=UTC)  # 5 July in Ha Noi, 32 days after 3 June
    assert delete(gone_at - timedelta(seconds=1)).bookings == 0
    assert delete(gone_at).bookings == 1
    assert Booking.objects.get().departure == JUNE + 4 * DAY


def test_only_the_keeper_of_records_deletes():
    for actor in (keeper(), police("")):
        with pytest.raises(NotAllowed):
            houses.delete_expired(By(actor, AT))
