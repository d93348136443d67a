"""The activation drive: contacts with those who have not activated, and appointments with them."""

from datetime import date
from uuid import UUID

from doorstep.kernel.notices import notify
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.identity import notices
from doorstep.systems.identity.actions.eid import reach
from doorstep.systems.identity.models import Appointment, Contact, Eid
from doorstep.systems.identity.permissions import DRIVE, FOR_EID
from doorstep.systems.identity.queries.concerned import concerned_by
from doorstep.systems.identity.rules.drive import Hindrance, Where


@action(DRIVE, FOR_EID)
def note_contact(act: Act, eid: UUID, hindrance: Hindrance, note: str) -> None:
    """An officer reached for the holder: why it is not done yet."""
    row = _of_area(act, eid)
    Contact.objects.create(
        id=act.id, eid=row, at=act.at, officer=act.actor.subject, hindrance=hindrance.value, note=note[:300]
    )
    act.journal(subjects=concerned_by(row), fields=["contact"], detail=f"contact {eid}")


@action(DRIVE, FOR_EID)
def appoint(act: Act, eid: UUID, kind: Where, day: date, slot: str, place: str) -> None:
    """An appointment, in place of an open one; the holder is told."""
    row = _of_area(act, eid)
    Appointment.objects.filter(eid=row, kept=None, cancelled=None).update(cancelled=act.at)
    Appointment.objects.create(
        id=act.id,
        eid=row,
        unit=row.unit,
        kind=kind.value,
        day=day,
        slot=slot[:20],
        place=place[:200],
        made_by=act.actor.subject,
    )
    notify(act, reach(row), notices.APPOINTED, day=day, slot=slot[:20], place=place[:200])
    act.journal(subjects=concerned_by(row), fields=["appointment"], detail=f"appointment {act.id}")


@action(DRIVE, FOR_EID)
def keep_appointment(act: Act, appointment: UUID) -> None:
    """The officer was there, whether the e-ID is activated now or not; an activation on its day keeps one by itself."""
    rows = Appointment.objects.select_for_update(of=("self",)).select_related("eid__person")
    row = rows.filter(units.within(act.actor.unit, act.day), id=appointment, kept=None, cancelled=None).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    Appointment.objects.filter(id=row.id).update(kept=act.at)
    act.journal(subjects=concerned_by(row.eid), fields=["appointment"], detail=f"appointment {appointment} kept")


def _of_area(act: Act, eid: UUID) -> Eid:
    rows = Eid.objects.select_for_update(of=("self",)).select_related("person")
    row = rows.filter(units.within(act.actor.unit, act.day), id=eid).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    return row
