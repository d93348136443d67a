"""The life of an e-ID, by vectors."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.reasons import Reason
from doorstep.profiles.testland import PROFILE as TESTLAND
from doorstep.profiles.vietnam import PROFILE as VIETNAM
from doorstep.systems.identity.facts import Holder, Level
from doorstep.systems.identity.rules import eid
from doorstep.systems.identity.rules.eid import State, Step

LAW = VIETNAM.identity
H1_2024, AFTER = date(2024, 3, 1), date(2024, 7, 1)


@pytest.mark.parametrize(
    ("state", "step", "after"),
    [
        (State.COLLECTED, Step.APPROVE, State.APPROVED),
        (State.APPROVED, Step.NOTIFY, State.NOTIFIED),
        (State.NOTIFIED, Step.ACTIVATE, State.ACTIVATED),
        (State.ACTIVATED, Step.LOCK, State.LOCKED),
        (State.LOCKED, Step.UNLOCK, State.ACTIVATED),
        (State.LOCKED, Step.REVOKE, State.REVOKED),
        (State.COLLECTED, Step.ACTIVATE, None),
        (State.NOTIFIED, Step.LOCK, None),
        (State.REVOKED, Step.UNLOCK, None),
        (State.LOCKED, Step.LOCK, None),
    ],
)
def test_a_step(state, step, after):
    assert eid.after(state, step) == (after or eid.STEP_IMPOSSIBLE(state=state, step=step))


@given(st.lists(st.sampled_from(Step)))
def test_nothing_leads_out_of_revoked_and_the_help_desk_offers_what_works(steps):
    state = State.COLLECTED
    for step in steps:
        found = eid.after(state, step)
        assert isinstance(found, Reason) is (step not in eid.permitted(state))
        state = state if isinstance(found, Reason) else found
    if state is State.REVOKED:
        assert eid.permitted(state) == []


@pytest.mark.parametrize(
    ("holder", "level", "birth", "day", "given"),
    [
        (Holder.CITIZEN, Level.TWO, date(2010, 3, 1), H1_2024, True),
        (Holder.CITIZEN, Level.TWO, date(2010, 3, 2), H1_2024, False),
        (Holder.MINOR, Level.TWO, date(2016, 7, 1), H1_2024, False),
        (Holder.MINOR, Level.TWO, date(2018, 7, 1), AFTER, True),
        (Holder.MINOR, Level.TWO, date(2018, 7, 2), AFTER, False),
        (Holder.MINOR, Level.ONE, date(2024, 6, 30), AFTER, True),
        (Holder.FOREIGNER, Level.TWO, date(2019, 7, 1), AFTER, False),
        (Holder.ORGANISATION, Level.NONE, None, H1_2024, True),
        (Holder.ORGANISATION, Level.TWO, None, H1_2024, False),
    ],
)
def test_who_may_have_which_level_at_which_age(holder, level, birth, day, given):
    assert (eid.check_holder(LAW, holder, level, birth, day) == []) is given


def test_time_limits_count_working_days_and_skip_holidays():
    before_tet = date(2024, 2, 7)
    assert eid.due(LAW, Holder.CITIZEN, Level.ONE, before_tet, complete=True) == date(2024, 2, 15)
    assert eid.due(LAW, Holder.CITIZEN, Level.TWO, before_tet, complete=True) == date(2024, 2, 19)
    assert eid.due(LAW, Holder.CITIZEN, Level.TWO, before_tet, complete=False) == date(2024, 2, 23)
    assert eid.due(LAW, Holder.ORGANISATION, Level.NONE, H1_2024, complete=False) == date(2024, 3, 22)
    with pytest.raises(LookupError):
        eid.due(TESTLAND.identity, Holder.CITIZEN, Level.ONE, H1_2024, complete=True)


def test_levels_are_raised_and_never_lowered():
    assert [tuple(eid.raised(level)) for level in Level] == [(), (Level.TWO,), ()]
