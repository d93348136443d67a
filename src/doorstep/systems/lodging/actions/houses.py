"""What a keeper runs besides notices: the house, its keepers, rooms and bookings; and the end of retention."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
from django.db.models import Q

from doorstep.kernel.country import law
from doorstep.kernel.store.units import is_commune
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import first_uuid7, reference, uuid7
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Refused, refuse
from doorstep.kernel.values.text import check_required
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.facts import FacilityType
from doorstep.systems.lodging.models import Booking, Establishment, Keeper, NoGuests, OpenStay, Room, Stay, StayVersion
from doorstep.systems.lodging.permissions import (
    APPOINT,
    ENROL,
    FOR_HOUSE,
    FOR_NOTICE,
    FOR_RETENTION,
    MANAGE,
    NOTIFY,
    RETAIN,
)
from doorstep.systems.lodging.queries.keeper import kept_house
from doorstep.systems.lodging.rules import houses
from doorstep.systems.lodging.rules.changes import retention_ends


class Enrolled(msgspec.Struct, frozen=True):
    """A new house and its public code."""

    code: str


@action(ENROL, FOR_HOUSE)
def enrol_establishment(
    act: Act, name: str, facility_type: FacilityType, unit: str, address: str, *, remote: bool = False
) -> Enrolled:
    """Enrol a house; the actor becomes its first keeper. `unit` is the commune whose police receives its notices."""
    commune = is_commune(unit, act.day)
    country = law(Country, "lodging")
    refuse(houses.check_house(name, facility_type, address, commune=commune, day=act.day, country=country))
    house = Establishment.objects.create(
        id=act.id,
        code=reference(),
        name=name.strip(),
        facility_type=facility_type.value,
        unit=unit,
        address=address.strip(),
        remote=remote,
        enrolled=act.at,
    )
    Keeper.objects.create(establishment=house, subject=act.actor.owner, since=act.at)
    act.journal(detail=f"house {house.code}")
    return Enrolled(house.code)


@action(MANAGE, FOR_HOUSE)
def close_house(act: Act, code: str) -> None:
    """No more notices; what was notified stays until its retention ends."""
    house = kept_house(act.actor, code)
    Establishment.objects.filter(id=house.id, closed=None).update(closed=act.at)
    act.journal(detail=f"house {code}")


@action(APPOINT, FOR_HOUSE)
def add_keeper(act: Act, code: str, subject: str) -> None:
    """Another keeper with the same rights; adding one twice changes nothing."""
    house = kept_house(act.actor, code)
    refuse(check_required(subject, "subject", 100))
    Keeper.objects.get_or_create(
        establishment_id=house.id, subject=subject.strip(), until=None, defaults={"since": act.at}
    )
    act.journal(subjects=[subject.strip()], detail=f"house {code}")


@action(APPOINT, FOR_HOUSE)
def end_keeper(act: Act, code: str, subject: str) -> None:
    """A keeper leaves; the last one cannot."""
    house = kept_house(act.actor, code)
    Establishment.objects.select_for_update().get(id=house.id)
    keepers = Keeper.objects.filter(establishment=house.id, until=None)
    if not keepers.exclude(subject=subject).exists():
        raise Refused(houses.LAST_KEEPER("subject"))
    if not keepers.filter(subject=subject).update(until=act.at):
        raise NotFound(NOT_FOUND("subject"))
    act.journal(subjects=[subject], detail=f"house {code}")


@action(MANAGE, FOR_HOUSE)
def put_room(act: Act, code: str, number: str, beds: int, price: int) -> None:
    """Add a room, or change the beds and the price (minor units) of the one with this number."""
    house = kept_house(act.actor, code)
    refuse(houses.check_room(number, beds, price))
    values = {"beds": beds, "price": price, "retired": None}
    Room.objects.update_or_create(establishment_id=house.id, number=number.strip(), defaults=values)
    act.journal(detail=f"house {code} room {number}")


@action(MANAGE, FOR_HOUSE)
def retire_room(act: Act, code: str, number: str) -> None:
    """Take a room out of use; its bookings stay."""
    house = kept_house(act.actor, code)
    if not Room.objects.filter(establishment=house.id, number=number, retired=None).update(retired=act.at):
        raise NotFound(NOT_FOUND("number"))
    act.journal(detail=f"house {code} room {number}")


class Booked(msgspec.Struct, frozen=True):
    id: UUID


@action(MANAGE, FOR_HOUSE)
def book(act: Act, code: str, number: str, guest_name: str, guests: int, arrival: date, departure: date) -> Booked:
    """Promise a room for the nights from `arrival` up to `departure`; refused where it is promised already."""
    house = kept_house(act.actor, code)
    refuse(houses.check_booking(guest_name, guests, arrival, departure, today=act.day))
    room = Room.objects.select_for_update().filter(establishment=house.id, number=number, retired=None).first()
    if room is None:
        raise NotFound(NOT_FOUND("room"))
    if Booking.objects.filter(room=room, cancelled=None, arrival__lt=departure, departure__gt=arrival).exists():
        raise Refused(houses.ROOM_TAKEN("room"))
    booking = Booking.objects.create(
        id=uuid7(act.at),
        establishment_id=house.id,
        room=room,
        guest_name=guest_name.strip(),
        guests=guests,
        arrival=arrival,
        departure=departure,
    )
    act.journal(detail=f"house {code} booking {booking.id}")
    return Booked(booking.id)


@action(MANAGE, FOR_HOUSE)
def cancel_booking(act: Act, code: str, booking: UUID) -> None:
    """Free the room."""
    _end_booking(act, code, booking, cancelled=act.at)


@action(NOTIFY, FOR_HOUSE)
def mark_arrived(act: Act, code: str, booking: UUID) -> None:
    """The booked guests came and were notified: the reminder need not name them."""
    _end_booking(act, code, booking, arrived=act.at)


def _end_booking(act: Act, code: str, booking: UUID, **how: object) -> None:
    house = kept_house(act.actor, code)
    if not Booking.objects.filter(id=booking, establishment=house.id, cancelled=None).update(**how):
        raise NotFound(NOT_FOUND("booking"))
    act.journal(detail=f"house {code} booking {booking}")


@action(NOTIFY, FOR_NOTICE)
def say_no_guests(act: Act, code: str) -> None:
    """Nobody stays tonight; saying it twice changes nothing."""
    house = kept_house(act.actor, code)
    NoGuests.objects.get_or_create(establishment_id=house.id, day=act.day, defaults={"said": act.at})
    act.journal(detail=f"house {code} day {act.day}")


class Deleted(msgspec.Struct, frozen=True):
    stays: int
    bookings: int


@action(RETAIN, FOR_RETENTION)
def delete_expired(act: Act, at_once: int = 5000) -> Deleted:
    """Delete stays whose retention has ended, with their versions, and bookings a month after their departure.

    A stay that was never checked out counts as ended on its expected departure.
    """
    country = law(Country, "lodging")
    oldest = act.day.replace(day=1)
    while retention_ends(oldest, country) > act.day:
        oldest = (oldest - timedelta(days=1)).replace(day=1)
    ended = Q(departed__lt=country.start(oldest)) | Q(departed=None, expected_departure__lt=oldest)
    found = Stay.objects.filter(ended, id__lt=first_uuid7(country.start(oldest)))
    people = dict(found.values_list("id", "person")[:at_once])
    stays = list(people)
    StayVersion.objects.filter(stay__in=stays).delete()
    OpenStay.objects.filter(person__in=set(people.values()), stay__in=stays).delete()
    Stay.objects.filter(id__in=stays).delete()
    bookings, _ = Booking.objects.filter(departure__lt=act.day - timedelta(days=31)).delete()
    act.journal(detail=f"{len(stays)} stays, {bookings} bookings")
    return Deleted(len(stays), bookings)
