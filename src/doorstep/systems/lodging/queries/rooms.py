"""What a keeper reads to run the rooms: prices, bookings, the calendar, bills, nights and income."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from django.db.models import Q

from doorstep.kernel.access import personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.models import Booking, Room, Stay
from doorstep.systems.lodging.permissions import MANAGE, NOTIFY
from doorstep.systems.lodging.queries.keeper import kept_house, stay
from doorstep.systems.lodging.queries.rows import House, StayRecord


class RoomRow(msgspec.Struct, frozen=True):
    """A room; `price` a night in minor units."""

    id: int
    number: str
    beds: int
    price: int


class BookingRow(msgspec.Struct, frozen=True):
    """A promise of a room: nights from `arrival` up to `departure`; `arrived` once its guests were notified."""

    id: UUID
    room: str
    guest_name: str
    guests: int
    arrival: date
    departure: date
    arrived: bool


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


class Month(msgspec.Struct, frozen=True):
    """A house's month: nights that guests stayed, and their price in minor units where the room has one."""

    month: date
    nights: int
    income: int


def rooms(actor: Actor, house: House) -> list[RoomRow]:
    """Rooms in use, in the order of their numbers."""
    kept_house(actor, house.code)
    found = Room.objects.filter(establishment=house.id, retired=None).order_by("number")
    return [RoomRow(room.pk, room.number, room.beds, room.price) for room in found]


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


@personal(NOTIFY)
def missing_tonight(actor: Actor, house: House, at: datetime) -> list[BookingRow]:
    """Bookings that begin on the legal day of `at` and whose guests were not notified: whom the reminder names."""
    kept_house(actor, house.code)
    today = law(Country, "lodging").day(at)
    return [_booking(row) for row in _booked(house, today, today) if row.arrival == today and row.arrived is None]


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
def bill(actor: Actor, house: House, stay_id: UUID) -> Bill:
    """Nights times the price of the room, up to the day on which the guest left or means to leave."""
    found = stay(actor, house, stay_id)
    country = law(Country, "lodging")
    room = Room.objects.filter(establishment=house.id, number=found.stay.room).first()
    first = country.day(found.stay.arrival)
    end = country.day(found.departed) if found.departed else found.stay.expected_departure
    nights, price = (end - first).days, room.price if room else 0
    return Bill(found.subject_key, found, first, end, nights, price, nights * price)


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


def _booked(house: House, first: date, last: date) -> list[Booking]:
    found = Booking.objects.filter(establishment=house.id, cancelled=None, arrival__lte=last, departure__gt=first)
    return list(found.select_related("room").order_by("arrival", "room__number"))


def _booking(row: Booking) -> BookingRow:
    arrived = row.arrived is not None
    return BookingRow(row.id, row.room.number, row.guest_name, row.guests, row.arrival, row.departure, arrived)
