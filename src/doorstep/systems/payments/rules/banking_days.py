"""Which banking day a booking belongs to: holidays, weekends and the time at which banks close their books are data."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from doorstep.kernel.values.dates import in_force
from doorstep.systems.payments.country import CutOffRow, DepositTermRow


def banking_day(
    at: datetime, zone: ZoneInfo, cut_offs: Iterable[CutOffRow], working_day: Callable[[date], bool]
) -> date:
    """The day under which a bank books what comes at `at` (aware): a working day's own until its cut-off, else the next one.

    A day without a row in force has no cut-off but midnight.
    """
    here = at.astimezone(zone)
    day = here.date()
    late = any(here.time() > row.at for row in in_force(cut_offs, day))
    return following(day, 1, working_day) if late or not working_day(day) else day


def following(day: date, count: int, working_day: Callable[[date], bool]) -> date:
    """The working day that is so many after `day`."""
    for _ in range(count):
        day += timedelta(days=1)
        while not working_day(day):
            day += timedelta(days=1)
    return day


def counted_by(day: date, terms: Iterable[DepositTermRow], working_day: Callable[[date], bool]) -> date | None:
    """The last day on which the bank may count cash that was brought to it on the banking day `day`; None without a term."""
    days = max((row.working_days for row in in_force(terms, day)), default=None)
    return None if days is None else following(day, days, working_day)


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a legal day, and that of the next one."""
    start, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return start, end
