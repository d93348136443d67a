"""Applications for e-IDs from home, as officers decide on them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from doorstep.kernel.access import personal
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import Masked
from doorstep.systems.identity.models import Application
from doorstep.systems.identity.permissions import COLLECT, SUPPORT
from doorstep.systems.identity.queries.concerned import key_of
from doorstep.systems.identity.rules import home as rules
from doorstep.systems.identity.rules.chip.findings import Verdict
from doorstep.systems.identity.rules.home import Refusal, State

PAGE = 50


class ApplicationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One that waits: whose, and what it rests on."""

    id: UUID
    version: int
    reference: str
    full_name: str
    number: str
    birth_year: int
    unit: str
    due: date | None
    through_guardian: bool
    matched: bool
    score: int
    code_agreed: bool
    chip: Verdict | None
    against: Sequence[str]


class ApplicationTold(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an application, for whoever asks at a counter with its reference.

    `state` is None while it is refused and the phone is not told yet: that somebody is known is not for who only has the
    reference.
    """

    subject_key: str
    state: State | None
    cause: Refusal | None
    due: date | None
    decided: datetime | None


@personal(COLLECT)
def applications(actor: Actor, day: date) -> list[ApplicationRow]:
    """Those of the actor's area that wait, due first."""
    rows = Application.objects.filter(units.within(actor.unit, day), state=State.WAITING.value, unfit="")
    return [_row(row) for row in rows.exclude(person=None).select_related("person").order_by("due", "id")[:PAGE]]


@personal(SUPPORT)
def application_told(actor: Actor, reference: str, card: Masked) -> ApplicationTold | None:  # noqa: ARG001  any commune helps
    """One by its reference; why nobody could decide on it stays unsaid. A refusal of which the phone is not told yet is
    seen with the number on the card in the person's hand.
    """
    row = Application.objects.select_related("person").filter(reference=reference).first()
    if row is None:
        return None
    seen = row.state != State.REFUSED or not row.phone or (row.person is not None and row.person.number == card)
    return ApplicationTold(
        subject_key=key_of(row.person) if row.person else "",
        state=State(row.state) if seen else None,
        cause=Refusal(row.cause) if seen and row.cause else None,
        due=row.due,
        decided=row.decided,
    )


def _row(row: Application) -> ApplicationRow:
    person = row.person
    if person is None:
        raise ValueError("nobody's application is in no officer's list")
    guardian = row.guardian_id is not None
    return ApplicationRow(
        id=row.id,
        version=row.version,
        reference=row.reference,
        full_name=person.full_name,
        number=Masked(person.number).masked,
        birth_year=person.birth.year,
        unit=row.unit,
        due=row.due,
        through_guardian=guardian,
        matched=row.matched,
        score=row.score,
        code_agreed=row.code_agreed,
        chip=Verdict(row.chip) if row.chip else None,
        against=[
            one.code for one in rules.check_approval(matched=row.matched, chip=row.chip, through_guardian=guardian)
        ],
    )
