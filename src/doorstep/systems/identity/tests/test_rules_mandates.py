"""Who may be let act for whom, by vectors."""

from datetime import date, timedelta

import pytest

from doorstep.kernel.declare.scopes import Actor, Scope, Service
from doorstep.kernel.values.reasons import NotAllowed
from doorstep.systems.identity.rules import mandates, offices
from doorstep.systems.identity.rules.mandates import Kind, Side, Standing
from doorstep.systems.identity.rules.offices import Term

DAY = date(2024, 3, 1)
WALK, FEED = Scope("mandates.dog.walk", "Walk the dog"), Scope("mandates.dog.feed", "Feed the dog")
WALKING = Service("mandates.walking", "Walking the dog", (WALK,))
FEEDING = Service("mandates.feeding", "Feeding the dog", (FEED,))
LAN, MINH = Side("lan", organisation=False, active=True), Side("minh", organisation=False, active=True)
FIRM = Side("firm", organisation=True, active=True)
OPEN = Term(DAY)


def codes(found) -> list[tuple[str, str]]:
    return [(one.code.removeprefix("identity."), one.field) for one in found]


@pytest.mark.parametrize(
    ("principal", "agent", "kind", "services", "term", "wrong"),
    [
        (LAN, MINH, Kind.RELATIVE, [WALKING.code], OPEN, []),
        (LAN, MINH, Kind.TAX_AGENT, [WALKING.code], Term(DAY, DAY + timedelta(days=1)), []),
        (FIRM, MINH, Kind.EMPLOYEE, [WALKING.code], OPEN, []),
        (FIRM, MINH, Kind.TAX_AGENT, [WALKING.code], OPEN, []),
        (FIRM, MINH, Kind.RELATIVE, [WALKING.code], OPEN, [("mandate_kind_unfit", "kind")]),
        (LAN, MINH, Kind.EMPLOYEE, [WALKING.code], OPEN, [("mandate_kind_unfit", "kind")]),
        (LAN, MINH, Kind.GUARDIAN, [WALKING.code], OPEN, [("mandate_kind_unfit", "kind")]),
        (FIRM, MINH, Kind.REPRESENTATIVE, [WALKING.code], OPEN, [("mandate_kind_unfit", "kind")]),
        (LAN, LAN, Kind.RELATIVE, [WALKING.code], OPEN, [("agent_is_principal", "number")]),
        (LAN, Side("minh", organisation=False, active=False), Kind.RELATIVE, [WALKING.code], OPEN,
         [("mandate_nobody_left", "number")]),
        (Side("firm", organisation=True, active=False), MINH, Kind.EMPLOYEE, [WALKING.code], OPEN,
         [("mandate_nobody_left", "number")]),
        (LAN, MINH, Kind.RELATIVE, [], OPEN, [("mandate_services", "services")]),
        (LAN, MINH, Kind.RELATIVE, [WALKING.code, "identity.registrar"], OPEN, [("mandate_services", "services")]),
        (LAN, MINH, Kind.RELATIVE, [WALKING.code], Term(DAY, DAY), [("office_days_reversed", "valid_to")]),
        (LAN, MINH, Kind.RELATIVE, [WALKING.code], Term(date(2024, 1, 1), DAY), [("mandate_over", "valid_to")]),
    ],
)  # fmt: skip
def test_who_may_be_let_act(principal, agent, kind, services, term, wrong):
    assert codes(mandates.check_mandate(principal, agent, kind, services, term, DAY)) == wrong


@pytest.mark.parametrize(
    ("day", "paper", "wrong"),
    [
        (DAY, "17/2024", []),
        (DAY + timedelta(days=1), "17/2024", [("mandate_paper_day", "paper_day")]),
        (DAY, " ", [("kernel.text_missing", "paper")]),
        (DAY, "x" * 101, [("kernel.text_too_long", "paper")]),
    ],
)
def test_a_paper_has_a_reference_and_a_day(day, paper, wrong):
    assert codes(mandates.check_paper(day, paper, DAY)) == wrong


def test_whoever_acts_has_the_scopes_of_the_services_and_no_others():
    standing = Standing(
        ground="mandate:1", kind=Kind.RELATIVE, name="Lan", principal="lan", stands_for="account:lan",
        services=(WALKING.code,),
    )  # fmt: skip
    officer = Actor("account:minh", "H38", ("identity.officer", "identity.person"), level=2)
    acting = standing.actor(officer)
    assert (acting.subject, acting.principal, acting.owner, acting.level) == ("account:minh", "lan", "account:lan", 2)
    acting.need(WALK)
    with pytest.raises(NotAllowed, match="not_in_mandate"):
        acting.need(FEED)
    assert officer.owner == officer.subject


def test_a_service_is_no_office():
    assert offices.role_of(WALKING.code) == offices.ROLE_UNKNOWN("role")
    assert WALKING in mandates.services()
    assert mandates.known_services(["identity.officer", WALKING.code, "nothing"]) == (WALKING.code,)
