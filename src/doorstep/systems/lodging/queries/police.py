"""What a police unit reads of its area: the notices, one notice whole, and the houses that said nothing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from msgspec.structs import replace

from doorstep.kernel.access import personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import first_uuid7
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.models import Establishment, NoGuests, Notice, OpenStay, Stay
from doorstep.systems.lodging.permissions import READ_NOTICES
from doorstep.systems.lodging.queries import rows
from doorstep.systems.lodging.queries.rows import GuestRow, House, StayRecord, guest_of, house_of, whole

EPOCH = datetime.fromtimestamp(0, UTC)
"""No id is older."""


@personal(READ_NOTICES)
def notices_in_area(
    actor: Actor,
    today: date,
    unit: str = "",
    day: date | None = None,
    after: UUID | None = None,
    *,
    late: bool = False,
) -> list[GuestRow]:
    """Stays notified in the actor's area (or `unit` within it), newest first, or the `late` ones only; `after` is the
    last one of the page before.
    """
    found = _in_area(actor, today)
    if late:
        found = found.exclude(late="")
    if unit:
        found = found.filter(units.within(unit, today, "establishment__unit"))
    if day:
        start, end = (law(Country, "lodging").start(each) for each in (day, day + timedelta(days=1)))
        found = found.filter(id__gte=first_uuid7(max(start, EPOCH)), id__lt=first_uuid7(max(end, EPOCH)))
    if after:
        found = found.filter(id__lt=after)
    stays = list(found.order_by("-id")[: rows.PAGE])
    twice = _with_another_open(stays)
    return [replace(guest_of(stay), another_open=stay.id in twice) for stay in stays]


@personal(READ_NOTICES)
def notice_in_area(actor: Actor, today: date, stay_id: UUID) -> StayRecord:
    """One stay in the area of the police unit, with its history."""
    found = _in_area(actor, today).filter(id=stay_id).first()
    return replace(whole(found), another_open=bool(found and _with_another_open([found])))


def silent_houses(actor: Actor, day: date, unit: str = "", after: str = "") -> list[House]:
    """Open houses in the actor's area that on the legal `day` neither notified anybody nor said that nobody stays, by
    unit; `after` is the code of the last one of the page before.
    """
    actor.need(READ_NOTICES)
    start, end = (law(Country, "lodging").start(each) for each in (day, day + timedelta(days=1)))
    found = Establishment.objects.filter(
        units.within(actor.unit, day), units.within(unit, day), closed=None, enrolled__lt=end
    )
    found = found.exclude(Exists(Notice.objects.filter(establishment=OuterRef("id"), at__gte=start, at__lt=end)))
    found = found.exclude(Exists(NoGuests.objects.filter(establishment=OuterRef("id"), day=day)))
    if after:
        last = Establishment.objects.filter(units.within(actor.unit, day), code=after).first()
        if last is None:
            raise NotFound(NOT_FOUND("after"))
        found = found.filter(Q(unit__gt=last.unit) | Q(unit=last.unit, id__gt=last.id))
    return [house_of(row) for row in found.order_by("unit", "id")[: rows.PAGE]]


def _in_area(actor: Actor, today: date) -> QuerySet[Stay]:
    within = units.within(actor.unit, today, "establishment__unit")
    return Stay.objects.select_related("establishment").filter(within)


def _with_another_open(stays: Sequence[Stay]) -> set[UUID]:
    """Those that are open while their person has another open stay, in whatever area: that, and no more, is said."""
    here = {stay.id: stay.person for stay in stays if stay.departed is None and stay.cancelled is None}
    everywhere = list(OpenStay.objects.filter(person__in=set(here.values())).values_list("person", "stay"))
    return {one for one, person in here.items() if any(who == person and stay != one for who, stay in everywhere)}
