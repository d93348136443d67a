"""Payments' recurring work: days are reconciled when they are over, when evidence came late, or when somebody asked."""

from datetime import datetime, timedelta

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.systems.payments.actions.days import reconcile_day
from doorstep.systems.payments.queries.days import due_days, waiting_days

CLOCK = Actor("task:payments", roles=("payments.clock",), via="task")


def reconcile(at: datetime) -> int:
    """Reconcile what waits and what is due, each day in a transaction of its own; returns how many days."""
    days = dict.fromkeys([*waiting_days(), *due_days(at)])
    for day in days:
        reconcile_day(By(CLOCK, at), day)
    return len(days)


EVERY = ((timedelta(minutes=10), reconcile),)
