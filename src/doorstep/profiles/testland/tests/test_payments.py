"""Testland's banks, codes and thousandths: odd, and consistent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.money import Money
from doorstep.profiles.testland import profile
from doorstep.profiles.testland.currency import CURRENCY
from doorstep.profiles.testland.payments import fictitious_account
from doorstep.systems.payments.country import Payee, QrPayment

COUNTRY = profile(fictitious=True).payments


@given(
    st.integers(0, 999_999),
    st.integers(1, COUNTRY.largest_amount),
    st.from_regex(r"[0-9A-Za-z -]{0,30}", fullmatch=True),
)
def test_what_is_written_is_read(serial, minor, memo):
    payee, money = Payee("T", fictitious_account(serial), ""), Money(minor, CURRENCY)
    assert COUNTRY.read_qr(COUNTRY.qr_text(payee, money, memo)) == QrPayment(payee, money, memo)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$*A-1*1,250*000123G*T*22",
        "$*A-1*1.250*000123G*T*21",
        "$*A-1*1,250*000123H*T*21",
        "€*A-1*1,250*000123G*T*21",
    ],
)
def test_what_is_no_code_is_refused(text):
    assert [one.code for one in COUNTRY.read_qr(text)] == ["testland.payment_code_unreadable"]


@pytest.mark.parametrize(("minor", "memo"), [(0, ""), (COUNTRY.largest_amount + 1, ""), (1, "a*b"), (1, "x" * 31)])
def test_what_no_code_holds_is_an_error(minor, memo):
    with pytest.raises(ValueError, match="no code"):
        COUNTRY.qr_text(Payee("T", "000123G", ""), Money(minor, CURRENCY), memo)


@pytest.mark.parametrize(
    ("minor", "language", "words"),
    [
        (1, "en", "One part"),
        (1_000, "en", "One unit"),
        (2_001, "en", "Two units and one part"),
        (1_001, "de", "Eine Einheit und ein Teil"),
        (12_050, "vi", "Mười hai đơn vị và năm mươi phần"),
        (1_000, "ar", "وحدة واحدة"),
        (2_000, "ar", "وحدتان"),
        (3_003, "ar", "ثلاث وحدات وثلاثة أجزاء"),
        (8_000, "ar", "ثماني وحدات"),
        (10_000, "ar", "عشر وحدات"),
        (11_011, "ar", "إحدى عشرة وحدةً وأحد عشر جزءًا"),
        (12_000, "ar", "اثنتا عشرة وحدةً"),
        (18_000, "ar", "ثماني عشرة وحدةً"),
        (21_000, "ar", "إحدى وعشرون وحدةً"),
        (28_000, "ar", "ثمانٍ وعشرون وحدةً"),
        (103_000, "ar", "مئة وثلاث وحدات"),
    ],
)
def test_amounts_in_words_have_parts_and_genders(minor, language, words):
    assert COUNTRY.in_words(Money(minor, CURRENCY), language) == words


def test_accounts_end_in_a_letter():
    assert not COUNTRY.check_account("W", "000123G")
    assert [one.field for one in COUNTRY.check_account("V", "000123H")] == ["bank", "number"]
    assert profile(fictitious=False).payments.check_account("Z", "000123G")
    assert not COUNTRY.check_account(COUNTRY.fictitious_bank, COUNTRY.fictitious_account(123))
