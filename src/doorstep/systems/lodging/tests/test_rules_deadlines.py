"""A notice is due when the law says, late from that instant on, and not needed where the law spares it."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.systems.lodging.facts import FacilityType, GuestKind
from doorstep.systems.lodging.rules.deadlines import due
from doorstep.systems.lodging.rules.records import Relation
from doorstep.systems.lodging.tests.builders import TESTLAND, VIETNAM, foreigner, guest, stay

VECTORS = json.loads(Path(__file__).with_name("vectors").joinpath("deadlines.json").read_text(encoding="utf-8"))
COUNTRIES = {"vietnam": VIETNAM.lodging, "testland": TESTLAND.lodging}
GUESTS = {kind: foreigner(kind=kind) for kind in GuestKind} | {GuestKind.DOMESTIC: guest()}

instants = st.integers(1_640_995_200, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
kinds = st.sampled_from(GuestKind)
countries = st.sampled_from(sorted(COUNTRIES)).map(COUNTRIES.get)


def due_of(arrival, kind, country, *, remote=False):
    """Of a guest who was never notified before."""
    told = stay(GUESTS[kind], arrival=arrival)
    return due(told, FacilityType.TOURIST, remote=remote, notified_before=False, country=country)


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: f"{case['profile']} {case['kind']} {case['arrival']}")
def test_a_notice_is_late_from_its_deadline_on(case):
    arrival, by, late_from = (datetime.fromisoformat(case[key]) for key in ("arrival", "due", "late_from"))
    found = due_of(arrival, GuestKind(case["kind"]), COUNTRIES[case["profile"]], remote=case.get("remote", False))
    assert (found.by, found.cause) == (by, case["cause"])
    assert not found.missed(late_from - timedelta(microseconds=1))
    assert found.missed(late_from)


@given(instants, instants, kinds, st.booleans(), countries)
def test_who_arrives_later_is_never_due_earlier(one, other, kind, remote, country):
    first, second = sorted((one, other))
    assert due_of(first, kind, country, remote=remote).by <= due_of(second, kind, country, remote=remote).by


@given(instants, kinds, st.booleans(), countries)
def test_there_is_time_to_notify_and_remoteness_never_takes_any(arrival, kind, remote, country):
    found = due_of(arrival, kind, country, remote=remote)
    assert found.by > arrival
    assert found.by.tzinfo is UTC
    assert found.by <= due_of(arrival, kind, country, remote=True).by


def test_the_rules_of_before_2021_are_not_made_up():
    with pytest.raises(LookupError, match="2021-06-30"):
        due_of(datetime(2021, 6, 30, tzinfo=UTC), GuestKind.DOMESTIC, VIETNAM.lodging)


@pytest.mark.parametrize(("facility", "relation", "kind"), [*product(FacilityType, Relation, GuestKind)])
def test_close_family_at_home_is_notified_once_where_the_law_says_so(facility, relation, kind):
    told = stay(GUESTS[kind], relation=relation)
    spared = (facility, relation, kind) == (FacilityType.HOUSEHOLD, Relation.CLOSE_FAMILY, GuestKind.DOMESTIC)
    asked = {"remote": False, "country": VIETNAM.lodging}
    assert (due(told, facility, notified_before=True, **asked) is None) is spared
    assert due(told, facility, notified_before=False, **asked)
    assert due(told, facility, notified_before=True, remote=False, country=TESTLAND.lodging)
