"""Periods are read from four spellings only, are half open, and fall into months."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.period import Period


@pytest.mark.parametrize(
    ("label", "start", "end", "months"),
    [
        ("2024", date(2024, 1, 1), date(2025, 1, 1), 12),
        ("2024-H1", date(2024, 1, 1), date(2024, 7, 1), 6),
        ("2024-H2", date(2024, 7, 1), date(2025, 1, 1), 6),
        ("2024-Q1", date(2024, 1, 1), date(2024, 4, 1), 3),
        ("2024-Q4", date(2024, 10, 1), date(2025, 1, 1), 3),
        ("2024-02", date(2024, 2, 1), date(2024, 3, 1), 1),
        ("2024-12", date(2024, 12, 1), date(2025, 1, 1), 1),
        ("1900", date(1900, 1, 1), date(1901, 1, 1), 12),
        ("2999-H2", date(2999, 7, 1), date(3000, 1, 1), 6),
    ],
)
def test_the_four_spellings(label: str, start: date, end: date, months: int):
    period = Period.parse(label)
    assert (period.start, period.end, period.label) == (start, end, label)
    assert period.last == end - timedelta(days=1)
    firsts = list(period.months())
    assert len(firsts) == months
    assert firsts[0] == start
    assert all(day.day == 1 for day in firsts)


@pytest.mark.parametrize(
    "label",
    [
        *("", "24", "2024-", "2024-H0", "2024-H3", "2024-Q0", "2024-Q5", "2024-00", "2024-13", "2024-1", "2024-001"),
        *("2024-h1", "2024H1", "H1-2024", "2024-06-30", "2024-H1 ", " 2024-H1", "2024-H1\n"),
        *(
            "2024/06",
            "02024",
            "-2024",
            "1899",
            "3000-H1",
            "0000",
            "9999-12",
            "２０２４-H1",
            "٢٠٢٤",
            "2024-٠١",
            "2024–H1",
        ),
    ],
)
def test_nothing_else_is_a_period(label: str):
    with pytest.raises(ValueError, match="is no period"):
        Period.parse(label)


@given(st.text(max_size=12))
def test_any_text_is_a_period_of_that_label_or_a_value_error(label: str):
    try:
        period = Period.parse(label)
    except ValueError:
        return
    assert label.isascii()
    assert period.label == label
    assert period.start < period.end


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)))
def test_every_day_lies_in_its_month_quarter_half_and_year_and_in_no_other(day: date):
    labels = [
        f"{day:%Y}",
        f"{day:%Y}-H{(day.month + 5) // 6}",
        f"{day:%Y}-Q{(day.month + 2) // 3}",
        f"{day:%Y-%m}",
    ]
    assert all(day in Period.parse(label) for label in labels)
    assert Period.month(day) == Period.parse(labels[-1])
    for label in labels:
        period = Period.parse(label)
        assert period.end not in period
        assert period.start - timedelta(days=1) not in period
        assert period.start in period


def test_parts_of_a_year_make_the_year():
    year = list(Period.parse("2024").months())
    assert year == [month for half in ("2024-H1", "2024-H2") for month in Period.parse(half).months()]
    assert year == [month for quarter in "1234" for month in Period.parse(f"2024-Q{quarter}").months()]


def test_periods_sort_by_time():
    labels = ["2025-01", "2024-H2", "2023", "2024-Q1", "2024-H1"]
    assert [p.label for p in sorted(map(Period.parse, labels))] == ["2023", "2024-Q1", "2024-H1", "2024-H2", "2025-01"]
