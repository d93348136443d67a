"""Those whom somebody answers for, as that person sees them: wards and organisations with their e-IDs."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import QuerySet, Subquery

from doorstep.kernel.access import personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.models import Account, Application, Eid, Guardian, Organisation, Person
from doorstep.systems.identity.permissions import CARE
from doorstep.systems.identity.queries.answering import active_organisations, of_minors
from doorstep.systems.identity.rules import home
from doorstep.systems.identity.rules.eid import State


class CaredFor(msgspec.Struct, frozen=True, kw_only=True):
    """A ward or an organisation in the list: its e-ID, where there is one, and what can be done now."""

    id: UUID
    name: str
    organisation: bool
    eid: UUID | None = None
    version: int = 0
    state: State | None = None
    level: Level | None = None
    waits: bool = False
    may_apply: bool = False


@personal(CARE)
def in_care(actor: Actor, day: date) -> list[CaredFor]:
    """Wards and organisations of the signed-in person; nobody for whoever has no active e-ID of level 2."""
    own = own_eid(actor)
    if own is None:
        return []
    return [_ward(person, day) for person in _wards(own, day)] + [_organisation(row) for row in _represented(own, day)]


def own_eid(actor: Actor) -> UUID | None:
    """The active e-ID of level 2 of whoever acts."""
    account = Account.objects.filter(subject=actor.subject, closed=None).values("eid")
    found = Eid.objects.filter(id__in=account, state=State.ACTIVATED.value, level=Level.TWO.value, person__died=None)
    return found.exclude(person=None).values_list("id", flat=True).first()


def answers_for(own: UUID, ward: UUID, day: date) -> bool:
    """Whether the holder of that e-ID is a guardian of the ward on `day`."""
    return any(person.id == ward for person in _wards(own, day))


def still_answers_for(own: UUID, ward: UUID, day: date) -> bool:
    """Whether that e-ID is in force at level 2, and its holder a guardian of the ward on `day`."""
    held = Eid.objects.filter(id=own, state=State.ACTIVATED.value, level=Level.TWO.value, person__died=None)
    return held.exists() and answers_for(own, ward, day)


def represents(own: UUID | None, organisation: UUID, day: date) -> bool:
    """Whether the holder of that e-ID is the legal representative of an organisation that is active on `day`."""
    return own is not None and _represented(own, day).filter(id=organisation).exists()


def _represented(own: UUID, day: date) -> QuerySet[Organisation]:
    number = Eid.objects.filter(id=own).values("person__number")[:1]
    return active_organisations(day).filter(representative=Subquery(number)).order_by("name", "id")


def _wards(own: UUID, day: date) -> list[Person]:
    found = Guardian.objects.filter(of_minors(day), guardian__eid=own, ward__died=None).select_related("ward")
    return [one.ward for one in found.order_by("ward__birth", "id")]


def _ward(person: Person, day: date) -> CaredFor:
    eid = Eid.objects.filter(person=person).first()
    waits = Application.objects.filter(person=person, state=home.State.WAITING.value, unfit="").exists()
    offered = home.offered(law(Country, "identity"), day)
    return CaredFor(
        id=person.id,
        name=person.full_name,
        organisation=False,
        waits=waits,
        may_apply=offered and eid is None and not waits,
        **_where(eid),
    )


def _organisation(row: Organisation) -> CaredFor:
    return CaredFor(id=row.id, name=row.name, organisation=True, **_where(Eid.objects.filter(organisation=row).first()))


def _where(eid: Eid | None) -> dict[str, Any]:
    if eid is None:
        return {}
    return {"eid": eid.id, "version": eid.version, "state": State(eid.state), "level": Level(eid.level)}
