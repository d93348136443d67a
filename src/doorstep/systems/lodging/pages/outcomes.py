"""What became of a notice, in words and as a mark."""

import msgspec
from django.utils.translation import gettext

from doorstep.systems.lodging.country import LateCause
from doorstep.systems.lodging.queries.rows import GuestRow, StayRecord


class Outcome(msgspec.Struct, frozen=True):
    """In the reader's words; `status` is the style of the mark."""

    status: str
    text: str


def outcome(stay: GuestRow | StayRecord) -> Outcome:
    if stay.cancelled:
        return Outcome("stopped", gettext("Cancelled"))
    if stay.late:
        return Outcome("late", gettext(LateCause(stay.late).text))
    if stay.deadline is None:
        return Outcome("good", gettext("No notice needed: close family, notified here before"))
    return Outcome("good", gettext("In time"))
