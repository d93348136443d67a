"""Payment orders as they are read."""

from datetime import datetime
from uuid import UUID

from doorstep.kernel.values.unit_tree import lineage
from doorstep.systems.payments.contract import OrderStanding, OrderState
from doorstep.systems.payments.models import BankAccount, Order

OPEN = (OrderState.CREATED, OrderState.AWAITING)


def collecting_account(unit: str, currency: str) -> BankAccount | None:
    """Into which account orders of the unit are paid: its own, else that of the nearest unit above it."""
    found = BankAccount.objects.filter(
        unit__in=[*lineage(unit), ""], currency=currency, approved__isnull=False, ended=None
    )
    return max(found, key=lambda row: len(row.unit), default=None)


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
