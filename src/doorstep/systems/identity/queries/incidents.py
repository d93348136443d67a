"""The register of breaches, as the data protection officers of a unit keep it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When

from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import instant_of
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.identity import models
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.permissions import PROTECT
from doorstep.systems.identity.rules.incidents import Incident, duty

PAGE = 50


class IncidentRow(msgspec.Struct, frozen=True):
    """An incident in the list. `waits`: the authority is to be told, and was not yet."""

    id: UUID
    reference: str
    unit: str
    act: str
    due: datetime | None
    notified: datetime | None
    closed: datetime | None
    waits: bool


class IncidentVersion(msgspec.Struct, frozen=True):
    """What was known at a time; `actor` entered it."""

    at: datetime
    version: int
    actor: str
    content: Incident


class IncidentRecord(msgspec.Struct, frozen=True):
    """One incident with all that was known, newest first; `authority` a message id, "" where no law says."""

    id: UUID
    reference: str
    unit: str
    version: int
    authority: str
    due: datetime | None
    notified: datetime | None
    notice_reference: str
    late_reason: str
    told: int
    closed: datetime | None
    why_closed: str
    versions: Sequence[IncidentVersion]

    @property
    def content(self) -> Incident:
        """What is known now."""
        return self.versions[0].content


def incidents(actor: Actor, day: date, start: int = 0) -> list[IncidentRow]:
    """The incidents of the actor's unit and below, from the place `start`: those first whose notice waits, by their time."""
    actor.need(PROTECT)
    newest = models.IncidentVersion.objects.filter(incident=OuterRef("id")).order_by("-version")
    waits = Case(When(Q(notified=None, closed=None, due__isnull=False), then=Value(True)), default=Value(False))
    rows = (
        models.Incident.objects.filter(units.within(actor.unit, day))
        .annotate(waits=waits, act=Subquery(newest.values("content__act")[:1]))
        .order_by("-waits", Case(When(waits=True, then=F("due"))), "-id")
    )
    return [
        IncidentRow(row.id, row.reference, row.unit, row.act, row.due, row.notified, row.closed, row.waits)
        for row in rows[start : start + PAGE + 1]
    ]


def incident(actor: Actor, day: date, incident_id: UUID) -> IncidentRecord:
    """One incident of the actor's area; no person's data stand in it."""
    actor.need(PROTECT)
    row = models.Incident.objects.filter(units.within(actor.unit, day), id=incident_id).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    versions = [
        IncidentVersion(instant_of(one.id), one.version, one.actor, content_of(one.content))
        for one in models.IncidentVersion.objects.filter(incident=row).order_by("-version")
    ]
    rule = duty(versions[0].content, law(Country, "identity"))
    return IncidentRecord(
        id=row.id,
        reference=row.reference,
        unit=row.unit,
        version=row.version,
        authority=rule.authority if rule else "",
        due=row.due,
        notified=row.notified,
        notice_reference=row.notice_reference,
        late_reason=row.late_reason,
        told=row.told,
        closed=row.closed,
        why_closed=row.why_closed,
        versions=versions,
    )


def content_of(kept: Any) -> Incident:
    """What a version keeps as JSON."""
    return msgspec.convert(kept, Incident)
