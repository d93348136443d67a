"""Orders begin, are withdrawn, and expire; each change of state is told to whoever asked."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import F

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.codes import Code
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import reference
from doorstep.kernel.values.reasons import Conflict, NotFound, Reason, Refused, refuse
from doorstep.kernel.values.unit_tree import lineage
from doorstep.systems.payments.actions.rows import payers_of
from doorstep.systems.payments.contract import OrderMoved, OrderStanding, OrderState
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import BankAccount, Order, OrderMovement
from doorstep.systems.payments.permissions import FOR_PAYMENT, REQUEST, SETTLE
from doorstep.systems.payments.queries.orders import MOVEMENTS, OPEN, standing
from doorstep.systems.payments.rules import orders as rules
from doorstep.systems.payments.rules.orders import Asked, Event

ACCOUNTS = 0x4025B
"""The advisory lock of bank accounts: shared by orders that begin without one, alone for whoever approves one."""
AT_ONCE = 1000


@action(REQUEST, FOR_PAYMENT)
def request_order(act: Act, asked: Asked) -> OrderStanding:
    """Ask for a payment; the same id with the same content is the same order. Raises Conflict where it is another's."""
    order = place(act, asked)
    act.journal(subjects=payers_of(order.payer), fields=Asked.__struct_fields__, detail=order.code)
    return standing(order)


@action(REQUEST, FOR_PAYMENT)
def withdraw_order(act: Act, order: UUID) -> OrderStanding:
    """Take back what the actor asked for; raises NotFound for another's, Conflict once it is paid."""
    row = withdraw(act, act.actor.subject, order)
    if row.state != OrderState.CANCELLED:
        raise Conflict(rules.PAID_ALREADY("order"))
    act.journal(subjects=payers_of(row.payer), fields=("state",), detail=row.code)
    return standing(row)


@action(SETTLE, FOR_PAYMENT)
def expire_orders(act: Act) -> int:
    """Orders whose time has passed expire, a thousand at once; returns how many. Money that comes later still pays them."""
    due = Order.objects.filter(state__in=OPEN, until__lte=act.at).order_by("id")
    rows = list(due.select_for_update(no_key=True, skip_locked=True)[:AT_ONCE])
    advance(rows, Event.EXPIRED)
    moved(act, rows)
    act.journal(detail=f"{len(rows)} orders")
    return len(rows)


def place(act: Act, asked: Asked) -> Order:
    """The order that is asked for, as part of an action; raises Refused with what speaks against it."""
    kept = Order.objects.filter(id=asked.order).first()
    if kept is None:
        refuse(rules.check_asked(asked, act.at, law(Country, "payments").largest_amount))
        if not units.in_force(act.day).filter(units.within(act.actor.unit, act.day, "code"), code=asked.unit).exists():
            raise Refused(rules.UNIT_UNKNOWN("unit", unit=asked.unit))
        order = _new(act, asked)
        Order.objects.bulk_create([order], ignore_conflicts=True)
        kept = Order.objects.get(id=asked.order)
        if kept.code == order.code:  # ours, and not one of the same id that was committed while we wrote
            moved(act, [kept])
            return kept
    if _asked(kept) != asked:
        raise Conflict(rules.ORDER_DIFFERS("order"))
    return kept


def withdraw(act: Act, asker: str, order: UUID) -> Order:
    """Cancel the asker's order unless it is paid, as part of an action; returns it as it is then. Raises NotFound."""
    row = Order.objects.select_for_update(no_key=True).filter(id=order, asker=asker).first()
    if row is None:
        raise NotFound(rules.ORDER_UNKNOWN("order"))
    if rules.follow(OrderState(row.state), Event.WITHDRAWN):
        advance([row], Event.WITHDRAWN)
        moved(act, [row])
    return row


def open_orders(act: Act, unit: str, currency: str) -> int:
    """Orders of the unit, and of those below it, that waited for a bank account to be paid into get it; how many."""
    waiting = Order.objects.filter(
        units.within(unit, act.day), state=OrderState.CREATED, currency=currency, account=None
    )
    rows = list(waiting.order_by("id").select_for_update(no_key=True))
    for row in rows:
        row.account = collecting_account(row.unit, currency, act.day)
    rows = [row for row in rows if row.account]
    Order.objects.bulk_update(rows, ["account"], batch_size=AT_ONCE)
    advance(rows, Event.OPENED)
    moved(act, rows)
    return len(rows)


def collecting_account(unit: str, currency: str, day: date) -> BankAccount | None:
    """Into which account orders of the unit are paid: its own, else that of the nearest unit above it. For a unit that has
    ended it is that of the unit that answers for it on `day`; its former one serves where that has none.
    """
    now = lineage(units.answering([unit], day)[unit])
    found = BankAccount.objects.filter(
        unit__in=[*now, *lineage(unit), ""], currency=currency, approved__isnull=False, ended=None
    )
    return max(found, key=lambda row: (row.unit in now, len(row.unit)), default=None)


def moved(act: Act, orders: Sequence[Order], reasons: Sequence[Reason] = ()) -> None:
    """Tell whoever asked for them how these orders are now; they are locked or new."""
    codes = tuple(one.code for one in reasons)
    write_movements(
        act,
        [
            OrderMoved(
                subject=row.subject,
                asker=row.asker,
                order=row.id,
                code=row.code,
                state=OrderState(row.state),
                paid=row.paid,
                refunded=row.refunded,
                at=act.at,
                reasons=codes,
            )
            for row in orders
        ],
    )


def write_movements(act: Act, told: Sequence[OrderMoved]) -> None:
    """The messages, and the rows that askers read by number."""
    if not told:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [MOVEMENTS])
    OrderMovement.objects.bulk_create(
        [
            OrderMovement(
                asker=one.asker,
                order=one.order,
                code=one.code,
                state=one.state.value,
                paid=one.paid,
                refunded=one.refunded,
                at=one.at,
                reasons=list(one.reasons),
            )
            for one in told
        ],
        batch_size=AT_ONCE,
    )
    act.tell(*[msgspec.structs.replace(one, asker=rules.told_asker(one.asker)) for one in told])


def turn_down(act: Act, asker: str, order: UUID, subject: str, reasons: Sequence[Reason]) -> None:
    """Tell `asker` that what it wants of the order is refused: CANCELLED where it has none, else with its state as it stays."""
    kept = Order.objects.filter(id=order, asker=asker).first()
    if kept:
        moved(act, [kept], reasons)
        return
    codes = tuple(one.code for one in reasons)
    told = OrderMoved(
        subject=subject,
        asker=asker,
        order=order,
        code="-",
        state=OrderState.CANCELLED,
        paid=0,
        refunded=0,
        at=act.at,
        reasons=codes,
    )
    write_movements(act, [told])


def lines_of(order: Order) -> list[rules.Line]:
    """The order's lines as the rules know them."""
    return msgspec.convert(order.lines, list[rules.Line])


def advance(rows: Sequence[Order], event: Event, **fields: Any) -> None:
    """All rows, which are locked, take the state that follows and these fields (values, or F of another field).

    Raises RuntimeError where the event does not befall one of them.
    """
    groups: dict[Code, list[UUID]] = {}
    for row in rows:
        following = rules.follow(OrderState(row.state), event)
        if following is None:
            raise RuntimeError(f"an order that is {row.state} meets {event.name}")
        groups.setdefault(following, []).append(row.id)
        row.state = following.value
        for name, value in fields.items():
            setattr(row, name, getattr(row, value.name) if isinstance(value, F) else value)
    for state, ids in groups.items():
        Order.objects.filter(id__in=ids).update(state=state.value, **fields)


def _new(act: Act, asked: Asked) -> Order:
    currency = profile().currency.code
    account = collecting_account(asked.unit, currency, act.day)
    if account is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ACCOUNTS])
        account = collecting_account(asked.unit, currency, act.day)
    return Order(
        id=asked.order,
        code=reference(),
        asker=asked.asker,
        subject=asked.subject,
        unit=asked.unit,
        payer=asked.payer,
        purpose=asked.purpose,
        lines=msgspec.to_builtins(asked.lines),
        amount=asked.amount,
        currency=currency,
        account=account,
        state=(OrderState.AWAITING if account else OrderState.CREATED).value,
        created=act.at,
        until=asked.until,
    )


def _asked(order: Order) -> Asked:
    return Asked(
        order=order.id,
        asker=order.asker,
        subject=order.subject,
        unit=order.unit,
        payer=order.payer,
        purpose=order.purpose,
        lines=tuple(lines_of(order)),
        until=order.until,
    )
