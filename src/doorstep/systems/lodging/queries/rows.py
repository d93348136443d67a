"""What several readers see of houses and stays, and how a row of our tables becomes it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.lodging.country import DocumentType, Sex
from doorstep.systems.lodging.facts import FacilityType, GuestKind
from doorstep.systems.lodging.models import Establishment, Notice, Stay, StayVersion
from doorstep.systems.lodging.rules import records

PAGE = 50


class House(msgspec.Struct, frozen=True):
    """An establishment as its keeper and its police unit see it."""

    id: UUID
    code: str
    name: str
    facility_type: FacilityType
    unit: str
    address: str
    remote: bool
    closed: bool

    def __str__(self) -> str:
        """How a look at its guests names it in the journal."""
        return self.code


class GuestRow(msgspec.Struct, frozen=True):
    """A stay in a list: the number masked. `another_open` only the police unit is told: the person stays elsewhere too."""

    id: UUID
    house: str
    unit: str
    name: str
    name_latin: str
    document: str
    room: str
    arrival: datetime
    expected_departure: date
    departed: datetime | None
    cancelled: bool
    late: str
    notified: datetime
    deadline: datetime | None
    version: int
    another_open: bool = False


class Change(msgspec.Struct, frozen=True):
    """An earlier version of a stay: which change ended it, when, why, and what it said before."""

    at: datetime
    version: int
    change: str
    why: str
    before: records.Stay


class StayRecord(msgspec.Struct, frozen=True):
    """One stay, whole, with its history; `subject_key` names the person for the journal. `two_stays` is why the keeper
    notified a second open stay in the house; `another_open` only the police unit is told.
    """

    id: UUID
    subject_key: str
    house: House
    stay: records.Stay
    reference: str
    notified: datetime
    deadline: datetime | None
    late: str
    departed: datetime | None
    cancelled: datetime | None
    version: int
    changes: tuple[Change, ...]
    two_stays: str
    another_open: bool = False


def stay_of(row: Stay) -> records.Stay:
    """A row as the rules know it."""
    guest = records.Guest(
        kind=GuestKind(row.kind),
        full_name=row.full_name,
        birth=row.birth,
        sex=Sex(row.sex),
        nationality=row.nationality,
        document_type=DocumentType(row.document_type),
        document_number=Masked(row.document_number),
        name_latin=row.name_latin,
        phone=row.phone,
        address=row.address,
        **_details(row.details),
    )
    return records.Stay(
        guest=guest,
        arrival=row.arrival,
        expected_departure=row.expected_departure,
        reason=records.StayReason(row.reason),
        room=row.room,
        party=row.party,
        relation=records.Relation(row.details.get("relation", records.Relation.NONE.value)),
    )


def whole(row: Stay | None) -> StayRecord:
    """A stay with its history; NotFound for none."""
    if row is None:
        raise NotFound(NOT_FOUND("stay"))
    changes = tuple(
        Change(
            datetime.fromtimestamp((one.id.int >> 80) / 1000, UTC),
            one.version,
            one.change,
            one.why,
            msgspec.convert(one.before, records.Stay, dec_hook=records.decoded),
        )
        for one in StayVersion.objects.filter(stay=row.id).order_by("version")
    )
    return record_of(row, Notice.objects.get(id=row.notice).reference, changes)


def house_of(row: Establishment) -> House:
    return House(
        row.id,
        row.code,
        row.name,
        FacilityType(row.facility_type),
        row.unit,
        row.address,
        row.remote,
        row.closed is not None,
    )


def guest_of(stay: Stay) -> GuestRow:
    return GuestRow(
        id=stay.id,
        house=stay.establishment.name,
        unit=stay.establishment.unit,
        name=stay.full_name,
        name_latin=stay.name_latin,
        document=Masked(stay.document_number).masked,
        room=stay.room,
        arrival=stay.arrival,
        expected_departure=stay.expected_departure,
        departed=stay.departed,
        cancelled=stay.cancelled is not None,
        late=stay.late,
        notified=stay.notified,
        deadline=stay.deadline,
        version=stay.version,
    )


def record_of(row: Stay, reference: str, changes: Iterable[Change]) -> StayRecord:
    return StayRecord(
        id=row.id,
        subject_key=row.person,
        house=house_of(row.establishment),
        stay=stay_of(row),
        reference=reference,
        notified=row.notified,
        deadline=row.deadline,
        late=row.late,
        departed=row.departed,
        cancelled=row.cancelled,
        version=row.version,
        changes=tuple(changes),
        two_stays=row.details.get("two_stays", ""),
    )


def _details(details: dict[str, str]) -> dict[str, Any]:
    dates = ("visa_until", "entry_date")
    own = ("relation", "two_stays")
    return {k: date.fromisoformat(v) if k in dates else v for k, v in details.items() if k not in own}
