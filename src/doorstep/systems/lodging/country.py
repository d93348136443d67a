"""The socket: what the law on lodging needs from a country. Profiles fill it, rules read it."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.dates import Certainty, legal_day
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.lodging.facts import FacilityType

PASSPORT_MALFORMED = reason(
    "lodging.passport_malformed",
    "This is no number of a passport or travel document.",
    repair="Copy its capital letters and digits from the page with the photo, without blanks.",
)

_PASSPORT = re.compile(r"(?=.*\d)[A-Z0-9]{5,20}", re.ASCII)


class Sex(Code):
    """As the document states it."""

    MALE = "male", "Male"
    FEMALE = "female", "Female"
    UNSTATED = "unstated", "Not stated"


class DocumentType(Code):
    NATIONAL_ID = "national_id", "Identity card or personal number"
    OLD_ID = "old_id", "Identity card of the old kind"
    PASSPORT = "passport", "Passport"
    TRAVEL_DOCUMENT = "travel_document", "Travel document in place of a passport"
    RESIDENCE_CARD = "residence_card", "Residence card"


class LateCause(Code):
    """Which deadline was missed. Before the first two the notice must arrive; within the third, at its end at last."""

    ARRIVAL_DAY = "arrival_day", "Notified after the deadline on the day of arrival"
    NEXT_DAY = "next_day", "Notified after the deadline on the day after arrival"
    HOURS = "hours", "Notified after the hours allowed for a foreign guest"


class Due(msgspec.Struct, frozen=True):
    """When a notice is due (aware UTC), and what it is called to miss that."""

    by: datetime
    cause: LateCause

    def missed(self, notified: datetime) -> bool:
        return notified > self.by if self.cause is LateCause.HOURS else notified >= self.by


class Card(msgspec.Struct, frozen=True):
    """What a scanned identity card says; unsigned, so it prefills a form and proves nothing."""

    number: Masked
    full_name: str
    birth: date
    sex: Sex
    address: str


class CheckDocument(Protocol):
    """Judges a document number against what else is known; `day` is today. Reasons name the field document_number."""

    def __call__(self, number: str, birth: date, sex: Sex, day: date) -> list[Reason]: ...


def check_passport(number: str, birth: date, sex: Sex, day: date) -> list[Reason]:  # noqa: ARG001  a CheckDocument
    """Against a number of a travel document: capital letters and digits (ICAO 9303-3), some longer than its nine."""
    return [] if _PASSPORT.fullmatch(number) else [PASSPORT_MALFORMED("document_number")]


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A document that identifies domestic or foreign guests on the days that the row holds.

    `words` are further names that a keeper may write in an upload, in lower case without accents.
    """

    type: DocumentType
    domestic: bool
    foreign: bool
    check: CheckDocument
    words: tuple[str, ...] = ()
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class FacilityRow(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of house that must notify."""

    type: FacilityType
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """A country's law on lodging notices.

    `nationality` is the ISO 3166 alpha-2 code of its own citizens. `due(arrival, foreign, remote)` takes an aware
    instant, whether the guest is no citizen, and whether the house lies in a remote area. `longest_nights` is the most
    nights a domestic guest may be notified for. `family_once` says whether citizens who are close family of a private
    home and come again and again are notified once. `retention_months` counts from the end of the stay.
    """

    zone: ZoneInfo
    nationality: str
    due: Callable[[datetime, bool, bool], Due]
    documents: tuple[DocumentRow, ...]
    facilities: tuple[FacilityRow, ...]
    read_card: Callable[[str, date], Card | list[Reason]]
    check_phone: Callable[[str], list[Reason]]
    longest_nights: int
    family_once: bool
    retention_months: int
    retention_source: str
    retention_certainty: Certainty

    def day(self, at: datetime) -> date:
        """The legal day of an aware instant."""
        return legal_day(at, self.zone)

    def start(self, day: date) -> datetime:
        """The first instant of a legal day."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)
