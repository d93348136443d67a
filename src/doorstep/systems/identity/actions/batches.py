"""e-IDs by the hundred: what a mobile desk took without a line is collected, approved and activated in batches.

Good lines are done, bad ones come back with line and repair. The rules are those of one e-ID at a time.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q

from doorstep.kernel.country import law
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import Masked, uuid7s
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Reason
from doorstep.systems.identity.actions.eid import (
    Applicant,
    guardian_eid,
    holder_of,
    ready,
    settle_appointments,
)
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import EidCounted, Holder, Level, Stage
from doorstep.systems.identity.models import Account, Eid, EidChange, Person
from doorstep.systems.identity.permissions import COLLECT, DRIVE, FOR_EID
from doorstep.systems.identity.queries.concerned import key_of
from doorstep.systems.identity.rules import eid as rules
from doorstep.systems.identity.rules.captures import Capture, check_capture
from doorstep.systems.identity.rules.eid import State, Step
from doorstep.systems.identity.rules.offices import within

MOST = 500


class Line(msgspec.Struct, frozen=True):
    """One person before the desk."""

    number: Masked
    applicant: Applicant


class Outcome(msgspec.Struct, frozen=True):
    """The e-IDs that moved, and the reasons of the lines that come back."""

    done: tuple[str, ...]
    refused: tuple[Reason, ...] = ()


@action(COLLECT, FOR_EID)
def collect_many(act: Act, unit: str, lines: Sequence[Line]) -> Outcome:
    """Records of up to `MOST` persons, taken in one commune."""
    country = law(Country, "identity")
    if not within(unit, act.actor.unit) or not units.is_commune(unit, act.day):
        raise NotFound(NOT_FOUND("unit"))
    numbers = ["".join(line.number.split()) for line in lines[:MOST]]
    people = {person.number: person for person in Person.objects.select_for_update().filter(number__in=numbers)}
    taken = set(Eid.objects.filter(person__in=people.values()).values_list("person", flat=True))
    new: list[Eid] = []
    captures: list[Capture | None] = []
    refused: list[Reason] = []
    for place, (line, number) in enumerate(zip(lines, numbers, strict=False), 1):
        person = people.get(number)
        reasons = _against(person, line.applicant, country, act, taken)
        if person is None or reasons:
            refused += [one.at_line(place) for one in reasons]
            continue
        taken.add(person.id)
        captures.append(line.applicant.capture)
        new.append(_new(act, person, line.applicant, country, unit))
    for eid, own in zip(new, uuid7s(act.at, len(new)), strict=True):
        eid.id = own
    Eid.objects.bulk_create(new)
    _keep(act, new, "collect", captures)
    _count(act, new, Stage.COLLECTED)
    keys = [key_of(eid.person) for eid in new if eid.person]
    act.journal(subjects=keys, fields=["level", "phone"], detail=f"collected {len(new)} in {unit}")
    return Outcome(tuple(str(eid.id) for eid in new), tuple(refused))


@action(COLLECT, FOR_EID)
def approve_many(act: Act, eids: Sequence[UUID]) -> Outcome:
    """Another officer's yes to all of them; whoever can be reached is told."""
    rows = _rows(eids, State.COLLECTED)
    own = set(
        EidChange.objects.filter(eid__in=rows, change="collect", actor=act.actor.subject).values_list("eid", flat=True)
    )
    approved = [row for row in rows if row.id not in own and row.phone]
    for step in (Step.APPROVE, Step.NOTIFY):
        _move(act, approved, step, approved=act.at, notified=act.at)
    for row in approved:
        ready(act, row)
    act.journal(subjects=_keys(approved), fields=["state"], detail=f"approved {len(approved)}")
    refused = tuple(
        (rules.SAME_OFFICER if row.id in own else rules.PHONE_NEEDED)(line=line)
        for line, row in enumerate(rows, 1)
        if row not in approved
    )
    return Outcome(tuple(str(row.id) for row in approved), refused)


@action(DRIVE, FOR_EID)
def activate_at_desk(act: Act, eids: Sequence[UUID]) -> Outcome:
    """Activation with an officer's help, at home or at a mobile desk; the holder chooses secrets later, by the phone."""
    rows = _rows(eids, State.NOTIFIED, units.within(act.actor.unit, act.day))
    _move(act, rows, Step.ACTIVATE, activated=act.at)
    accounts = [
        Account(
            id=own,
            subject=rules.subject_of_holder(row.person.id),
            eid=row,
            name=row.person.full_name,
            login=row.person.number.casefold(),
            phone=row.phone,
            email=row.email,
            language=row.language,
            created=act.at,
        )
        for row, own in zip(rows, uuid7s(act.at, len(rows)), strict=True)
        if row.person
    ]
    Account.objects.bulk_create(accounts)
    _count(act, rows, Stage.ACTIVATED)
    settle_appointments(act, rows)
    act.journal(subjects=_keys(rows), fields=["state"], detail=f"activated {len(rows)} at a desk")
    return Outcome(tuple(str(row.id) for row in rows))


def _against(person: Person | None, applicant: Applicant, country: Country, act: Act, taken: set[UUID]) -> list[Reason]:
    if person is None:
        return [NOT_FOUND("number")]
    if person.id in taken:
        return [rules.EID_THERE("number")]
    if person.died:
        return [rules.PERSON_DEAD("number")]
    holder = holder_of(person, country, act.day)
    found = rules.check_holder(country, holder, applicant.level, person.birth, act.day)
    if holder is Holder.MINOR and not guardian_eid(person):
        found.append(rules.GUARDIAN_NEEDED("number"))
    found += check_capture(country, applicant.level, applicant.capture, complete=applicant.complete)
    return found + (country.check_phone(applicant.phone) if applicant.phone else [])


def _new(act: Act, person: Person, applicant: Applicant, country: Country, unit: str) -> Eid:
    holder = holder_of(person, country, act.day)
    return Eid(
        person=person,
        holder=holder.value,
        level=applicant.level.value,
        state=State.COLLECTED.value,
        unit=unit,
        phone=applicant.phone,
        email=applicant.email,
        language=applicant.language,
        due=rules.due(country, holder, applicant.level, act.day, complete=applicant.complete),
        collected=act.at,
    )


def _rows(eids: Sequence[UUID], state: State, area: Q | None = None) -> list[Eid]:
    rows = Eid.objects.select_for_update(of=("self",)).select_related("person")
    return list(rows.filter(area or Q(), id__in=list(eids)[:MOST], state=state).order_by("id"))


def _move(act: Act, rows: list[Eid], step: Step, **times: Any) -> None:
    for row in rows:
        state = rules.after(State(row.state), step)
        if isinstance(state, Reason):
            raise TypeError(f"{row.state} rows were to be {step.value}")
        row.state, row.version = state.value, row.version + 1
        for name, value in times.items():
            setattr(row, name, value)
    Eid.objects.bulk_update(rows, ["state", "version", *times])
    _keep(act, rows, step.value)


def _keep(act: Act, rows: list[Eid], change: str, captures: Sequence[Capture | None] = ()) -> None:
    EidChange.objects.bulk_create(
        EidChange(
            id=own,
            eid=row,
            version=row.version,
            change=change,
            state=row.state,
            level=row.level,
            actor=act.actor.subject,
            capture=capture.reference if capture else "",
            quality=capture.quality if capture else None,
            score=capture.score if capture else None,
        )
        for row, own, capture in zip(rows, uuid7s(act.at, len(rows)), captures or [None] * len(rows), strict=True)
    )


def _count(act: Act, rows: list[Eid], stage: Stage) -> None:
    if not rows:
        return
    act.facts(
        EidCounted.KIND,
        {
            "day": [act.day.isoformat()] * len(rows),
            "unit": [row.unit for row in rows],
            "stage": [stage.value] * len(rows),
            "holder": [row.holder for row in rows],
            "level": [Level(row.level).value for row in rows],
            "n": [1] * len(rows),
        },
    )


def _keys(rows: list[Eid]) -> list[str]:
    return [key_of(row.person) for row in rows if row.person]
