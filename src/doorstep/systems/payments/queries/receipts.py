"""Receipts as they are read: by everybody who has a code, by payers, by officials of the area, and their kept papers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet

from doorstep.kernel.access import personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import Masked, first_uuid7, read_reference
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.facts import Channel
from doorstep.systems.payments.models import Credit, Move, Receipt, ReceiptPaper
from doorstep.systems.payments.permissions import OWN, PRINT, READ
from doorstep.systems.payments.queries.rows import LineRow, lines_of, money
from doorstep.systems.payments.queries.words import said
from doorstep.systems.payments.rules.banking_days import bounds
from doorstep.systems.payments.rules.receipts import number_of

PAGE = 50


class ReceiptRow(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt without its payer; `purpose` in words, `reference` the asking system's. `refunded` is what of the amount
    is not there any more; `moved` where that is because it pays another order.
    """

    id: UUID
    code: str
    unit: str
    number: str
    issued: datetime
    purpose: str
    amount: Money
    refunded: Money
    moved: bool
    reference: str


class Booking(msgspec.Struct, frozen=True):
    """A bank's number of a movement, and the bank's number."""

    bank: str
    number: str


class ReceiptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt whole; `payer` is masked, `subject_key` the payer's key, both "" where nobody is known."""

    receipt: ReceiptRow
    payer: str
    subject_key: str
    lines: list[LineRow]
    channel: Channel
    bookings: tuple[Booking, ...]


class PaperTold(msgspec.Struct, frozen=True):
    """A kept paper without its content."""

    language: str
    made: datetime


def receipt_told(code: str) -> ReceiptRow:
    """What everybody learns who has a receipt's code, as typed; NotFound where there is none."""
    found = _receipts().filter(code=read_reference(code)).first()
    if found is None:
        raise NotFound(NOT_FOUND())
    return _row(found)


def paper_told(code: str, digest: bytes) -> PaperTold | None:
    """The kept paper of this receipt that has the SHA-256 `digest`; None where none has."""
    found = ReceiptPaper.objects.filter(receipt__code=read_reference(code), digest=digest)
    return next((PaperTold(*row) for row in found.values_list("language", "made")), None)


def own_years(actor: Actor) -> list[int]:
    """In which years the actor, or whom it acts for, was given receipts, newest first."""
    actor.need(OWN)
    return list(_own(actor).order_by("-year").values_list("year", flat=True).distinct())


def own_receipts(actor: Actor, year: int | None = None, after: UUID | None = None) -> list[ReceiptRow]:
    """What the actor, or whom it acts for, has paid, of a year or all, newest first; `after` is the last one of the page
    before.
    """
    actor.need(OWN)
    found = _own(actor).filter(year=year) if year else _own(actor)
    return [_row(row) for row in (found.filter(id__lt=after) if after else found).order_by("-id")[:PAGE]]


@personal(OWN)
def own_receipt(actor: Actor, code: str) -> ReceiptRecord:
    """One of the actor's own, whole; NotFound for any other."""
    return _one(_own(actor), code)


@personal(READ)
def receipts_in_area(
    actor: Actor,
    today: date,
    day: date,
    unit: str = "",
    first: int = 1,
    after: UUID | None = None,
    most: int = PAGE,
) -> list[ReceiptRecord]:
    """Receipts that were issued on the legal `day` in the actor's area (or `unit` within it), in order of unit and number.

    Those from the number `first` on; `after` is the last one of the page before.
    """
    found = _in_area(actor, today).filter(_on(day), number__gte=first)
    if unit:
        found = found.filter(units.within(unit, today))
    if after:
        last = _in_area(actor, today).filter(id=after).first()
        if last is None:
            raise NotFound(NOT_FOUND("after"))
        found = found.filter(Q(unit__gt=last.unit) | Q(unit=last.unit, number__gt=last.number))
    return _whole(list(found.order_by("unit", "number")[:most]))


@personal(READ)
def receipt_in_area(actor: Actor, today: date, code: str) -> ReceiptRecord:
    """One receipt of the actor's area, whole; NotFound for any other."""
    return _one(_in_area(actor, today), code)


@personal(PRINT)
def paper(actor: Actor, today: date, code: str, language: str) -> bytes | None:
    """The kept paper in a language of a receipt that the actor may see; None while there is none."""
    seen = Receipt.objects.filter(printable(actor, today), code=code)
    found = ReceiptPaper.objects.filter(receipt__in=seen, language=language)
    return next((bytes(content) for content in found.values_list("content", flat=True)), None)


def printable(actor: Actor, today: date) -> Q:
    """Which receipts the actor may print: its own, and with the scope for it those of its area."""
    own = Q(order__payer=actor.owner)
    if not actor.may(READ):
        return own
    area = units.within(actor.unit, today)
    return own | area if area else area  # the nation's area is no condition at all


def _own(actor: Actor) -> QuerySet[Receipt]:
    return _receipts().filter(order__payer=actor.owner)


def _in_area(actor: Actor, today: date) -> QuerySet[Receipt]:
    return _receipts().filter(units.within(actor.unit, today))


def _on(day: date) -> Q:
    """Ids of the legal day in the country's zone."""
    zone = law(Country, "payments").zone
    start, end = bounds(day, zone)
    return Q(id__gte=first_uuid7(start), id__lt=first_uuid7(end))


def _one(found: QuerySet[Receipt], code: str) -> ReceiptRecord:
    rows = _whole(list(found.filter(code=code)))
    if not rows:
        raise NotFound(NOT_FOUND())
    return rows[0]


def _whole(rows: Sequence[Receipt]) -> list[ReceiptRecord]:
    bookings: dict[UUID, list[Booking]] = {}
    paid = Credit.objects.filter(order__in=[row.order_id for row in rows], assigned__gt=0)
    for order, bank, number in paid.order_by("id").values_list("order_id", "account__bank", "booking"):
        bookings.setdefault(order, []).append(Booking(bank, number))
    return [
        ReceiptRecord(
            receipt=_row(row),
            payer=Masked(row.order.payer.rpartition(":")[2]).masked if row.order.payer else "",
            subject_key=row.order.payer,
            lines=lines_of(row.order.lines),
            channel=Channel(row.order.channel),
            bookings=tuple(bookings.get(row.order_id, ())),
        )
        for row in rows
    ]


def _receipts() -> QuerySet[Receipt]:
    moved = Move.objects.filter(source=OuterRef("order"), approved=True)
    return Receipt.objects.select_related("order").annotate(moved=Exists(moved))


def _row(row: Any) -> ReceiptRow:
    """The row, which `_receipts` found."""
    return ReceiptRow(
        id=row.id,
        code=row.code,
        unit=row.unit,
        number=number_of(row.unit, row.year, row.number),
        issued=row.issued,
        purpose=said(row.order.purpose),
        amount=money(row.order.amount),
        refunded=money(row.order.refunded),
        moved=row.moved,
        reference=row.order.subject,
    )
