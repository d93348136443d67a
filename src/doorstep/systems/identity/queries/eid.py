"""e-IDs as officers see them: one opened by its number, those to approve, those not activated, appointments."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from django.db.models import OuterRef, QuerySet, Subquery

from doorstep.kernel.access import personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import Masked, instant_of
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import Holder, Level
from doorstep.systems.identity.models import Account, Appointment, Contact, Eid, EidChange, RefusedSignIn
from doorstep.systems.identity.permissions import COLLECT, DRIVE, SUPPORT
from doorstep.systems.identity.queries.concerned import name_of
from doorstep.systems.identity.rules import eid as rules
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.eid import Done, State, Step
from doorstep.systems.identity.rules.register import subject_of

PAGE = 50
_PERSONS_ONLY = (Step.RECOVER, Step.RAISE)


class Change(msgspec.Struct, frozen=True):
    """One step that an e-ID took."""

    at: datetime
    change: Done
    level: Level
    why: str
    capture: str
    quality: int | None
    score: int | None
    document: str


class EidRow(msgspec.Struct, frozen=True, kw_only=True):
    """An e-ID opened whole: who, where it stands, and what may be done with it now.

    Of an organisation `number` is the tax code, and `subject_key` names its representative.
    """

    id: UUID
    version: int
    subject_key: str
    full_name: str
    number: Masked
    birth: date | None
    holder: Holder
    level: Level
    state: State
    phone: Masked
    due: date
    unit: str
    steps: Sequence[Step]
    raised: Sequence[Level]
    can_sign_in: bool
    changes: Sequence[Change]


class ListRow(msgspec.Struct, frozen=True, kw_only=True):
    """An e-ID in a list: the number masked."""

    id: UUID
    version: int
    full_name: str
    number: str
    state: State
    level: Level
    unit: str
    due: date
    hindrance: str = ""
    contacted: datetime | None = None


class AppointmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where an officer goes on a day."""

    id: UUID
    eid: UUID
    full_name: str
    kind: str
    slot: str
    place: str


@personal(SUPPORT)
def eid_by_number(actor: Actor, number: Masked) -> EidRow | None:  # noqa: ARG001  `personal` needs it
    """The e-ID of a person's number or an organisation's tax code; officers of any commune help whoever stands before
    them.
    """
    plain = "".join(number.split())
    # One after the other: no index serves an OR over two joined tables.
    person, organisation = Eid.objects.filter(person__number=plain), Eid.objects.filter(organisation__tax_code=plain)
    return _opened(person) or _opened(organisation)


@personal(SUPPORT)
def eid_by_id(actor: Actor, eid: UUID) -> EidRow | None:  # noqa: ARG001  `personal` needs it
    """One e-ID of a list."""
    return _opened(Eid.objects.filter(id=eid))


@personal(COLLECT)
def to_approve(actor: Actor, day: date) -> list[ListRow]:
    """Records that wait for another officer, those due first."""
    rows = _of_area(actor, day).filter(state=State.COLLECTED).order_by("due", "id")[:PAGE]
    return [_listed(row) for row in rows]


@personal(DRIVE)
def not_activated(actor: Actor, day: date, after: UUID | None = None) -> list[ListRow]:
    """Who could activate and has not, in the actor's area, with what was learnt at the last contact."""
    last = Contact.objects.filter(eid=OuterRef("id")).order_by("-at")
    rows = _of_area(actor, day).filter(state=State.NOTIFIED)
    rows = rows.annotate(hindrance=Subquery(last.values("hindrance")[:1]), contacted=Subquery(last.values("at")[:1]))
    rows = rows.filter(id__gt=after) if after else rows
    return [_listed(row) for row in rows.order_by("id")[:PAGE]]


@personal(DRIVE)
def appointments(actor: Actor, day: date) -> list[AppointmentRow]:
    """The open appointments of a day in the actor's area."""
    rows = Appointment.objects.select_related("eid__person").filter(units.within(actor.unit, day))
    rows = rows.filter(day=day, kept=None, cancelled=None)
    return [
        AppointmentRow(
            id=row.id,
            eid=row.eid_id,
            full_name=row.eid.person.full_name if row.eid.person else "",
            kind=row.kind,
            slot=row.slot,
            place=row.place,
        )
        for row in rows.order_by("slot", "id")[:PAGE]
    ]


def cause_of(actor: Actor, reference: str) -> tuple[Cause, datetime] | None:
    """Why somebody was not let in, by the reference that the person names; nobody's data."""
    actor.need(SUPPORT)
    row = RefusedSignIn.objects.filter(reference=reference).first()
    return (Cause(row.cause), row.at) if row else None


def _opened(rows: QuerySet[Eid]) -> EidRow | None:
    row = rows.select_related("person", "organisation").first()
    if row is None:
        return None
    state, level, person, body = State(row.state), Level(row.level), row.person, row.organisation
    number = person.number if person else body.representative if body else ""
    changes = EidChange.objects.filter(eid=row).order_by("-version")
    return EidRow(
        id=row.id,
        version=row.version,
        subject_key=subject_of(number, law(Country, "identity")),
        full_name=name_of(row.person or row.organisation),
        number=Masked(person.number if person else body.tax_code if body else ""),
        birth=person.birth if person else None,
        holder=Holder(row.holder),
        level=level,
        state=state,
        phone=Masked(row.phone),
        due=row.due,
        unit=row.unit,
        steps=[step for step in rules.permitted(state) if person or step not in _PERSONS_ONLY],
        raised=rules.raised(level),
        can_sign_in=Account.objects.filter(eid=row, closed=None).exclude(password="", passcode="").exists(),
        changes=[_change(one) for one in changes],
    )


def _change(one: EidChange) -> Change:
    return Change(
        at=instant_of(one.id),
        change=Done(one.change),
        level=Level(one.level),
        why=one.why,
        capture=one.capture,
        quality=one.quality,
        score=one.score,
        document=one.document,
    )


def _listed(row: Eid) -> ListRow:
    return ListRow(
        id=row.id,
        version=row.version,
        full_name=name_of(row.person or row.organisation),
        number=Masked(row.person.number).masked
        if row.person
        else row.organisation.tax_code
        if row.organisation
        else "",
        state=State(row.state),
        level=Level(row.level),
        unit=row.unit,
        due=row.due,
        hindrance=getattr(row, "hindrance", "") or "",
        contacted=getattr(row, "contacted", None),
    )


def _of_area(actor: Actor, day: date) -> QuerySet[Eid]:
    return Eid.objects.select_related("person", "organisation").filter(units.within(actor.unit, day))
