"""Who sees what: a keeper the own houses, a police unit its area, everybody else nothing; and each look is journalled."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import msgspec
import pytest

from doorstep.kernel.access import Sought, look
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject, Unit
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NotAllowed, NotFound
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.actions import houses, stays
from doorstep.systems.lodging.facts import GuestKind
from doorstep.systems.lodging.models import Stay
from doorstep.systems.lodging.permissions import FOR_HOUSE, FOR_NOTICE, FOR_SUPERVISION
from doorstep.systems.lodging.queries.keeper import kept_house
from doorstep.systems.lodging.queries.rooms import Month, Taken
from doorstep.systems.lodging.rules.changes import WhyCancelled
from doorstep.systems.lodging.tests.builders import AT, foreigner, guest
from doorstep.systems.lodging.tests.scene import (
    as_stay,
    house,
    journal,
    keeper,
    key,
    line,
    notify,
    police,
    unit,
)

pytestmark = pytest.mark.django_db

BY = By(keeper(), AT)
DAY = timedelta(days=1)
TODAY = date(2024, 5, 21)


def seen(query, *args, actor=None, purpose=FOR_NOTICE, at=AT, **kwargs):
    return look(actor or keeper(), purpose, at, query, *args, **kwargs)


def own(code, subject="keeper"):
    return kept_house(keeper(subject), code)


def of_area(actor, **kwargs):
    return seen(queries.police.notices_in_area, TODAY, actor=actor, purpose=FOR_SUPERVISION, **kwargs)


def in_area(stay, area):
    return seen(queries.police.notice_in_area, TODAY, stay, actor=police(area), purpose=FOR_SUPERVISION)


def in_units(actor, **kwargs):
    return sorted(row.unit for row in of_area(actor, **kwargs))


def test_a_keeper_sees_the_own_houses_by_name():
    unit("H38.901")
    first, second = house(), house()
    houses.close_house(BY, second)
    shared = house("neighbour", "H26.901")
    house("stranger")
    houses.add_keeper(By(keeper("neighbour"), AT), shared, "keeper")
    found = queries.keeper.houses(keeper())
    assert [(one.code, one.unit, one.closed) for one in found] == sorted(
        [(first, "H38.901", False), (second, "H38.901", True), (shared, "H26.901", False)],
        key=lambda row: (row[0] == shared, row[0]),
    )
    houses.end_keeper(By(keeper("neighbour"), AT), shared, "keeper")
    assert {one.code for one in queries.keeper.houses(keeper())} == {first, second}
    assert queries.keeper.houses(Actor("nobody")) == []


def test_every_query_of_a_house_is_closed_to_others():
    code = house()
    notify(code, line(1))
    stay = Stay.objects.get().id
    mine, stranger = own(code), keeper("stranger")
    for query, args in (
        (queries.rooms.rooms, ()),
        (queries.keeper.notices, ()),
        (queries.keeper.keepers, ()),
        (queries.rooms.taken_rooms, (TODAY, TODAY, TODAY)),
        (queries.keeper.said_no_guests, (TODAY,)),
        (queries.rooms.months, (TODAY, TODAY)),
    ):
        with pytest.raises(NotFound):
            query(stranger, mine, *args)
    for query, args in (
        (queries.rooms.bookings, (mine, TODAY, TODAY)),
        (queries.rooms.booking, (mine, uuid4())),
        (queries.rooms.missing_tonight, (mine, AT)),
        (queries.keeper.guests, (mine, TODAY)),
        (queries.keeper.register, (mine, TODAY, TODAY, 9)),
        (queries.keeper.repeat_guests, (mine, Sought("Nguyễn"))),
        (queries.keeper.stay, (mine, stay)),
        (queries.rooms.bill, (mine, stay)),
        (queries.keeper.upload, (mine, "0" * 64)),
        (queries.keeper.acknowledged, (mine, queries.keeper.notices(keeper(), mine)[0].reference)),
    ):
        with pytest.raises(NotFound):
            seen(query, *args, actor=stranger)
        with pytest.raises(NotAllowed):
            seen(query, *args, actor=police("H38"))
    assert not JournalEntry.objects.filter(action__startswith="lodging.look").exists(), "nothing was seen"


def test_a_stay_of_the_own_other_house_is_not_found_in_this_one():
    here, there = house(), house()
    stay = UUID(notify(there, line(1)).stays[0])
    for query in (queries.keeper.stay, queries.rooms.bill):
        with pytest.raises(NotFound):
            seen(query, own(here), stay)


PERSONAL = {
    query
    for reader in (queries.keeper, queries.police, queries.rooms)
    for query in vars(reader).values()
    if getattr(query, "personal", False)
}


@pytest.mark.parametrize("query", sorted(PERSONAL, key=lambda query: query.__name__), ids=lambda query: query.__name__)
def test_people_are_seen_through_look_only(query):
    with pytest.raises(RuntimeError, match=query.__name__):
        query(keeper())


def test_look_closes_behind_itself():
    code = house()
    seen(queries.keeper.guests, own(code), TODAY)
    with pytest.raises(NotFound):
        seen(queries.keeper.stay, own(code), uuid4())
    with pytest.raises(RuntimeError, match="look"):
        queries.keeper.guests(keeper(), own(code), TODAY)


@pytest.mark.parametrize(
    ("area", "units"),
    [
        ("H38", ["H38.901", "H38.902", "H38.902.01"]),
        ("H3", ["H3.901"]),
        ("H38.901", ["H38.901"]),
        ("H38.902", ["H38.902", "H38.902.01"]),
        ("H38.90", []),
        ("H26", []),
        ("_38", []),
        ("%", []),
        ("", ["H3.901", "H38.901", "H38.902", "H38.902.01"]),
    ],
)
def test_a_police_unit_sees_its_area_and_no_other(area, units):
    ids = {}
    for number, code in enumerate(("H3.901", "H38.901", "H38.902", "H38.902.01")):
        ids[code] = UUID(notify(house("k", code), line(number), subject="k").stays[0])
    officer = police(area)
    assert in_units(officer) == units
    assert sorted(one.unit for one in queries.police.silent_houses(officer, TODAY + DAY)) == units
    for code, stay in ids.items():
        if code in units:
            assert in_area(stay, area).house.unit == code
        else:
            with pytest.raises(NotFound):
                in_area(stay, area)


def test_a_merged_unit_takes_over_the_notices_of_those_before_it_and_keeps_no_part_that_went_elsewhere():
    """H63 merged into H38, and a day later its commune H63.902 went to H26; nobody was renumbered."""
    ids = {}
    for number, code in enumerate(("H38.901", "H63.901", "H63.902")):
        ids[code] = UUID(notify(house("k", code), line(number), subject="k").stays[0])
    unit("H26.905")
    ended = {"kind": "any", "names": {"en": "X"}, "source": "test", "certainty": "invented"}
    Unit.objects.create(code="H63", parent="", valid_from=date(2020, 1, 1), valid_to=TODAY, successor="H38", **ended)
    Unit.objects.filter(code="H63.902").update(valid_to=TODAY + DAY, successor="H26.905")
    assert in_units(police("H38")) == ["H38.901", "H63.901", "H63.902"]
    assert in_units(police("H63")) == in_units(police("H26")) == []
    silent = {
        area: [one.unit for one in queries.police.silent_houses(police(area), TODAY + DAY)] for area in ("H38", "H26")
    }
    assert silent == {"H38": ["H38.901", "H63.901"], "H26": ["H63.902"]}
    assert in_units(police("H38"), unit="H63") == [], "there is no such unit any more"
    assert in_area(ids["H63.901"], "H38").house.unit == "H63.901"
    with pytest.raises(NotFound):
        in_area(ids["H63.901"], "H63")


def test_within_its_area_the_police_unit_chooses_a_unit_and_never_beyond_it():
    for number, code in enumerate(("H38.901", "H38.902", "H26.901")):
        notify(house("k", code), line(number), subject="k")
    officer = police("H38")
    assert in_units(officer, unit="H38.902") == ["H38.902"]
    assert in_units(officer, unit="H38") == ["H38.901", "H38.902"]
    assert in_units(officer, unit="H26") == in_units(officer, unit="H26.901") == []
    assert [one.unit for one in queries.police.silent_houses(officer, TODAY + DAY, unit="H38.901")] == ["H38.901"]
    assert queries.police.silent_houses(officer, TODAY + DAY, unit="H26.901") == []


def test_the_area_by_day_of_notice_and_by_lateness():
    code = house()
    midnight = AT.replace(hour=17)  # of the 22nd in Ha Noi
    notify(code, line(1, at=midnight), at=midnight - timedelta(milliseconds=1))
    notify(code, line(2, at=midnight), line(3, arrival=AT - 3 * DAY), at=midnight)
    officer = police("H38")
    assert [row.notified for row in of_area(officer, day=TODAY)] == [midnight - timedelta(milliseconds=1)]
    assert len(of_area(officer, day=TODAY + DAY)) == 2
    assert [bool(row.late) for row in of_area(officer, late=True)] == [True]
    assert of_area(officer, day=TODAY, late=True) == []


def test_cancelled_notices_stay_visible_to_the_police_unit():
    code = house()
    stay = UUID(notify(code, line(1)).stays[0])
    stays.cancel_stay(BY, code, stay, 1, WhyCancelled.NEVER_CAME)
    assert [row.cancelled for row in of_area(police("H38"))] == [True]
    whole = in_area(stay, "H38")
    assert [(one.change, one.why, one.at) for one in whole.changes] == [("cancel", "never_came", AT)]


def test_a_keeper_is_no_police_officer():
    code = house()
    stay = UUID(notify(code, line(1)).stays[0])
    for query, args in ((queries.police.notices_in_area, (TODAY,)), (queries.police.notice_in_area, (TODAY, stay))):
        with pytest.raises(NotAllowed):
            seen(query, *args)
    with pytest.raises(NotAllowed):
        queries.police.silent_houses(keeper(), TODAY)


def test_a_look_at_a_list_names_nobody():
    code = house()
    notify(code, line(1), line(2))
    rows = of_area(police("H38"), unit="H38.901", late=False)
    assert {row.document for row in rows} == {"•" * 9 + "001", "•" * 9 + "002"}
    entry = JournalEntry.objects.get(action="lodging.look.notices_in_area")
    assert (entry.actor, entry.unit, entry.purpose) == ("police", "H38", "lodging.supervise")
    assert entry.basis
    assert entry.detail == "2024-05-21 unit=H38.901"
    assert not JournalSubject.objects.filter(id=entry.id).exists()
    assert bytes(entry.digest) == sha256(msgspec.json.encode(rows, enc_hook=str)).digest()


def test_a_look_at_one_record_names_its_person():
    code = house()
    stay = UUID(notify(code, line(1)).stays[0])
    in_area(stay, "H38")
    seen(queries.keeper.stay, own(code), stay)
    seen(queries.rooms.bill, own(code), stay, purpose=FOR_HOUSE)
    for name in ("look.notice_in_area", "look.stay", "look.bill"):
        ((subjects, fields),) = journal(name)
        assert subjects == {key(1)}
        assert {"full_name", "arrival"} <= set(fields.split())
    details = " ".join(JournalEntry.objects.values_list("detail", flat=True))
    assert guest(serial=1).document_number not in details
    assert str(stay) in details
    assert code in details


def test_looking_for_somebody_does_not_write_down_whom():
    code = house()
    notify(code, line(1))
    assert len(seen(queries.keeper.repeat_guests, own(code), Sought("900090000001"))) == 1
    entry = JournalEntry.objects.get(action="lodging.look.repeat_guests")
    assert entry.detail == f"{code} text of 12 characters"


def rows_of_all_pages(ask, first, last_of):
    """The rows of page after page of three at most; `ask` gets what `last_of` says of the page before."""
    found, after = [], first
    for _ in range(20):
        rows = ask(after)
        assert len(rows) <= 3
        if not rows:
            return found
        found += rows
        after = last_of(rows[-1])
    raise AssertionError("the pages have no end")


def test_pages_of_the_area_hold_while_notices_come_in(monkeypatch):
    monkeypatch.setattr(queries.rows, "PAGE", 3)
    code = house()
    for minute in range(4):
        at = AT + timedelta(minutes=minute)
        notify(code, *(line(minute * 10 + place, at=at) for place in range(4)), at=at)
    wanted = list(Stay.objects.order_by("-id").values_list("id", flat=True))
    serials = iter(range(1000, 1020))

    def ask(after):
        rows = of_area(police("H38"), after=after)
        notify(code, line(next(serials)), at=AT + timedelta(minutes=10))
        return rows

    assert [row.id for row in rows_of_all_pages(ask, None, lambda row: row.id)] == wanted
    assert {row.id for row in of_area(police("H38"))}.isdisjoint(wanted), "the first page is another by now"


def test_pages_of_a_houses_notices_newest_first(monkeypatch):
    monkeypatch.setattr(queries.rows, "PAGE", 3)
    code = house()
    told = [notify(code, line(n), at=AT + timedelta(minutes=n)).reference for n in range(5)]
    other = notify(house("neighbour"), line(9), subject="neighbour").reference
    found = rows_of_all_pages(
        lambda after: queries.keeper.notices(keeper(), own(code), after), "", lambda row: row.reference
    )
    assert [row.reference for row in found] == told[::-1]
    for wrong in (other, "nonsense"):
        with pytest.raises(NotFound):
            queries.keeper.notices(keeper(), own(code), wrong)


def test_silent_houses_neither_notified_nor_said_that_nobody_stays(monkeypatch):
    monkeypatch.setattr(queries.rows, "PAGE", 3)
    silent = [house(f"s{n}", f"H38.90{1 + n % 3}") for n in range(5)]
    notify(house("busy"), line(1), subject="busy")
    houses.say_no_guests(By(keeper("quiet"), AT), house("quiet"))
    houses.close_house(By(keeper("closed"), AT), house("closed"))
    officer = police("H38")
    found = rows_of_all_pages(
        lambda after: queries.police.silent_houses(officer, TODAY, after=after), "", lambda row: row.code
    )
    assert sorted(row.code for row in found) == sorted(silent)
    assert [row.unit for row in found] == sorted(row.unit for row in found)
    assert queries.police.silent_houses(police("H38"), date(2024, 4, 20)) == [], "before they enrolled"
    with pytest.raises(NotFound):
        queries.police.silent_houses(police("H26"), TODAY, after=silent[0])


def test_an_acknowledgement_shows_what_was_accepted_masked():
    code = house()
    done = notify(code, line(1), line(guest=guest(full_name="4")), line(2))
    notice, rows = seen(queries.keeper.acknowledged, own(code), done.reference)
    assert (notice.accepted, notice.refused, notice.at) == (2, 1, AT)
    assert [row.id for row in rows] == [UUID(stay) for stay in done.stays if stay]
    assert all("9000" not in row.document for row in rows)
    for where, wrong in ((house(), done.reference), (code, "0000-0000-0000-0001-G")):
        with pytest.raises(NotFound):
            seen(queries.keeper.acknowledged, own(where), wrong)


def test_who_stays_on_a_day():
    code = house()
    here, left_today, left_before, gone, soon = (
        UUID(stay)
        for stay in notify(
            code,
            line(1, room="2"),
            line(2, room="1", arrival=AT - 3 * DAY),
            line(3, arrival=AT - 3 * DAY),
            line(4),
            line(5, room="3", arrival=AT + timedelta(minutes=5)),
        ).stays
    )
    stays.check_out(BY, code, left_today, 1, datetime(2024, 5, 20, 17, 0, tzinfo=UTC))
    stays.check_out(BY, code, left_before, 1, datetime(2024, 5, 20, 16, 59, tzinfo=UTC))
    stays.cancel_stay(BY, code, gone, 1, WhyCancelled.NEVER_CAME)
    assert [row.id for row in seen(queries.keeper.guests, own(code), TODAY)] == [left_today, here, soon]
    assert [row.id for row in seen(queries.keeper.guests, own(code), TODAY - DAY)] == [left_today, left_before]
    assert [row.id for row in seen(queries.keeper.guests, own(code), TODAY + 9 * DAY)] == [here, soon]
    assert seen(queries.keeper.guests, own(code), TODAY + queries.keeper.FORGOTTEN + 9 * DAY) == []


def test_the_register_is_by_arrival_without_cancelled_stays():
    code = house()
    told = [line(n, arrival=AT - n * DAY) for n in range(4)]
    ids = [UUID(stay) for stay in notify(code, *told).stays]
    stays.cancel_stay(BY, code, ids[1], 1, WhyCancelled.NEVER_CAME)
    found = seen(queries.keeper.register, own(code), TODAY - 2 * DAY, TODAY, 9)
    assert [(one.id, one.stay) for one in found] == [(ids[2], as_stay(told[2])), (ids[0], as_stay(told[0]))]
    assert seen(queries.keeper.register, own(code), TODAY - 2 * DAY, TODAY, 1) == found[:1]


def test_repeat_guests_are_the_own_ones_once_with_their_latest_stay():
    code = house()
    for day in (1, 2):
        at = AT + day * DAY
        stay = UUID(notify(code, line(1, at=at, room=str(day)), at=at).stays[0])
        stays.check_out(By(keeper(), at), code, stay, 1, at)
    notify(code, line(guest=foreigner(full_name="王伟", name_latin="WANG WEI", document_number=Masked("E12345"))))
    notify(house("neighbour"), line(7), subject="neighbour")

    def found(text):
        return [
            (one.stay.guest.full_name, one.stay.room)
            for one in seen(queries.keeper.repeat_guests, own(code), Sought(text))
        ]

    assert found("nguyễn văn") == found("9000900000") == [("Nguyễn Văn Ví Dụ", "2")]
    assert found("wang") == found("王伟") == found("e123") == [("王伟", "101")]
    assert found("N") == found(" ") == found("0090000") == found("%") == found("__") == []


def test_months_count_nights_by_departure_and_a_room_once_a_night():
    code = house()
    houses.put_room(BY, code, "101", 2, 300_000)
    houses.put_room(BY, code, "102", 2, 500_000)
    vietnam = timedelta(hours=7)

    def stayed(serial, room, first, last, *, cancelled=False):
        arrival = datetime(2024, *first, 20, 0, tzinfo=UTC) - vietnam
        left = datetime(2024, *last, 10, 0, tzinfo=UTC) - vietnam
        expected = date(2024, *last)
        told = line(serial, room=room, arrival=arrival, expected_departure=expected)
        stay = UUID(notify(code, told, at=arrival).stays[0])
        stays.check_out(By(keeper(), left), code, stay, 1, left)
        if cancelled:
            stays.cancel_stay(By(keeper(), left), code, stay, 2, WhyCancelled.ENTERED_TWICE)

    stayed(1, "101", (4, 29), (5, 2))  # 3 nights, all in May by departure
    stayed(2, "101", (4, 30), (5, 3))  # 3 nights, 2 of them in a room that is paid already
    stayed(3, "102", (5, 30), (5, 31))
    stayed(4, "102", (5, 30), (6, 2), cancelled=True)
    stayed(5, "102", (6, 1), (6, 3))
    stayed(6, "", (6, 1), (6, 2))
    stayed(7, "999", (6, 1), (6, 2))  # a room that the house does not know has no price
    notify(code, line(8))  # still there
    assert queries.rooms.months(keeper(), own(code), date(2024, 5, 1), date(2024, 6, 30)) == [
        Month(date(2024, 5, 1), 7, 4 * 300_000 + 500_000),
        Month(date(2024, 6, 1), 4, 2 * 500_000),
    ]
    assert [one.month for one in queries.rooms.months(keeper(), own(code), date(2024, 6, 1), date(2024, 6, 2))] == [
        date(2024, 6, 1)
    ]
    assert queries.rooms.months(keeper(), own(code), date(2024, 7, 1), date(2024, 7, 31)) == []


def test_a_bill_is_nights_times_the_price():
    code = house()
    houses.put_room(BY, code, "101", 2, 350_000)
    told = line(1, expected_departure=TODAY + 3 * DAY)
    stay = UUID(notify(code, told).stays[0])
    found = seen(queries.rooms.bill, own(code), stay)
    assert (found.first, found.end, found.nights, found.price, found.total) == (
        *(TODAY, TODAY + 3 * DAY, 3),
        *(350_000, 1_050_000),
    )
    left = AT + DAY
    stays.check_out(By(keeper(), left), code, stay, 1, left)
    assert seen(queries.rooms.bill, own(code), stay).total == 350_000


def test_taken_rooms_are_those_of_guests_and_of_bookings():
    code = house()
    for number in ("101", "102"):
        houses.put_room(BY, code, number, 2, 0)
    overdue = UUID(notify(code, line(1, arrival=AT - 4 * DAY, expected_departure=TODAY - DAY)).stays[0])
    notify(code, line(2, room=""))
    booking = houses.book(BY, code, "102", "Lan", 1, TODAY, TODAY + DAY).id
    cancelled = houses.book(BY, code, "102", "Lan", 1, TODAY + DAY, TODAY + 2 * DAY).id
    houses.cancel_booking(BY, code, cancelled)
    assert queries.rooms.taken_rooms(keeper(), own(code), TODAY, TODAY + DAY, TODAY) == [
        Taken("102", TODAY, TODAY + DAY, booking=booking),
        Taken("101", TODAY - 4 * DAY, TODAY, stay=overdue),
    ]


def test_the_reminder_names_whom_was_expected_today_and_not_notified():
    code = house()
    houses.put_room(BY, code, "101", 2, 0)
    houses.put_room(BY, code, "102", 2, 0)
    here = houses.book(BY, code, "101", "Lan", 1, TODAY, TODAY + DAY).id
    missing = houses.book(BY, code, "102", "Mai", 1, TODAY, TODAY + 3 * DAY).id
    houses.book(BY, code, "101", "Nam", 1, TODAY + DAY, TODAY + 2 * DAY)
    houses.mark_arrived(BY, code, here)
    assert [one.id for one in seen(queries.rooms.missing_tonight, own(code), AT)] == [missing]
    assert [one.guest_name for one in seen(queries.rooms.missing_tonight, own(code), AT + DAY)] == ["Nam"]
    assert queries.keeper.said_no_guests(keeper(), own(code), TODAY) is False
    houses.say_no_guests(BY, code)
    assert queries.keeper.said_no_guests(keeper(), own(code), TODAY) is True
    assert queries.keeper.said_no_guests(keeper(), own(code), TODAY + DAY) is False


def test_a_files_answer_is_its_senders_alone():
    code, digest = house(), "ab" * 32
    houses.add_keeper(BY, code, "second")
    answer = queries.keeper.Upload(AT, 3, 2, 0, 1, ("r",), ("Full name",), b"packed")
    by = By(keeper(), AT, Once(queries.keeper.upload_key(code, digest), b"digest"))
    stays.answer_upload(by, code, answer)
    assert seen(queries.keeper.upload, own(code), digest) == answer
    assert seen(queries.keeper.upload, own(code, "second"), digest, actor=keeper("second")) is None
    assert seen(queries.keeper.upload, own(house()), digest) is None


def test_a_stateless_guest_is_shown_without_nationality():
    code = house()
    notify(code, line(guest=foreigner(kind=GuestKind.STATELESS, nationality="")))
    (row,) = of_area(police("H38"))
    whole = seen(queries.police.notice_in_area, TODAY, row.id, actor=police("H38"), purpose=FOR_SUPERVISION)
    assert (row.document, whole.stay.guest.nationality) == ("•" * 6 + "T47", "")
