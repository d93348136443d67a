"""The clock of breaches and what their record must say, by vectors."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.systems.identity.rules import incidents
from doorstep.systems.identity.rules.incidents import Incident
from doorstep.systems.identity.tests.people import TESTLAND, VIETNAM, codes

AT = datetime(2024, 3, 1, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
SENTENCE = "Nobody knows yet"


def incident(**changes: Any) -> Incident:
    """Two days ago something happened, and yesterday it was found."""
    texts = dict.fromkeys(incidents.TEXTS, SENTENCE)
    return Incident(**{"happened": AT - 48 * HOUR, "found": AT - 24 * HOUR, "people": 12, **texts, **changes})


def test_an_incident_that_says_everything_passes():
    assert incidents.check_incident(incident(happened=AT, found=AT, people=0), AT) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"measures": " "}, [("text_missing", "measures")]),
        ({"place": "x" * 4001}, [("text_too_long", "place")]),
        ({"found": AT + HOUR}, [("incident_future", "found")]),
        ({"happened": AT - HOUR, "found": AT - 2 * HOUR}, [("incident_found_early", "found")]),
        ({"people": -1}, [("incident_people", "people")]),
    ],
)
def test_what_is_missing_or_impossible_has_a_reason(changes, found):
    assert codes(incidents.check_incident(incident(**changes), AT)) == found


def test_the_clock_runs_as_each_country_says():
    assert incidents.due(incident(), VIETNAM.identity) == AT - 48 * HOUR + 72 * HOUR
    assert incidents.due(incident(), TESTLAND.identity) == AT - 24 * HOUR + 10 * HOUR
    assert incidents.duty(incident(), TESTLAND.identity).authority == "The lighthouse keeper"
    before = datetime(2023, 6, 30, 16, tzinfo=UTC)
    assert incidents.due(incident(happened=before, found=before), VIETNAM.identity) is None


def test_the_law_of_the_day_of_finding_counts():
    (row,) = VIETNAM.identity.breaches
    change = date(2024, 3, 1)
    old = msgspec.structs.replace(row, valid_to=change)
    new = msgspec.structs.replace(row, valid_from=change, within=20 * HOUR, counts_from="found")
    country = msgspec.structs.replace(VIETNAM.identity, breaches=(old, new))
    assert incidents.due(incident(), country) == AT + 24 * HOUR
    assert incidents.due(incident(found=AT), country) == AT + 20 * HOUR


UNTIL, FOUND = AT - HOUR, AT - 5 * HOUR


@pytest.mark.parametrize(
    ("notified", "until", "why", "found"),
    [
        (UNTIL, UNTIL, "", []),
        (UNTIL + timedelta(seconds=1), UNTIL, " ", [("incident_late_reason", "late_reason")]),
        (AT, UNTIL, "The line was down", []),
        (AT, None, "", []),
        (AT + HOUR, None, "", [("incident_future", "notified")]),
        (FOUND - HOUR, UNTIL, "", [("incident_notified_early", "notified")]),
    ],
)
def test_a_late_notice_says_why(notified, until, why, found):
    assert codes(incidents.check_notice(notified, until, FOUND, why, AT)) == found


@pytest.mark.parametrize(("hours", "mark"), [(24.01, None), (24, 24), (6.01, 24), (6, 6), (0.01, 6), (0, 0), (-100, 0)])
def test_officers_are_reminded_at_three_marks(hours, mark):
    assert incidents.reminder(AT + hours * HOUR, AT) == mark


@given(st.integers(-500_000, 500_000), st.integers(0, 500_000))
def test_marks_only_come_nearer(seconds, later):
    until = AT + timedelta(seconds=seconds)
    now, then = incidents.reminder(until, AT), incidents.reminder(until, AT + timedelta(seconds=later))
    assert now is None or (then is not None and then <= now)
