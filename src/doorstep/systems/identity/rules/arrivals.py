"""Persons who arrive in bulk: lines of text become records and residences, or reasons with the line.

Columns, not rows, since a million lines are to be judged in a minute.
"""

from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache

import msgspec

from doorstep.kernel.values.dates import DATE_UNREADABLE, read_date
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.names import folded
from doorstep.kernel.values.nationalities import read_nationality
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import TEXT_MISSING, check_required
from doorstep.systems.identity.contract import Sex
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.rules import register as rules
from doorstep.systems.identity.rules.register import Record

SEX_UNKNOWN = reason(
    "identity.sex_unknown", "This word is not one of the choices.", repair="Write male, female or unstated."
)

REQUIRED = ("number", "full_name", "birth", "sex", "unit", "address")
OPTIONAL = ("nationality", "resident_since", "died")
COLUMNS = REQUIRED + OPTIONAL

_SEXES = {
    "male": Sex.MALE,
    "m": Sex.MALE,
    "nam": Sex.MALE,
    "female": Sex.FEMALE,
    "f": Sex.FEMALE,
    "nu": Sex.FEMALE,
    "unstated": Sex.UNSTATED,
    "x": Sex.UNSTATED,
}


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """So many persons in columns of text of equal length; `lines` are their numbers in the file.

    Dates as 2024-05-21 or 21/05/2024; `nationality` of two or three letters, empty for this country's; `resident_since`
    is the first day of the residence, empty for the birth date.
    """

    lines: Sequence[int]
    number: Sequence[str]
    full_name: Sequence[str]
    birth: Sequence[str]
    sex: Sequence[str]
    unit: Sequence[str]
    address: Sequence[str]
    nationality: Sequence[str]
    resident_since: Sequence[str]
    died: Sequence[str]


class Arrival(msgspec.Struct, frozen=True):
    """One good line: who, and where since when."""

    line: int
    record: Record
    unit: str
    address: str
    since: date


def read_batch(
    batch: Batch, *, communes: Collection[str], day: date, country: Country
) -> tuple[list[Arrival], dict[int, list[Reason]]]:
    """The good lines in their order, and the reasons against the others by line. `communes`: the units of the batch
    that are communes on `day` and in the area of whoever imports.
    """
    good: list[Arrival] = []
    refused: dict[int, list[Reason]] = {}
    columns = (batch.number, batch.full_name, batch.birth, batch.sex, batch.unit, batch.address)
    more = (batch.nationality, batch.resident_since, batch.died)
    for line, *cells in zip(batch.lines, *columns, *more, strict=True):
        found = _read(line, cells, communes, day, country)
        if isinstance(found, Arrival):
            good.append(found)
        else:
            refused[line] = [one.at_line(line) for one in found]
    return good, refused


def _read(
    line: int, cells: Sequence[str], communes: Collection[str], day: date, country: Country
) -> Arrival | list[Reason]:
    number, name, born, sex_word, unit, address, nationality, since_text, died_text = cells
    birth = _date(born)
    sex = _sex(sex_word)
    since = _date(since_text) if since_text else birth
    died = _date(died_text) if died_text else None
    if birth is None or sex is None or since is None or (died is None and died_text):
        return _unread(cells, birth, sex, since, died)
    record = Record(
        number=Masked(number),
        full_name=name,
        birth=birth,
        sex=sex,
        nationality=read_nationality(nationality) if nationality else country.nationality,
        died=died,
    )
    found = rules.check_record(record, day, country)
    if unit not in communes:
        found.append(rules.NOT_A_COMMUNE("unit"))
    found += check_required(address, "address", rules.LONGEST_TEXT)
    found += rules.check_day(since, "resident_since", birth, day)
    if died and since > died:
        found.append(rules.AFTER_DEATH("resident_since"))
    return found or Arrival(line, record, unit, address, since)


def _unread(
    cells: Sequence[str], birth: date | None, sex: Sex | None, since: date | None, died: date | None
) -> list[Reason]:
    """What keeps a line from being judged at all."""
    _, _, born, _, _, _, _, since_text, died_text = cells
    found = []
    if birth is None:
        found.append(DATE_UNREADABLE("birth") if born else TEXT_MISSING("birth"))
    if sex is None:
        found.append(SEX_UNKNOWN("sex"))
    if since is None and since_text:
        found.append(DATE_UNREADABLE("resident_since"))
    if died is None and died_text:
        found.append(DATE_UNREADABLE("died"))
    return found


_date = lru_cache(maxsize=1 << 16)(read_date)
"""Few different days make up most columns."""


@lru_cache(maxsize=100)
def _sex(word: str) -> Sex | None:
    return _SEXES.get(folded(word))
