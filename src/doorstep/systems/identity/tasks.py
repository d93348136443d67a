"""Identity's recurring work: offices whose days are over end, and what was kept for minutes or days is deleted."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.expiry import Credential, Expiring, watch
from doorstep.kernel.store.writing import By
from doorstep.systems.identity.actions import home, offices, signin
from doorstep.systems.identity.queries.trust import ending
from doorstep.systems.identity.rules.trust_files import FileKind

CLOCK = Actor("task:identity", roles=("identity.clock",), via="task")


def end_offices(at: datetime) -> None:
    """Within minutes of the legal midnight."""
    while offices.expired(at) and offices.end_expired(By(CLOCK, at)):
        pass


def forget(at: datetime) -> None:
    """Codes that expired, and causes of refusals older than the help desk needs."""
    signin.forget(By(CLOCK, at))


def answer_unfit(at: datetime) -> None:
    """Applications that nobody can decide on, at the minute that was chosen for each."""
    while home.refuse_unfit(By(CLOCK, at)) == home.AT_ONCE:
        pass


def trust_files(_at: datetime) -> Iterator[Expiring]:
    """What checks of documents rest on."""
    for kind, name, owner, expires in ending():
        credential = Credential.TRUST_ANCHOR if kind is FileKind.STATE else Credential.CERTIFICATE
        yield Expiring(name, owner, expires, credential)


watch("identity.trust_files", trust_files)

EVERY = ((timedelta(minutes=5), end_offices), (timedelta(hours=1), forget), (timedelta(minutes=5), answer_unfit))
