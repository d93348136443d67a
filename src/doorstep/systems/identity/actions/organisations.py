"""e-IDs of organisations: collected at a counter through the legal representative, who activates them after signing in.

An organisation signs in with nobody's secrets: its representative acts for it.
"""

from uuid import UUID

from doorstep.kernel.country import law
from doorstep.kernel.store.units import is_commune
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Refused, reason, refuse
from doorstep.systems.identity.actions.eid import (
    Applicant,
    Collected,
    count,
    insert,
    keep,
    locked,
    step_on,
)
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import Holder, Level, Stage
from doorstep.systems.identity.models import Eid, Organisation
from doorstep.systems.identity.permissions import CARE, COLLECT, FOR_EID
from doorstep.systems.identity.queries.care import own_eid, represents
from doorstep.systems.identity.queries.concerned import concerned_by
from doorstep.systems.identity.rules import eid as rules
from doorstep.systems.identity.rules.eid import State, Step
from doorstep.systems.identity.rules.home import NOT_IN_CARE
from doorstep.systems.identity.rules.offices import within

ORGANISATION_CLOSED = reason(
    "identity.organisation_closed",
    "The organisation is not active.",
    repair="If that is wrong, ask the registrar.",
)
REPRESENTATIVE_NEEDED = reason(
    "identity.representative_needed",
    "The legal representative has no active e-ID of level 2.",
    repair="Enter the representative in the register, and let that person activate first.",
)


@action(COLLECT, FOR_EID)
def collect_organisation(act: Act, tax_code: str, applicant: Applicant, unit: str) -> Collected:
    """An officer takes an organisation's record with its legal representative at the counter, in the commune `unit`.

    The phone is the representative's, unless another one is told.
    """
    country = law(Country, "identity")
    if not within(unit, act.actor.unit) or not is_commune(unit, act.day):
        raise NotFound(NOT_FOUND("unit"))
    row = Organisation.objects.filter(tax_code="".join(tax_code.split())).first()
    if row is None:
        raise NotFound(NOT_FOUND("tax_code"))
    holders = Eid.objects.filter(person__number=row.representative, person__died=None, level=Level.TWO.value)
    representative = holders.filter(state=State.ACTIVATED.value).first()
    reasons = rules.check_holder(country, Holder.ORGANISATION, Level.NONE, None, act.day)
    if row.active_from > act.day or (row.active_to and row.active_to <= act.day):
        reasons.append(ORGANISATION_CLOSED("tax_code"))
    if representative is None:
        reasons.append(REPRESENTATIVE_NEEDED("tax_code"))
    reasons += country.check_phone(applicant.phone) if applicant.phone else []
    refuse(reasons)
    due = rules.due(country, Holder.ORGANISATION, Level.NONE, act.day, complete=applicant.complete)
    eid = Eid(
        id=act.id,
        organisation=row,
        holder=Holder.ORGANISATION.value,
        level=Level.NONE.value,
        state=State.COLLECTED.value,
        unit=unit,
        phone=applicant.phone or (representative.phone if representative else ""),
        email=applicant.email,
        language=applicant.language,
        due=due,
        collected=act.at,
    )
    if not insert(eid):
        raise Refused(rules.EID_THERE("tax_code"))
    keep(act, eid, "collect")
    count(act, eid, Stage.COLLECTED, 1)
    act.journal(subjects=concerned_by(eid), fields=["phone", "email"], detail=f"collected {eid.id}")
    return Collected(str(eid.id), due)


@action(CARE, FOR_EID)
def activate_organisation(act: Act, eid: UUID, version: int) -> None:
    """The legal representative, signed in at level 2, takes the organisation's e-ID into use."""
    row = locked(eid, version)
    if row.organisation is None or not represents(own_eid(act.actor), row.organisation.id, act.day):
        raise NotFound(NOT_IN_CARE())
    step_on(act, row, Step.ACTIVATE, activated=act.at)
    count(act, row, Stage.ACTIVATED, 1)
    act.journal(subjects=concerned_by(row), fields=["state"], detail=f"activated {row.id}")
