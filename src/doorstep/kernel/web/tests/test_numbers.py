"""Numbers, money and times as four languages write them; signs and ranges stay in order from right to left."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.money import Currency, Money
from doorstep.kernel.values.period import Period
from doorstep.kernel.web import numbers

LRM, RLM, NBSP = "\u200e", "\u200f", "\u00a0"
LANGUAGES = ("vi", "en", "de", "ar")
AT = datetime(2024, 6, 30, 16, 5, tzinfo=UTC)  # 23:05 in the profile's zone
DAY = date(2024, 6, 5)
VND, DINAR = Currency("VND", 0), Currency("TND", 3)


def row(vi: str, en: str, de: str, ar: str) -> dict[str, str]:
    return dict(zip(LANGUAGES, (vi, en, de, ar), strict=True))


VECTORS = [
    (numbers.number, (1928311,), {}, row("1.928.311", "1,928,311", "1.928.311", f"{LRM}1,928,311")),
    (numbers.number, (Decimal("-5.50"),), {}, row("-5,5", "-5.5", "-5,5", f"{LRM}-5.5")),
    (numbers.number, (Decimal("-5.5"),), {"decimals": 2}, row("-5,50", "-5.50", "-5,50", f"{LRM}-5.50")),
    (numbers.number, (0,), {"decimals": 0}, row("0", "0", "0", f"{LRM}0")),
    (numbers.percent, (42,), {}, row("42%", "42%", f"42{NBSP}%", f"{LRM}42%")),
    (numbers.percent, (Decimal("72.98"),), {}, row("72,98%", "72.98%", f"72,98{NBSP}%", f"{LRM}72.98%")),
    (numbers.percent, (Decimal(-1),), {"decimals": 1}, row("-1,0%", "-1.0%", f"-1,0{NBSP}%", f"{LRM}-1.0%")),
    (
        numbers.compact,
        (16390000,),
        {},
        row("16,39 triệu", "16.39 million", "16,39 Millionen", f"{RLM}{LRM}16.39 مليون"),
    ),
    (
        numbers.money,
        (Money(14528000, VND),),
        {},
        row(f"14.528.000{NBSP}₫", "₫14,528,000", f"14.528.000{NBSP}₫", f"{RLM}14,528,000{NBSP}₫"),
    ),
    (
        numbers.money,
        (Money(-1234, DINAR),),
        {},
        row(f"-1,234{NBSP}TND", "-TND1.234", f"-1,234{NBSP}TND", f"{RLM}{LRM}-1.234{NBSP}د.ت.\u200f"),
    ),
    (numbers.day, (DAY,), {}, row("5 tháng 6, 2024", "5 June 2024", "5. Juni 2024", "5 يونيو 2024")),
    (numbers.day, (DAY,), {"style": "short"}, row("5/6/2024", "05/06/2024", "5.6.2024", f"5{RLM}/6{RLM}/2024")),
    (
        numbers.day,
        (DAY,),
        {"style": "full"},
        row("Thứ Tư, 5 tháng 6, 2024", "Wednesday, 5 June 2024", "Mittwoch, 5. Juni 2024", "الأربعاء، 5 يونيو 2024"),
    ),
    (numbers.month, (DAY,), {}, row("tháng 6 năm 2024", "June 2024", "Juni 2024", "يونيو 2024")),
    (numbers.clock, (AT,), {}, row("23:05", "23:05", "23:05", "23:05")),
    (
        numbers.instant,
        (AT,),
        {},
        row("23:05 30 tháng 6, 2024", "30 June 2024, 23:05", "30. Juni 2024, 23:05", "30 يونيو 2024، 23:05"),
    ),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("write", "given_values", "options", "expected"), VECTORS)
def test_vectors(write, given_values, options, expected, language):
    assert write(*given_values, **options, language=language) == expected[language]


def test_periods_have_names():
    assert numbers.period(Period.parse("2024-H1"), language="en") == "first half of 2024"
    assert numbers.period(Period.parse("2024-Q3"), language="en") == "quarter 3 of 2024"
    assert numbers.period(Period.parse("2024-06"), language="de") == "Juni 2024"
    assert numbers.period(Period.parse("2024"), language="ar") == "2024"


def test_an_instant_without_a_zone_is_an_error():
    with pytest.raises(ValueError, match="time zone"):
        numbers.instant(datetime(2024, 6, 30, 16, 5))  # noqa: DTZ001


def test_identifiers_show_their_end_only():
    assert numbers.masked(Masked("900090000123")) == "•••••••••123"


@given(st.integers(-(10**15), 10**15), st.sampled_from(LANGUAGES))
def test_no_digit_is_lost(value, language):
    written = numbers.number(value, language=language)
    assert int("".join(c for c in written if c.isdigit())) == abs(value)
    assert ("-" in written) is (value < 0)


@given(st.decimals(-1000, 1000, places=3), st.integers(0, 3))
def test_as_many_decimals_as_asked_for(value, decimals):
    written = numbers.percent(value, decimals=decimals, language="en").rstrip("%")
    assert len(written.partition(".")[2]) == decimals
    assert abs(Decimal(written.replace(",", "")) - value) <= Decimal("0.5").scaleb(-decimals)


DIGITS_AND_SIGNS = "0123456789.,+-–%"


@pytest.mark.parametrize(
    "written",
    [
        numbers.number(-5, language="ar"),
        numbers.percent(Decimal("-1.5"), language="ar"),
    ],
)
def test_signs_form_one_left_to_right_run_in_arabic(written):
    """After a left-to-right mark digits are L (UAX #9, W7), and so are the neutrals between them (N1)."""
    assert written[0] == LRM
    assert set(written[1:]) <= set(DIGITS_AND_SIGNS)


@pytest.mark.parametrize(
    "written",
    [
        numbers.compact(-16390000, language="ar"),
        numbers.money(Money(-5, VND), language="ar"),
    ],
)
def test_numbers_with_words_read_from_the_right(written):
    """The first strong character is a right-to-left mark, so that `<bdi>` takes the direction of the words."""
    assert written[0] == RLM
    assert LRM + "-" in written or "-" not in written
