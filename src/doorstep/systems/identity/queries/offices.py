"""Offices: one's own, those of a unit's staff, what waits for a second person, and what is to be reviewed."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from doorstep.kernel.access import personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import ROLES, Actor, Role
from doorstep.kernel.store import units
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import Account, Invitation, Office
from doorstep.systems.identity.permissions import APPROVE, GRANT, OWN
from doorstep.systems.identity.rules import offices

PAGE = 50


class OfficeRow(msgspec.Struct, frozen=True, kw_only=True):
    """An office in a list; `full_name` is its holder's."""

    id: UUID
    full_name: str
    role: Role
    unit: str
    valid_from: date
    valid_to: date | None
    approved: bool
    lent: bool
    review_by: date
    review_due: bool


class InvitationRow(msgspec.Struct, frozen=True):
    """An invitation that nobody took yet."""

    id: UUID
    role: Role
    unit: str
    expires: datetime


@personal(OWN)
def own_offices(actor: Actor, day: date) -> list[OfficeRow]:
    """The actor's offices that are not ended, whether in force or not yet."""
    rows = Office.objects.filter(Q(valid_to=None) | Q(valid_to__gt=day), subject=actor.subject, ended=None)
    return _rows(list(rows.order_by("unit", "role")), day)


@personal(GRANT)
def staff(actor: Actor, day: date, after: UUID | None = None) -> list[OfficeRow]:
    """Offices of the actor's unit and below it, newest first."""
    rows = _below(actor, day).filter(ended=None)
    rows = rows.filter(id__lt=after) if after else rows
    return _rows(list(rows.order_by("-id")[:PAGE]), day)


@personal(GRANT)
def overdue(actor: Actor, day: date) -> list[OfficeRow]:
    """Offices of the actor's unit and below it that should have been reviewed long ago, the longest first."""
    seen = Coalesce("reviewed", "granted")
    last = day - offices.REVIEW_EVERY - offices.REVIEW_PATIENCE
    rows = _below(actor, day).filter(ended=None).annotate(seen=seen).filter(seen__date__lt=last)
    return _rows(list(rows.order_by("seen", "id")[:PAGE]), day)


@personal(APPROVE)
def waiting(actor: Actor, day: date) -> list[OfficeRow]:
    """Offices that wait for a second person, oldest first."""
    return _rows(list(_below(actor, day).filter(ended=None, approved=None).order_by("id")[:PAGE]), day)


def invitations(actor: Actor, at: datetime, day: date) -> list[InvitationRow]:
    """Invitations of the actor's unit and below it that may still be taken."""
    actor.need(GRANT)
    rows = Invitation.objects.filter(
        units.within(actor.unit, day), accepted=None, withdrawn=None, expires__gt=at
    ).order_by("-id")
    return [InvitationRow(row.id, ROLES[row.role], row.unit, row.expires) for row in rows[:PAGE]]


def grantable() -> list[Role]:
    """The roles that an office may have, in order of their code."""
    return sorted((role for role in ROLES.values() if offices.role_of(role.code) is role), key=lambda role: role.code)


def _below(actor: Actor, day: date) -> QuerySet[Office]:
    return Office.objects.filter(units.within(actor.unit, day))


def _rows(rows: list[Office], day: date) -> list[OfficeRow]:
    country = law(Country, "identity")
    names = dict(Account.objects.filter(subject__in={row.subject for row in rows}).values_list("subject", "name"))
    return [
        OfficeRow(
            id=row.id,
            full_name=names.get(row.subject, ""),
            role=ROLES[row.role],
            unit=row.unit,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            approved=row.approved is not None,
            lent=row.stems_from_id is not None,
            review_by=(by := offices.review_by(country.day(row.reviewed or row.granted))),
            review_due=day >= by - offices.REVIEW_AHEAD,
        )
        for row in rows
        if row.role in ROLES
    ]
