"""A keeper's day through the pages: notify a party, correct the refused guest, see the answer, change a stay."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.systems.lodging.models import Booking, Notice, OpenStay, Stay, StayVersion
from doorstep.systems.lodging.tests.desks import a_house, keeper, number, police, room

pytestmark = pytest.mark.django_db


def party(*guests: dict[str, str], **shared: str) -> dict[str, str]:
    """The form as a browser sends it."""
    stay = {
        "arrival_date": "2024-05-21",
        "arrival_time": "20:30",
        "expected_departure": "2024-05-23",
        "room": "101",
        "reason": "tourism",
        "guests": str(len(guests)),
    }
    return {
        **stay,
        **{f"g{n}-{name}": cell for n, guest in enumerate(guests) for name, cell in guest.items()},
        **shared,
    }


def guest(serial: int = 1, **changes: str) -> dict[str, str]:
    cells = {"kind": "domestic", "full_name": "Nguyễn Văn Ví Dụ", "birth": "21/05/1990", "sex": "male"}
    return {**cells, "document_number": number(serial), **changes}


def test_a_party_is_notified_in_one_go_and_answered_with_a_reference(desk: Client) -> None:
    code = a_house(desk)
    erika = guest(2, kind="foreign", full_name="Erika Mustermann", sex="female", nationality="Germany")
    erika |= {"document_number": "C01X00T47", "visa_number": "E0000001"}

    sent = desk.post(reverse("lodging:notify", args=[code]), party(guest(1), erika, send="1"), follow=True)

    notice = Notice.objects.get()
    assert sent.redirect_chain == [(reverse("lodging:notice", args=[code, notice.reference]), 303)]
    page = sent.content.decode()
    assert notice.reference in page
    assert "Nguyễn Văn Ví Dụ" in page
    assert number(1) not in page  # masked in a list
    assert number(1)[-3:] in page
    stays = Stay.objects.order_by("line")
    assert [stay.nationality for stay in stays] == ["VN", "DE"]
    assert stays[0].party
    assert stays[0].party == stays[1].party
    assert stays[0].channel == "page"


def test_a_refused_guest_comes_back_with_reasons_and_all_that_was_typed_while_the_others_are_notified(
    desk: Client,
) -> None:
    code = a_house(desk)
    wrong = guest(2, full_name="Trần Thị Mẫu", document_number="90009", phone="0900000001", address="Tổ 1")

    page = desk.post(reverse("lodging:notify", args=[code]), party(guest(1), wrong, send="1"))

    assert page.status_code == 422
    text = page.content.decode()
    assert Stay.objects.get().full_name == "Nguyễn Văn Ví Dụ"
    assert Notice.objects.get().reference in text
    form = page.context["form"]
    assert len(form.guests) == 1
    assert form.guests[0].errors.keys() == {"document_number"}
    assert 'href="#id_g0-document_number"' in text
    kept = {name: cell for name, cell in form.guests[0].data.items() if cell}
    assert kept == {f"g0-{name}": cell for name, cell in wrong.items()}

    again = {f"g0-{name}": cell for name, cell in wrong.items()} | {"g0-document_number": number(2), "g0-sex": "female"}
    once, joined = form.shared["once"].value(), form.shared["party"].value()
    fixed = desk.post(
        reverse("lodging:notify", args=[code]), party(send="1", guests="1", once=once, party=joined, **again)
    )

    assert fixed.status_code == 422  # the number says man, the form woman
    again["g0-sex"] = "male"
    fixed = desk.post(reverse("lodging:notify", args=[code]), party(send="1", guests="1", party=joined, **again))
    assert fixed.status_code == 303
    assert Stay.objects.values_list("party", flat=True).distinct().count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"birth": "31/02/1990"}, "birth", "kernel.date_unreadable"),
        ({"full_name": "Hoa 😀"}, "full_name", "kernel.name_character"),
        ({"full_name": "王伟"}, "name_latin", "lodging.name_needs_latin"),
        (
            {"kind": "foreign", "nationality": "DE", "document_number": ""},
            "document_number",
            "lodging.passport_missing",
        ),
        ({"arrival_date": "2024-05-25"}, "arrival_date", "lodging.arrival_in_future"),
        ({"expected_departure": "2024-05-20"}, "expected_departure", "lodging.departure_before_arrival"),
        ({"kind": "martian"}, "kind", "lodging.word_unknown"),
        ({"two_stays": "because"}, "two_stays", "lodging.word_unknown"),
    ],
)
def test_each_mistake_has_its_reason_at_its_field(desk: Client, changes: dict[str, str], field: str, code: str) -> None:
    house = a_house(desk)
    shared = {name: cell for name, cell in changes.items() if name.startswith(("arrival", "expected"))}
    cells = guest(1, **{name: cell for name, cell in changes.items() if name not in shared})

    page = desk.post(reverse("lodging:notify", args=[house]), party(cells, send="1", **shared))

    form = page.context["form"]
    found = [error.code for one in form.forms for error in one.errors.as_data().get(field, ())]
    assert found == [code]
    assert not Stay.objects.exists()


def test_one_more_guest_one_less_and_nothing_is_lost_without_script(desk: Client) -> None:
    code = a_house(desk)
    url = reverse("lodging:notify", args=[code])

    two = desk.post(url, party(guest(1), add="1")).context["form"]
    assert [form["full_name"].value() for form in two.guests] == ["Nguyễn Văn Ví Dụ", None]
    assert two.shared["room"].value() == "101"

    one = desk.post(url, party(guest(1), guest(2, full_name="Lê Văn Hai"), remove="0")).context["form"]
    assert [form["full_name"].value() for form in one.guests] == ["Lê Văn Hai"]
    assert not Stay.objects.exists()


def test_a_scanned_card_fills_the_form_and_counts_as_a_scan(desk: Client) -> None:
    code = a_house(desk)
    url = reverse("lodging:notify", args=[code])
    card = f"{number(7)}||Nguyễn Văn Thẻ|21051990|Nam|Tổ 1, Lào Cai|15042021"

    read = desk.post(url, party({"kind": "domestic"}, card=card, enter="1")).context["form"]

    values = {name: read.guests[0][name].value() for name in ("full_name", "birth", "sex", "address", "scanned")}
    assert values == {
        "full_name": "Nguyễn Văn Thẻ",
        "birth": "21/05/1990",
        "sex": "male",
        "address": "Tổ 1, Lào Cai",
        "scanned": "1",
    }
    filled = {name: read.guests[0][name].value() or "" for name in read.guests[0].fields}
    assert desk.post(url, party(filled, send="1")).status_code == 303
    assert Notice.objects.get().channel == "scan"

    bad = desk.post(url, party({"kind": "domestic"}, card="rubbish", read_card="1"))
    assert bad.context["card_reasons"]
    assert "rubbish" in bad.content.decode()


def test_a_guest_who_was_here_before_is_found_and_taken_over(desk: Client) -> None:
    code = a_house(desk)
    url = reverse("lodging:notify", args=[code])
    desk.post(url, party(guest(1), send="1"))
    OpenStay.objects.all().delete()
    JournalEntry.objects.all().delete()

    found = desk.post(url, party({"kind": "domestic"}, sought="ví dụ", find="1"))

    assert len(found.context["found"]) == 1
    assert number(1) not in found.content.decode()
    assert "ví dụ" not in "".join(JournalEntry.objects.values_list("detail", flat=True))  # a search may name a person
    stay = Stay.objects.get()
    taken = desk.post(url, party({"kind": "domestic"}, again=str(stay.id))).context["form"]
    assert taken.guests[0]["document_number"].value() == number(1)


def test_the_same_form_sent_twice_notifies_once(desk: Client) -> None:
    code = a_house(desk)
    sent = party(guest(1), guest(3), send="1", once="the-form")

    answers = [desk.post(reverse("lodging:notify", args=[code]), sent) for _ in range(2)]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert Notice.objects.count() == 1
    back = desk.post(reverse("lodging:notify", args=[code]), party(guest(2), send="1", once="the-form"))
    assert back.status_code == 303  # back in the browser and changed: another notice


def test_a_second_open_stay_needs_the_keeper_to_say_why(desk: Client) -> None:
    url = reverse("lodging:notify", args=[a_house(desk)])
    desk.post(url, party(guest(1), send="1"))

    refused = desk.post(url, party(guest(1), room="102", send="1"))
    assert [e.code for e in refused.context["form"].guests[0].errors.as_data()["document_number"]] == [
        "lodging.stay_still_open"
    ]
    assert "g0-two_stays" in refused.content.decode()

    sent = desk.post(url, party(guest(1, two_stays="two_rooms"), room="102", send="1"))
    assert sent.status_code == 303
    second = desk.get(reverse("lodging:stay", args=[url.split("/")[3], Stay.objects.get(room="102").id]))
    assert "The guest keeps both rooms" in second.content.decode()


def test_a_closed_house_takes_no_notice_and_the_form_stays_filled(desk: Client) -> None:
    code = a_house(desk)
    desk.post(reverse("lodging:close", args=[code]))
    refused = desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1"))
    assert refused.status_code == 422
    assert "This house is closed and takes no notices." in refused.content.decode()
    assert refused.context["form"].guests[0]["full_name"].value() == "Nguyễn Văn Ví Dụ"


def test_a_booking_fills_the_form_and_is_off_the_reminder_once_its_guests_are_notified(desk: Client) -> None:
    code = a_house(desk)
    room(desk, code)
    book = {
        "room": "101",
        "guest_name": "Kim Sample",
        "guests": "2",
        "arrival": "2024-05-21",
        "departure": "2024-05-23",
    }
    assert desk.post(reverse("lodging:bookings", args=[code]), book).status_code == 303
    booking = Booking.objects.get()
    board = desk.get(reverse("lodging:board", args=[code]))
    assert [one.guest_name for one in board.context["missing"]] == ["Kim Sample"]
    assert board.context["urgent"]  # 21:00, due at 23:00
    assert "23:00" in board.content.decode()

    form = desk.get(reverse("lodging:notify", args=[code]), {"booking": booking.id}).context["form"]
    assert [each["full_name"].value() for each in form.guests] == ["Kim Sample", None]
    assert form.shared["expected_departure"].value() == "2024-05-23"
    desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1", booking=str(booking.id)))

    board = desk.get(reverse("lodging:board", args=[code]))
    assert not board.context["missing"]
    assert [row.name for row, _ in board.context["arrived"]] == ["Nguyễn Văn Ví Dụ"]


def test_a_stay_is_corrected_extended_and_checked_out_with_its_history_shown(desk: Client) -> None:
    code = a_house(desk)
    desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1"))
    stay = Stay.objects.get()
    url = reverse("lodging:correct", args=[code, stay.id])
    shown = desk.get(url).context["form"]
    cells = {name: shown[name].value() or "" for name in shown.fields}

    assert desk.post(url, cells).status_code == 422  # nothing changed
    assert desk.post(url, {**cells, "full_name": "Nguyễn Văn Đúng", "why": "Chép sai"}).status_code == 303
    assert desk.post(url, {**cells, "full_name": "Nguyễn Văn Ba"}).status_code == 422  # the version is another now
    extend = reverse("lodging:extend", args=[code, stay.id])
    assert desk.post(extend, {"version": "2", "expected_departure": "2024-05-22"}).status_code == 422
    assert desk.post(extend, {"version": "2", "expected_departure": "2024-05-25"}).status_code == 303
    left = {"version": "3", "left_date": "2024-05-21", "left_time": "20:45"}
    assert desk.post(reverse("lodging:check_out", args=[code, stay.id]), left).status_code == 303

    page = desk.get(reverse("lodging:stay", args=[code, stay.id]))
    assert [event.label for event in page.context["events"]] == ["Corrected", "Extended", "Checked out"]
    assert [(one.before, one.after) for one in page.context["events"][0].differences] == [
        ("Nguyễn Văn Ví Dụ", "Nguyễn Văn Đúng")
    ]
    assert "Chép sai" in page.content.decode()
    stay.refresh_from_db()
    assert stay.departed == datetime(2024, 5, 21, 13, 45, tzinfo=UTC)
    assert not OpenStay.objects.exists()
    assert StayVersion.objects.count() == 3
    looks = JournalEntry.objects.filter(action="lodging.look.stay").values_list("id", flat=True)
    assert {one.subject for one in JournalSubject.objects.filter(id__in=looks)} == {stay.person}


def test_a_mistake_is_cancelled_with_its_reason(desk: Client) -> None:
    code = a_house(desk)
    desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1"))
    url = reverse("lodging:cancel", args=[code, Stay.objects.get().id])

    assert desk.post(url, {"version": "1"}).status_code == 422
    assert desk.post(url, {"version": "1", "why": "entered_twice"}).status_code == 303

    page = desk.get(reverse("lodging:stay", args=[code, Stay.objects.get().id]))
    assert "The stay was entered twice" in page.content.decode()
    assert Stay.objects.get().cancelled


def test_the_house_of_another_keeper_is_nowhere(desk: Client) -> None:
    code = a_house(desk)
    desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1"))
    stay, notice = Stay.objects.get(), Notice.objects.get()
    other = keeper("other")

    for name, more in {
        **dict.fromkeys(("board", "notify", "notices", "upload", "calendar", "bookings", "register", "months"), ()),
        **dict.fromkeys(("rooms", "keepers"), ()),
        **dict.fromkeys(("notice", "acknowledgement"), (notice.reference,)),
        **dict.fromkeys(("stay", "correct", "bill", "bill_pdf"), (stay.id,)),
    }.items():
        assert other.get(reverse(f"lodging:{name}", args=[code, *more])).status_code == 404, name
    own = a_house(other)
    assert other.get(reverse("lodging:notice", args=[own, notice.reference])).status_code == 404
    assert other.get(reverse("lodging:stay", args=[own, stay.id])).status_code == 404
    assert other.post(reverse("lodging:notify", args=[code]), party(guest(2), send="1")).status_code == 404
    assert other.post(reverse("lodging:no_guests", args=[code])).status_code == 404


def test_a_keeper_sees_no_police_page_and_a_stranger_only_the_sign_in(desk: Client) -> None:
    a_house(desk)
    assert desk.get(reverse("lodging:area")).status_code == 403
    assert police("H38").get(reverse("lodging:houses")).status_code == 403
    stranger = Client()
    assert stranger.get(reverse("lodging:area")).headers["Location"] == "/sign-in?next=%2Flodging%2Farea%2F"
