"""Testland is odd in every respect that a real country might be."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.money import Money
from doorstep.profiles.profile import Profile
from doorstep.profiles.testland import PROFILE, profile
from doorstep.profiles.testland.personal_number import check_letter, check_number
from doorstep.systems.lodging.country import Card

DAY = date(2024, 5, 21)
BIRTH = date(1990, 5, 21)


def test_it_is_a_profile_like_any_other():
    assert isinstance(PROFILE, Profile)
    assert str(Money(1234, PROFILE.currency).decimal()) == "1.234"
    assert PROFILE.calendar.zone.key != "Asia/Ho_Chi_Minh"


def test_thirteen_areas_of_one_word_each_in_cells_of_their_own():
    areas = PROFILE.units.localities(DAY)
    assert len(areas) == 13
    assert not any(" " in row.names["en"] for row in areas)
    assert {row.code for row in areas} == set(PROFILE.units.grid)
    assert len(set(PROFILE.units.grid.values())) == 13


def test_it_invents_what_lies_below():
    rows = PROFILE.units.invented_communes("A", 2, 1)
    assert [(row.code, row.parent) for row in rows] == [
        ("A.C1", "A"),
        ("A.C1.N1", "A.C1"),
        ("A.C2", "A"),
        ("A.C2.N1", "A.C2"),
    ]


def test_the_week_ends_on_friday():
    working = [PROFILE.calendar.working_day(date(2024, 5, day)) for day in range(20, 27)]
    assert working == [True, True, True, True, False, False, True]
    assert not PROFILE.calendar.working_day(date(2024, 2, 29))
    assert PROFILE.calendar.add_working_days(date(2024, 2, 28), 1) == date(2024, 3, 1)


@given(st.integers(0, 2_599_999))
def test_made_up_numbers_are_taken_in_demonstrations_only(serial):
    number = PROFILE.fictitious_number(BIRTH, False, serial)
    assert check_number(number, fictitious=True, field="n") == []
    assert [reason.code for reason in check_number(number, fictitious=False, field="n")] == [
        "testland.personal_number_fictitious"
    ]


@pytest.mark.parametrize("wrong", ["", "900090000123", "AB1234", "NB12345C", "ab12345c", "AB٠٠٠٠١B"])
def test_numbers_of_another_shape_are_refused(wrong):
    assert [reason.code for reason in check_number(wrong, fictitious=True, field="n")] == [
        "testland.personal_number_malformed"
    ]


@given(st.from_regex(r"\A[A-M][A-Z]\Z"), st.from_regex(r"\A[0-9]{5}\Z"), st.sampled_from("BCDFGHJKLMNPQRSTVWXYZ"))
def test_the_check_letter_decides(letters, digits, letter):
    found = check_number(letters + digits + letter, fictitious=False, field="n")
    assert bool(found) == (letter != check_letter(letters, digits))


def test_cards_count_the_days_of_the_year():
    lodging = profile(fictitious=True).lodging
    number = PROFILE.fictitious_number(BIRTH, False, 1)
    assert isinstance(lodging.read_card(f"Oak;1990.141;{number}", DAY), Card)
    for wrong in ("", "Oak;1990.141", f";1990.141;{number}", f"Oak;1990.366;{number}", f"Oak;2024.143;{number}"):
        assert [reason.code for reason in lodging.read_card(wrong, DAY)] == ["testland.card_unreadable"]


@pytest.mark.parametrize(("phone", "taken"), [("23456", True), ("2-34-56", True), ("0912345678", False), ("", False)])
def test_phones_have_five_digits(phone, taken):
    assert bool(PROFILE.lodging.check_phone(phone)) is not taken
