"""Testland's law on lodging notices: due at noon of the next day, a day later where it is remote, for everybody alike."""

import re
from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from doorstep.kernel.values.dates import legal_day
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.profiles.testland.calendar import ZONE
from doorstep.profiles.testland.personal_number import check_number, check_phone
from doorstep.systems.lodging.country import (
    Card,
    Country,
    DocumentRow,
    DocumentType,
    Due,
    FacilityRow,
    LateCause,
    Sex,
    check_passport,
)
from doorstep.systems.lodging.facts import FacilityType

CARD_UNREADABLE = reason(
    "testland.card_unreadable",
    "This is not the code of a Testland card.",
    repair="Scan the card again, or type the particulars.",
)

_DAY_OF_YEAR = re.compile(r"(\d{4})\.(\d{3})", re.ASCII)
_SOURCE = "Invented for tests"
_FOUNDED = date(2000, 2, 29)


def due(arrival: datetime, foreign: bool, remote: bool) -> Due:  # noqa: ARG001, FBT001  fills Country.due
    """Noon of the day after arrival, of the second day after in remote areas; citizenship makes no difference."""
    day = legal_day(arrival, ZONE) + timedelta(days=2 if remote else 1)
    return Due(datetime.combine(day, time(12), ZONE).astimezone(UTC), LateCause.NEXT_DAY)


def read_card(text: str, day: date, *, fictitious: bool) -> Card | list[Reason]:
    """`NAME;yyyy.ddd;NUMBER`: the birth date by its day of the year, no sex, no address.

    >>> read_card("Oak;1990.141;ZA00001P", date(2024, 1, 1), fictitious=True).birth
    datetime.date(1990, 5, 21)
    """
    fields = text.strip().split(";")
    if len(fields) != 3 or not fields[0]:
        return [CARD_UNREADABLE()]
    name, born, number = fields
    birth = _read_day(born)
    if birth is None or birth > day:
        return [CARD_UNREADABLE("birth")]
    return check_number(number, fictitious=fictitious, field="number") or Card(
        Masked(number), name, birth, Sex.UNSTATED, ""
    )


def _read_day(text: str) -> date | None:
    found = _DAY_OF_YEAR.fullmatch(text)
    if not found or found[1] == "0000":
        return None
    last = 366 if isleap(int(found[1])) else 365
    return date(int(found[1]), 1, 1) + timedelta(days=int(found[2]) - 1) if 1 <= int(found[2]) <= last else None


def country(*, fictitious: bool) -> Country:
    def check_card(number: str, birth: date, sex: Sex, day: date) -> list[Reason]:  # noqa: ARG001  a CheckDocument
        return check_number(number, fictitious=fictitious, field="document_number")

    return Country(
        zone=ZONE,
        nationality="XT",  # one of the codes that ISO 3166 leaves to its users
        due=due,
        documents=(
            DocumentRow(
                type=DocumentType.NATIONAL_ID,
                domestic=True,
                foreign=False,
                check=check_card,
                words=("leaf",),
                valid_from=_FOUNDED,
                source=_SOURCE,
                certainty="invented",
            ),
            DocumentRow(
                type=DocumentType.PASSPORT,
                domestic=False,
                foreign=True,
                check=check_passport,
                valid_from=_FOUNDED,
                source=_SOURCE,
                certainty="invented",
            ),
        ),
        facilities=(
            FacilityRow(type=FacilityType.TOURIST, valid_from=_FOUNDED, source=_SOURCE, certainty="invented"),
            FacilityRow(type=FacilityType.OTHER, valid_from=_FOUNDED, source=_SOURCE, certainty="invented"),
        ),
        read_card=partial(read_card, fictitious=fictitious),
        check_phone=check_phone,
        longest_nights=13,
        family_once=False,
        retention_months=1,
        retention_source=_SOURCE,
        retention_certainty="invented",
    )
