"""What can be said against enrolling a house, its rooms and its bookings."""

from datetime import date, timedelta

from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import check_required
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.facts import FacilityType

FACILITY_NOT_NOTIFYING = reason(
    "lodging.facility_not_notifying", "This kind of house does not notify guests.", repair="Choose another kind."
)
UNIT_NOT_COMMUNE = reason(
    "lodging.unit_not_commune",
    "This is no commune whose police unit receives notices.",
    repair="Choose the commune in which the house lies.",
)
BEDS_WRONG = reason("lodging.beds_wrong", "A room has 1 to {most} beds.", repair="Correct the number of beds.")
PRICE_WRONG = reason(
    "lodging.price_wrong",
    "A price lies between 0 and {most}.",
    repair="Correct the price; leave 0 where there is none.",
)
ROOM_TAKEN = reason(
    "lodging.room_taken", "The room is booked in these nights.", repair="Choose another room or other nights."
)
BOOKING_IN_PAST = reason("lodging.booking_in_past", "The arrival lies in the past.", repair="Choose today or later.")
BOOKING_WITHOUT_NIGHTS = reason(
    "lodging.booking_without_nights",
    "A booking lasts from 1 to {most} nights.",
    repair="Correct the arrival or the departure.",
)
HOUSE_CLOSED = reason(
    "lodging.house_closed",
    "This house is closed and takes no notices.",
    repair="Choose another house; if it is open again, enrol it anew.",
)
LAST_KEEPER = reason(
    "lodging.last_keeper", "A house keeps at least one keeper.", repair="Add another keeper first, or close the house."
)

MOST_BEDS = 200
MOST_PRICE = 10**12
MOST_NIGHTS = 365


def check_house(
    name: str, facility: FacilityType, address: str, *, commune: bool, day: date, country: Country
) -> list[Reason]:
    """Against enrolling; `commune` says whether the unit is one of the lowest that the profile knows on `day`."""
    found = check_required(name, "name", 120) + check_required(address, "address", 300)
    if not any(row.type is facility for row in in_force(country.facilities, day)):
        found.append(FACILITY_NOT_NOTIFYING("facility_type"))
    if not commune:
        found.append(UNIT_NOT_COMMUNE("unit"))
    return found


def check_room(number: str, beds: int, price: int) -> list[Reason]:
    """Against a room; `price` a night in minor units."""
    found = check_required(number, "number", 20)
    if not 1 <= beds <= MOST_BEDS:
        found.append(BEDS_WRONG("beds", most=MOST_BEDS))
    if not 0 <= price <= MOST_PRICE:
        found.append(PRICE_WRONG("price", most=MOST_PRICE))
    return found


def check_booking(guest_name: str, guests: int, arrival: date, departure: date, *, today: date) -> list[Reason]:
    """Against a booking; whether the room is free is asked under its lock."""
    found = check_required(guest_name, "guest_name", 150)
    if not 1 <= guests <= MOST_BEDS:
        found.append(BEDS_WRONG("guests", most=MOST_BEDS))
    if arrival < today:
        found.append(BOOKING_IN_PAST("arrival"))
    if not timedelta(0) < departure - arrival <= timedelta(days=MOST_NIGHTS):
        found.append(BOOKING_WITHOUT_NIGHTS("departure", most=MOST_NIGHTS))
    return found
