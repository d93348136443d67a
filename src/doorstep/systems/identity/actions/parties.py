"""Relying parties: registered, changed, given a new secret, ended, by the manager of the unit that answers for them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, refuse
from doorstep.systems.identity.actions.authorization_server import forget_client
from doorstep.systems.identity.models import Grant, RelyingParty
from doorstep.systems.identity.permissions import FOR_RELYING_PARTY, MANAGE_CLIENTS
from doorstep.systems.identity.rules import openid, signing_keys
from doorstep.systems.identity.rules.openid import Claim

SECRET_KEPT = timedelta(days=365)
OVERLAP = timedelta(days=7)
"""So long the secret before holds beside the new one."""
BY_KEY = "private_key_jwt"


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a manager says of a relying party; `keys` is a JSON Web Key Set as text, for `private_key_jwt` alone."""

    name: str
    purpose: str
    redirects: tuple[str, ...]
    after_logout: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    method: str = "client_secret_basic"
    algorithm: str = "ES256"
    pushed_only: bool = False
    keys: str = ""


class Registered(msgspec.Struct, frozen=True):
    """A relying party's client_id, and its secret, which is shown once; empty where it signs with its own key."""

    id: UUID
    secret: Masked


@action(MANAGE_CLIENTS, FOR_RELYING_PARTY)
def register(act: Act, told: Registration) -> Registered:
    """A new relying party of the actor's unit."""
    secret = Masked("" if told.method == BY_KEY else openid.new_secret())
    RelyingParty.objects.create(
        id=act.id,
        unit=act.actor.unit,
        registered=act.at,
        registered_by=act.actor.subject,
        **_fields(told),
        **_kept(act, secret),
    )
    act.journal(detail=f"relying party {act.id} registered")
    return Registered(act.id, secret)


@action(MANAGE_CLIENTS, FOR_RELYING_PARTY)
def change(act: Act, party: UUID, told: Registration) -> None:
    """Another name, purpose, address or key. People are asked anew about claims that are new."""
    row = _party(act, party)
    RelyingParty.objects.filter(id=row.id).update(**_fields(told))
    act.journal(detail=f"relying party {row.id} changed")


@action(MANAGE_CLIENTS, FOR_RELYING_PARTY)
def renew_secret(act: Act, party: UUID) -> Registered:
    """A new secret for a year; the one before holds for a week more."""
    row = _party(act, party)
    if row.method == BY_KEY:
        raise NotFound(NOT_FOUND())
    secret = Masked(openid.new_secret())
    until = min(row.secret_expires or act.at, act.at + OVERLAP)
    RelyingParty.objects.filter(id=row.id).update(**_kept(act, secret), old_secret=row.secret, old_until=until)
    act.journal(detail=f"relying party {row.id}: new secret")
    return Registered(row.id, secret)


@action(MANAGE_CLIENTS, FOR_RELYING_PARTY)
def end_party(act: Act, party: UUID) -> None:
    """Nobody signs in there any more, and all its tokens end."""
    row = _party(act, party)
    RelyingParty.objects.filter(id=row.id).update(ended=act.at)
    ended = Grant.objects.filter(party=row, ended=None).update(ended=act.at)
    act.journal(detail=f"relying party {row.id} ended with {ended} grants")


def _party(act: Act, party: UUID) -> RelyingParty:
    day = act.day
    rows = RelyingParty.objects.select_for_update().filter(units.within(act.actor.unit, day), ended=None)
    row = rows.filter(id=party).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    transaction.on_commit(lambda: forget_client(row.id))  # earlier, somebody would read the old row again
    return row


def _kept(act: Act, secret: Masked) -> dict[str, Any]:
    if not secret:
        return {}
    return {"secret": openid.secret_digest(secret), "secret_expires": act.at + SECRET_KEPT}


def _fields(told: Registration) -> dict[str, Any]:
    found = openid.check_party(told.name, told.purpose, told.redirects, told.after_logout)
    by_key = told.method == BY_KEY
    refuse(found + (signing_keys.check_keys(told.keys) if by_key else []))
    return {
        "name": told.name.strip(),
        "purpose": told.purpose.strip(),
        "redirects": list(told.redirects),
        "after_logout": list(told.after_logout),
        "sector": openid.sector_of(told.redirects),
        "claims": list(told.claims),
        "method": told.method,
        "algorithm": told.algorithm,
        "pushed_only": told.pushed_only,
        "keys": msgspec.json.decode(told.keys) if by_key else None,
    }
