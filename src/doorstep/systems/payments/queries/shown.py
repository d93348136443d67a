"""Orders, refunds and bank accounts as pages show them: to whoever has the code, to the payer, to the unit's people."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from django.db.models import Q

from doorstep.kernel.access import personal
from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import Masked, read_reference
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.facts import Channel
from doorstep.systems.payments.models import BankAccount, Credit, Move, Order, Refund
from doorstep.systems.payments.permissions import APPROVE, MANAGE_ACCOUNTS, OWN, READ
from doorstep.systems.payments.queries.orders import OPEN
from doorstep.systems.payments.queries.rows import (
    PAGE,
    MovedRow,
    OrderRecord,
    OrderRow,
    RefundRow,
    money,
    refund_row,
    row_of,
)
from doorstep.systems.payments.rules.refunds import RefundState
from doorstep.systems.payments.rules.settlement import CreditState, Match


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """A bank account of a unit; `mine` where the reader proposed it."""

    id: UUID
    unit: str
    bank: str
    number: str
    holder: str
    proposed: datetime
    approved: datetime | None
    ended: datetime | None
    mine: bool


def by_code(code: str) -> OrderRow:
    """The order of a public code, as typed or scanned; says nothing of its payer. Raises NotFound."""
    read = read_reference(code)
    row = Order.objects.select_related("account", "receipt").filter(code=read).first() if read else None
    if row is None:
        raise NotFound(NOT_FOUND("code"))
    return row_of(row)


def differing(order: UUID) -> Money:
    """What came for the order with another amount than its own, and still waits for its unit's people."""
    found = Credit.objects.filter(order=order, match=Match.DIFFERS.value, state=CreditState.OPEN.value)
    return money(sum(amount - assigned for amount, assigned in found.values_list("amount", "assigned")))


class Which(Code):
    """Which of the own orders are shown."""

    OPEN = "open", "To be paid"
    PAID = "paid", "Paid, or paid back"
    CLOSED = "closed", "Expired or cancelled"


_STATES = {
    Which.OPEN: OPEN,
    Which.PAID: (OrderState.SETTLED, OrderState.REFUNDED_IN_PART, OrderState.REFUNDED),
    Which.CLOSED: (OrderState.EXPIRED, OrderState.CANCELLED),
}


def own_orders(actor: Actor, which: Which | None = None, after: UUID | None = None) -> list[OrderRow]:
    """What the actor, or whoever it acts for, owes and has paid, or some of that; newest first."""
    actor.need(OWN)
    found = Order.objects.select_related("account", "receipt").filter(payer=actor.owner).order_by("-id")
    if which:
        found = found.filter(state__in=_STATES[which])
    if after:
        found = found.filter(id__lt=after)
    return [row_of(row) for row in found[:PAGE]]


def orders_in_area(actor: Actor, day: date, text: str = "", after: UUID | None = None) -> list[OrderRow]:
    """Orders of the actor's area, newest first; with a text those of this code or reference. They name no payer."""
    actor.need(READ)
    found = Order.objects.select_related("account", "receipt").filter(units.within(actor.unit, day)).order_by("-id")
    if text:
        code = read_reference(text)
        found = found.filter(code=code) if code else found.filter(subject=text)
    if after:
        found = found.filter(id__lt=after)
    return [row_of(row) for row in found[:PAGE]]


@personal(READ)
def order_in_area(actor: Actor, day: date, order_id: UUID) -> OrderRecord:
    """One order of the actor's area whole; raises NotFound elsewhere."""
    mine = Order.objects.select_related("account", "receipt").filter(units.within(actor.unit, day), id=order_id)
    row = mine.first()
    if row is None:
        raise NotFound(NOT_FOUND("order"))
    refunds = Refund.objects.filter(order=row).order_by("id").select_related("credit")
    credits_of = Credit.objects.filter(order=row, assigned__gt=0).order_by("booked")
    moves = Move.objects.filter(Q(source=row) | Q(target=row)).exclude(decided__isnull=False, approved=False)
    return OrderRecord(
        order=row_of(row),
        channel=Channel(row.channel) if row.channel else None,
        bookings=[*credits_of.values_list("booking", flat=True)],
        moves=[_moved(row, one) for one in moves.order_by("id").select_related("source", "target")],
        payer=Masked(row.payer.rpartition(":")[2]),
        subject_key=row.payer,
        refunds=[refund_row(actor, one) for one in refunds],
    )


def _moved(row: Order, move: Move) -> MovedRow:
    here = move.target_id == row.id
    return MovedRow((move.source if here else move.target).code, here, move.decided)


@personal(APPROVE)
def refunds_waiting(actor: Actor, day: date, after: UUID | None = None) -> list[RefundRow]:
    """Refunds of the actor's area that wait for a second person, oldest first."""
    found = Refund.objects.filter(units.within(actor.unit, day), state=RefundState.PROPOSED, ended=None)
    found = found.select_related("credit")
    if after:
        found = found.filter(id__gt=after)
    return [refund_row(actor, one) for one in found.order_by("id")[:PAGE]]


def bank_accounts(actor: Actor, day: date) -> list[AccountRow]:
    """The bank accounts of the actor's area: those that wait first, then those that collect, then those that have ended."""
    actor.need(MANAGE_ACCOUNTS)
    found = BankAccount.objects.filter(units.within(actor.unit, day)).order_by("unit", "id")
    rows = [
        AccountRow(
            id=row.id,
            unit=row.unit,
            bank=row.bank,
            number=row.number,
            holder=row.holder,
            proposed=row.proposed,
            approved=row.approved,
            ended=row.ended,
            mine=row.proposed_by == actor.subject,
        )
        for row in found
    ]
    return sorted(rows, key=lambda row: (row.ended is not None, row.approved is not None))
