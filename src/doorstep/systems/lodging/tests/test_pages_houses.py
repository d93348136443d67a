"""What belongs to a house: enrolling it, the board, rooms, bookings and their calendar, keepers, programs."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from doorstep.systems.lodging.models import Booking, Establishment, NoGuests, Stay
from doorstep.systems.lodging.tests.desks import AT, a_house, keeper, number, room, units
from doorstep.systems.lodging.tests.test_pages_notify import guest, party

pytestmark = pytest.mark.django_db


def test_a_house_is_enrolled_from_the_province_down_without_script(desk: Client) -> None:
    units()
    url = reverse("lodging:enrol")
    assert [area.name for area in desk.get(url).context["areas"]] == ["Lào Cai"]
    form = desk.get(url, {"within": "H38"}).context["form"]
    assert [name for _, name in form.fields["unit"].choices] == ["Xã Mẫu", "Xã Ví Dụ"]

    told = {"name": " ", "facility_type": "tourist", "unit": "H38", "address": "=1+1"}
    refused = desk.post(f"{url}?within=H38", told)
    codes = {
        field: [error.code for error in found] for field, found in refused.context["form"].errors.as_data().items()
    }
    assert refused.status_code == 422
    assert codes == {
        "name": ["kernel.text_missing"],
        "address": ["kernel.text_formula"],
        "unit": ["lodging.unit_not_commune"],
    }

    code = a_house(desk)
    assert Establishment.objects.get().code == code
    alone = desk.get(reverse("lodging:houses"))
    assert alone.headers["Location"] == reverse("lodging:board", args=[code])
    a_house(desk, name="Nhà nghỉ Hai")
    assert [house.name for house in desk.get(reverse("lodging:houses")).context["houses"]] == [
        "Nhà nghỉ Hai",
        "Nhà nghỉ Hoa Ban",
    ]


def test_no_guests_tonight_is_one_tap(desk: Client) -> None:
    code = a_house(desk)
    assert "No guests tonight" in desk.get(reverse("lodging:board", args=[code])).content.decode()

    assert desk.get(reverse("lodging:no_guests", args=[code])).status_code == 405
    assert desk.post(reverse("lodging:no_guests", args=[code])).status_code == 303

    assert NoGuests.objects.get().day == date(2024, 5, 21)
    assert "You said that nobody stays tonight." in desk.get(reverse("lodging:board", args=[code])).content.decode()


@pytest.mark.parametrize(("hours", "urgent"), [(-2, 0), (-1, 1), (1.9, 1)])
def test_the_board_urges_from_three_hours_before_the_deadline(
    desk: Client, monkeypatch: pytest.MonkeyPatch, hours: float, urgent: int
) -> None:
    """19:00, 20:00 and 22:54 local time."""
    code = a_house(desk)
    room(desk, code)
    book(desk, code)
    monkeypatch.setattr(timezone, "now", lambda: AT + timedelta(hours=hours))

    board = desk.get(reverse("lodging:board", args=[code]))

    assert board.context["urgent"] == urgent
    assert "Kim Sample" in board.content.decode()  # named in any case


def test_check_out_is_one_tap_from_the_board(desk: Client) -> None:
    code = a_house(desk)
    desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1", expected_departure="2024-05-21"))
    stay = Stay.objects.get()
    board = desk.get(reverse("lodging:board", args=[code]))
    assert [row.id for row in board.context["leaving"]] == [stay.id]
    assert "No guests tonight" not in board.content.decode()

    done = desk.post(reverse("lodging:check_out", args=[code, stay.id]), {"now": "1", "version": "1"})

    assert done.status_code == 303
    stay.refresh_from_db()
    assert stay.departed == AT
    for version in ("1", "9" * 5000):
        stale = desk.post(reverse("lodging:check_out", args=[code, stay.id]), {"now": "1", "version": version})
        assert stale.status_code == 412


def test_everybody_who_was_to_leave_is_checked_out_in_one_tap(desk: Client) -> None:
    code = a_house(desk)
    desk.post(
        reverse("lodging:notify", args=[code]),
        party(guest(1), guest(3), send="1", arrival_date="2024-05-19", expected_departure="2024-05-20"),
    )
    desk.post(reverse("lodging:notify", args=[code]), party(guest(5), send="1"))
    address = reverse("lodging:check_out_due", args=[code])
    assert address in desk.get(reverse("lodging:board", args=[code])).content.decode()

    assert desk.post(address).headers["Location"] == reverse("lodging:board", args=[code])

    noon = datetime(2024, 5, 20, 5, tzinfo=UTC)
    assert sorted(Stay.objects.values_list("departed", flat=True), key=str) == [noon, noon, None]
    assert address not in desk.get(reverse("lodging:board", args=[code])).content.decode(), "nobody is left to leave"
    assert keeper("other").post(address).status_code == 404


def book(desk: Client, code: str, **changes: str) -> None:
    told = {
        "room": "101",
        "guest_name": "Kim Sample",
        "guests": "2",
        "arrival": "2024-05-21",
        "departure": "2024-05-23",
    }
    done = desk.post(reverse("lodging:bookings", args=[code]), {**told, **changes})
    assert done.status_code == 303, done.content.decode()


def test_the_calendar_says_each_night_in_words(desk: Client) -> None:
    code = a_house(desk)
    room(desk, code)
    room(desk, code, "102")
    book(desk, code, arrival="2024-05-22", departure="2024-05-24")
    desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1", room="102"))

    page = desk.get(reverse("lodging:calendar", args=[code]))

    states = {each.number: [night.state for night in nights[:5]] for each, nights in page.context["grid"]}
    assert states == {
        "101": ["free", "arrival", "booked", "departure", "free"],
        "102": ["arrival", "occupied", "departure", "free", "free"],
    }
    for word in ("Free", "Arrives", "Booked", "Leaves", "Arrived", "Stays"):
        assert f">{word}</a>" in page.content.decode()
    later = desk.get(reverse("lodging:calendar", args=[code]), {"from": page.context["after"]})
    assert later.context["days"][0][0] == date(2024, 6, 4)
    assert later.context["before"] == "2024-05-21"
    assert desk.get(reverse("lodging:calendar", args=[code]), {"from": "rubbish"}).status_code == 200


def test_a_room_is_booked_once_and_freed_by_a_cancellation(desk: Client) -> None:
    code = a_house(desk)
    room(desk, code)
    book(desk, code)
    url = reverse("lodging:bookings", args=[code])
    told = {"room": "101", "guest_name": "Ai", "guests": "0", "arrival": "2024-05-22", "departure": "2024-05-22"}

    refused = desk.post(url, told)
    assert refused.context["form"].errors.keys() == {"guests", "departure"}
    taken = desk.post(url, {**told, "guests": "1", "departure": "2024-05-24"})
    assert [error.code for error in taken.context["form"].errors.as_data()["room"]] == ["lodging.room_taken"]

    booking = Booking.objects.get()
    assert desk.post(reverse("lodging:cancel_booking", args=[code]), {"booking": booking.id}).status_code == 303
    assert desk.post(reverse("lodging:cancel_booking", args=[code]), {"booking": booking.id}).status_code == 404
    book(desk, code)


def test_rooms_are_added_changed_and_taken_out_of_use(desk: Client) -> None:
    code = a_house(desk)
    url = reverse("lodging:rooms", args=[code])
    assert desk.post(url, {"number": "101", "beds": "two", "price": "1"}).context["form"].errors.keys() == {"beds"}
    assert desk.post(url, {"number": "101", "beds": "999", "price": "1"}).context["form"].errors.keys() == {"beds"}
    room(desk, code)
    room(desk, code, price="400.000")
    assert "₫400,000" in desk.get(url).content.decode()
    assert desk.get(url, {"room": "101"}).context["form"]["price"].value() == "400000"

    desk.post(reverse("lodging:retire_room", args=[code]), {"number": "101"})
    assert not desk.get(url).context["rooms"]


def test_keepers_come_and_go_but_one_stays(desk: Client) -> None:
    code = a_house(desk)
    url, end = reverse("lodging:keepers", args=[code]), reverse("lodging:end_keeper", args=[code])
    assert desk.post(end, {"subject": "keeper"}).status_code == 422

    assert "<bdi>Hoa</bdi> (you)" in desk.get(url).content.decode()
    assert desk.post(url, {"subject": "other"}).status_code == 303
    other = keeper("other")
    assert other.get(reverse("lodging:board", args=[code])).status_code == 200
    assert desk.post(end, {"subject": "keeper"}).headers["Location"] == reverse("lodging:houses")
    assert desk.get(reverse("lodging:board", args=[code])).status_code == 404


def test_a_key_for_a_program_is_shown_once_and_can_be_taken_back(desk: Client) -> None:
    url = reverse("lodging:programs")
    secret = desk.post(url, {"label": "Front desk"}).context["issued"][0].secret

    page = desk.get(url)
    assert "Front desk" in page.content.decode()
    assert secret not in page.content.decode()
    api = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert Client().get("/api/lodging/v1/houses", **api).status_code == 200
    token = page.context["tokens"][0].id
    assert keeper("other").post(reverse("lodging:revoke"), {"token": token}).status_code == 404
    assert desk.post(reverse("lodging:revoke"), {"token": token}).status_code == 303
    assert Client().get("/api/lodging/v1/houses", **api).status_code == 401


def test_a_closed_house_keeps_its_notices(desk: Client) -> None:
    code = a_house(desk)
    desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1"))
    assert desk.post(reverse("lodging:close", args=[code])).status_code == 303
    assert "This house is closed." in desk.get(reverse("lodging:board", args=[code])).content.decode()
    assert len(desk.get(reverse("lodging:notices", args=[code])).context["notices"]) == 1
    assert number(1) not in desk.get(reverse("lodging:board", args=[code])).content.decode()
