"""An e-ID of level 1 from home: who may have one so, what an application rests on, and what speaks against a yes."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.identity.country import Country, Printed
from doorstep.systems.identity.facts import Holder, Level
from doorstep.systems.identity.rules.eid import check_holder

CODE_DIFFERS = reason(
    "identity.code_differs",
    "The card's code says something else.",
    repair="Compare number, name and birth date with the card, or leave the code out.",
)
PORTRAIT_UNPROVEN = reason(
    "identity.portrait_unproven",
    "The portrait does not prove that it is this person.",
    repair="Refuse the application; the person can come with the card to the police of any commune.",
)
CHIP_NOT_GOOD = reason(
    "identity.card_chip_not_good",
    "The chip that was read is not proven to be the state's.",
    repair="Refuse the application; the person can come with the card to the police of any commune.",
)
APPLICATION_DECIDED = reason(
    "identity.application_decided", "This application was decided already.", repair="Look at the list again."
)
NOT_IN_CARE = reason(
    "identity.not_in_care",
    "You do not answer for this person or organisation, as far as the register knows.",
    repair="Ask the registrar of your commune.",
)
GUARDIAN_OVER = reason(
    "identity.guardian_over",
    "Whoever applied does not answer for this minor any more.",
    repair="Refuse the application; whoever answers for the minor now can apply.",
)

BEGUN_KEPT = timedelta(hours=1)
"""How long an application stays whose phone is not proven."""


OFFICE_OPENS, OFFICE_MINUTES = time(9), 8 * 60
"""Our own choice: nobody is told at night."""


class State(Code):
    """Where an application stands."""

    BEGUN = "begun", "begun"
    WAITING = "waiting", "waits for an officer"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "refused"


class Unfit(Code):
    """Why nobody decides on an application; the applicant is told the same as after an officer's refusal."""

    UNKNOWN = "unknown", "Nobody in the register has these particulars"
    THERE = "there", "There is an e-ID already"
    WAITING = "waiting", "Another application waits"
    NOT_OFFERED = "not_offered", "Not given from home to this kind of holder, or at this age"
    DEAD = "dead", "The person is registered as dead"


class Refusal(Code):
    """Why an officer refuses; told to the person at a counter, under the reference of the application."""

    PORTRAIT = "portrait", "The portrait is not proven to be the person's"
    CARD = "card", "The identity card is not valid"
    PARTICULARS = "particulars", "Particulars are not right"
    FRAUD = "fraud", "Somebody else seems to have applied"


def offered(country: Country, day: date) -> bool:
    """Whether the country gives e-IDs from home at all."""
    return any(row.level is Level.ONE for row in in_force(country.ages, day))


def unfit_holder(country: Country, holder: Holder, birth: date, day: date, *, guardian: bool) -> bool:
    """Whether such a holder has no e-ID from home; minors have theirs through a guardian who has signed in."""
    return bool(check_holder(country, holder, Level.ONE, birth, day)) or ((holder is Holder.MINOR) is not guardian)


def answer_at(country: Country, due: date, application: UUID) -> datetime:
    """When whoever has no e-ID is told so: on the last day, at any minute of the hours of an office.

    >>> from datetime import UTC
    >>> from types import SimpleNamespace
    >>> answer_at(SimpleNamespace(zone=UTC), date(2024, 3, 4), UUID(int=61)).isoformat()
    '2024-03-04T10:01:00+00:00'
    """
    begins = datetime.combine(due, OFFICE_OPENS, country.zone)
    return begins + timedelta(minutes=application.int % OFFICE_MINUTES)


def check_code(printed: Printed, number: str, full_name: str, birth: date | None) -> list[Reason]:
    """Where the card's code is not what was typed. What agrees proves nothing: the code is unsigned."""
    pairs = (
        ("number", printed.number == number),
        ("full_name", not printed.full_name or printed.full_name.casefold() == full_name.casefold()),
        ("birth", printed.birth in (None, birth)),
    )
    return [CODE_DIFFERS(field) for field, same in pairs if not same]


def check_approval(*, matched: bool, chip: str, through_guardian: bool) -> list[Reason]:
    """Against a yes: the portrait is the register's unless a guardian applies; a chip, where one was read, is authentic."""
    found = [] if matched or through_guardian else [PORTRAIT_UNPROVEN()]
    return found + ([CHIP_NOT_GOOD()] if chip not in ("", "authentic") else [])
