"""What may happen to a stay after its notice: correction, extension, check-out, cancellation, and its end in time."""

from calendar import monthrange
from datetime import date, datetime

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.rules.checking import CLOCK_SKEW, check_departure, check_stay
from doorstep.systems.lodging.rules.records import Guest, Stay

NOTHING_CHANGED = reason(
    "lodging.nothing_changed", "The correction changes nothing.", repair="Change what is wrong, or leave it as it is."
)
STAY_CANCELLED = reason(
    "lodging.stay_cancelled", "This notice was cancelled.", repair="Notify the stay anew if the guest is there."
)
STAY_ENDED = reason(
    "lodging.stay_ended",
    "The guest was checked out of this stay.",
    repair="Notify a new stay if the guest came back.",
)
CHECKOUT_BEFORE_ARRIVAL = reason(
    "lodging.checkout_before_arrival",
    "The guest would have left before arriving.",
    repair="Correct the time of departure, or the arrival first.",
)
CHECKOUT_IN_FUTURE = reason(
    "lodging.checkout_in_future",
    "The departure lies in the future.",
    repair="Check the guest out on leaving; extend the stay to change the expected departure.",
)
EXTENSION_NOT_LATER = reason(
    "lodging.extension_not_later",
    "The new departure is not later than the one before.",
    repair="Enter a later day; check the guest out to end the stay earlier.",
)
STAY_STILL_OPEN = reason(
    "lodging.stay_still_open",
    "This person has a stay in this house that was not ended.",
    repair="Check the guest out of it first; if both stays are right, say why both are open.",
)


class TwoStays(Code):
    """Why a person may have a second open stay in the same house: a list of our own."""

    TWO_ROOMS = "two_rooms", "The guest keeps both rooms"
    NUMBER_MISUSED = "number_misused", "The other stay carries this guest's number by mistake"


class WhyCancelled(Code):
    """Which mistake a cancellation takes back: a list of our own."""

    NEVER_CAME = "never_came", "The guest did not come"
    ENTERED_TWICE = "entered_twice", "The stay was entered twice"
    WRONG_PERSON = "wrong_person", "Another person was meant"


def check_correction(
    before: Stay, after: Stay, *, departed: datetime | None, cancelled: bool, at: datetime, country: Country
) -> list[Reason]:
    """Against replacing `before` by `after`: a correction must pass like a new notice. A stay that ended may be
    corrected, a cancelled one not.
    """
    if cancelled:
        return [STAY_CANCELLED()]
    if before == after:
        return [NOTHING_CHANGED()]
    found = check_stay(after, at, country)
    if departed and after.arrival > departed:
        found.append(CHECKOUT_BEFORE_ARRIVAL("arrival"))
    return found


def check_extension(
    stay: Stay, departure: date, *, departed: datetime | None, cancelled: bool, country: Country
) -> list[Reason]:
    """Against a later expected departure; the country's limit holds for the whole stay."""
    if ended := _ended(departed=departed, cancelled=cancelled):
        return ended
    if departure <= stay.expected_departure:
        return [EXTENSION_NOT_LATER("expected_departure")]
    return check_departure(stay.guest.kind, country.day(stay.arrival), departure, country)


def check_checkout(
    stay: Stay, left: datetime, *, departed: datetime | None, cancelled: bool, at: datetime
) -> list[Reason]:
    """Against a guest having left at `left`; before or after the expected day makes no difference."""
    if ended := _ended(departed=departed, cancelled=cancelled):
        return ended
    if left < stay.arrival:
        return [CHECKOUT_BEFORE_ARRIVAL("departed")]
    if left > at + CLOCK_SKEW:
        return [CHECKOUT_IN_FUTURE("departed")]
    return []


def check_cancellation(*, cancelled: bool) -> list[Reason]:
    """A mistake may be taken back once, also after check-out."""
    return [STAY_CANCELLED()] if cancelled else []


def retention_ends(last_day: date, country: Country) -> date:
    """The day on which a stay that ended on `last_day` is deleted: so many months later, clipped to the month's end."""
    year, month = divmod(last_day.year * 12 + last_day.month - 1 + country.retention_months, 12)
    return date(year, month + 1, min(last_day.day, monthrange(year, month + 1)[1]))


def changed_fields(before: Stay, after: Stay) -> list[str]:
    """Names of what a correction changes, for the journal: fields of the stay, and of its guest as guest.<field>."""
    stay = [
        name for name in Stay.__struct_fields__ if getattr(before, name) != getattr(after, name) and name != "guest"
    ]
    one, other = before.guest, after.guest
    return stay + [f"guest.{name}" for name in Guest.__struct_fields__ if getattr(one, name) != getattr(other, name)]


def _ended(*, departed: datetime | None, cancelled: bool) -> list[Reason]:
    if cancelled:
        return [STAY_CANCELLED()]
    return [STAY_ENDED()] if departed else []
