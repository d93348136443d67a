"""Who may grant an office, from when to when it holds, and when it must be looked at again."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.scopes import ROLES, Actor, Role, Service
from doorstep.kernel.values.dates import read_date
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.unit_tree import lineage
from doorstep.kernel.values.units import UnitCode

ROLE_UNKNOWN = reason(
    "identity.role_unknown",
    "There is no office with this role.",
    repair="Choose one of the roles that your unit may grant.",
)
UNIT_UNKNOWN = reason(
    "identity.unit_unknown", "There is no such unit on this day.", repair="Check the code against the list of units."
)
UNIT_OUTSIDE = reason(
    "identity.unit_outside",
    "The unit is not yours and does not lie below yours.",
    repair="Choose your unit or one below it, or ask the administrator of that unit.",
)
DAYS_REVERSED = reason(
    "identity.office_days_reversed",
    "The office would end before it begins.",
    repair="Exchange or correct the two days.",
)
TOO_LONG = reason(
    "identity.office_too_long",
    "A delegated office lasts {most} days at most.",
    repair="Choose an earlier last day, or have the administrator grant an office of its own.",
)
OWN_OFFICE = reason(
    "identity.office_own",
    "Nobody grants, approves or reviews an office of their own.",
    repair="Ask another administrator of the unit.",
)
SAME_PERSON = reason(
    "identity.office_same_person",
    "This office needs two persons: who granted it cannot approve it too.",
    repair="Ask another administrator of the unit, or of the one above it.",
)
OFFICE_THERE = reason(
    "identity.office_there",
    "This person has this office already.",
    repair="Change the office that is there, or end it first.",
)
LOGIN_TAKEN = reason(
    "identity.login_taken", "There is an account with this name already.", repair="Choose another name to sign in with."
)
ELSEWHERE = reason(
    "identity.office_elsewhere",
    "This office lies outside the unit whose directory you signed in with.",
    repair="Sign in with your e-ID to take it up.",
)
OFFICES_ELSEWHERE = reason(
    "identity.offices_elsewhere",
    "You have an office outside the unit whose directory you signed in with.",
    repair="Sign in with your e-ID to add a passkey.",
)
NOT_IN_FORCE = reason(
    "identity.office_not_in_force",
    "This office is not in force.",
    repair="Look at its days, and whether it was approved or ended.",
)

FROM_OUTSIDE = "outside:"
"""How somebody acts whom a unit's directory, or an outside e-ID for it, let in: `Actor.via` is this and the unit."""

COLUMNS_MISSING = reason(
    "identity.staff_columns",
    "The first line does not name the columns {columns}.",
    repair="Write them as the first line, then one line for each office.",
)
WHAT_UNKNOWN = reason(
    "identity.staff_what",
    "No line can do this.",
    repair="Write grant, transfer, end or invite in the column what; an empty one grants.",
)
INVITATION_NAMED = reason(
    "identity.invitation_named",
    "An invitation is for whoever has its code, and names nobody.",
    repair="Leave the name empty, or write grant instead of invite.",
)
OFFICE_NOT_THERE = reason(
    "identity.office_not_there",
    "This person does not have this office.",
    repair="Check the role, and write the unit that the office is for now.",
)
DAY_UNREADABLE = reason(
    "identity.staff_day", "This is no day.", repair="Write it as 2024-05-21, or leave the last day empty."
)
LINES_TOO_MANY = reason(
    "identity.staff_lines", "These are more than {most} lines.", repair="Send them in several parts."
)

COLUMNS = ("login", "role", "unit", "valid_from", "valid_to")
MOST_LINES = 2_000
LONGEST_DELEGATION = timedelta(days=90)
REVIEW_EVERY = timedelta(days=365)
REVIEW_AHEAD = timedelta(days=30)
"""So long before the day administrators are reminded, and may review."""
REVIEW_PATIENCE = timedelta(days=30)
"""So long after the day an office stands at the top of the list as overdue."""


class Term(msgspec.Struct, frozen=True):
    """The days of an office, half-open: `last` is the day after, None where no end is known."""

    first: date
    last: date | None = None

    def holds(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day < self.last)


class What(Code):
    """What a line of an administrator's file does."""

    GRANT = "grant", "Granted"
    TRANSFER = "transfer", "Transferred"
    END = "end", "Ended"
    INVITE = "invite", "Invited"


class StaffLine(msgspec.Struct, frozen=True):
    """One line of an administrator's file: whom, as what, where, from when to when; `line` counts the first one.

    A transfer goes from `unit` `to` another. An invitation has no `login`, and an end needs no `term`.
    """

    line: int
    login: str
    role: str
    unit: str
    term: Term | None = None
    what: What = What.GRANT
    to: str = ""
    why: str = ""


def read_staff(text: str) -> tuple[list[StaffLine], list[Reason]]:
    """The lines of a CSV file with comma, semicolon or tab, and the reasons against those that cannot be read.

    The columns `what`, `to` and `why` may be missing: then each line grants.
    """
    first = text.lstrip("\ufeff").partition("\n")[0]
    sign = next((one for one in "\t;" if one in first), ",")
    rows = list(csv.reader(text.lstrip("\ufeff").splitlines(), delimiter=sign))
    if not rows or not set(COLUMNS) <= {name.strip() for name in rows[0]}:
        return [], [COLUMNS_MISSING(line=1, columns=", ".join(COLUMNS))]
    if len(rows) - 1 > MOST_LINES:
        return [], [LINES_TOO_MANY(most=MOST_LINES)]
    names = [name.strip() for name in rows[0]]
    lines, reasons = [], []
    for number, cells in enumerate(rows[1:], 2):
        told = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
        if not any(told.values()):
            continue
        read = _line(number, told)
        if isinstance(read, Reason):
            reasons.append(read)
        else:
            lines.append(read)
    return lines, reasons


def _line(number: int, told: Mapping[str, str]) -> StaffLine | Reason:
    what = told.get("what", "").casefold() or What.GRANT.value
    if what not in set(What):
        return WHAT_UNKNOWN("what", line=number)
    begins, ends = read_date(told.get("valid_from", "")), read_date(told.get("valid_to", ""))
    if begins is None and (told.get("valid_from") or what != What.END):
        return DAY_UNREADABLE("valid_from", line=number)
    if ends is None and told.get("valid_to"):
        return DAY_UNREADABLE("valid_to", line=number)
    login, role, unit, to, why = (told.get(name, "") for name in ("login", "role", "unit", "to", "why"))
    return StaffLine(number, login, role, unit, Term(begins, ends) if begins else None, What(what), to, why)


def role_of(code: str) -> Role | Reason:
    """The role that an office may have: any that not everybody has anyhow."""
    role = ROLES.get(code)
    return ROLE_UNKNOWN("role") if role is None or role.for_everybody or isinstance(role, Service) else role


def check_grant(granter: Actor, subject: str, unit: str, role: str, term: Term) -> list[Reason]:
    """Against granting `role` for `unit`: the unit must lie within the granter's, and nobody grants to themselves."""
    found = []
    if isinstance(known := role_of(role), Reason):
        found.append(known)
    if not within(unit, granter.unit):
        found.append(UNIT_OUTSIDE("unit"))
    if term.last is not None and term.last <= term.first:
        found.append(DAYS_REVERSED("valid_to"))
    if subject == granter.subject:
        found.append(OWN_OFFICE("login"))
    return found


def check_approval(approver: Actor, subject: str, granted_by: str) -> list[Reason]:
    """Against approving an office of the approver's area: it takes a third person."""
    found = []
    if approver.subject == subject:
        found.append(OWN_OFFICE())
    if approver.subject == granted_by:
        found.append(SAME_PERSON())
    return found


def check_delegation(own: Term, term: Term, day: date) -> list[Reason]:
    """Against lending an office during an absence: within its own days, for no more than `LONGEST_DELEGATION`."""
    if not own.holds(day) or (own.last is not None and (term.last is None or term.last > own.last)):
        return [NOT_IN_FORCE()]
    if term.last is None or term.last - term.first > LONGEST_DELEGATION:
        return [TOO_LONG("valid_to", most=LONGEST_DELEGATION.days)]
    return [DAYS_REVERSED("valid_to")] if term.last <= term.first else []


def within(unit: str, area: str) -> bool:
    """Is `unit` ("" the nation) the area or below it? What is no code of a unit lies nowhere."""
    if not unit:
        return not area
    try:
        return UnitCode(unit).within(area)
    except ValueError:
        return False


def review_by(last: date) -> date:
    """The day by which an office that was granted or looked at on `last` is to be looked at.

    >>> review_by(date(2023, 3, 1))
    datetime.date(2024, 2, 29)
    """
    return last + REVIEW_EVERY


def administrators_for(unit: str, administrators: Mapping[str, Sequence[str]]) -> str | None:
    """The unit whose administrators look after the offices of `unit`: its own, else those of the nearest one above.

    >>> administrators_for("H38.901", {"": ["lan"], "H38": ["minh"]})
    'H38'
    """
    above = [*lineage(unit), ""] if unit else [""]
    return next((code for code in above if administrators.get(code)), None)


def area_of(via: str) -> str:
    """The unit in and below which offices are open to a sign-in; "" for all of them.

    >>> area_of("outside:H26"), area_of("page")
    ('H26', '')
    """
    return via.removeprefix(FROM_OUTSIDE) if via.startswith(FROM_OUTSIDE) else ""
