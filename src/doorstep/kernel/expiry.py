"""What will expire: each key, certificate, secret and trust anchor has an owner, who is told before it is too late."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection
from django.utils import timezone

from doorstep.kernel import documents
from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.notices import EXPIRES, Channel, Reach
from doorstep.kernel.declare.scopes import FOR_EXPIRY, WATCH
from doorstep.kernel.notices import notify, told_since
from doorstep.kernel.store.models import AccessToken
from doorstep.kernel.store.writing import Act, action

AHEAD = (60, 30, 7)
"""Days before the end at which the owner is told."""
WINDOW = timedelta(days=AHEAD[0])
OPERATOR = "operator"
"""The owner of what belongs to the installation; told by e-mail at DOORSTEP_OPERATOR."""
ONE_AT_A_TIME = 0x40258


class Credential(Code):
    """What may expire."""

    ACCESS_KEY = "access_key", "Access key"
    CERTIFICATE = "certificate", "Certificate"
    CLIENT_SECRET = "client_secret", "Client secret"
    KEY = "key", "Key"
    TRUST_ANCHOR = "trust_anchor", "Trust anchor"


class Expiring(msgspec.Struct, frozen=True):
    """`what` as its `owner` (a subject, or OPERATOR) calls it, which ends at `expires` (aware UTC)."""

    what: str
    owner: str
    expires: datetime
    credential: Credential = Credential.KEY


Watch = Callable[[datetime], Iterable[Expiring]]
WATCHES: dict[str, Watch] = {}


reaches: list[Callable[[str], Reach | None]] = []
"""How systems reach the owners that they know; `tasks` of a system adds to it. Whoever nobody knows has the inbox."""


def watch(name: str, function: Watch) -> None:
    """Have `system.things` watched: a function of now. Call it in the system's `tasks`, which every reader loads."""
    if WATCHES.setdefault(name, function) is not function:
        raise ValueError(f"{name} is watched twice")


def expiring(at: datetime) -> list[Expiring]:
    """What ends within 60 days after `at`, or did within 60 days before, soonest first."""
    found = (one for function in WATCHES.values() for one in function(at))
    return sorted((one for one in found if abs(one.expires - at) <= WINDOW), key=lambda one: one.expires)


@action(WATCH, FOR_EXPIRY)
def tell_owners(act: Act) -> int:
    """Tell each owner once at each of the days AHEAD; returns how many notices that were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    owners = []
    for one in expiring(act.at):
        days = [days for days in AHEAD if act.at < one.expires <= act.at + timedelta(days=days)]
        day = timezone.localtime(one.expires).date()
        given: Any = {"credential": one.credential, "what": one.what, "day": day, "days": min(days, default=0)}
        if days and not told_since(act.at - WINDOW, one.owner, EXPIRES, **given):
            notify(act, _reach(one.owner), EXPIRES, **given)
            owners.append(one.owner)
    act.journal(subjects=sorted(set(owners)), detail=f"{len(owners)} notices")
    return len(owners)


def _reach(owner: str) -> Reach:
    if owner == OPERATOR:
        return Reach(owner, email=settings.OPERATOR, channel=Channel.EMAIL)
    return next((found for find in reaches if (found := find(owner))), Reach(owner))


def _access_keys(at: datetime) -> Iterable[Expiring]:
    for row in AccessToken.objects.filter(revoked=None, expires__range=(at - WINDOW, at + WINDOW)):
        yield Expiring(row.label, row.subject, row.expires, Credential.ACCESS_KEY)


def _certificate(at: datetime) -> Iterable[Expiring]:
    if (settings.HOME / "keys" / "documents.pem").exists():
        yield Expiring("documents.pem", OPERATOR, documents.certificate(at).not_valid_after_utc, Credential.CERTIFICATE)


watch("kernel.access_keys", _access_keys)
watch("kernel.certificate", _certificate)
