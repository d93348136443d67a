"""What somebody signs in with, and where somebody is signed in: each person's own."""

from datetime import datetime
from uuid import UUID

import msgspec

from doorstep.kernel.declare.scopes import Actor
from doorstep.systems.identity.models import Account, Passkey
from doorstep.systems.identity.permissions import OWN


class PasskeyRow(msgspec.Struct, frozen=True):
    """A passkey in the owner's list."""

    id: UUID
    label: str
    created: datetime
    used: datetime | None


class Owner(msgspec.Struct, frozen=True):
    """What a new passkey is made for; `known` credentials are not made twice on a device."""

    id: UUID
    name: str
    known: tuple[bytes, ...]


def passkeys_of(actor: Actor) -> list[PasskeyRow]:
    """The actor's passkeys, newest first."""
    actor.need(OWN)
    rows = Passkey.objects.filter(account__subject=actor.subject, removed=None).order_by("-created")
    return [PasskeyRow(row.id, row.label, row.created, row.used) for row in rows]


def owner_of(actor: Actor) -> Owner | None:
    """The actor's account as its devices know it; None for an actor without an account."""
    actor.need(OWN)
    account = Account.objects.filter(subject=actor.subject, closed=None).first()
    if account is None:
        return None
    known = Passkey.objects.filter(account=account, removed=None).values_list("credential", flat=True)
    return Owner(account.id, account.name, tuple(bytes(one) for one in known))
