"""Breaches of data protection: what their record holds, and the clock of the notice to the authority."""

from datetime import datetime, timedelta

import msgspec

from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.identity.country import BreachRow, Country
from doorstep.systems.identity.rules.looks import check_prose

FOUND_TOO_EARLY = reason(
    "identity.incident_found_early",
    "It was found before it happened.",
    repair="Correct one of the two times. Where it began is not known, enter the earliest that is possible.",
)
IN_THE_FUTURE = reason("identity.incident_future", "This time has not come yet.", repair="Correct day and time.")
PEOPLE_NEGATIVE = reason(
    "identity.incident_people", "A number of people is not below zero.", repair="Estimate how many people it concerns."
)
LATE_REASON_NEEDED = reason(
    "identity.incident_late_reason",
    "The notice is late; it has to say why.",
    repair="Write the reason for the delay.",
)
NOTIFIED_EARLY = reason(
    "identity.incident_notified_early",
    "The authority was told before the incident was found.",
    repair="Correct the time of the notice.",
)
ALREADY_NOTIFIED = reason(
    "identity.incident_notified",
    "The notice to the authority is entered already.",
    repair="Enter what came later as an addition.",
)
CLOSED = reason(
    "identity.incident_closed", "This incident is closed.", repair="Enter a new one, and name this one in it."
)
WHY_NO_NOTICE = reason(
    "identity.incident_unnotified",
    "The authority was not told of this incident.",
    repair="Enter the notice first, or write why none is due.",
)
NUMBERS_TOO_MANY = reason(
    "identity.incident_numbers", "At most {most} people can be told at once.", repair="Tell them in several parts."
)

LONGEST = 4_000
MOST_TOLD = 1_000
AHEAD = (24, 6, 0)
"""Hours before the end of the time at which the officers are reminded; at 0 it is over."""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice of a breach states: Decree 13/2023 art. 23 in Viet Nam; instants are aware UTC."""

    happened: datetime
    found: datetime
    place: str
    act: str
    organisation: str
    kinds: str
    amount: str
    people: int
    contact: str
    consequences: str
    measures: str


TEXTS = ("place", "act", "organisation", "kinds", "amount", "contact", "consequences", "measures")


def check_incident(incident: Incident, at: datetime) -> list[Reason]:
    """What speaks against entering it at `at`."""
    found = [one for name in TEXTS for one in check_prose(getattr(incident, name), name, LONGEST)]
    found += [IN_THE_FUTURE(name) for name in ("happened", "found") if getattr(incident, name) > at]
    if incident.found < incident.happened:
        found.append(FOUND_TOO_EARLY("found"))
    if incident.people < 0:
        found.append(PEOPLE_NEGATIVE("people"))
    return found


def duty(incident: Incident, country: Country) -> BreachRow | None:
    """The law of the day on which it was found; None before there was one."""
    return next(iter(in_force(country.breaches, country.day(incident.found))), None)


def due(incident: Incident, country: Country) -> datetime | None:
    """Until when the authority is to be told."""
    row = duty(incident, country)
    if row is None:
        return None
    return (incident.happened if row.counts_from == "happened" else incident.found) + row.within


def check_notice(
    notified: datetime, until: datetime | None, found: datetime, why_late: str, at: datetime
) -> list[Reason]:
    """What speaks against the entry, made at `at`, that the authority was told at `notified`."""
    reasons = [IN_THE_FUTURE("notified")] if notified > at else []
    if notified < found:
        reasons.append(NOTIFIED_EARLY("notified"))
    if until is not None and notified > until and not why_late.strip():
        reasons.append(LATE_REASON_NEEDED("late_reason"))
    return reasons


def reminder(until: datetime, at: datetime) -> int | None:
    """Of which of the hours `AHEAD` the officers are to know at `at`; None while there is time."""
    reached = [hours for hours in AHEAD if at >= until - timedelta(hours=hours)]
    return min(reached, default=None)
