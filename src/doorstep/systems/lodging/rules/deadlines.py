"""When a notice is due, and whether it came too late."""

from datetime import datetime, timedelta

import msgspec

from doorstep.systems.lodging.country import Country, LateCause
from doorstep.systems.lodging.facts import GuestKind


class Late(msgspec.Struct, frozen=True):
    """A notice after its deadline: which one, when it was (aware UTC), and by how much it was missed."""

    cause: LateCause
    deadline: datetime
    by: timedelta


def deadline(arrival: datetime, kind: GuestKind, *, remote: bool, country: Country) -> datetime:
    """The aware UTC instant by which the arrival of such a guest must be notified.

    Stateless guests count as foreign: whoever is no citizen falls under the law on foreigners.
    """
    return country.due(arrival, kind is not GuestKind.DOMESTIC, remote).by


def lateness(arrival: datetime, notified: datetime, kind: GuestKind, *, remote: bool, country: Country) -> Late | None:
    """None for a notice in time. Only the instant of the notice counts, not when somebody read it."""
    due = country.due(arrival, kind is not GuestKind.DOMESTIC, remote)
    return Late(due.cause, due.by, notified - due.by) if due.missed(notified) else None
