"""Half-open periods of legal days: a half-year, a quarter, a month, a year."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

_LABEL = re.compile(r"(\d{4})(?:-(?:H([12])|Q([1-4])|(0[1-9]|1[0-2])))?", re.ASCII)


class Period(msgspec.Struct, frozen=True, order=True):
    """From `start` up to but without `end`, both first days of months.

    >>> Period.parse("2024-H1").end
    datetime.date(2024, 7, 1)
    """

    start: date
    end: date
    label: str

    @classmethod
    def parse(cls, label: str) -> "Period":
        """`2024`, `2024-H1`, `2024-Q2` or `2024-03`; raises ValueError for anything else."""
        found = _LABEL.fullmatch(label)
        if not found:
            raise ValueError(f"{label!r} is no period: write 2024, 2024-H1, 2024-Q2 or 2024-03")
        year, half, quarter, month = (int(part) if part else 0 for part in found.groups())
        if not 1900 <= year <= 2999:
            raise ValueError(f"{label!r} is no period: the year lies outside 1900 to 2999")
        first, length = (half * 6 - 5, 6) if half else (quarter * 3 - 2, 3) if quarter else (month, 1)
        if not first:
            first, length = 1, 12
        return cls(date(year, first, 1), _plus_months(date(year, first, 1), length), label)

    @classmethod
    def month(cls, day: date) -> "Period":
        return cls.parse(f"{day:%Y-%m}")

    @property
    def last(self) -> date:
        """The last legal day."""
        return self.end - timedelta(days=1)

    def months(self) -> Iterator[date]:
        """First day of each month in the period."""
        day = self.start
        while day < self.end:
            yield day
            day = _plus_months(day, 1)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


def _plus_months(day: date, count: int) -> date:
    index = day.year * 12 + day.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)
