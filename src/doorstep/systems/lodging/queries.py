"""Every read of lodging: the actor decides which houses and whose notices are seen."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet

from doorstep.kernel.access import personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.models import IdempotencyKey
from doorstep.kernel.values.ids import Masked, first_uuid7
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.lodging.country import Country, DocumentType, Sex
from doorstep.systems.lodging.facts import FacilityType, GuestKind
from doorstep.systems.lodging.models import Booking, Establishment, Keeper, NoGuests, Notice, Room, Stay, StayVersion
from doorstep.systems.lodging.permissions import MANAGE, NOTIFY, READ_NOTICES
from doorstep.systems.lodging.rules import records
from doorstep.systems.lodging.rules.columns import folded

PAGE = 50
EPOCH = datetime.fromtimestamp(0, UTC)
"""No id is older."""


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
    name_latin: str
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
    deadline: datetime
    version: int


class Change(msgspec.Struct, frozen=True):
    """An earlier version of a stay: which change ended it, when, why, and what it said before."""

    at: datetime
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


class BookingRow(msgspec.Struct, frozen=True):
    """A promise of a room: nights from `arrival` up to `departure`; `arrived` once its guests were notified."""

    id: UUID
    room: str
    guest_name: str
    guests: int
    arrival: date
    departure: date
    arrived: bool


class NoticeRow(msgspec.Struct, frozen=True):
    """An accepted submission."""

    reference: str
    at: datetime
    channel: str
    accepted: int
    late: int
    refused: int
    digest: str


class KeeperRow(msgspec.Struct, frozen=True):
    """Who keeps a house, and since when."""

    subject: str
    since: datetime


class Taken(msgspec.Struct, frozen=True):
    """A room taken for the nights from `first` up to `end`: by guests (`stay`) or by a booking."""

    room: str
    first: date
    end: date
    stay: UUID | None = None
    booking: UUID | None = None


class Bill(msgspec.Struct, frozen=True):
    """What a stay costs by the room's price of today, in minor units; `subject_key` names the guest for the journal."""

    subject_key: str
    stay: StayRecord
    first: date
    end: date
    nights: int
    price: int
    total: int


class Upload(msgspec.Struct, frozen=True):
    """The answer to one file: `names` are its columns, `refused_lines` the lines that come back, as `sheets.packed`."""

    at: datetime
    lines: int
    accepted: int
    late: int
    refused: int
    references: tuple[str, ...]
    names: tuple[str, ...]
    refused_lines: bytes


class Area(msgspec.Struct, frozen=True):
    """A unit to choose; `further` says whether one must choose below it."""

    code: str
    name: str
    further: bool


class Sought(msgspec.Struct, frozen=True):
    """Text that a person is looked for by: the journal says that somebody was looked for, not whom."""

    text: str

    def __str__(self) -> str:
        return f"text of {len(self.text)} characters"


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


def notices(actor: Actor, house: House, after: str = "") -> list[NoticeRow]:
    """The house's submissions, newest first, a page at a time; `after` is the reference of the last one before."""
    kept_house(actor, house.code)
    found = Notice.objects.filter(establishment=house.id).order_by("-id")
    if after:
        last = Notice.objects.filter(establishment=house.id, reference=after).first()
        if last is None:
            raise NotFound(NOT_FOUND("after"))
        found = found.filter(id__lt=last.id)
    return [_notice(row) for row in found[:PAGE]]


def keepers(actor: Actor, house: House) -> list[KeeperRow]:
    """Who keeps the house now, the longest first."""
    kept_house(actor, house.code)
    found = Keeper.objects.filter(establishment=house.id, until=None).order_by("since", "subject")
    return [KeeperRow(row.subject, row.since) for row in found]


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
def register(actor: Actor, house: House, first: date, last: date, most: int) -> list[StayRecord]:
    """The stay register of the days from `first` to `last`, `most` whole records without history, in order of arrival."""
    kept_house(actor, house.code)
    found = Stay.objects.filter(
        establishment=house.id,
        cancelled=None,
        arrival__gte=law(Country, "lodging").start(first),
        arrival__lt=law(Country, "lodging").start(last + timedelta(days=1)),
    )
    return [_record(stay, "", ()) for stay in found.select_related("establishment").order_by("arrival", "id")[:most]]


@personal(NOTIFY)
def repeat_guests(actor: Actor, house: House, sought: Sought) -> list[StayRecord]:
    """The house's own earlier guests whose name holds, or whose document begins with, the text: the latest stay of
    each, ten at most.
    """
    kept_house(actor, house.code)
    text = sought.text.strip()
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


@personal(NOTIFY)
def bill(actor: Actor, house: House, stay_id: UUID) -> Bill:
    """Nights times the price of the room, up to the day on which the guest left or means to leave."""
    found = _whole(Stay.objects.filter(id=stay_id, establishment=kept_house(actor, house.code).id))
    country = law(Country, "lodging")
    room = Room.objects.filter(establishment=house.id, number=found.stay.room).first()
    first = country.day(found.stay.arrival)
    end = country.day(found.departed) if found.departed else found.stay.expected_departure
    nights, price = (end - first).days, room.price if room else 0
    return Bill(found.subject_key, found, first, end, nights, price, nights * price)


@personal(READ_NOTICES)
def notice_in_area(actor: Actor, today: date, stay_id: UUID) -> StayRecord:
    """One stay in the area of the police unit, with its history."""
    return _whole(_in_area(actor, today).filter(id=stay_id))


@personal(READ_NOTICES)
def notices_in_area(
    actor: Actor,
    today: date,
    unit: str = "",
    day: date | None = None,
    after: UUID | None = None,
    *,
    late: bool = False,
) -> list[GuestRow]:
    """Stays notified in the actor's area (or `unit` within it), newest first, or the `late` ones only; `after` is the
    last one of the page before.
    """
    found = _in_area(actor, today)
    if late:
        found = found.exclude(late="")
    if unit:
        found = found.filter(units.within(unit, today, "establishment__unit"))
    if day:
        start, end = (law(Country, "lodging").start(each) for each in (day, day + timedelta(days=1)))
        found = found.filter(id__gte=first_uuid7(max(start, EPOCH)), id__lt=first_uuid7(max(end, EPOCH)))
    if after:
        found = found.filter(id__lt=after)
    return [_row(stay) for stay in found.order_by("-id")[:PAGE]]


def silent_houses(actor: Actor, day: date, unit: str = "", after: str = "") -> list[House]:
    """Open houses in the actor's area that on the legal `day` neither notified anybody nor said that nobody stays, by
    unit; `after` is the code of the last one of the page before.
    """
    actor.need(READ_NOTICES)
    start, end = (law(Country, "lodging").start(each) for each in (day, day + timedelta(days=1)))
    found = Establishment.objects.filter(
        units.within(actor.unit, day), units.within(unit, day), closed=None, enrolled__lt=end
    )
    found = found.exclude(Exists(Notice.objects.filter(establishment=OuterRef("id"), at__gte=start, at__lt=end)))
    found = found.exclude(Exists(NoGuests.objects.filter(establishment=OuterRef("id"), day=day)))
    if after:
        last = Establishment.objects.filter(units.within(actor.unit, day), code=after).first()
        if last is None:
            raise NotFound(NOT_FOUND("after"))
        found = found.filter(Q(unit__gt=last.unit) | Q(unit=last.unit, id__gt=last.id))
    return [_house(row) for row in found.order_by("unit", "id")[:PAGE]]


def areas(within: str, day: date, language: str) -> list[Area]:
    """The units below `within` ("" the nation) down to communes, by name; at the first level those that have any."""
    known = units.in_force(day).exclude(kind=units.NEIGHBOURHOOD)
    further = set(known.exclude(parent="").values_list("parent", flat=True).distinct())
    found = [row for row in known.filter(parent=within) if within or row.code in further]
    named = [Area(row.code, units.named(row, language), row.code in further) for row in found]
    return sorted(named, key=lambda area: folded(area.name))


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


@personal(MANAGE)
def bookings(actor: Actor, house: House, first: date, last: date) -> list[BookingRow]:
    """Bookings that touch the days from `first` to `last`."""
    kept_house(actor, house.code)
    return [_booking(row) for row in _booked(house, first, last)]


@personal(NOTIFY)
def booking(actor: Actor, house: House, booking_id: UUID) -> BookingRow:
    """One booking of the house that was not cancelled."""
    kept_house(actor, house.code)
    found = Booking.objects.filter(id=booking_id, establishment=house.id, cancelled=None).select_related("room").first()
    if found is None:
        raise NotFound(NOT_FOUND("booking"))
    return _booking(found)


def taken_rooms(actor: Actor, house: House, first: date, last: date, today: date) -> list[Taken]:
    """Which rooms are taken in the nights from `first` to `last`. Whoever has not left stays until `today` at least."""
    kept_house(actor, house.code)
    country = law(Country, "lodging")
    found = [Taken(b.room.number, b.arrival, b.departure, booking=b.id) for b in _booked(house, first, last)]
    stays = Stay.objects.filter(
        Q(departed=None) | Q(departed__gte=country.start(first)),
        establishment=house.id,
        cancelled=None,
        arrival__lt=country.start(last + timedelta(days=1)),
    )
    fields = ("id", "room", "arrival", "expected_departure", "departed")
    for stay_id, room, arrival, expected, departed in stays.exclude(room="").values_list(*fields):
        end = country.day(departed) if departed else max(expected, today)
        found.append(Taken(room, country.day(arrival), end, stay=stay_id))
    return found


@personal(NOTIFY)
def upload(actor: Actor, house: House, digest: str) -> Upload | None:
    """The answer that the actor got to the file with this SHA-256 (hex) for the house; None if there is none."""
    key = upload_key(kept_house(actor, house.code).code, digest)
    row = IdempotencyKey.objects.filter(subject=actor.subject, action="lodging.answer_upload", key=key).first()
    return msgspec.msgpack.decode(row.answer, type=Upload) if row else None


def upload_key(code: str, digest: str, chunk: int | None = None) -> str:
    """The idempotency key of a file for a house, or of one chunk of its lines."""
    return f"upload:{code}:{digest}" + ("" if chunk is None else f":{chunk}")


@personal(NOTIFY)
def missing_tonight(actor: Actor, house: House, at: datetime) -> list[BookingRow]:
    """Bookings that begin on the legal day of `at` and whose guests were not notified: whom the reminder names."""
    kept_house(actor, house.code)
    today = law(Country, "lodging").day(at)
    return [_booking(row) for row in _booked(house, today, today) if row.arrival == today and row.arrived is None]


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
        if departed is None:
            continue
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


def _details(details: dict[str, str]) -> dict[str, Any]:
    dates = ("visa_until", "entry_date")
    return {k: date.fromisoformat(v) if k in dates else v for k, v in details.items() if k != "relation"}


def _kept(actor: Actor) -> QuerySet[Establishment]:
    return Establishment.objects.filter(keeper__subject=actor.subject, keeper__until=None)


def _in_area(actor: Actor, today: date) -> QuerySet[Stay]:
    within = units.within(actor.unit, today, "establishment__unit")
    return Stay.objects.select_related("establishment").filter(within)


def _whole(found: QuerySet[Stay]) -> StayRecord:
    row = found.select_related("establishment").first()
    if row is None:
        raise NotFound(NOT_FOUND("stay"))
    changes = tuple(
        Change(
            datetime.fromtimestamp((one.id.int >> 80) / 1000, UTC),
            one.version,
            one.change,
            one.why,
            msgspec.convert(one.before, records.Stay, dec_hook=decoded),
        )
        for one in StayVersion.objects.filter(stay=row.id).order_by("version")
    )
    return _record(row, Notice.objects.get(id=row.notice).reference, changes)


def decoded(kind: type, value: object) -> object:
    """How msgspec reads a masked identifier: from text only, since a number has lost its zeros in front."""
    if not isinstance(value, str):
        raise TypeError("Expected `str`")
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
        name_latin=stay.name_latin,
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
        deadline=stay.deadline,
        version=stay.version,
    )


def _notice(row: Notice) -> NoticeRow:
    return NoticeRow(row.reference, row.at, row.channel, row.accepted, row.late, row.refused, bytes(row.digest).hex())


def _booked(house: House, first: date, last: date) -> list[Booking]:
    found = Booking.objects.filter(establishment=house.id, cancelled=None, arrival__lte=last, departure__gt=first)
    return list(found.select_related("room").order_by("arrival", "room__number"))


def _booking(row: Booking) -> BookingRow:
    arrived = row.arrived is not None
    return BookingRow(row.id, row.room.number, row.guest_name, row.guests, row.arrival, row.departure, arrived)
