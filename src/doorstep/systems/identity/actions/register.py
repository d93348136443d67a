"""What happens in the population register: persons and organisations enter and change; nothing is overwritten."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction

from doorstep.kernel.country import law
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import uuid7
from doorstep.kernel.values.names import search_words
from doorstep.kernel.values.reasons import CHANGED, NOT_FOUND, NotAllowed, NotFound, Reason, Refused, Stale, refuse
from doorstep.kernel.values.text import check_required
from doorstep.systems.identity.contract import Relation
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import (
    Account,
    Correction,
    Guardian,
    Organisation,
    OrganisationVersion,
    Person,
    PersonVersion,
    Residence,
)
from doorstep.systems.identity.permissions import FOR_REGISTER, REGISTER
from doorstep.systems.identity.queries.register import body_of, homes_of, record_of, similar_to
from doorstep.systems.identity.rules import register as rules
from doorstep.systems.identity.rules.offices import within
from doorstep.systems.identity.rules.register import Body, Cause, Home, Record, ResidenceKind


class Registered(msgspec.Struct, frozen=True):
    """The new person's or organisation's id."""

    id: UUID


class Proposed(msgspec.Struct, frozen=True):
    """The correction that waits for a second person."""

    id: UUID


@action(REGISTER, FOR_REGISTER)
def register_person(
    act: Act, record: Record, home: Home, cause: Cause, source: str, *, confirmed: bool = False
) -> Registered:
    """Enter a person with the first residence; `confirmed`: looked at those who are likely the same, and it is another.

    Raises Refused for a number that is taken and, unless `confirmed`, for a likely duplicate.
    """
    country = law(Country, "identity")
    _need_area(act, home.unit)
    found = [] if cause in (Cause.BIRTH, Cause.ENTRY) else [rules.NOT_BY_CAUSE("cause", cause=cause)]
    found += check_required(source, "source", rules.LONGEST_TEXT)
    found += rules.check_record(record, act.day, country)
    commune = units.is_commune(home.unit, act.day)
    found += rules.check_residence(record, home, (), commune=commune, day=act.day)
    refuse(found)
    if not confirmed and similar_to(record):
        raise Refused(rules.LIKELY_SAME("confirmed"))
    person, new = Person.objects.get_or_create(
        number=str(record.number),
        defaults={"id": act.id, **_columns(record), "unit": home.unit, "address": home.address.strip()},
    )
    if not new:
        raise Refused(rules.NUMBER_TAKEN("number"))
    _settle(act, person, home)
    _follow_death(person, None, record.died)
    _version(act, person, 0, cause, act.day, source, {})
    fields = [*Record.__struct_fields__, "residence"]
    act.journal(subjects=[_subject(record.number)], fields=fields, detail=f"person {person.id} {cause}")
    return Registered(person.id)


@action(REGISTER, FOR_REGISTER)
def change_person(
    act: Act, person_id: UUID, version: int, after: Record, cause: Cause, valid_from: date, source: str
) -> None:
    """Change a record from `valid_from` on; the version before is kept. Raises Stale if somebody changed it since.

    A typing error is proposed and decided by two persons; moves and deaths have actions of their own.
    """
    person, before = _locked(act, person_id, version)
    refuse([rules.NEEDS_SECOND_PERSON("cause")] if cause is Cause.CORRECTION else [])
    country = law(Country, "identity")
    refuse(rules.check_change(before, after, cause, valid_from, source, day=act.day, country=country))
    _change(act, person, before, after, cause, valid_from, source)


@action(REGISTER, FOR_REGISTER)
def propose_correction(act: Act, person_id: UUID, version: int, after: Record, source: str) -> Proposed:
    """Say what a typing error should have been; nothing changes until another registrar approves."""
    person, before = _locked(act, person_id, version)
    country = law(Country, "identity")
    refuse(rules.check_change(before, after, Cause.CORRECTION, act.day, source, day=act.day, country=country))
    changed = rules.changed_fields(before, after)
    told = msgspec.to_builtins(after, enc_hook=str)
    _, new = Correction.objects.get_or_create(
        person=person,
        decided=None,
        defaults={
            "id": act.id,
            "version": version,
            "after": {name: told[name] for name in changed},
            "source": source,
            "proposed_by": act.actor.subject,
        },
    )
    if not new:
        raise Refused(rules.CORRECTION_OPEN())
    act.journal(subjects=[_subject(person.number)], fields=changed, detail=f"correction {act.id}")
    return Proposed(act.id)


@action(REGISTER, FOR_REGISTER)
def decide_correction(act: Act, correction_id: UUID, *, approve: bool, why: str) -> None:
    """Approve a correction or not; whoever proposed it cannot. Raises Stale where the record changed since."""
    found = Correction.objects.filter(id=correction_id).first()
    if found is None:
        raise NotFound(NOT_FOUND("correction"))
    person, before = _locked(act, found.person_id, None)  # before the correction: one order of locks
    correction = Correction.objects.select_for_update().get(id=correction_id)
    refuse([] if correction.decided is None else [rules.CORRECTION_DECIDED()])
    refuse([rules.SAME_PERSON()] if correction.proposed_by == act.actor.subject else [])
    refuse([] if approve else check_required(why, "why", rules.LONGEST_TEXT))
    correction.decided, correction.decided_by = act.at, act.actor.subject
    correction.approved, correction.why = approve, why.strip()
    correction.save(update_fields=["decided", "decided_by", "approved", "why"])
    if not approve:
        act.journal(
            subjects=[_subject(person.number)], fields=[*correction.after], detail=f"correction {correction.id} refused"
        )
        return
    if person.version != correction.version:
        raise Stale(CHANGED())
    after = rules.corrected(before, correction.after)
    country = law(Country, "identity")
    refuse(
        rules.check_change(before, after, Cause.CORRECTION, act.day, correction.source, day=act.day, country=country)
    )
    _change(act, person, before, after, Cause.CORRECTION, act.day, correction.source)


@action(REGISTER, FOR_REGISTER)
def move_residence(act: Act, person_id: UUID, version: int, home: Home, source: str) -> None:
    """From `home.valid_from` on the person lives there; the present residence of that kind ends on that day.

    The registrar of either place may enter it. Raises Stale if somebody changed the record since `version`.
    """
    (person,) = _held(person_id)
    _need_area(act, home.unit, person.unit)
    _need_version(person, version)
    commune = units.is_commune(home.unit, act.day)
    found = rules.check_residence(record_of(person), home, homes_of(person), commune=commune, day=act.day)
    refuse(found + check_required(source, "source", rules.LONGEST_TEXT))
    Residence.objects.filter(person=person, kind=home.kind, valid_to=None).update(valid_to=home.valid_from)
    _settle(act, person, home)
    permanent = home.kind is ResidenceKind.PERMANENT
    new = {"unit": home.unit, "address": home.address.strip()} if permanent else {}
    _keep(act, person, Cause.MOVE, home.valid_from, source, new)
    act.journal(subjects=[_subject(person.number)], fields=["residence"], detail=f"person {person.id} {home.kind}")


@action(REGISTER, FOR_REGISTER)
def end_residence(act: Act, person_id: UUID, version: int, kind: ResidenceKind, valid_to: date, source: str) -> None:
    """The person left and lives nowhere else as far as is known: a temporary stay ended, or they left the country."""
    person, record = _locked(act, person_id, version)
    home = Residence.objects.filter(person=person, kind=kind, valid_to=None).first()
    if home is None:
        raise Refused(rules.NO_RESIDENCE("kind"))
    found = rules.check_end(home.valid_from, valid_to, act.day) + check_required(source, "source", rules.LONGEST_TEXT)
    refuse(found if record.died is None else [rules.DEAD()])
    home.valid_to = valid_to
    home.save(update_fields=["valid_to"])
    _keep(act, person, Cause.MOVE, valid_to, source, {})
    act.journal(subjects=[_subject(person.number)], fields=["residence"], detail=f"person {person.id} {kind} ended")


@action(REGISTER, FOR_REGISTER)
def note_death(act: Act, person_id: UUID, version: int, died: date, source: str) -> None:
    """The person died: residences and guardianships end with that day."""
    person, before = _locked(act, person_id, version)
    begun = [
        *Residence.objects.filter(person=person).values_list("valid_from", flat=True),
        *Guardian.objects.filter(guardian=person).values_list("valid_from", flat=True),
        *Guardian.objects.filter(ward=person).values_list("valid_from", flat=True),
    ]
    found = rules.check_death(before, died, begun, act.day) + check_required(source, "source", rules.LONGEST_TEXT)
    refuse(found)
    after = msgspec.structs.replace(before, died=died)
    _change(act, person, before, after, Cause.DEATH, died, source)


@action(REGISTER, FOR_REGISTER)
def set_guardian(
    act: Act, ward_id: UUID, guardian_number: str, relation: Relation, valid_from: date, source: str
) -> None:
    """From `valid_from` on the guardian, wherever registered, answers for the ward."""
    guardian_id = Person.objects.filter(number=guardian_number).values_list("id", flat=True).first()
    if guardian_id is None:
        raise Refused(NOT_FOUND("guardian"))
    ward, guardian = _held(ward_id, guardian_id)
    _need_area(act, ward.unit)
    country = law(Country, "identity")
    found = rules.check_guardian(record_of(ward), record_of(guardian), valid_from, day=act.day, country=country)
    refuse(found + check_required(source, "source", rules.LONGEST_TEXT))
    _, new = Guardian.objects.get_or_create(
        ward=ward,
        guardian=guardian,
        valid_to=None,
        defaults={"id": act.id, "relation": relation.value, "valid_from": valid_from},
    )
    refuse([] if new else [rules.GUARDIAN_ALREADY("guardian")])
    people = [_subject(ward.number), _subject(guardian.number)]
    act.journal(subjects=people, fields=["guardian"], detail=f"guardian {act.id}")


@action(REGISTER, FOR_REGISTER)
def end_guardian(act: Act, guardian_id: UUID, valid_to: date, source: str) -> None:
    """Somebody is guardian no more from `valid_to` on."""
    found = Guardian.objects.select_related("guardian").filter(id=guardian_id, valid_to=None).first()
    if found is None:
        raise NotFound(NOT_FOUND("guardian"))
    ward, _ = _locked(act, found.ward_id, None)
    reasons = rules.check_end(found.valid_from, valid_to, act.day)
    refuse(reasons + check_required(source, "source", rules.LONGEST_TEXT))
    if not Guardian.objects.filter(id=found.id, valid_to=None).update(valid_to=valid_to):
        raise Stale(CHANGED())
    people = [_subject(ward.number), _subject(found.guardian.number)]
    act.journal(subjects=people, fields=["guardian"], detail=f"guardian {found.id} ended")


@action(REGISTER, FOR_REGISTER)
def register_organisation(act: Act, body: Body, source: str) -> Registered:
    """Enter an organisation or household business. Raises Refused for a tax code that is taken."""
    _need_area(act, body.unit)
    refuse(_against_body(act, body, source))
    organisation, new = Organisation.objects.get_or_create(
        tax_code=body.tax_code, defaults={"id": act.id, **_body_columns(body)}
    )
    if not new:
        raise Refused(rules.TAX_CODE_TAKEN("tax_code"))
    detail = f"organisation {organisation.id}"
    act.journal(subjects=_concerned(body), fields=Body.__struct_fields__, detail=detail)
    return Registered(organisation.id)


@action(REGISTER, FOR_REGISTER)
def change_organisation(
    act: Act, organisation_id: UUID, version: int, after: Body, valid_from: date, source: str
) -> None:
    """Change an organisation from `valid_from` on; the version before is kept. Its tax code stays.

    Raises Stale if somebody changed it since `version`.
    """
    row = Organisation.objects.select_for_update().filter(id=organisation_id).first()
    if row is None:
        raise NotFound(NOT_FOUND("organisation"))
    _need_area(act, row.unit)
    _need_version(row, version)
    before = body_of(row)
    after = msgspec.structs.replace(after, tax_code=before.tax_code)
    changed = rules.changed_fields(before, after)
    found = [] if changed else [rules.NOTHING_CHANGED()]
    found += rules.check_day(valid_from, "valid_from", min(before.active_from, after.active_from), act.day)
    refuse(found + _against_body(act, after, source))
    OrganisationVersion.objects.create(
        id=act.id,
        organisation=row,
        version=row.version,
        valid_from=valid_from,
        source=source,
        actor=act.actor.subject,
        before=msgspec.to_builtins(before, enc_hook=str),
    )
    Organisation.objects.filter(id=row.id).update(**_body_columns(after), version=row.version + 1)
    people = [*dict.fromkeys([*_concerned(before), *_concerned(after)])]
    act.journal(subjects=people, fields=changed, detail=f"organisation {row.id}")


def _locked(act: Act, person_id: UUID, version: int | None) -> tuple[Person, Record]:
    """A person of the actor's area, held until the end of the transaction; `version` None takes any."""
    (person,) = _held(person_id)
    _need_area(act, person.unit)
    if version is not None:
        _need_version(person, version)
    return person, record_of(person)


def _held(*ids: UUID) -> list[Person]:
    """Persons under their locks, taken in order of id, returned in the order asked."""
    found = {person.id: person for person in Person.objects.select_for_update().filter(id__in=ids).order_by("id")}
    if len(found) < len(set(ids)):
        raise NotFound(NOT_FOUND("person"))
    return [found[one] for one in ids]


def _need_area(act: Act, *places: str) -> None:
    """One of the places lies in the area of the actor's unit, or did before it merged into it."""
    answering = units.answering(places, act.day)
    if not any(within(place, act.actor.unit) for place in answering.values()):
        raise NotAllowed(rules.OUTSIDE_AREA("unit"))


def _need_version(row: Person | Organisation, version: int) -> None:
    if row.version != version:
        raise Stale(CHANGED())


def _change(
    act: Act, person: Person, before: Record, after: Record, cause: Cause, valid_from: date, source: str
) -> None:
    """Keep the earlier version, write the new one, and what follows from it; journal both numbers."""
    changed = rules.changed_fields(before, after)
    people = list(dict.fromkeys([_subject(before.number), _subject(after.number)]))
    _keep(act, person, cause, valid_from, source, _columns(after))
    if after.died != before.died:
        _follow_death(person, before.died, after.died)
    if after.number != before.number:
        Organisation.objects.filter(representative=before.number).update(representative=after.number)
    if (after.number, after.full_name) != (before.number, before.full_name):
        _follow_account(person, after)
    act.journal(subjects=people, fields=changed, detail=f"person {person.id} {cause}")


def _keep(act: Act, person: Person, cause: Cause, valid_from: date, source: str, new: dict[str, Any]) -> None:
    """One more version of a person: the earlier one as it was, and the new columns."""
    before = {**msgspec.to_builtins(record_of(person), enc_hook=str), "unit": person.unit, "address": person.address}
    _version(act, person, person.version, cause, valid_from, source, before)
    try:
        with transaction.atomic():
            Person.objects.filter(id=person.id).update(**new, version=person.version + 1)
    except IntegrityError as taken:
        raise Refused(rules.NUMBER_TAKEN("number")) from taken


def _version(
    act: Act, person: Person, version: int, cause: Cause, valid_from: date, source: str, before: dict[str, Any]
) -> None:
    PersonVersion.objects.create(
        id=act.id,
        person=person,
        version=version,
        cause=cause.value,
        valid_from=valid_from,
        source=source.strip(),
        actor=act.actor.subject,
        before=before,
    )


def _settle(act: Act, person: Person, home: Home) -> None:
    Residence.objects.create(
        id=uuid7(act.at),
        person=person,
        kind=home.kind.value,
        unit=home.unit,
        address=home.address.strip(),
        valid_from=home.valid_from,
    )


def _follow_death(person: Person, before: date | None, after: date | None) -> None:
    """Residences and guardianships end with the day of death, and go on where that was a mistake."""
    then, now = (died and died + timedelta(days=1) for died in (before, after))
    Residence.objects.filter(person=person, valid_to=then).update(valid_to=now)
    Guardian.objects.filter(guardian=person, valid_to=then).update(valid_to=now)
    Guardian.objects.filter(ward=person, valid_to=then).update(valid_to=now)


def _follow_account(person: Person, after: Record) -> None:
    """The person signs in with the new number, and is greeted by the new name."""
    try:
        with transaction.atomic():
            named = {"login": after.number.casefold(), "name": after.full_name}
            Account.objects.filter(eid__person=person).update(**named)
    except IntegrityError as taken:
        raise Refused(rules.NUMBER_TAKEN("number")) from taken


def _columns(record: Record) -> dict[str, Any]:
    words = search_words(record.full_name)
    return {
        "number": str(record.number),
        "full_name": record.full_name,
        "words": list(words),
        "likeness": rules.likeness(words),
        "birth": record.birth,
        "sex": record.sex.value,
        "nationality": record.nationality,
        "died": record.died,
    }


def _body_columns(body: Body) -> dict[str, Any]:
    told = msgspec.structs.asdict(body)
    plain = {"kind": body.kind.value, "representative": str(body.representative)}
    return {**told, **plain, "words": list(search_words(body.name))}


def _against_body(act: Act, body: Body, source: str) -> list[Reason]:
    head = Person.objects.filter(number=body.representative).first() if body.representative else None
    commune = units.is_commune(body.unit, act.day)
    country = law(Country, "identity")
    found = rules.check_body(body, record_of(head) if head else None, commune=commune, day=act.day, country=country)
    return found + check_required(source, "source", rules.LONGEST_TEXT)


def _concerned(body: Body) -> list[str]:
    """Keys for the journal: the organisation, and its representative if it has one."""
    return [f"tax_code:{body.tax_code}", *([_subject(body.representative)] if body.representative else [])]


def _subject(number: str) -> str:
    return rules.subject_of(number, law(Country, "identity"))
