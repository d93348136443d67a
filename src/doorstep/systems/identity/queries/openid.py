"""The OpenID Provider's reads: keys, relying parties, consents, and what a relying party may be told of a person."""

import time
from collections.abc import Collection, Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from joserfc.jwk import KeySet

from doorstep.kernel.access import personal
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.expiry import OPERATOR, WINDOW, Credential, Expiring
from doorstep.kernel.keys import derived
from doorstep.kernel.store import units
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.identity.models import Account, Consent, Grant, RelyingParty, SigningKey
from doorstep.systems.identity.permissions import EXCHANGE, MANAGE_CLIENTS, OWN
from doorstep.systems.identity.queries.concerned import concerned_by
from doorstep.systems.identity.rules import openid, signing_keys
from doorstep.systems.identity.rules.openid import Claim
from doorstep.systems.identity.rules.signing_keys import SignKey, Turn

PAGE = 50
KEYS_READ_EVERY = 30.0
"""Seconds; a key is published days before it signs, so a process may know of it a little later."""


class PartyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A relying party as its manager sees it."""

    id: UUID
    name: str
    unit: str
    purpose: str
    redirects: tuple[str, ...]
    after_logout: tuple[str, ...]
    claims: tuple[Claim, ...]
    method: str
    algorithm: str
    pushed_only: bool
    keys: Any
    secret_expires: datetime | None
    registered: datetime
    ended: datetime | None


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A relying party that a person said yes or no to; `lasting` while it may learn more without asking again."""

    id: UUID
    name: str
    purpose: str
    given: tuple[Claim, ...]
    declined: tuple[Claim, ...]
    lasting: bool
    at: datetime


class Told(msgspec.Struct, frozen=True):
    """What a relying party is told of a person (Core 5.3.2)."""

    subject_key: str
    claims: dict[str, Any]


def issuer() -> str:
    """The issuer's name: the address under which discovery is found."""
    return f"{settings.SITE_URL}/identity"


class _Kept(msgspec.Struct, frozen=True):
    """The keys as read last."""

    turns: tuple[Turn, ...] = ()
    public: KeySet = KeySet([])
    until: float = 0.0


_kept = [_Kept()]
"""Of this process; replaced whole, so that nobody reads half of it."""


def turns(at: datetime) -> tuple[Turn, ...]:
    """Whose turn it is, was and will be, of the keys that are published."""
    return _read(at).turns


def published(at: datetime) -> KeySet:
    """The public keys, those to come and those that signed lately among them."""
    return _read(at).public


def signing_key(algorithm: str, at: datetime) -> SignKey | None:
    """The private key whose turn it is; None before the first one was made."""
    turn = signing_keys.signing(turns(at), algorithm, at)
    return _private(turn.id) if turn else None


def forget_keys() -> None:
    """Have them read again: one was made."""
    _kept[0] = _Kept()


def _read(at: datetime) -> _Kept:
    found = _kept[0]
    if time.monotonic() < found.until:
        return found
    rows = list(SigningKey.objects.filter(signs_to__gt=at - signing_keys.AFTER).order_by("signs_from"))
    found = _Kept(
        tuple(Turn(row.id, row.algorithm, row.signs_from, row.signs_to) for row in rows),
        KeySet([signing_keys.read_key(row.public) for row in rows]),
        time.monotonic() + KEYS_READ_EVERY,
    )
    if rows:  # that there is none yet is over at any moment
        _kept[0] = found
    return found


@lru_cache(maxsize=16)
def _private(key: UUID) -> SignKey:
    row = SigningKey.objects.get(id=key)
    return signing_keys.unsealed(derived("signing keys"), row.private)


def sub_of(account: Account, party: RelyingParty) -> str:
    """Under which identifier the party knows the account."""
    return openid.pairwise(derived("pairwise"), party.sector, account.subject)


def allowed(claims: Collection[str], party: RelyingParty) -> frozenset[str]:
    """Of these claims what the party may still learn: a sign-in may be older than its registration of today."""
    return frozenset(claims) & frozenset(party.claims)


def claims_of(account: Account) -> dict[Claim, Any]:
    """All that could be told of the account's holder; what is not known is left out."""
    found: dict[Claim, Any] = {Claim.NAME: account.name, Claim.PHONE: account.phone, Claim.EMAIL: account.email}
    person = account.eid.person if account.eid else None
    if person:
        found |= {
            Claim.NAME: person.full_name,
            Claim.BIRTHDATE: person.birth.isoformat(),
            Claim.GENDER: person.sex if person.sex in {"female", "male"} else "",
            Claim.ADDRESS: {"formatted": person.address} if person.address else "",
            Claim.NUMBER: person.number,
        }
    return {claim: value for claim, value in found.items() if value}


@personal(EXCHANGE)
def userinfo(actor: Actor, grant: UUID) -> Told:  # noqa: ARG001  the grant says what its party may see
    """What the person of a grant let the relying party know."""
    row = Grant.objects.select_related("account__eid__person", "account__eid__organisation", "party").get(id=grant)
    known = claims_of(row.account)
    told = {claim.value: known[claim] for claim in Claim if claim in allowed(row.claims, row.party) and claim in known}
    return Told(next(iter(concerned_by(row.account.eid)), ""), {"sub": sub_of(row.account, row.party), **told})


def parties(actor: Actor, day: date, after: UUID | None = None) -> list[PartyRow]:
    """The relying parties of the actor's unit and below it, newest first."""
    actor.need(MANAGE_CLIENTS)
    rows = RelyingParty.objects.filter(units.within(actor.unit, day))
    rows = rows.filter(id__lt=after) if after else rows
    return [_party(row) for row in rows.order_by("-id")[:PAGE]]


def party(actor: Actor, day: date, party_id: UUID) -> PartyRow:
    """One of them; NotFound outside the actor's area."""
    actor.need(MANAGE_CLIENTS)
    row = RelyingParty.objects.filter(units.within(actor.unit, day), id=party_id).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    return _party(row)


def connections(actor: Actor) -> list[Connection]:
    """The actor's answers to relying parties that hold, newest first."""
    actor.need(OWN)
    rows = Consent.objects.select_related("party").filter(account__subject=actor.subject, ended=None)
    return [
        Connection(
            id=row.party_id,
            name=row.party.name,
            purpose=row.purpose,
            given=tuple(c for c in Claim if c in row.given),
            declined=tuple(c for c in Claim if c in row.declined),
            lasting="offline_access" in row.given,
            at=row.at,
        )
        for row in rows.order_by("-at", "-id")
    ]


def own_claims(actor: Actor) -> dict[Claim, str]:
    """What relying parties could be told of the actor, as the person reads it."""
    actor.need(OWN)
    account = Account.objects.select_related("eid__person").filter(subject=actor.subject).first()
    known = claims_of(account) if account else {}
    return {claim: value["formatted"] if isinstance(value, dict) else value for claim, value in known.items()}


def client_secrets(at: datetime) -> Iterator[Expiring]:
    """Secrets of relying parties that end around now, for whoever registered them."""
    around = (at - WINDOW, at + WINDOW)
    for row in RelyingParty.objects.filter(ended=None, secret_expires__range=around):
        if row.secret_expires:
            yield Expiring(row.name, row.registered_by, row.secret_expires, Credential.CLIENT_SECRET)


def signing_keys_ending(at: datetime) -> Iterator[Expiring]:
    """Keys that sign ID tokens and have no successor though it is time; nothing as long as they rotate by themselves."""
    rows = SigningKey.objects.values_list("id", "algorithm", "signs_from", "signs_to")
    for turn in signing_keys.overdue([Turn(*row) for row in rows], at):
        yield Expiring(f"ID tokens, {turn.algorithm}", OPERATOR, turn.signs_to, Credential.KEY)


def _party(row: RelyingParty) -> PartyRow:
    return PartyRow(
        id=row.id,
        name=row.name,
        unit=row.unit,
        purpose=row.purpose,
        redirects=tuple(row.redirects),
        after_logout=tuple(row.after_logout),
        claims=tuple(c for c in Claim if c in row.claims),
        method=row.method,
        algorithm=row.algorithm,
        pushed_only=row.pushed_only,
        keys=row.keys,
        secret_expires=row.secret_expires,
        registered=row.registered,
        ended=row.ended,
    )
