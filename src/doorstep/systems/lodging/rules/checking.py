"""Which stays may be notified: everything that can be said against one, each with its field and repair."""

from datetime import date, datetime, timedelta

from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.nationalities import NATIONALITIES
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import check_text
from doorstep.systems.lodging.country import Country, DocumentRow
from doorstep.systems.lodging.facts import GuestKind
from doorstep.systems.lodging.rules.names import check_name
from doorstep.systems.lodging.rules.records import Guest, Stay

ARRIVAL_IN_FUTURE = reason(
    "lodging.arrival_in_future",
    "The arrival lies in the future.",
    repair="Notify the guest on arrival; keep a guest who is still to come as a booking.",
)
ARRIVAL_TOO_OLD = reason(
    "lodging.arrival_too_old",
    "The arrival lies more than {days} days back.",
    repair="Correct the date; if it is right, take the notice to the police unit in person.",
)
DEPARTURE_BEFORE_ARRIVAL = reason(
    "lodging.departure_before_arrival",
    "The departure lies before the arrival.",
    repair="Correct one of the two dates.",
)
STAY_TOO_LONG = reason(
    "lodging.stay_too_long",
    "A domestic guest can be notified for {nights} nights at most.",
    repair="Enter an earlier departure; whoever stays longer registers temporary residence at the police unit.",
)
STAY_LASTS_YEARS = reason(
    "lodging.stay_lasts_years",
    "The departure lies more than {days} days after the arrival.",
    repair="Correct the departure; extend the stay later if the guest stays on.",
)
BORN_AFTER_ARRIVAL = reason(
    "lodging.born_after_arrival", "The guest would be born after the arrival.", repair="Correct the birth date."
)
BORN_TOO_EARLY = reason(
    "lodging.born_too_early", "The guest would be more than {years} years old.", repair="Correct the birth date."
)
DOCUMENT_MISSING = reason(
    "lodging.document_missing",
    "The number of the guest's document is missing.",
    repair="Ask the guest for a paper that shows the number, and copy it.",
)
PASSPORT_MISSING = reason(
    "lodging.passport_missing",
    "A foreign guest's passport number is missing.",
    repair="Ask for the passport, or the travel document or residence card in its place, and copy its number.",
)
DOCUMENT_NOT_ACCEPTED = reason(
    "lodging.document_not_accepted",
    "This kind of document does not identify such a guest on the day of arrival.",
    repair="Ask for another document.",
)
NATIONALITY_UNKNOWN = reason(
    "lodging.nationality_unknown",
    "There is no such nationality.",
    repair="Write the two or three letters of the country (ISO 3166), as in the passport.",
)
NATIONALITY_MISSING = reason(
    "lodging.nationality_missing", "The nationality is missing.", repair="Copy it from the passport."
)
NATIONALITY_OF_KIND = reason(
    "lodging.nationality_of_kind",
    "This nationality does not go with this kind of guest.",
    repair="Correct the nationality, or choose domestic, foreign or stateless to match it.",
)
ENTRY_AFTER_ARRIVAL = reason(
    "lodging.entry_after_arrival",
    "The guest would have entered the country after arriving at the house.",
    repair="Correct the date of entry or of arrival.",
)

OLDEST_ARRIVAL = timedelta(days=365)
"""Later notices are late, but taken; beyond a year the date is more likely wrong than the notice overdue."""

LONGEST_DAYS = 1825
"""A guess at a departure further off than five years is a slip of the pen; the law sets foreigners no limit here."""

CLOCK_SKEW = timedelta(minutes=10)
"""How far the clocks of a front desk and of this server may lie apart before an arrival counts as in the future."""

OLDEST_GUEST = 130


def check_stay(stay: Stay, at: datetime, country: Country) -> list[Reason]:
    """Everything against notifying `stay` at `at` (aware); an empty list accepts it, in time or late.

    Arrivals up to a year back are taken (and late); later ones, and stays of a domestic guest beyond the country's
    limit of nights, are refused with the repair. Whether the person has another open stay only
    the database can tell.
    """
    if stay.arrival > at + CLOCK_SKEW:
        day, found = country.day(at), [ARRIVAL_IN_FUTURE("arrival")]
    elif at - stay.arrival > OLDEST_ARRIVAL:
        day, found = country.day(at), [ARRIVAL_TOO_OLD("arrival", days=OLDEST_ARRIVAL.days)]
    else:
        day = country.day(stay.arrival)
        found = check_departure(stay.guest.kind, day, stay.expected_departure, country)
    found += check_guest(stay.guest, day, country)
    if stay.room:
        found += check_text(stay.room, "room", 40)
    if stay.party:
        found += check_text(stay.party, "party", 60)
    return found


def check_departure(kind: GuestKind, arrived: date, departure: date, country: Country) -> list[Reason]:
    """Against the day on which the guest means to leave; the day of arrival itself will do."""
    days = (departure - arrived).days
    if days < 0:
        return [DEPARTURE_BEFORE_ARRIVAL("expected_departure")]
    if kind is GuestKind.DOMESTIC and days > country.longest_nights:
        return [STAY_TOO_LONG("expected_departure", nights=country.longest_nights)]
    if days > LONGEST_DAYS:
        return [STAY_LASTS_YEARS("expected_departure", days=LONGEST_DAYS)]
    return []


def check_guest(guest: Guest, day: date, country: Country) -> list[Reason]:
    """Everything against a guest's particulars on the legal day of arrival."""
    found = check_name(guest.full_name, guest.name_latin)
    if guest.birth > day:
        found.append(BORN_AFTER_ARRIVAL("birth"))
    elif day.year - guest.birth.year > OLDEST_GUEST:
        found.append(BORN_TOO_EARLY("birth", years=OLDEST_GUEST))
    if guest.kind is GuestKind.DOMESTIC:
        if guest.nationality != country.nationality:
            found.append(NATIONALITY_OF_KIND("nationality"))
    else:
        found += _check_from_abroad(guest, day, country)
    found += _check_document(guest, day, country)
    if guest.phone:
        found += country.check_phone(guest.phone)
    for text, field, limit in (
        (guest.address, "address", 300),
        (guest.ethnicity, "ethnicity", 60),
        (guest.visa_number, "visa_number", 100),
        (guest.entry_gate, "entry_gate", 100),
        (guest.purpose, "purpose", 100),
    ):
        if text:
            found += check_text(text, field, limit)
    return found


def _check_from_abroad(guest: Guest, day: date, country: Country) -> list[Reason]:
    found: list[Reason] = []
    if guest.kind is GuestKind.STATELESS:
        if guest.nationality:
            found.append(NATIONALITY_OF_KIND("nationality"))
    elif not guest.nationality:
        found.append(NATIONALITY_MISSING("nationality"))
    elif guest.nationality == country.nationality:
        found.append(NATIONALITY_OF_KIND("nationality"))
    elif guest.nationality not in NATIONALITIES:
        found.append(NATIONALITY_UNKNOWN("nationality"))
    if guest.entry_date and guest.entry_date > day:
        found.append(ENTRY_AFTER_ARRIVAL("entry_date"))
    # An expired visa is no reason to refuse the notice: it is what the police unit is to learn.
    return found


def _check_document(guest: Guest, day: date, country: Country) -> list[Reason]:
    if not guest.document_number:
        domestic = guest.kind is GuestKind.DOMESTIC
        return [DOCUMENT_MISSING("document_number") if domestic else PASSPORT_MISSING("document_number")]
    for row in accepted_documents(guest.kind, day, country):
        if row.type is guest.document_type:
            return row.check(guest.document_number, guest.birth, guest.sex, day)
    return [DOCUMENT_NOT_ACCEPTED("document_type")]


def accepted_documents(kind: GuestKind, day: date, country: Country) -> list[DocumentRow]:
    """The documents that identify such a guest on `day`."""
    domestic = kind is GuestKind.DOMESTIC
    return [row for row in in_force(country.documents, day) if (row.domestic if domestic else row.foreign)]
