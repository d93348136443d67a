"""How somebody is told: each person's own choice, and what it rests on."""

import msgspec
from django.conf import settings

from doorstep.kernel.declare.notices import Channel
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.ids import Masked
from doorstep.systems.identity.models import Account
from doorstep.systems.identity.permissions import OWN
from doorstep.systems.identity.queries.concerned import address_of
from doorstep.systems.identity.rules.telling import channel_of, channels


class Telling(msgspec.Struct, frozen=True):
    """The ways that are open, the one that holds, the language; phone and e-mail masked, empty where there is none."""

    opened: tuple[Channel, ...]
    channel: Channel
    language: str
    phone: str
    email: str


def telling(actor: Actor) -> Telling | None:
    """The actor's own; None for an actor without an account."""
    actor.need(OWN)
    account = Account.objects.filter(subject=actor.subject, closed=None).first()
    if account is None:
        return None
    opened = opened_to(account)
    name, _, host = account.email.rpartition("@")
    return Telling(
        tuple(opened),
        channel_of(account.channel, opened),
        account.language or settings.LANGUAGE_CODE,
        Masked(account.phone).masked if account.phone else "",
        f"{Masked(name).masked}@{host}" if account.email else "",
    )


def opened_to(account: Account) -> list[Channel]:
    """The ways that are open to the account's holder."""
    return channels(account.phone, account.email, *letter_to(account))


def letter_to(account: Account) -> tuple[tuple[str, ...], str]:
    """The lines of the holder's address in the register, from the name down, and its unit; nothing for staff without e-ID."""
    holder = account.eid and (account.eid.person or account.eid.organisation)
    return (address_of(holder), holder.unit) if holder else ((), "")
