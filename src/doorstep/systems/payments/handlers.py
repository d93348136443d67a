"""Payments hear what other systems ask for, and answer how far it is. What is refused comes back with its reasons."""

import msgspec

from doorstep.kernel.contracts import answers, hears
from doorstep.kernel.declare.scopes import Purpose
from doorstep.kernel.store.writing import Act, By
from doorstep.kernel.values.reasons import Refused
from doorstep.systems.payments.actions import fee_statements, orders
from doorstep.systems.payments.actions.rows import payers_of
from doorstep.systems.payments.contract import (
    WORDS,
    FeesStated,
    OrderRequested,
    OrderStanding,
    OrderWithdrawn,
    WhichOrder,
)
from doorstep.systems.payments.permissions import FOR_PAYMENT, FOR_TREASURY
from doorstep.systems.payments.queries.orders import standing_of
from doorstep.systems.payments.rules.orders import LINES_WRONG, MOST_LINES, SYSTEM, Asked, Line, declared


@hears(OrderRequested, FOR_PAYMENT)
def order_requested(act: Act, told: OrderRequested) -> None:
    """Begin the order, once; a refusal is told to whoever asked."""
    try:
        orders.place(act, _asked(told))
        detail = ""
    except Refused as refusal:
        orders.turn_down(act, SYSTEM + told.asker, told.order, told.subject, refusal.reasons)
        detail = str(refusal)
    act.journal(subjects=payers_of(told.payer), fields=Asked.__struct_fields__, detail=detail)


@hears(OrderWithdrawn, FOR_PAYMENT)
def order_withdrawn(act: Act, told: OrderWithdrawn) -> None:
    """Cancel the order unless it is paid, and say what it is."""
    try:
        row = orders.withdraw(act, SYSTEM + told.asker, told.order)
        detail = row.state
    except Refused as refusal:
        orders.turn_down(act, SYSTEM + told.asker, told.order, told.subject, refusal.reasons)
        detail = str(refusal)
    act.journal(fields=("state",), detail=detail)


@hears(FeesStated, FOR_TREASURY)
def take_fees(act: Act, stated: FeesStated) -> None:
    """Take the page; one that is refused waits for the treasury, whose day lacks it."""
    own = msgspec.structs.replace(stated, asker=SYSTEM + stated.asker)
    try:
        detail = str(fee_statements.record_fees(act, own).lines)
    except Refused as refusal:
        fee_statements.turn_down_fees(act, own, refusal.reasons)
        detail = str(refusal)
    act.journal(detail=f"{stated.asker} {stated.day}, page {stated.page} of {stated.pages}: {detail}")


@answers(WhichOrder)
def which_order(_by: By, _purpose: Purpose, asked: WhichOrder) -> OrderStanding | None:
    return standing_of(SYSTEM + asked.asker, asked.order)


def _asked(told: OrderRequested) -> Asked:
    if not len(told.codes) == len(told.kinds) == len(told.amounts):
        raise Refused(LINES_WRONG("lines", most=MOST_LINES))
    return Asked(
        order=told.order,
        asker=SYSTEM + told.asker,
        subject=told.subject,
        unit=told.unit,
        payer=told.payer or "",
        purpose=declared(told.purpose),
        lines=tuple(
            Line(code, kind, amount, declared(code) if code in WORDS else {})
            for code, kind, amount in zip(told.codes, told.kinds, told.amounts, strict=True)
        ),
        until=told.until,
    )
