"""What a police unit reads of its area: the notices, one notice whole, and the houses that said nothing."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from doorstep.kernel.access import personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.ids import first_uuid7
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.models import Establishment, NoGuests, Notice, Stay
from doorstep.systems.lodging.permissions import READ_NOTICES
from doorstep.systems.lodging.queries import rows
from doorstep.systems.lodging.queries.rows import GuestRow, House, StayRecord, guest_of, house_of, whole

EPOCH = datetime.fromtimestamp(0, UTC)
"""No id is older."""


@personal(READ_NOTICES)
def notices_in_area(
    actor: Actor, unit: str = "", day: date | None = None, after: UUID | None = None, *, late: bool = False
) -> list[GuestRow]:
    """Stays notified in the actor's area (or `unit` within it), newest first, or the `late` ones only; `after` is the
    last one of the page before.
    """
    found = _in_area(actor)
    if late:
        found = found.exclude(late="")
    if unit:
        found = found.filter(_within(unit, "establishment__"))
    if day:
        start, end = (law(Country, "lodging").start(each) for each in (day, day + timedelta(days=1)))
        found = found.filter(id__gte=first_uuid7(max(start, EPOCH)), id__lt=first_uuid7(max(end, EPOCH)))
    if after:
        found = found.filter(id__lt=after)
    return [guest_of(stay) for stay in found.order_by("-id")[: rows.PAGE]]


@personal(READ_NOTICES)
def notice_in_area(actor: Actor, stay_id: UUID) -> StayRecord:
    """One stay in the area of the police unit, with its history."""
    return whole(_in_area(actor).filter(id=stay_id).first())


def silent_houses(actor: Actor, day: date, unit: str = "", after: str = "") -> list[House]:
    """Open houses in the actor's area that on the legal `day` neither notified anybody nor said that nobody stays, by
    unit; `after` is the code of the last one of the page before.
    """
    actor.need(READ_NOTICES)
    start, end = (law(Country, "lodging").start(each) for each in (day, day + timedelta(days=1)))
    found = Establishment.objects.filter(_within(actor.unit), _within(unit), closed=None, enrolled__lt=end)
    found = found.exclude(Exists(Notice.objects.filter(establishment=OuterRef("id"), at__gte=start, at__lt=end)))
    found = found.exclude(Exists(NoGuests.objects.filter(establishment=OuterRef("id"), day=day)))
    if after:
        last = Establishment.objects.filter(_within(actor.unit), code=after).first()
        if last is None:
            raise NotFound(NOT_FOUND("after"))
        found = found.filter(Q(unit__gt=last.unit) | Q(unit=last.unit, id__gt=last.id))
    return [house_of(row) for row in found.order_by("unit", "id")[: rows.PAGE]]


def _in_area(actor: Actor) -> QuerySet[Stay]:
    return Stay.objects.select_related("establishment").filter(_within(actor.unit, "establishment__"))


def _within(unit: str, path: str = "") -> Q:
    return Q(**{f"{path}unit": unit}) | Q(**{f"{path}unit__startswith": f"{unit}."}) if unit else Q()
