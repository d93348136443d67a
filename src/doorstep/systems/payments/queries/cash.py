"""The counter as cashiers and treasurers read it; whoever paid is not named here."""

from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from django.db.models import Count, Exists, Model, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Concat

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.dates import legal_day
from doorstep.kernel.values.ids import read_reference
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import NotFound, Refused
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import ChangeOut, Deposit, Discrepancy, Move, Order, Shift, Taking
from doorstep.systems.payments.permissions import PROPOSE, TILL, TREASURY
from doorstep.systems.payments.queries.rows import LineRow, lines_of, money
from doorstep.systems.payments.queries.words import said
from doorstep.systems.payments.rules.banking_days import banking_day, counted_by
from doorstep.systems.payments.rules.cash import NO_SHIFT, ORDER_NOT_FOUND
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind
from doorstep.systems.payments.rules.orders import payable
from doorstep.systems.payments.rules.receipts import number_of

PAGE = 50
T = TypeVar("T", bound=Model)


class TakingRow(msgspec.Struct, frozen=True):
    """Cash taken for an order, with its receipt's code and number in full."""

    code: str
    purpose: str
    amount: Money
    at: datetime
    receipt: str
    number: str


class ShiftView(msgspec.Struct, frozen=True):
    """The actor's shift: what it began with, how much it took (newest first, a page of it), and whether it is counted."""

    id: UUID
    till: str
    began: datetime
    opening: Money
    taken: Money
    times: int
    takings: list[TakingRow]
    counted: bool


class WaitingTill(msgspec.Struct, frozen=True):
    """A till of the actor's unit that is counted and waits for the next cashier."""

    shift: UUID
    till: str


class OrderDue(msgspec.Struct, frozen=True, kw_only=True):
    """What the counter needs to know of an order: `due` says whether it is to be paid now."""

    code: str
    subject: str
    purpose: str
    unit: str
    state: OrderState
    amount: Money
    lines: list[LineRow]
    due: bool


class DepositRow(msgspec.Struct, frozen=True):
    """Cash on its way to the bank."""

    id: UUID
    code: str
    unit: str
    till: str
    amount: Money
    at: datetime


class ChangeRow(msgspec.Struct, frozen=True):
    """Change money that is to leave a till; `own` where the actor set it aside."""

    id: UUID
    till: str
    unit: str
    amount: Money
    proposed: datetime
    own: bool


class MoveRow(msgspec.Struct, frozen=True):
    """A payment that somebody wants moved; `own` where the actor proposed it."""

    id: UUID
    source: str
    target: str
    amount: Money
    why: str
    proposed: datetime
    own: bool


def shift_of(actor: Actor) -> ShiftView | None:
    """The shift that the actor keeps now."""
    actor.need(TILL)
    row = Shift.objects.filter(cashier=actor.subject, ended=None).select_related("till").first()
    if row is None:
        return None
    takings = Taking.objects.filter(shift=row)
    summed = takings.aggregate(taken=Sum("amount"), times=Count("order"))
    shown = takings.select_related("order__receipt").order_by("-at", "-order")[:PAGE]
    return ShiftView(
        row.id,
        row.till.name,
        row.began,
        money(row.opening),
        money(summed["taken"] or 0),
        summed["times"],
        [_taking(one) for one in shown],
        row.counted is not None,
    )


def kept_shift(actor: Actor) -> ShiftView:
    """The same; raises Refused where the actor keeps no till."""
    if view := shift_of(actor):
        return view
    raise Refused(NO_SHIFT())


def waiting_tills(actor: Actor) -> list[WaitingTill]:
    actor.need(TILL)
    found = Shift.objects.filter(till__unit=actor.unit, ended=None, counted__isnull=False).exclude(
        cashier=actor.subject
    )
    return [WaitingTill(row.id, row.till.name) for row in found.select_related("till").order_by("till__name")]


def order_due(actor: Actor, today: date, code: str) -> OrderDue:
    """An order of the actor's area by its public code; raises NotFound about the field `code`."""
    actor.need(TILL)
    mine = Order.objects.filter(units.within(actor.unit, today), code=read_reference(code) or "")
    row = mine.first()
    if row is None:
        raise NotFound(ORDER_NOT_FOUND("code"))
    state = OrderState(row.state)
    return OrderDue(
        code=row.code,
        subject=row.subject,
        purpose=said(row.purpose),
        unit=row.unit,
        state=state,
        amount=money(row.amount),
        lines=lines_of(row.lines),
        due=payable(state),
    )


def deposits(actor: Actor, today: date, after: UUID | None = None) -> list[DepositRow]:
    """Cash of the actor's area that the bank has not yet, what has been longest under way first."""
    actor.need(TREASURY)
    found = Deposit.objects.filter(units.within(actor.unit, today), credit=None).select_related("shift__till")
    return [
        DepositRow(row.id, row.code, row.unit, row.shift.till.name, money(row.amount), row.at)
        for row in _following(found, after)
    ]


def deposits_late(at: datetime) -> list[str]:
    """Codes of cash that the bank should have counted before the day of `at`, and nobody has been shown yet; some, oldest first."""
    country, working_day = law(Country, "payments"), profile().calendar.working_day
    shown = Discrepancy.objects.filter(
        kind=DiscrepancyKind.DEPOSIT_MISSING.value, about=Concat(Value("deposit:"), OuterRef("code"))
    )
    today = legal_day(at, country.zone)
    found = []
    for row in Deposit.objects.filter(~Exists(shown), credit=None).order_by("id")[:PAGE]:
        day = banking_day(row.at, country.zone, country.cut_offs, working_day)
        last = counted_by(day, country.deposit_terms, working_day)
        if last and last < today:
            found.append(row.code)
    return found


def moves(actor: Actor, today: date, after: UUID | None = None) -> list[MoveRow]:
    """Payments of the actor's area that somebody wants moved, what has waited longest first."""
    actor.need(PROPOSE)
    found = Move.objects.filter(units.within(actor.unit, today), decided=None).select_related("source", "target")
    return [
        MoveRow(
            row.id,
            row.source.code,
            row.target.code,
            money(row.amount),
            row.why,
            row.proposed,
            row.proposed_by == actor.subject,
        )
        for row in _following(found, after)
    ]


def changes_out(actor: Actor, today: date, after: UUID | None = None) -> list[ChangeRow]:
    """Change money that is to leave tills of the actor's area, what has waited longest first."""
    actor.need(PROPOSE)
    found = ChangeOut.objects.filter(units.within(actor.unit, today), decided=None).select_related("shift__till")
    return [
        ChangeRow(
            row.id, row.shift.till.name, row.unit, money(row.amount), row.proposed, row.proposed_by == actor.subject
        )
        for row in _following(found, after)
    ]


def _following(rows: QuerySet[T], after: UUID | None) -> QuerySet[T]:
    """A page of them, by id."""
    return (rows.filter(id__gt=after) if after else rows).order_by("id")[:PAGE]


def _taking(row: Taking) -> TakingRow:
    receipt = row.order.receipt
    number = number_of(receipt.unit, receipt.year, receipt.number)
    return TakingRow(row.order.code, said(row.order.purpose), money(row.amount), row.at, receipt.code, number)
