"""A notice is due when the law says, and late from that instant on."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.systems.lodging.facts import GuestKind
from doorstep.systems.lodging.rules.deadlines import deadline, lateness
from doorstep.systems.lodging.tests.builders import TESTLAND, VIETNAM

VECTORS = json.loads(Path(__file__).with_name("vectors").joinpath("deadlines.json").read_text(encoding="utf-8"))
COUNTRIES = {"vietnam": VIETNAM.lodging, "testland": TESTLAND.lodging}

instants = st.integers(1_640_995_200, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
kinds = st.sampled_from(GuestKind)
countries = st.sampled_from(sorted(COUNTRIES)).map(COUNTRIES.get)


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: f"{case['profile']} {case['kind']} {case['arrival']}")
def test_a_notice_is_late_from_its_deadline_on(case):
    arrival, due, late_from = (datetime.fromisoformat(case[key]) for key in ("arrival", "due", "late_from"))
    kind, remote, country = GuestKind(case["kind"]), case.get("remote", False), COUNTRIES[case["profile"]]
    assert deadline(arrival, kind, remote=remote, country=country) == due
    assert lateness(arrival, late_from - timedelta(microseconds=1), kind, remote=remote, country=country) is None
    late = lateness(arrival, late_from + timedelta(minutes=7), kind, remote=remote, country=country)
    assert (late.cause, late.deadline) == (case["cause"], due)
    assert late.by == late_from + timedelta(minutes=7) - due
    assert lateness(arrival, late_from, kind, remote=remote, country=country)


@given(instants, instants, kinds, st.booleans(), countries)
def test_who_arrives_later_is_never_due_earlier(one, other, kind, remote, country):
    first, second = sorted((one, other))
    assert deadline(first, kind, remote=remote, country=country) <= deadline(
        second, kind, remote=remote, country=country
    )


@given(instants, kinds, st.booleans(), countries)
def test_there_is_time_to_notify_and_remoteness_never_takes_any(arrival, kind, remote, country):
    due = deadline(arrival, kind, remote=remote, country=country)
    assert due > arrival
    assert due.tzinfo is UTC
    assert due <= deadline(arrival, kind, remote=True, country=country)


@given(instants, instants, kinds, countries)
def test_once_late_always_late(arrival, notified, kind, country):
    if lateness(arrival, notified, kind, remote=False, country=country):
        assert lateness(arrival, notified + timedelta(seconds=1), kind, remote=False, country=country)


def test_the_rules_of_before_2021_are_not_made_up():
    with pytest.raises(LookupError, match="2021-06-30"):
        deadline(datetime(2021, 6, 30, tzinfo=UTC), GuestKind.DOMESTIC, remote=False, country=VIETNAM.lodging)
