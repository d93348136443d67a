"""Payments' recurring work: what is pending past its time expires, days of the ledger are closed."""

from datetime import datetime, timedelta

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.systems.payments.actions import closings, ledger

CLOCK = Actor("task:payments", roles=("payments.clock",), via="task")


def expire_pendings(at: datetime) -> int:
    """Expire what is pending past its time; returns how many."""
    expired, total = 1, 0
    while expired and ledger.pendings_due(at):
        expired = ledger.expire_pending(By(CLOCK, at))
        total += expired
    return total


def close_days(at: datetime) -> int:
    """Close the days that can be closed, the oldest first; returns how many."""
    closed = 0
    while closings.closing_due(at):
        closings.close_day(By(CLOCK, at))
        closed += 1
    return closed


EVERY = ((timedelta(minutes=1), expire_pendings), (timedelta(hours=1), close_days))
