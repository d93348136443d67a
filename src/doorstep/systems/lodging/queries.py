"""Every read of lodging: the actor decides which houses and whose notices are seen."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from doorstep.kernel.access import personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.ids import Masked, first_uuid7
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.lodging.country import Country, DocumentType, Sex
from doorstep.systems.lodging.facts import FacilityType, GuestKind
from doorstep.systems.lodging.models import Booking, Establishment, NoGuests, Notice, Room, Stay, StayVersion
from doorstep.systems.lodging.permissions import NOTIFY, READ_NOTICES
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


class RoomRow(msgspec.Struct, frozen=True):
    """A room; `price` a night in minor units."""

    id: int
    number: str
    beds: int
    price: int


class GuestRow(msgspec.Struct, frozen=True):
    """A stay in a list: the number masked."""

    id: UUID
    house: str
    unit: str
    name: str
    document: str
    kind: str
    nationality: str
    room: str
    party: str
    arrival: datetime
    expected_departure: date
    departed: datetime | None
    cancelled: bool
    late: str
    notified: datetime


class Change(msgspec.Struct, frozen=True):
    """An earlier version of a stay: which change ended it, why, and what it said before."""

    version: int
    change: str
    why: str
    before: records.Stay


class StayRecord(msgspec.Struct, frozen=True):
    """One stay, whole, with its history; `subject_key` names the person for the journal."""

    id: UUID
    subject_key: str
    house: House
    stay: records.Stay
    reference: str
    notified: datetime
    deadline: datetime
    late: str
    departed: datetime | None
    cancelled: datetime | None
    version: int
    changes: tuple[Change, ...]


class NoticeRow(msgspec.Struct, frozen=True):
    """An accepted submission."""

    reference: str
    at: datetime
    channel: str
    accepted: int
    late: int
    refused: int


class Month(msgspec.Struct, frozen=True):
    """A house's month: nights that guests stayed, and their price in minor units where the room has one."""

    month: date
    nights: int
    income: int


def houses(actor: Actor) -> list[House]:
    """The houses that the actor keeps, by name."""
    return [_house(row) for row in _kept(actor).order_by("name", "code")]


def kept_house(actor: Actor, code: str) -> House:
    """A house that the actor keeps; NotFound for any other."""
    row = _kept(actor).filter(code=code).first()
    if row is None:
        raise NotFound(NOT_FOUND("house"))
    return _house(row)


def rooms(actor: Actor, house: House) -> list[RoomRow]:
    """Rooms in use, in the order of their numbers."""
    kept_house(actor, house.code)
    found = Room.objects.filter(establishment=house.id, retired=None).order_by("number")
    return [RoomRow(room.pk, room.number, room.beds, room.price) for room in found]


def notices(actor: Actor, house: House, before: str = "") -> list[NoticeRow]:
    """The house's submissions, newest first, a page at a time."""
    kept_house(actor, house.code)
    found = Notice.objects.filter(establishment=house.id).order_by("-at", "-id")
    if before:
        found = found.filter(at__lt=before)
    return [_notice(row) for row in found[:PAGE]]


@personal(NOTIFY)
def guests(actor: Actor, house: House, day: date) -> list[GuestRow]:
    """Who stays on the legal `day`: arrived by its end, not left before it began; cancelled stays left out."""
    kept_house(actor, house.code)
    start = law(Country, "lodging").start(day)
    found = Stay.objects.filter(
        Q(departed=None) | Q(departed__gte=start),
        establishment=house.id,
        cancelled=None,
        arrival__lt=law(Country, "lodging").start(day + timedelta(days=1)),
        expected_departure__gte=day - timedelta(days=60),
    )
    return [_row(stay) for stay in found.select_related("establishment").order_by("room", "arrival", "id")]


@personal(NOTIFY)
def register(actor: Actor, house: House, first: date, last: date) -> list[records.Stay]:
    """The stay register of the days from `first` to `last`, whole records, in order of arrival."""
    kept_house(actor, house.code)
    found = Stay.objects.filter(
        establishment=house.id,
        cancelled=None,
        arrival__gte=law(Country, "lodging").start(first),
        arrival__lt=law(Country, "lodging").start(last + timedelta(days=1)),
    )
    return [stay_of(stay) for stay in found.order_by("arrival", "id")[:5000]]


@personal(NOTIFY)
def repeat_guests(actor: Actor, house: House, text: str) -> list[StayRecord]:
    """The house's own earlier guests whose name or document begins so: the latest stay of each, ten at most."""
    kept_house(actor, house.code)
    text = text.strip()
    if len(text) < 2:
        return []
    found = (
        Stay.objects.filter(
            Q(full_name__icontains=text) | Q(name_latin__icontains=text) | Q(document_number__istartswith=text),
            establishment=house.id,
            cancelled=None,
        )
        .select_related("establishment")
        .order_by("person", "-arrival")
        .distinct("person")[:10]
    )
    return [_record(stay, "", ()) for stay in found]


@personal(NOTIFY)
def stay(actor: Actor, house: House, stay_id: UUID) -> StayRecord:
    """One stay of the house, with its history."""
    kept_house(actor, house.code)
    return _whole(Stay.objects.filter(id=stay_id, establishment=house.id))


@personal(READ_NOTICES)
def notice_in_area(actor: Actor, stay_id: UUID) -> StayRecord:
    """One stay in the area of the police unit, with its history."""
    return _whole(_in_area(actor).filter(id=stay_id))


@personal(READ_NOTICES)
def notices_in_area(actor: Actor, unit: str = "", day: date | None = None, after: UUID | None = None) -> list[GuestRow]:
    """Stays notified in the actor's area (or `unit` within it), newest first; `after` is the last one of the page before."""
    found = _in_area(actor)
    if unit:
        found = found.filter(Q(establishment__unit=unit) | Q(establishment__unit__startswith=f"{unit}."))
    if day:
        found = found.filter(
            id__gte=first_uuid7(law(Country, "lodging").start(day)),
            id__lt=first_uuid7(law(Country, "lodging").start(day + timedelta(days=1))),
        )
    if after:
        found = found.filter(id__lt=after)
    return [_row(stay) for stay in found.order_by("-id")[:PAGE]]


@personal(NOTIFY)
def acknowledged(actor: Actor, reference: str) -> tuple[NoticeRow, House, list[GuestRow]]:
    """A submission of a house that the actor keeps, with the stays that were accepted."""
    notice = (
        Notice.objects.filter(reference=reference, establishment__in=_kept(actor))
        .select_related("establishment")
        .first()
    )
    if notice is None:
        raise NotFound(NOT_FOUND("reference"))
    stays = Stay.objects.filter(notice=notice.id).select_related("establishment").order_by("line")
    return _notice(notice), _house(notice.establishment), [_row(stay) for stay in stays]


def bookings(actor: Actor, house: House, first: date, last: date) -> list[Booking]:
    """Bookings that touch the days from `first` to `last`."""
    kept_house(actor, house.code)
    found = Booking.objects.filter(establishment=house.id, cancelled=None, arrival__lte=last, departure__gt=first)
    return list(found.select_related("room").order_by("arrival", "room__number"))


def missing_tonight(actor: Actor, house: House, at: datetime) -> list[Booking]:
    """Bookings that begin on the legal day of `at` and whose guests were not notified: whom the reminder names."""
    today = law(Country, "lodging").day(at)
    return [one for one in bookings(actor, house, today, today) if one.arrival == today and one.arrived is None]


def said_no_guests(actor: Actor, house: House, day: date) -> bool:
    """Did the keeper say that nobody stays on `day`?"""
    kept_house(actor, house.code)
    return NoGuests.objects.filter(establishment=house.id, day=day).exists()


def months(actor: Actor, house: House, first: date, last: date) -> list[Month]:
    """Nights and income by month of departure, of guests who left; the price is the room's of today."""
    kept_house(actor, house.code)
    prices = {room.number: room.price for room in Room.objects.filter(establishment=house.id)}
    country = law(Country, "lodging")
    nights: dict[date, int] = defaultdict(int)
    income: dict[date, int] = defaultdict(int)
    rented: set[tuple[str, date]] = set()
    found = Stay.objects.filter(
        establishment=house.id,
        cancelled=None,
        departed__gte=law(Country, "lodging").start(first),
        departed__lt=law(Country, "lodging").start(last + timedelta(days=1)),
    )
    for room, arrival, departed in found.values_list("room", "arrival", "departed").order_by("arrival"):
        night, end = country.day(arrival), country.day(departed)
        month = end.replace(day=1)
        while night < end:
            nights[month] += 1
            if (room, night) not in rented:  # a room is paid once a night, however many sleep in it
                rented.add((room, night))
                income[month] += prices.get(room, 0)
            night += timedelta(days=1)
    return [Month(month, nights[month], income[month]) for month in sorted(nights)]


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


def _details(details: dict[str, str]) -> dict[str, str | date]:
    dates = ("visa_until", "entry_date")
    return {k: date.fromisoformat(v) if k in dates else v for k, v in details.items() if k != "relation"}


def _kept(actor: Actor) -> QuerySet[Establishment]:
    return Establishment.objects.filter(keeper__subject=actor.subject, keeper__until=None)


def _in_area(actor: Actor) -> QuerySet[Stay]:
    found = Stay.objects.select_related("establishment")
    if actor.unit:
        area = Q(establishment__unit=actor.unit) | Q(establishment__unit__startswith=f"{actor.unit}.")
        found = found.filter(area)
    return found


def _whole(found: QuerySet[Stay]) -> StayRecord:
    row = found.select_related("establishment").first()
    if row is None:
        raise NotFound(NOT_FOUND("stay"))
    changes = tuple(
        Change(one.version, one.change, one.why, msgspec.convert(one.before, records.Stay, dec_hook=decoded))
        for one in StayVersion.objects.filter(stay=row.id).order_by("version")
    )
    return _record(row, Notice.objects.get(id=row.notice).reference, changes)


def decoded(kind: type, value: object) -> object:
    """How msgspec reads a masked identifier."""
    return kind(value)


def _record(row: Stay, reference: str, changes: Iterable[Change]) -> StayRecord:
    return StayRecord(
        id=row.id,
        subject_key=row.person,
        house=_house(row.establishment),
        stay=stay_of(row),
        reference=reference,
        notified=row.notified,
        deadline=row.deadline,
        late=row.late,
        departed=row.departed,
        cancelled=row.cancelled,
        version=row.version,
        changes=tuple(changes),
    )


def _house(row: Establishment) -> House:
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


def _row(stay: Stay) -> GuestRow:
    return GuestRow(
        id=stay.id,
        house=stay.establishment.name,
        unit=stay.establishment.unit,
        name=stay.full_name,
        document=Masked(stay.document_number).masked,
        kind=stay.kind,
        nationality=stay.nationality,
        room=stay.room,
        party=stay.party,
        arrival=stay.arrival,
        expected_departure=stay.expected_departure,
        departed=stay.departed,
        cancelled=stay.cancelled is not None,
        late=stay.late,
        notified=stay.notified,
    )


def _notice(row: Notice) -> NoticeRow:
    return NoticeRow(row.reference, row.at, row.channel, row.accepted, row.late, row.refused)
