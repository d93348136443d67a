"""Identity's recurring work: offices end, officers are reminded of clocks that run out, and what has served its time is deleted."""

from datetime import datetime, timedelta

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.systems.identity.actions import incidents, looks, offices, signin

CLOCK = Actor("task:identity", roles=("identity.clock",), via="task")


def end_offices(at: datetime) -> None:
    """Within minutes of the legal midnight."""
    while offices.expired(at) and offices.end_expired(By(CLOCK, at)):
        pass


def forget(at: datetime) -> None:
    """Codes that expired, and causes of refusals older than the help desk needs."""
    signin.forget(By(CLOCK, at))


def remind_officers(at: datetime) -> None:
    """Of breaches and questions whose time runs out."""
    if incidents.reminders_due(at):
        incidents.remind_officers(By(CLOCK, at))


def forget_questions(at: datetime) -> None:
    """Answered questions whose entries are gone."""
    looks.forget_questions(By(CLOCK, at))


EVERY = (
    (timedelta(minutes=5), end_offices),
    (timedelta(minutes=5), remind_officers),
    (timedelta(hours=1), forget),
    (timedelta(hours=24), forget_questions),
)
