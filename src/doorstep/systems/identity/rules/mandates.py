"""Mandates: who may act for whom in which services, by law from the register or by the principal's own will."""

from collections.abc import Collection, Sequence
from datetime import date

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.scopes import ROLES, Actor, Service
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import check_required
from doorstep.systems.identity.rules.offices import DAYS_REVERSED, Term

AGENT_UNKNOWN = reason(
    "identity.agent_unknown",
    "Nobody in the register has this number and this name.",
    repair="Copy both from the card of whoever is to act.",
)
AGENT_IS_PRINCIPAL = reason(
    "identity.agent_is_principal",
    "Whoever is to act can do so without a mandate.",
    repair="Nothing needs to be done: a legal representative acts by law.",
)
NOBODY_LEFT = reason(
    "identity.mandate_nobody_left",
    "One of the two is registered as dead, or as no longer active.",
    repair="If that is wrong, ask the registrar.",
)
KIND_UNFIT = reason(
    "identity.mandate_kind_unfit",
    "This kind of mandate does not fit whoever is acted for.",
    repair="Employees act for organisations, relatives for persons; tax agents for both.",
)
SERVICES_MISSING = reason(
    "identity.mandate_services", "The mandate names no service.", repair="Choose one service at least."
)
OVER_ALREADY = reason(
    "identity.mandate_over", "The mandate would be over already.", repair="Choose a later last day, or none."
)
MANDATE_THERE = reason(
    "identity.mandate_there",
    "This agent has a mandate for the same person or organisation already.",
    repair="End that one first.",
)
MANDATE_ENDED = reason(
    "identity.mandate_not_in_force",
    "The mandate does not hold any more. Nothing was saved.",
    repair="You act for yourself now. Ask for a new mandate where one is needed.",
)
PAPER_LATER = reason(
    "identity.mandate_paper_day", "The paper would be from a day to come.", repair="Copy the day that stands on it."
)
SAME_OFFICER = reason(
    "identity.mandate_same_officer",
    "Who recorded the paper cannot confirm it.",
    repair="Have another officer look at the paper.",
)
OWN_MANDATE = reason(
    "identity.mandate_own",
    "Nobody records or confirms a paper about themselves.",
    repair="Leave it to other officers.",
)


class Kind(Code):
    """As what somebody acts for another."""

    GUARDIAN = "guardian", "Guardian"
    REPRESENTATIVE = "representative", "Legal representative"
    EMPLOYEE = "employee", "Employee"
    RELATIVE = "relative", "Relative"
    TAX_AGENT = "tax_agent", "Tax agent"


class Paper(Code):
    """What is brought to the counter: a list of our own."""

    NOTARISED = "notarised", "Notarised authorisation"
    CERTIFIED = "certified", "Authorisation with a certified signature"
    SEALED = "sealed", "Letter of the organisation with its seal"


class Side(msgspec.Struct, frozen=True):
    """One side of a mandate, by its key in the journal; `active`: alive, or not dissolved."""

    key: str
    organisation: bool
    active: bool


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody may act now for `principal` (its key; `stands_for` its subject): by which `ground`, in what.

    The ground names a record: `guardian:`, `representative:` or `mandate:` and its id.
    """

    ground: str
    kind: Kind
    name: str
    principal: str
    stands_for: str
    services: tuple[str, ...]

    def actor(self, own: Actor) -> Actor:
        """The agent, whose `own` actor is at some level, for the principal: with the services' scopes and no others."""
        return Actor(
            own.subject, "", self.services, own.level, own.via, principal=self.principal, stands_for=self.stands_for
        )


def services() -> list[Service]:
    """What somebody may do for another, in order of code."""
    return sorted((role for role in ROLES.values() if isinstance(role, Service)), key=lambda role: role.code)


def known_services(codes: Collection[str]) -> tuple[str, ...]:
    """Those that are services here."""
    return tuple(one.code for one in services() if one.code in codes)


def kinds(*, organisation: bool) -> tuple[Kind, ...]:
    """The kinds that are given; guardians and legal representatives are the register's to say."""
    return (Kind.EMPLOYEE, Kind.TAX_AGENT) if organisation else (Kind.RELATIVE, Kind.TAX_AGENT)


def check_mandate(
    principal: Side, agent: Side, kind: Kind, chosen: Sequence[str], term: Term, day: date
) -> list[Reason]:
    """Against letting `agent` act for `principal`, given on `day`."""
    found = []
    if agent.key == principal.key:
        found.append(AGENT_IS_PRINCIPAL("number"))
    if not (principal.active and agent.active):
        found.append(NOBODY_LEFT("number"))
    if kind not in kinds(organisation=principal.organisation):
        found.append(KIND_UNFIT("kind"))
    if not chosen or set(known_services(chosen)) != set(chosen):
        found.append(SERVICES_MISSING("services"))
    if term.last is not None and term.last <= term.first:
        found.append(DAYS_REVERSED("valid_to"))
    elif term.last is not None and term.last <= day:
        found.append(OVER_ALREADY("valid_to"))
    return found


def check_paper(paper_day: date, paper: str, day: date) -> list[Reason]:
    """Against a paper that is brought on `day`: it has a reference, and is not from a day to come."""
    found = check_required(paper, "paper", 100)
    return [*found, PAPER_LATER("paper_day")] if paper_day > day else found
