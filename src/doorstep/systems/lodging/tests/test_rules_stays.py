"""Stays that may be notified pass, spoilt ones get their reason, and what follows a notice obeys its rules."""

from datetime import UTC, date, datetime, timedelta
from string import ascii_uppercase

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.nationalities import NATIONALITIES, read_nationality
from doorstep.kernel.values.reasons import REASONS
from doorstep.systems.lodging.country import DocumentType, Sex
from doorstep.systems.lodging.facts import GuestKind
from doorstep.systems.lodging.rules.changes import (
    changed_fields,
    check_cancellation,
    check_checkout,
    check_correction,
    check_extension,
    retention_ends,
)
from doorstep.systems.lodging.rules.checking import accepted_documents, check_stay
from doorstep.systems.lodging.rules.records import Guest, Stay, StayReason, guest_from_card
from doorstep.systems.lodging.tests.builders import AT, TESTLAND, VIETNAM, foreigner, guest, stay

replace = msgspec.structs.replace
vietnam = VIETNAM.lodging
PROFILES = {"vietnam": VIETNAM, "testland": TESTLAND}


def codes(reasons):
    return [reason.code.partition(".")[2] for reason in reasons]


names = st.sampled_from(["Nguyễn Văn A", "H'Hen Niê", "Plato", "محمد عبد الله", "Łukasz Żółć"])
texts = (
    st.text("abcđêÁ 1,/.ạ", max_size=40).map(str.strip).filter(lambda text: not text.startswith(("-", "+", "=", "@")))
)


@st.composite
def domestic(draw, country):
    return guest(
        PROFILES[country],
        full_name=draw(names),
        birth=draw(st.dates(date(1900, 1, 1), date(2024, 5, 1))),
        sex=draw(st.sampled_from([Sex.MALE, Sex.FEMALE])),
        serial=draw(st.integers(0, 2_000_000)),
        address=draw(texts),
    )


@st.composite
def foreign(draw):
    return foreigner(
        full_name=draw(names),
        birth=draw(st.dates(date(1900, 1, 1), date(2024, 5, 1))),
        sex=draw(st.sampled_from(Sex)),
        nationality=draw(st.sampled_from(sorted(NATIONALITIES - {"VN"}))),
        document_number=Masked("7" + draw(st.text(ascii_uppercase + "0123456789", min_size=4, max_size=19))),
    )


@st.composite
def passing(draw, country):
    law = PROFILES[country].lodging
    arrival = AT - draw(st.timedeltas(timedelta(0), timedelta(days=364)))
    who = draw(st.one_of(domestic(country), foreign()))
    assume(who.birth <= law.day(arrival))
    nights = draw(st.integers(0, law.longest_nights))
    return stay(
        replace(who, entry_date=None),
        arrival=arrival,
        expected_departure=law.day(arrival) + timedelta(days=nights),
        reason=draw(st.sampled_from(StayReason)),
        room=draw(texts),
    )


@given(st.data(), st.sampled_from(sorted(PROFILES)))
def test_every_proper_stay_passes(data, country):
    assert check_stay(data.draw(passing(country)), AT, PROFILES[country].lodging) == []


SPOILT = {
    "full_name": st.sampled_from(["", "7", "\u202eAnna", "王", "😀", "A" * 200]),
    "birth": st.dates(date(2024, 6, 1)) | st.dates(max_value=date(1890, 1, 1)),
    "nationality": st.sampled_from(["", "QQ", "vn", "VNM"]),
    "document_number": st.sampled_from(["", "!", "0030", "•", "=1"]).map(Masked),
    "address": st.sampled_from(["=1", "\x00", "a\u2066b", "x" * 301]),
    "ethnicity": st.sampled_from(["@x", "\x1f"]),
    "phone": st.sampled_from(["x", "١٢٣٤٥٦٧٨٩", "+0"]),
}


@given(st.data(), st.sampled_from(sorted(SPOILT)), st.sampled_from(sorted(PROFILES)))
def test_a_spoilt_guest_gets_a_reason_and_never_an_exception(data, field, country):
    proper = data.draw(passing(country))
    spoilt = replace(proper, guest=replace(proper.guest, **{field: data.draw(SPOILT[field])}))
    found = check_stay(spoilt, AT, PROFILES[country].lodging)
    assert field in {reason.field for reason in found} | (
        {"full_name"} if "name_latin" in {r.field for r in found} else set()
    )
    assert all(reason.code in REASONS for reason in found)


@given(st.data(), st.datetimes(timezones=st.just(UTC)), st.dates(), st.dates())
def test_any_dates_are_answered(data, arrival, departure, birth):
    proper = data.draw(passing("vietnam"))
    odd = replace(proper, arrival=arrival, expected_departure=departure, guest=replace(proper.guest, birth=birth))
    late_or_early = not AT - timedelta(days=365) <= arrival <= AT + timedelta(minutes=10)
    assert late_or_early <= bool(check_stay(odd, AT, vietnam))


@pytest.mark.parametrize(
    ("arrival", "expected"),
    [
        (AT + timedelta(minutes=10), []),
        (AT + timedelta(minutes=10, seconds=1), ["arrival_in_future"]),
        (AT - timedelta(days=365), []),
        (AT - timedelta(days=365, seconds=1), ["arrival_too_old"]),
    ],
)
def test_an_arrival_lies_within_a_year_before_now(arrival, expected):
    found = check_stay(stay(arrival=arrival, expected_departure=vietnam.day(arrival)), AT, vietnam)
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("nights", "expected"), [(-1, ["departure_before_arrival"]), (0, []), (29, []), (30, ["stay_too_long"])]
)
def test_a_domestic_stay_is_shorter_than_thirty_days(nights, expected):
    departure = vietnam.day(AT) + timedelta(days=nights)
    assert codes(check_stay(stay(expected_departure=departure), AT, vietnam)) == expected
    abroad = check_stay(stay(foreigner(), expected_departure=departure), AT, vietnam)
    assert codes(abroad) == (expected if nights < 0 else [])


def test_the_legal_day_is_the_country_s_not_utc_s():
    midnight = datetime(2024, 5, 21, 17, 30, tzinfo=UTC)  # half past midnight of the 22nd in Ha Noi
    found = check_stay(stay(arrival=midnight, expected_departure=date(2024, 5, 21)), midnight, vietnam)
    assert codes(found) == ["departure_before_arrival"]


def test_an_old_card_ends_with_its_last_day():
    who = guest(document_type=DocumentType.OLD_ID, document_number=Masked("012345678"))
    for at, expected in (
        (datetime(2024, 12, 31, 12, tzinfo=UTC), []),
        (datetime(2025, 1, 1, 12, tzinfo=UTC), ["document_not_accepted"]),
    ):
        assert codes(check_stay(stay(who, at=at), at, vietnam)) == expected


def test_a_form_offers_the_documents_that_will_be_taken():
    for kind, expected in (
        (GuestKind.DOMESTIC, {"national_id", "old_id", "passport"}),
        (GuestKind.STATELESS, {"passport", "travel_document", "residence_card"}),
    ):
        assert {row.type.value for row in accepted_documents(kind, date(2024, 5, 21), vietnam)} == expected


def test_a_correction_passes_like_a_new_notice():
    before = stay()
    after = replace(before, room="102", guest=replace(before.guest, full_name="Nguyễn Văn B"))
    free = {"departed": None, "cancelled": False, "at": AT, "country": vietnam}
    assert check_correction(before, after, **free) == []
    assert changed_fields(before, after) == ["room", "guest.full_name"]
    assert codes(check_correction(before, before, **free)) == ["nothing_changed"]
    assert codes(check_correction(before, replace(after, room="=1"), **free)) == ["text_formula"]
    assert codes(check_correction(before, after, **{**free, "cancelled": True})) == ["stay_cancelled"]
    assert check_correction(before, after, **{**free, "departed": AT}) == []
    left = before.arrival - timedelta(minutes=1)
    assert codes(check_correction(before, after, **{**free, "departed": left})) == ["checkout_before_arrival"]


def test_an_extension_is_later_and_within_the_limit_of_the_whole_stay():
    began = stay()
    free = {"departed": None, "cancelled": False, "country": vietnam}
    for days, expected in ((2, ["extension_not_later"]), (3, []), (29, []), (30, ["stay_too_long"])):
        assert codes(check_extension(began, vietnam.day(AT) + timedelta(days=days), **free)) == expected
    later = date(2024, 5, 30)
    assert codes(check_extension(began, later, **{**free, "departed": AT})) == ["stay_ended"]
    assert codes(check_extension(began, later, **{**free, "cancelled": True})) == ["stay_cancelled"]


def test_a_guest_leaves_after_arriving_and_not_in_the_future():
    began = stay()
    free = {"departed": None, "cancelled": False, "at": AT}
    assert check_checkout(began, began.arrival, **free) == check_checkout(began, AT, **free) == []
    assert codes(check_checkout(began, began.arrival - timedelta(seconds=1), **free)) == ["checkout_before_arrival"]
    assert codes(check_checkout(began, AT + timedelta(hours=1), **free)) == ["checkout_in_future"]
    assert codes(check_checkout(began, AT, **{**free, "departed": AT})) == ["stay_ended"]
    assert codes(check_checkout(began, AT, **{**free, "cancelled": True})) == ["stay_cancelled"]


def test_a_mistake_is_taken_back_once():
    assert check_cancellation(cancelled=False) == []
    assert codes(check_cancellation(cancelled=True)) == ["stay_cancelled"]


def test_retention_counts_months_and_keeps_within_them():
    assert retention_ends(date(2024, 2, 29), vietnam) == date(2026, 2, 28)
    assert retention_ends(date(2024, 1, 31), TESTLAND.lodging) == date(2024, 2, 29)
    assert retention_ends(date(2024, 12, 31), TESTLAND.lodging) == date(2025, 1, 31)


def test_a_scanned_card_prefills_a_guest_who_passes():
    code = "900090000123||NGUYỄN VĂN VÍ DỤ|21051990|Nam|Tổ 1, Phường Ví Dụ|15042021"
    who = guest_from_card(vietnam.read_card(code, date(2024, 5, 21)), vietnam.nationality)
    assert (who.full_name, who.sex, who.birth) == ("NGUYỄN VĂN VÍ DỤ", Sex.MALE, date(1990, 5, 21))
    assert check_stay(stay(who), AT, vietnam) == []


def test_nationalities_are_those_of_iso_3166_and_kosovo():
    assert len(NATIONALITIES) == 250
    assert {"VN", "DE", "XK"} <= NATIONALITIES
    assert not {"EU", "ZZ", "UN", "XA"} & NATIONALITIES
    assert [read_nationality(text) for text in ("d", "RKS", "vnm", "LAO")] == ["DE", "XK", "VN", "LA"]


def test_a_stay_comes_through_json_whole_and_with_its_zone():
    began = stay()
    assert (
        msgspec.json.decode(
            msgspec.json.encode(began, enc_hook=str), type=Stay, dec_hook=lambda kind, value: kind(value)
        )
        == began
    )
    naive = msgspec.json.encode(began, enc_hook=str).replace(b"13:00:00Z", b"13:00:00")
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.json.decode(naive, type=Stay, dec_hook=lambda kind, value: kind(value))


def test_a_guest_s_number_is_masked_wherever_it_might_be_printed():
    assert "900090000123" not in repr(stay())
    assert "•••••••••123" in repr(guest())
    assert isinstance(guest(), Guest)
