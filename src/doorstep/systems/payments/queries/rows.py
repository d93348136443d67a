"""The rows that pages of orders and refunds show; money in the installation's currency."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.money import Money
from doorstep.systems.payments.contract import FeeKind, OrderState
from doorstep.systems.payments.country import Country, Payee
from doorstep.systems.payments.facts import Channel
from doorstep.systems.payments.models import Credit, Order, Refund
from doorstep.systems.payments.permissions import APPROVE
from doorstep.systems.payments.queries.orders import OPEN
from doorstep.systems.payments.queries.words import said
from doorstep.systems.payments.rules.orders import Line
from doorstep.systems.payments.rules.refunds import Destination, Direction, RefundState, direction

PAGE = 50


class LineRow(msgspec.Struct, frozen=True):
    """One thing that is to be paid, by its name, else the asking system's code."""

    name: str
    kind: FeeKind
    amount: Money


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order without its payer; `purpose` in words, `payee` None where it waits for a bank account, `receipt` a code, ""
    before it is paid.
    """

    id: UUID
    code: str
    subject: str
    purpose: str
    unit: str
    state: OrderState
    amount: Money
    paid: Money
    refunded: Money
    lines: list[LineRow]
    payee: Payee | None
    receipt: str
    created: datetime
    until: datetime
    settled: datetime | None

    @property
    def open(self) -> bool:
        return self.state in OPEN


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """Where money goes back to: the bank's name, and the number of the account, whole for whoever decides."""

    amount: Money
    bank: str
    number: str
    name: str
    direction: Direction


class RefundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refund in a list; `mine` where the reader proposed it."""

    id: UUID
    code: str
    order: UUID | None
    unit: str
    going: Going
    why: str
    state: RefundState
    proposed: datetime
    mine: bool


class MovedRow(msgspec.Struct, frozen=True):
    """The order that a payment was moved to or (`here`) from, when that was decided; None while it waits."""

    code: str
    here: bool
    decided: datetime | None


class OrderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An order opened whole by an official, with how it was paid (`bookings` are the bank's numbers) and what went back of it."""

    order: OrderRow
    channel: Channel | None
    bookings: list[str]
    moves: list[MovedRow]
    payer: Masked
    subject_key: str
    refunds: list[RefundRow]


def money(minor: int) -> Money:
    return Money(minor, profile().currency)


def going(actor: Actor, amount: int, to: Destination, paid_by: Iterable[Credit]) -> Going:
    """Money on its way to an account, of what came with these credits."""
    banks = {row.number: row.name for row in law(Country, "payments").banks}
    return Going(
        amount=money(amount),
        bank=banks.get(to.bank, to.bank),
        number=str(to.number) if actor.may(APPROVE) else to.number.masked,
        name=to.name,
        direction=direction(to.bank, to.number, [(one.from_bank, one.from_account) for one in paid_by]),
    )


def refund_row(actor: Actor, row: Refund) -> RefundRow:
    paid_by = [row.credit] if row.credit else Credit.objects.filter(order=row.order_id, assigned__gt=0)
    to = Destination(row.to_bank, Masked(row.to_account), row.to_name)
    return RefundRow(
        id=row.id,
        code=row.code,
        order=row.order_id,
        unit=row.unit,
        going=going(actor, row.amount, to, paid_by),
        why=row.why,
        state=RefundState(row.state),
        proposed=row.proposed,
        mine=row.proposed_by == actor.subject,
    )


def lines_of(kept: Any) -> list[LineRow]:
    """An order's lines as they are kept."""
    lines = msgspec.convert(kept, list[Line])
    return [LineRow(said(line.words, line.code), line.kind, money(line.amount)) for line in lines]


def row_of(order: Order) -> OrderRow:
    """The order, whose `account` and `receipt` were selected with it."""
    account = order.account
    return OrderRow(
        id=order.id,
        code=order.code,
        subject=order.subject,
        purpose=said(order.purpose),
        unit=order.unit,
        state=OrderState(order.state),
        amount=money(order.amount),
        paid=money(order.paid),
        refunded=money(order.refunded),
        lines=lines_of(order.lines),
        payee=Payee(account.bank, account.number, account.holder) if account else None,
        receipt=order.receipt.code if hasattr(order, "receipt") else "",
        created=order.created,
        until=order.until,
        settled=order.settled,
    )
