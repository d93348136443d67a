"""Which banking day a booking belongs to, in two countries' calendars."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.profiles.testland.calendar import CALENDAR as TESTLAND
from doorstep.profiles.vietnam.calendar import CALENDAR as VIETNAM
from doorstep.systems.payments.country import CutOffRow
from doorstep.systems.payments.rules.banking_days import banking_day


def cut_off(at: time, since: date = date(2020, 1, 1), to: date | None = None) -> CutOffRow:
    return CutOffRow(at=at, valid_from=since, valid_to=to, source="Invented for tests", certainty="invented")


START = datetime(2024, 1, 1, tzinfo=UTC)
CUT_OFFS = [cut_off(time(16, 30), to=date(2024, 6, 1)), cut_off(time(23), since=date(2024, 6, 1))]


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2024-05-21 09:00", date(2024, 5, 21)),
        ("2024-05-21 16:30", date(2024, 5, 21)),
        ("2024-05-21 16:30:00.000001", date(2024, 5, 22)),
        ("2024-05-24 17:00", date(2024, 5, 27)),  # Friday evening, Monday
        ("2024-05-25 09:00", date(2024, 5, 27)),  # Saturday
        ("2024-05-04 09:00", date(2024, 5, 4)),  # a Saturday that is worked
        ("2024-02-07 17:00", date(2024, 2, 15)),  # the evening before Tet
        ("2024-04-26 17:00", date(2024, 5, 2)),  # over two holidays, and a day off in exchange
        ("2024-06-03 22:59", date(2024, 6, 3)),  # the later cut-off is in force
        ("2024-06-03 23:01", date(2024, 6, 4)),
    ],
)
def test_vietnam(local, day):
    at = datetime.fromisoformat(local).replace(tzinfo=VIETNAM.zone).astimezone(UTC)
    assert banking_day(at, VIETNAM.zone, CUT_OFFS, VIETNAM.working_day) == day


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2024-02-28 17:00", date(2024, 3, 1)),  # over a holiday, to a Friday that is worked
        ("2024-03-01 17:00", date(2024, 3, 3)),  # Friday evening, Sunday
        ("2024-03-02 10:00", date(2024, 3, 3)),
    ],
)
def test_testland(local, day):
    at = datetime.fromisoformat(local).replace(tzinfo=TESTLAND.zone).astimezone(UTC)
    assert banking_day(at, TESTLAND.zone, CUT_OFFS, TESTLAND.working_day) == day


def test_without_a_cut_off_the_day_ends_at_midnight():
    at = datetime(2024, 5, 21, 23, 59, tzinfo=VIETNAM.zone)
    assert banking_day(at, VIETNAM.zone, [], VIETNAM.working_day) == date(2024, 5, 21)


@given(st.lists(st.integers(0, 365 * 86_400), min_size=2, max_size=2))
def test_days_follow_instants(pair):
    first, second = (
        banking_day(START + timedelta(seconds=at), VIETNAM.zone, CUT_OFFS, VIETNAM.working_day) for at in sorted(pair)
    )
    assert first <= second
    assert VIETNAM.working_day(first)
