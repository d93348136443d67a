"""Numbers on Vietnamese cards and certificates: what they say, and which nobody can have."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.reasons import Reason
from doorstep.profiles.vietnam.card_qr import CardQr, read_card
from doorstep.profiles.vietnam.personal_number import (
    PersonalNumber,
    PersonalNumbers,
    check_old_number,
    check_phone,
    fictitious_number,
)
from doorstep.profiles.vietnam.tax_code import check_digit, check_tax_code
from doorstep.profiles.vietnam.units import PIN_PREFIXES as PREFIXES

DAY = date(2024, 5, 21)
PRODUCTION, DEMO = PersonalNumbers(PREFIXES, fictitious=False), PersonalNumbers(PREFIXES, fictitious=True)


def vectors(name):
    return json.loads(Path(__file__).with_name("vectors").joinpath(f"{name}.json").read_text(encoding="utf-8"))


NUMBERS, CARDS, CODES = vectors("personal_numbers"), vectors("cards"), vectors("tax_codes")


@pytest.mark.parametrize(("number", "prefix", "female", "year"), NUMBERS["accepted"])
def test_a_number_tells_province_sex_and_year(number, prefix, female, year):
    assert PRODUCTION.read(number, DAY) == PersonalNumber(prefix, female, year)


@pytest.mark.parametrize(("number", "code"), NUMBERS["refused"])
def test_a_number_that_nobody_has_is_refused(number, code):
    assert PRODUCTION.read(number, DAY, "pin") == Reason(
        f"vietnam.personal_number_{code}", "pin", given=PRODUCTION.read(number, DAY).given
    )
    assert PRODUCTION.check(number, DAY, birth=DAY, female=None) == [PRODUCTION.read(number, DAY)]


@pytest.mark.parametrize("number", NUMBERS["fictitious"])
def test_made_up_numbers_are_for_demonstrations_only(number):
    assert DEMO.read(number, DAY).fictitious
    assert PRODUCTION.read(number, DAY).code == "vietnam.personal_number_fictitious"


def test_a_number_from_abroad_needs_its_code_configured():
    assert PRODUCTION.read("101090000123", DAY).code == "vietnam.personal_number_area"
    assert PersonalNumbers(PREFIXES | {"101"}, fictitious=False).read("101090000123", DAY).prefix == "101"


def test_number_birth_date_and_sex_must_agree():
    def codes(birth, female):
        return [reason.code for reason in PRODUCTION.check("010090000123", DAY, birth=birth, female=female)]

    assert codes(date(1990, 1, 1), False) == codes(date(1990, 12, 31), None) == []
    assert codes(date(1991, 1, 1), False) == ["vietnam.personal_number_birth"]
    assert codes(date(1990, 1, 1), True) == ["vietnam.personal_number_sex"]
    assert codes(date(2090, 1, 1), True) == ["vietnam.personal_number_birth", "vietnam.personal_number_sex"]


@given(st.dates(date(1900, 1, 1), DAY), st.booleans(), st.integers(0, 99_999_999))
def test_made_up_people_have_numbers_that_agree(birth, female, serial):
    number = fictitious_number(birth, female, serial)
    assert DEMO.check(number, DAY, birth=birth, female=female) == []
    assert [reason.code for reason in DEMO.check(number, DAY, birth=birth, female=not female)] == [
        "vietnam.personal_number_sex"
    ]


@given(st.text() | st.from_regex(r"\d{12}"), st.booleans())
def test_any_text_is_a_number_or_a_reason(text, fictitious):
    assert isinstance(PersonalNumbers(PREFIXES, fictitious).read(text, DAY), PersonalNumber | Reason)


def test_old_cards_have_nine_digits():
    assert check_old_number("012345678", "n") == []
    for wrong in ("", "12345678", "0123456789", "01234567X", "٠١٢٣٤٥٦٧٨"):
        assert [reason.code for reason in check_old_number(wrong, "n")] == ["vietnam.old_number_malformed"]


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("0912 345 678", ""),
        ("024.3825.0000", ""),
        ("+84 912 345 678", ""),
        ("+49 (30) 901820", ""),
        ("0000 123 456", "fictitious"),
        ("912345678", "malformed"),
        ("+0", "malformed"),
        ("0912345", "malformed"),
        ("call me", "malformed"),
        ("0912345678;x", "malformed"),
    ],
)
def test_phones(phone, code):
    assert [reason.code for reason in check_phone(phone, fictitious=False)] == (
        [f"vietnam.phone_{code}"] if code else []
    )
    assert bool(check_phone(phone, fictitious=True)) == (code == "malformed")


@pytest.mark.parametrize("text", CARDS["accepted"])
def test_a_card_is_read(text):
    card = read_card(text, DAY, PRODUCTION)
    assert isinstance(card, CardQr)
    assert card.full_name in {"NGUYỄN VĂN A", "Nguyễn Thị B", "NGUYỄN THỊ B", "NGUYỄN VĂN C"}
    assert card.female == (card.number[3] == "1")
    assert str(card.number) not in repr(card)


def test_a_card_keeps_what_newer_cards_add():
    card = read_card(CARDS["accepted"][5], DAY, PRODUCTION)
    assert card.rest == ("", "", "more", "than seven")
    assert (card.birth, card.issued, card.address) == (date(1990, 5, 21), date(2021, 4, 15), "Tổ 1")


@pytest.mark.parametrize(("text", "codes"), CARDS["refused"])
def test_what_is_no_card_comes_back_with_reasons(text, codes):
    assert sorted(reason.code.partition(".")[2] for reason in read_card(text, DAY, PRODUCTION)) == sorted(codes)


@given(st.text() | st.lists(st.text(max_size=9), min_size=7, max_size=8).map("|".join))
def test_any_code_is_a_card_or_reasons(text):
    found = read_card(text, DAY, DEMO)
    assert isinstance(found, CardQr) or found


@pytest.mark.parametrize("code", CODES["accepted"])
def test_a_tax_code_checks(code):
    assert check_tax_code(code, fictitious=False) == []


@pytest.mark.parametrize(("code", "why"), CODES["refused"])
def test_a_wrong_tax_code_is_refused(code, why):
    assert [reason.code for reason in check_tax_code(code, fictitious=True)] == [f"vietnam.tax_code_{why}"]


@given(st.integers(900_000_000, 999_999_999).map(str))
def test_made_up_tax_codes_are_for_demonstrations_only(nine):
    digit = check_digit(nine)
    code = nine + (digit or "0")
    assert bool(check_tax_code(code, fictitious=True)) == (not digit)
    assert check_tax_code(code, fictitious=False)


@given(st.sampled_from(CODES["accepted"][:5]), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(code, place, shift):
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    assert check_tax_code(wrong, fictitious=True)
