"""Dates as people write them, and table rows that hold from one day to another and say where they come from."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

from doorstep.kernel.values.reasons import reason

DATE_UNREADABLE = reason(
    "kernel.date_unreadable",
    "This is no date of the calendar.",
    repair="Write it as 21/05/1990 (day, month, year) or 1990-05-21.",
)

Certainty = Literal["sourced", "list-order", "general-knowledge", "chosen", "invented"]
"""How sure a row is: read in its source; concluded from an ordered list; widely known but not looked up; our own
choice where no law was found; made up for a demonstration."""

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?", re.ASCII)  # a sheet's date cell carries midnight
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


class Dated(Protocol):
    """A row in force on the days from `valid_from` up to but without `valid_to` (None: no end known)."""

    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...


Row = TypeVar("Row", bound=Dated)


def in_force(rows: Iterable[Row], day: date) -> list[Row]:
    """The rows that hold on `day`, in the order given."""
    return [row for row in rows if row.valid_from <= day and (row.valid_to is None or day < row.valid_to)]


def legal_day(at: datetime, zone: ZoneInfo) -> date:
    """The day of an aware instant in the country's zone.

    >>> from datetime import UTC
    >>> legal_day(datetime(2024, 6, 30, 17, tzinfo=UTC), ZoneInfo("Etc/GMT-7"))
    datetime.date(2024, 7, 1)
    """
    return at.astimezone(zone).date()


def read_date(text: str) -> date | None:
    """`2024-05-21` (ISO 8601) or `21/5/2024`; None for anything else, for days that no calendar has and years that
    no living person's record needs (before 1800, after 2999).

    >>> read_date("29/02/2024"), read_date("2023-02-29")
    (datetime.date(2024, 2, 29), None)
    """
    if found := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
    else:
        return None
    if not 1800 <= year <= 2999:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """`9:05`, `23:00` or `23:00:00`; None for anything else."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    try:
        hour, minute, second = (int(part or 0) for part in found.groups())
        return time(hour, minute, second)
    except ValueError:
        return None
