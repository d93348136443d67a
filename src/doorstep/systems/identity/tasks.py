"""Identity's recurring work: offices whose days are over end, and what was kept for minutes or days is deleted."""

from datetime import datetime, timedelta

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.systems.identity.actions import offices, signin

CLOCK = Actor("task:identity", roles=("identity.clock",), via="task")


def end_offices(at: datetime) -> None:
    """Within minutes of the legal midnight."""
    while offices.expired(at) and offices.end_expired(By(CLOCK, at)):
        pass


def forget(at: datetime) -> None:
    """Codes that expired, and causes of refusals older than the help desk needs."""
    signin.forget(By(CLOCK, at))


EVERY = ((timedelta(minutes=5), end_offices), (timedelta(hours=1), forget))
