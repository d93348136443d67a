"""Identity's recurring work: offices end, officers are reminded of clocks that run out, and what has served its time is deleted."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.expiry import Credential, Expiring, reaches, watch
from doorstep.kernel.store.writing import By
from doorstep.systems.identity.actions import (
    home,
    incidents,
    looks,
    mandates,
    offices,
    openid,
    reviews,
    signin,
    telling,
)
from doorstep.systems.identity.queries import outside
from doorstep.systems.identity.queries.openid import client_secrets, signing_keys_ending
from doorstep.systems.identity.queries.trust import ending
from doorstep.systems.identity.rules.trust_files import FileKind

CLOCK = Actor("task:identity", roles=("identity.clock",), via="task")


def end_offices(at: datetime) -> None:
    """Within minutes of the legal midnight."""
    while offices.expired(at) and offices.end_expired(By(CLOCK, at)):
        pass


def end_mandates(at: datetime) -> None:
    """As offices."""
    while mandates.expired(at) and mandates.end_expired_mandates(By(CLOCK, at)):
        pass


def remind_of_reviews(at: datetime) -> None:
    """Administrators learn which rights they are to review."""
    reviews.remind(By(CLOCK, at))


def forget(at: datetime) -> None:
    """Codes that expired, and causes of refusals older than the help desk needs."""
    signin.forget(By(CLOCK, at))


def forget_grants(at: datetime) -> None:
    """Grants that are over, however many."""
    while openid.forget_grants(By(CLOCK, at)) >= openid.FORGET_AT_ONCE:
        pass


def turn_keys(at: datetime) -> None:
    """Keys are made before their turn comes."""
    openid.turn_keys(By(CLOCK, at))


def remind_officers(at: datetime) -> None:
    """Of breaches and questions whose time runs out."""
    if incidents.reminders_due(at):
        incidents.remind_officers(By(CLOCK, at))


def forget_questions(at: datetime) -> None:
    """Answered questions whose entries are gone."""
    looks.forget_questions(By(CLOCK, at))


def tell_applicants(at: datetime) -> None:
    """Who applied from home and has no e-ID, at the minute that was chosen for each."""
    while home.tell_applicants(By(CLOCK, at)) == home.AT_ONCE:
        pass


def trust_files(_at: datetime) -> Iterator[Expiring]:
    """What checks of documents rest on."""
    for kind, name, owner, expires in ending():
        credential = Credential.TRUST_ANCHOR if kind is FileKind.STATE else Credential.CERTIFICATE
        yield Expiring(name, owner, expires, credential)


watch("identity.client_secrets", client_secrets)
watch("identity.signing_keys", signing_keys_ending)
watch("identity.trust_files", trust_files)
watch("identity.outside_secrets", outside.client_secrets)
reaches.append(telling.reach_of_subject)
EVERY = (
    (timedelta(minutes=5), end_offices),
    (timedelta(minutes=5), end_mandates),
    (timedelta(hours=1), forget),
    (timedelta(minutes=5), forget_grants),
    (timedelta(hours=6), remind_of_reviews),
    (timedelta(hours=12), turn_keys),
    (timedelta(minutes=5), remind_officers),
    (timedelta(hours=24), forget_questions),
    (timedelta(minutes=5), tell_applicants),
)
