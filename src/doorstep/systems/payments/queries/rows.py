"""The rows that pages of orders and refunds show; money in the installation's currency."""

from datetime import datetime
from uuid import UUID

import msgspec

from doorstep.kernel.country import profile
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.money import Money
from doorstep.systems.payments.contract import FeeKind, OrderState
from doorstep.systems.payments.country import Payee
from doorstep.systems.payments.models import Order
from doorstep.systems.payments.rules.refunds import RefundState

PAGE = 50


class LineRow(msgspec.Struct, frozen=True):
    """One thing that is to be paid."""

    code: str
    kind: FeeKind
    amount: Money


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order without its payer; `payee` None where it waits for a bank account."""

    id: UUID
    code: str
    subject: str
    unit: str
    state: OrderState
    amount: Money
    paid: Money
    refunded: Money
    lines: list[LineRow]
    payee: Payee | None
    created: datetime
    until: datetime
    settled: datetime | None


class RefundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refund in a list: the account masked; `mine` where the reader proposed it."""

    id: UUID
    code: str
    order: UUID | None
    unit: str
    amount: Money
    to_name: str
    to_account: str
    why: str
    state: RefundState
    proposed: datetime
    mine: bool


class OrderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An order opened whole by an official, with what went back of it."""

    order: OrderRow
    payer: Masked
    subject_key: str
    refunds: list[RefundRow]


def money(minor: int) -> Money:
    return Money(minor, profile().currency)


def row_of(order: Order) -> OrderRow:
    """The order, whose `account` was selected with it."""
    account = order.account
    return OrderRow(
        id=order.id,
        code=order.code,
        subject=order.subject,
        unit=order.unit,
        state=OrderState(order.state),
        amount=money(order.amount),
        paid=money(order.paid),
        refunded=money(order.refunded),
        lines=[LineRow(code, FeeKind(kind), money(amount)) for code, kind, amount in order.lines],
        payee=Payee(account.bank, account.number, account.holder) if account else None,
        created=order.created,
        until=order.until,
        settled=order.settled,
    )
