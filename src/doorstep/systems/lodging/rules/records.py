"""A guest and a stay as they are notified: frozen values, read from a form, a card, a file line or the API."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.ids import Masked
from doorstep.systems.lodging.country import Card, DocumentType, Sex
from doorstep.systems.lodging.facts import GuestKind


class StayReason(Code):
    """Why the guest stays: a coarse list of our own, since the law asks for a reason and gives no list."""

    TOURISM = "tourism", "Holiday or tourism"
    WORK = "work", "Work or business"
    FAMILY = "family", "Visit to family or friends"
    STUDY = "study", "Study or training"
    HEALTH = "health", "Treatment or care"
    OTHER = "other", "Another reason"


class Relation(Code):
    """What the guest is to the house."""

    NONE = "none", "Guest"
    CLOSE_FAMILY = "close_family", "Close family of the household"


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """`full_name` as on the document, `name_latin` as in the passport's machine-readable lines, where it has them.

    `nationality` is ISO 3166 alpha-2, empty for a stateless guest. The visa and entry fields are for foreign guests.
    """

    kind: GuestKind
    full_name: str
    birth: date
    sex: Sex
    nationality: str
    document_type: DocumentType
    document_number: Masked
    name_latin: str = ""
    phone: str = ""
    address: str = ""
    ethnicity: str = ""
    visa_number: str = ""
    visa_until: date | None = None
    entry_date: date | None = None
    entry_gate: str = ""
    purpose: str = ""


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """One guest in one house: `arrival` an aware instant, `expected_departure` a legal day, `room` empty where a house
    has none, `party` the same for a family or group that came together.
    """

    guest: Guest
    arrival: Annotated[datetime, msgspec.Meta(tz=True)]
    expected_departure: date
    reason: StayReason
    room: str = ""
    party: str = ""
    relation: Relation = Relation.NONE


def guest_from_card(card: Card, nationality: str) -> Guest:
    """The domestic guest whom a scanned card names: a prefill to be looked over, never a proof."""
    return Guest(
        kind=GuestKind.DOMESTIC,
        full_name=card.full_name,
        birth=card.birth,
        sex=card.sex,
        nationality=nationality,
        document_type=DocumentType.NATIONAL_ID,
        document_number=card.number,
        address=card.address,
    )


def decoded(kind: type, value: object) -> object:
    """How msgspec reads a masked identifier: from text only, since a number has lost its zeros in front."""
    if not isinstance(value, str):
        raise TypeError("Expected `str`")
    return kind(value)
