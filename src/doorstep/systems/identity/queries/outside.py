"""Outside providers: for whoever manages them, for the sign-in page, and for the way there and back."""

import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.expiry import WINDOW, Credential, Expiring
from doorstep.kernel.store import units
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.identity.models import OutsideLink, OutsideProvider, OutsideReading
from doorstep.systems.identity.permissions import GRANT, MANAGE_CLIENTS, OUTSIDE, OWN
from doorstep.systems.identity.rules.offices import FROM_OUTSIDE
from doorstep.systems.identity.rules.outside import Kind, Reading

PAGE = 50
READ_EVERY = 30.0
"""Seconds: the sign-in page of the crowd asks no database."""
MANAGED = {Kind.EID: MANAGE_CLIENTS, Kind.STAFF: GRANT}
"""Who manages which kind."""


class ReadingRow(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider is read, as its managers see it."""

    id: UUID
    claims: dict[str, str]
    levels: dict[str, int]
    scope: str
    source: str
    valid_from: date
    confirmed: datetime | None
    own: bool
    """Whether the reader entered it."""


class ProviderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An outside provider as its managers see it; `keys` is our public key as a JSON Web Key Set."""

    id: UUID
    kind: Kind
    name: str
    unit: str
    issuer: str
    client: str
    method: str
    secret_expires: datetime | None
    keys: dict[str, Any] | None
    enabled_from: date
    enabled_to: date | None
    ended: datetime | None
    readings: Sequence[ReadingRow] = ()


class Usable(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that is enabled, and how it is read today. `secret` and `private` are sealed."""

    id: UUID
    kind: Kind
    name: str
    unit: str
    issuer: str
    client: str
    method: str
    secret: str
    private: str
    reading: Reading

    @property
    def via(self) -> str:
        """How those whom it lets in act."""
        return f"{FROM_OUTSIDE}{self.unit}"


class LinkRow(msgspec.Struct, frozen=True):
    """A directory with which the own account is linked."""

    id: UUID
    directory: str
    login: str
    linked: datetime


class Offered(msgspec.Struct, frozen=True):
    """A provider that people may choose."""

    id: UUID
    kind: Kind
    title: str
    unit: str


class _Kept:
    """What is offered, as read last, one for each process."""

    offered: tuple[Offered, ...] = ()
    until = 0.0


def offered(day: date) -> tuple[Offered, ...]:
    """What the sign-in page offers, by name."""
    if time.monotonic() >= _Kept.until:
        rows = OutsideProvider.objects.filter(_enabled(day), readings__in=_holding(day)).distinct().order_by("name")
        _Kept.offered = tuple(Offered(row.id, Kind(row.kind), row.name, row.unit) for row in rows)
        _Kept.until = time.monotonic() + READ_EVERY
    return _Kept.offered


def forget_offered() -> None:
    """Have it read again: something changed."""
    _Kept.until = 0.0


def usable(provider: UUID, day: date) -> Usable | None:
    """The provider with the reading that holds on `day`; None where it is not enabled."""
    row = OutsideProvider.objects.filter(_enabled(day), id=provider).first()
    reading = _holding(day).filter(provider=row).order_by("-valid_from", "-id").first() if row else None
    if row is None or reading is None:
        return None
    told = {name: getattr(row, name) for name in Usable.__struct_fields__ if name not in {"kind", "reading"}}
    return Usable(**told, kind=Kind(row.kind), reading=Reading(reading.claims, reading.levels, reading.scope))


def providers(actor: Actor, day: date, after: UUID | None = None) -> list[ProviderRow]:
    """Those of the actor's unit and below it that the actor manages, newest first."""
    rows = managed(actor, day)
    rows = rows.filter(id__lt=after) if after else rows
    return [_row(actor, row, ()) for row in rows.order_by("-id")[:PAGE]]


def provider(actor: Actor, day: date, provider_id: UUID) -> ProviderRow:
    """One of them with all its readings, newest first; NotFound outside the actor's area."""
    row = managed(actor, day).filter(id=provider_id).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    return _row(actor, row, list(row.readings.order_by("-id")))


def managed(actor: Actor, day: date) -> Any:
    """The providers of the actor's unit and below it, of the kinds that the actor manages."""
    actor.need(OUTSIDE)
    kinds = [kind.value for kind, scope in MANAGED.items() if actor.may(scope)]
    return OutsideProvider.objects.filter(units.within(actor.unit, day), kind__in=kinds)


def links(actor: Actor) -> list[LinkRow]:
    """The directories that open the actor's own account."""
    actor.need(OWN)
    rows = OutsideLink.objects.select_related("provider").filter(account__subject=actor.subject, ended=None)
    return [LinkRow(row.id, row.provider.name, row.login, row.linked) for row in rows.order_by("id")]


def client_secrets(at: datetime) -> Iterator[Expiring]:
    """Our secrets at outside providers that end around now, for whoever registered them."""
    around = (at - WINDOW, at + WINDOW)
    for row in OutsideProvider.objects.filter(ended=None, secret_expires__range=around):
        if row.secret_expires:
            yield Expiring(row.name, row.registered_by, row.secret_expires, Credential.CLIENT_SECRET)


def _enabled(day: date) -> Q:
    return Q(Q(enabled_to=None) | Q(enabled_to__gt=day), ~Q(client=""), ended=None, enabled_from__lte=day)


def _holding(day: date) -> Any:
    return OutsideReading.objects.filter(valid_from__lte=day).exclude(confirmed=None)


def _row(actor: Actor, row: OutsideProvider, readings: Sequence[OutsideReading]) -> ProviderRow:
    same = {"id", "name", "unit", "issuer", "client", "method", "secret_expires", "enabled_from", "enabled_to", "ended"}
    return ProviderRow(
        **{name: getattr(row, name) for name in same},
        kind=Kind(row.kind),
        keys={"keys": [row.public]} if row.public else None,
        readings=[
            ReadingRow(
                id=one.id,
                claims=one.claims,
                levels=one.levels,
                scope=one.scope,
                source=one.source,
                valid_from=one.valid_from,
                confirmed=one.confirmed,
                own=one.entered_by == actor.subject,
            )
            for one in readings
        ],
    )
