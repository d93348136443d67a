"""Working days of a country: its weekend, its holidays and the days worked in their stead, as dated data."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from doorstep.kernel.values.dates import Certainty, legal_day


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True):
    """A public holiday, or (`works`) a day of the weekend that is worked in a holiday's stead. `name` is a message id."""

    day: date
    name: str
    works: bool = False
    source: str
    certainty: Certainty


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """`weekend` holds the days of the week without work (Monday is 0)."""

    zone: ZoneInfo
    weekend: frozenset[int]
    special: dict[date, SpecialDay]

    @property
    def years(self) -> frozenset[int]:
        """The years whose holidays are known; in others only weekends are free."""
        return frozenset(day.year for day in self.special)

    def day(self, at: datetime) -> date:
        """The legal day of an aware instant."""
        return legal_day(at, self.zone)

    def working_day(self, day: date) -> bool:
        special = self.special.get(day)
        return special.works if special else day.weekday() not in self.weekend

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which itself does not count; 0 gives `day`. ValueError below 0."""
        if n < 0:
            raise ValueError("working days are counted forward")
        while n:
            day += timedelta(days=1)
            n -= self.working_day(day)
        return day


def special_days(*days: SpecialDay) -> dict[date, SpecialDay]:
    """By date; ValueError for a date that is there twice."""
    found = {special.day: special for special in days}
    if len(found) != len(days):
        raise ValueError("a day is listed twice")
    return found
