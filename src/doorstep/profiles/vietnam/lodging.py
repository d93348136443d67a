"""Viet Nam's law on lodging notices: deadlines, documents and kinds of houses, each dated and with its source."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import msgspec

from doorstep.kernel.values.dates import Certainty, in_force
from doorstep.kernel.values.reasons import Reason
from doorstep.profiles.vietnam.calendar import ZONE
from doorstep.profiles.vietnam.card_qr import CardQr, read_card
from doorstep.profiles.vietnam.personal_number import PersonalNumbers, check_old_number, check_phone
from doorstep.systems.lodging.country import (
    Card,
    CheckDocument,
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

_RESIDENCE = date(2021, 7, 1)
_FOREIGNERS = date(2015, 1, 1)  # first day of the law of 2014: general knowledge


class _Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """Citizens: before `evening` of the day of arrival, after it before `morning` of the next. Others: within `hours`,
    in remote areas within `remote_hours`.
    """

    evening: time
    morning: time
    hours: timedelta
    remote_hours: timedelta
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


DEADLINES = (
    _Deadline(
        evening=time(23),
        morning=time(8),
        hours=timedelta(hours=12),
        remote_hours=timedelta(hours=24),
        valid_from=_RESIDENCE,
        source="Stay notification under the residence rules of 1 July 2021; foreigners: Law of 2014, art. 33",
        certainty="sourced",
    ),
)


def due(arrival: datetime, foreign: bool, remote: bool) -> Due:  # noqa: FBT001  fills Country.due
    """The deadline for an arrival. LookupError before July 2021, whose rules were others.

    >>> due(datetime(2024, 5, 1, 15, 59, tzinfo=UTC), False, False).by.isoformat()
    '2024-05-01T16:00:00+00:00'
    >>> due(datetime(2024, 5, 1, 16, 0, tzinfo=UTC), False, False).by.isoformat()
    '2024-05-02T01:00:00+00:00'
    """
    local = arrival.astimezone(ZONE)
    rules = in_force(DEADLINES, local.date())
    if not rules:
        raise LookupError(f"no deadline in force on {local.date()}")
    if foreign:
        hours = rules[0].remote_hours if remote else rules[0].hours
        return Due(arrival.astimezone(UTC) + hours, LateCause.HOURS)
    evening = datetime.combine(local.date(), rules[0].evening, ZONE)
    if local < evening:
        return Due(evening.astimezone(UTC), LateCause.ARRIVAL_DAY)
    morning = datetime.combine(local.date() + timedelta(days=1), rules[0].morning, ZONE)
    return Due(morning.astimezone(UTC), LateCause.NEXT_DAY)


def country(numbers: PersonalNumbers) -> Country:
    """The law, with `numbers` deciding whose personal numbers are taken."""

    def check_number(number: str, birth: date, sex: Sex, day: date) -> list[Reason]:
        female = None if sex is Sex.UNSTATED else sex is Sex.FEMALE
        return numbers.check(number, day, birth=birth, female=female, field="document_number")

    def check_old(number: str, birth: date, sex: Sex, day: date) -> list[Reason]:  # noqa: ARG001  a CheckDocument
        return check_old_number(number, "document_number")

    def read(text: str, day: date) -> Card | list[Reason]:
        card = read_card(text, day, numbers)
        return _prefill(card) if isinstance(card, CardQr) else card

    return Country(
        zone=ZONE,
        nationality="VN",
        due=due,
        documents=_documents(check_number, check_old),
        facilities=FACILITIES,
        read_card=read,
        check_phone=partial(check_phone, fictitious=numbers.fictitious),
        longest_nights=29,  # a stay is shorter than 30 days; from then on it is temporary residence
        family_once=True,  # the residence rules of 1 July 2021; foreigners are under another law
        retention_months=24,
        retention_source="No source found: a choice of this project, to be settled by the installation's owner",
        retention_certainty="chosen",
    )


def _prefill(card: CardQr) -> Card:
    return Card(card.number, card.full_name, card.birth, Sex.FEMALE if card.female else Sex.MALE, card.address)


def _documents(check_number: CheckDocument, check_old: CheckDocument) -> tuple[DocumentRow, ...]:
    residence = "Content of a stay notice: personal number, identity card or passport number"
    return (
        DocumentRow(
            type=DocumentType.NATIONAL_ID,
            domestic=True,
            foreign=False,
            check=check_number,
            words=("cccd", "can cuoc", "the can cuoc", "can cuoc cong dan", "so dinh danh"),
            valid_from=_RESIDENCE,
            source=residence,
            certainty="sourced",
        ),
        DocumentRow(
            type=DocumentType.OLD_ID,
            domestic=True,
            foreign=False,
            check=check_old,
            words=("cmnd", "chung minh nhan dan"),
            valid_from=_RESIDENCE,
            valid_to=date(2025, 1, 1),
            source="Identity Law of 2023: old cards are valid to 31 December 2024 at most",
            certainty="general-knowledge",
        ),
        DocumentRow(
            type=DocumentType.PASSPORT,
            domestic=True,
            foreign=True,
            check=check_passport,
            words=("ho chieu",),
            valid_from=_FOREIGNERS,
            source=residence,
            certainty="sourced",
        ),
        DocumentRow(
            type=DocumentType.TRAVEL_DOCUMENT,
            domestic=False,
            foreign=True,
            check=check_passport,
            words=("giay thong hanh",),
            valid_from=_FOREIGNERS,
            source="Documents in place of a passport; not looked up",
            certainty="general-knowledge",
        ),
        DocumentRow(
            type=DocumentType.RESIDENCE_CARD,
            domestic=False,
            foreign=True,
            check=check_passport,
            words=("the tam tru", "the thuong tru"),
            valid_from=_FOREIGNERS,
            source="Form NA17 asks for the number of the visa or card",
            certainty="general-knowledge",
        ),
    )


def _facility(kind: FacilityType, source: str) -> FacilityRow:
    return FacilityRow(type=kind, valid_from=_RESIDENCE, source=source, certainty="sourced")


_WHO = "Who notifies: members of a household; health, tourist and other lodging facilities"

FACILITIES = (
    _facility(FacilityType.TOURIST, _WHO),
    _facility(FacilityType.HEALTH, _WHO),
    _facility(FacilityType.RENTAL, "Facility types of the notification portal: divided rental house"),
    _facility(FacilityType.HOUSEHOLD, _WHO),
    _facility(FacilityType.OTHER, _WHO),
)
