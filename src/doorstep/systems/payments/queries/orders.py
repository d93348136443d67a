"""Payment orders as they are read."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection, transaction

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.reasons import NotFound
from doorstep.systems.payments.contract import OrderStanding, OrderState
from doorstep.systems.payments.models import Order, OrderMovement
from doorstep.systems.payments.permissions import REQUEST
from doorstep.systems.payments.rules.orders import ORDER_UNKNOWN

OPEN = (OrderState.CREATED, OrderState.AWAITING)
MOVEMENTS = 0x4025A
"""The advisory lock of the table of movements: shared by those who write, alone for whoever reads by number."""
AT_ONCE = 1000
FURTHEST = 2**63 - 1


class Movement(msgspec.Struct, frozen=True):
    """A change of an order; `paid` and `refunded` are totals so far, `reasons` the codes of a refusal."""

    order: UUID
    code: str
    state: OrderState
    paid: int
    refunded: int
    at: datetime
    reasons: list[str]


class Movements(msgspec.Struct, frozen=True):
    """What moved, in order; `after` is the cursor to go on from."""

    movements: list[Movement]
    after: int


def any_due(at: datetime) -> bool:
    """Whether an order is open whose time has passed by `at`."""
    return Order.objects.filter(state__in=OPEN, until__lte=at).exists()


def standing(order: Order) -> OrderStanding:
    """The order as its asker sees it."""
    return OrderStanding(
        code=order.code,
        state=OrderState(order.state),
        amount=order.amount,
        currency=order.currency,
        paid=order.paid,
        refunded=order.refunded,
        until=order.until,
    )


def standing_of(asker: str, order: UUID) -> OrderStanding | None:
    """How far an order of this asker is; None where it has none of this id."""
    row = Order.objects.filter(id=order, asker=asker).first()
    return standing(row) if row else None


def asked_for(actor: Actor, order: UUID) -> OrderStanding:
    """How far an order is that the actor asked for; raises NotFound."""
    actor.need(REQUEST)
    found = standing_of(actor.subject, order)
    if found is None:
        raise NotFound(ORDER_UNKNOWN("order"))
    return found


def movements(actor: Actor, after: int) -> Movements:
    """What moved among the orders that the actor asked for after this number; none below it can follow."""
    actor.need(REQUEST)
    after = max(0, min(after, FURTHEST))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MOVEMENTS])
        rows = list(OrderMovement.objects.filter(asker=actor.subject, id__gt=after).order_by("id")[:AT_ONCE])
    told = [
        Movement(row.order, row.code, OrderState(row.state), row.paid, row.refunded, row.at, row.reasons)
        for row in rows
    ]
    return Movements(told, rows[-1].id if rows else after)
