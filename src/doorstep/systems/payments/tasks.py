"""Payments' recurring work: orders and held money whose time has passed expire."""

from datetime import datetime, timedelta

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.systems.payments.actions.ledger import expire_pending, pendings_due
from doorstep.systems.payments.actions.orders import expire_orders
from doorstep.systems.payments.queries.orders import any_due

CLOCK = Actor("task:payments", roles=("payments.clock",), via="task")


def expire(at: datetime) -> int:
    """Expire the orders that were not paid in time, a thousand at once; returns how many."""
    total = 0
    while any_due(at):
        total += expire_orders(By(CLOCK, at))
    return total


def expire_held(at: datetime) -> int:
    """Free the money that was held until now, a thousand transfers at once; returns how many."""
    total = 0
    while pendings_due(at):
        total += expire_pending(By(CLOCK, at))
    return total


EVERY = ((timedelta(minutes=1), expire), (timedelta(minutes=1), expire_held))
