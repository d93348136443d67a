"""Lodging's recurring work: what may no longer be kept is deleted."""

from datetime import datetime, timedelta

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.systems.lodging.actions.houses import delete_expired

RETENTION = Actor("task:lodging", roles=("lodging.retention",), via="task")


def delete_old(at: datetime) -> int:
    """Delete stays whose retention has ended, a few thousand at a time; returns how many."""
    deleted, total = 1, 0
    while deleted:
        deleted = delete_expired(By(RETENTION, at)).stays
        total += deleted
    return total


EVERY = ((timedelta(days=1), delete_old),)
