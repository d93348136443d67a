"""Access tokens for programs: shown once, kept as a digest, each standing for an actor until it expires or is revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db.models import Q

from doorstep.kernel.declare.scopes import ISSUE_TOKEN, TOKENS, Actor
from doorstep.kernel.store.models import AccessToken
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import Masked, uuid7
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound

LIFETIME = timedelta(days=365)


class Issued(msgspec.Struct, frozen=True):
    """A new token; `secret` is shown once and kept nowhere: an answer with a masked string cannot be kept under a key."""

    id: str
    secret: Masked
    expires: datetime


@action(ISSUE_TOKEN, TOKENS)
def issue_token(act: Act, label: str) -> Issued:
    """A token that may do what the actor may now, for a year. Raises TypeError under an Idempotency-Key."""
    secret = Masked(f"ds_{secrets.token_urlsafe(32)}")
    token = AccessToken.objects.create(
        id=uuid7(act.at),
        digest=_digest(secret),
        label=label[:100],
        subject=act.actor.subject,
        unit=act.actor.unit,
        roles=list(act.actor.roles),
        created=act.at,
        expires=act.at + LIFETIME,
    )
    act.journal(detail=f"token {token.id}")
    return Issued(str(token.id), secret, token.expires)


@action(ISSUE_TOKEN, TOKENS)
def revoke_token(act: Act, token: str) -> None:
    """End one of the actor's own tokens; raises NotFound for anybody else's, and for what is no number of one."""
    try:
        number = UUID(token)
    except ValueError:
        raise NotFound(NOT_FOUND()) from None
    if not AccessToken.objects.filter(id=number, subject=act.actor.subject, revoked=None).update(revoked=act.at):
        raise NotFound(NOT_FOUND())
    act.journal(detail=f"token {number}")


def revoke_tokens(subject: str, unit: str, role: str, at: datetime) -> int:
    """End the tokens that rest on an office, inside the caller's transaction; returns how many."""
    tokens = AccessToken.objects.filter(subject=subject, unit=unit, roles__contains=[role], revoked=None)
    return tokens.update(revoked=at)


def tokens_of(actor: Actor) -> list[AccessToken]:
    """The actor's tokens that are not revoked, newest first."""
    return list(AccessToken.objects.filter(subject=actor.subject, revoked=None).order_by("-created"))


def bearer(secret: str, at: datetime) -> Actor | None:
    """The actor that a presented token stands for; None when it is unknown, expired or revoked."""
    row = AccessToken.objects.filter(Q(expires__gt=at), digest=_digest(secret), revoked=None).first()
    if row is None:
        return None
    return Actor(row.subject, row.unit, tuple(row.roles), via=f"token:{row.id}")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
