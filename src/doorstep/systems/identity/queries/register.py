"""Every read of the register: within the actor's unit, masked in lists, whole when opened; by number for other systems."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet

from doorstep.kernel.access import Sought, personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.messages import revived
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import Masked, instant_of
from doorstep.kernel.values.names import folded, search_words
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.kernel.values.units import UnitCode
from doorstep.systems.identity import models
from doorstep.systems.identity.contract import ASK_REGISTER, OrganisationKind, Particular, Relation, Sex, Told
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.permissions import READ_ORGANISATION, READ_PERSON, REGISTER
from doorstep.systems.identity.rules import register as rules
from doorstep.systems.identity.rules.register import Body, Cause, Home, Record, ResidenceKind, birthday

PAGE = 50
MOST_OFFERED = 1000
"""Communes in a list to choose from; where there are more, the code is typed."""


class PersonRow(msgspec.Struct, frozen=True):
    """A person in a list: the number masked, of the birth date the year."""

    id: UUID
    full_name: str
    number: str
    birth_year: int
    unit: str
    alive: bool
    version: int


class GuardianRow(msgspec.Struct, frozen=True):
    """A guardianship, seen from one side: `other` is the guardian of a ward, or the ward of a guardian."""

    id: UUID
    other: PersonRow
    relation: Relation
    valid_from: date
    valid_to: date | None


class Change(msgspec.Struct, frozen=True):
    """What the record was before a change; nothing before a first entry. `valid_from` is when the change began to hold."""

    at: datetime
    version: int
    cause: Cause
    valid_from: date
    source: str
    actor: str
    before: Record | None
    unit: str
    address: str


class PersonRecord(msgspec.Struct, frozen=True):
    """One person, whole, with everything that is dated; newest first. `subject_key` names the person for the journal."""

    id: UUID
    subject_key: str
    record: Record
    unit: str
    address: str
    version: int
    entered: datetime
    homes: tuple[Home, ...]
    guardians: tuple[GuardianRow, ...]
    wards: tuple[GuardianRow, ...]
    changes: tuple[Change, ...]
    correction: UUID | None


class CorrectionRow(msgspec.Struct, frozen=True):
    """A correction that waits for a second person."""

    id: UUID
    at: datetime
    person: PersonRow
    fields: tuple[str, ...]
    proposed_by: str


class CorrectionRecord(msgspec.Struct, frozen=True):
    """A correction as whoever decides sees it: the record, and what it would become. `stale`: it changed since."""

    id: UUID
    subject_key: str
    person: UUID
    at: datetime
    before: Record
    after: Record
    source: str
    proposed_by: str
    stale: bool


class OrganisationRow(msgspec.Struct, frozen=True):
    """An organisation in a list."""

    id: UUID
    tax_code: str
    name: str
    kind: OrganisationKind
    unit: str
    active: bool


class BodyChange(msgspec.Struct, frozen=True):
    """What an organisation's record was before a change."""

    at: datetime
    version: int
    valid_from: date
    source: str
    actor: str
    before: Body


class OrganisationRecord(msgspec.Struct, frozen=True):
    """One organisation with its history, newest first; `subject_key` names its representative for the journal."""

    id: UUID
    subject_key: str
    body: Body
    version: int
    changes: tuple[BodyChange, ...]


class Found(msgspec.Struct, frozen=True):
    """A person as other systems may learn of them, in parts."""

    record: Record
    unit: str
    address: str

    def told(self, wanted: Iterable[Particular]) -> Told:
        """The particulars that are wanted, and no others."""
        whole = {**msgspec.structs.asdict(self.record), "unit": self.unit, "address": self.address}
        return Told(**{one.value: whole[one.value] for one in wanted})


@personal(READ_PERSON)
def persons(
    actor: Actor, day: date, sought: Sought, birth: date | None = None, after: UUID | None = None
) -> list[PersonRow]:
    """Persons of the actor's area by number, or by words of their name in any order and without diacritics, and birth.

    Where nobody has all the words, those who lack one of them, as long as two words remain, or one and the birth
    date. A page at a time; `after` is the last one of the page before.
    """
    found = models.Person.objects.filter(units.within(actor.unit, day))
    words = list(search_words(sought.text))
    number = "".join(sought.text.split()).upper()
    if any(sign.isdigit() for sign in number):
        return [_row(person) for person in found.filter(number=number)]
    if birth:
        found = found.filter(birth=birth)
    elif not words:
        return []
    matching = found.filter(words__contains=words) if words else found
    fewest = 1 if birth else 2
    if len(words) > fewest and not matching.exists():
        lacking = Q()
        for place in range(len(words)):
            lacking |= Q(words__contains=words[:place] + words[place + 1 :])
        matching = found.filter(lacking)
    if after:
        matching = matching.filter(id__gt=after)
    return [_row(person) for person in matching.order_by("id")[:PAGE]]


@personal(REGISTER)
def arriving(actor: Actor, number: Masked, birth: date) -> PersonRow:  # noqa: ARG001  whoever registers may ask
    """Somebody from anywhere who shows number and birth date, as whoever moves does at the new place's counter."""
    person = models.Person.objects.filter(number=number, birth=birth).first()
    if person is None:
        raise NotFound(NOT_FOUND("number"))
    return _row(person)


@personal(REGISTER)
def similar(actor: Actor, record: Record) -> list[PersonRow]:  # noqa: ARG001  duplicates may live anywhere
    """Who is likely the same: the same words of the name and birth date under another number."""
    return [_row(person) for person in similar_to(record)[:PAGE]]


@personal(READ_PERSON)
def person(actor: Actor, day: date, person_id: UUID) -> PersonRecord:
    """A person of the actor's area, whole."""
    row = models.Person.objects.filter(units.within(actor.unit, day), id=person_id).first()
    if row is None:
        raise NotFound(NOT_FOUND("person"))
    guardians = models.Guardian.objects.filter(ward=row).select_related("guardian").order_by("-valid_from", "-id")
    wards = models.Guardian.objects.filter(guardian=row).select_related("ward").order_by("-valid_from", "-id")
    changes = models.PersonVersion.objects.filter(person=row).order_by("-version")
    waiting = models.Correction.objects.filter(person=row, decided=None).first()
    record = record_of(row)
    return PersonRecord(
        id=row.id,
        subject_key=rules.subject_of(record.number, law(Country, "identity")),
        record=record,
        unit=row.unit,
        address=row.address,
        version=row.version,
        entered=instant_of(row.id),
        homes=tuple(reversed(homes_of(row))),
        guardians=tuple(_guardianship(one, one.guardian) for one in guardians),
        wards=tuple(_guardianship(one, one.ward) for one in wards),
        changes=tuple(map(_change, changes)),
        correction=waiting.id if waiting else None,
    )


@personal(REGISTER)
def corrections(actor: Actor, day: date, after: UUID | None = None) -> list[CorrectionRow]:
    """Corrections in the actor's area that wait for their decision, the oldest first."""
    found = models.Correction.objects.filter(
        units.within(actor.unit, day, "person__unit"), decided=None
    ).select_related("person")
    if after:
        found = found.filter(id__gt=after)
    return [
        CorrectionRow(one.id, instant_of(one.id), _row(one.person), tuple(one.after), one.proposed_by)
        for one in found.order_by("id")[:PAGE]
    ]


@personal(REGISTER)
def correction(actor: Actor, day: date, correction_id: UUID) -> CorrectionRecord:
    """One that waits, with the whole record before and after."""
    found = models.Correction.objects.filter(
        units.within(actor.unit, day, "person__unit"), id=correction_id, decided=None
    )
    one = found.select_related("person").first()
    if one is None:
        raise NotFound(NOT_FOUND("correction"))
    before = record_of(one.person)
    return CorrectionRecord(
        id=one.id,
        subject_key=rules.subject_of(before.number, law(Country, "identity")),
        person=one.person.id,
        at=instant_of(one.id),
        before=before,
        after=rules.corrected(before, one.after),
        source=one.source,
        proposed_by=one.proposed_by,
        stale=one.person.version != one.version,
    )


def organisations(actor: Actor, day: date, text: str, after: UUID | None = None) -> list[OrganisationRow]:
    """Organisations of the actor's area by tax code or words of their name, a page at a time."""
    actor.need(READ_ORGANISATION)
    found = models.Organisation.objects.filter(units.within(actor.unit, day))
    words = list(search_words(text))
    if not words:
        return []
    found = found.filter(Q(tax_code="".join(text.split())) | Q(words__contains=words))
    if after:
        found = found.filter(id__gt=after)
    return [_organisation(row) for row in found.order_by("id")[:PAGE]]


@personal(READ_ORGANISATION)
def organisation(actor: Actor, day: date, organisation_id: UUID) -> OrganisationRecord:
    """An organisation of the actor's area with its representative and history."""
    row = models.Organisation.objects.filter(units.within(actor.unit, day), id=organisation_id).first()
    if row is None:
        raise NotFound(NOT_FOUND("organisation"))
    body = body_of(row)
    changes = models.OrganisationVersion.objects.filter(organisation=row).order_by("-version")
    return OrganisationRecord(
        id=row.id,
        subject_key=rules.subject_of(body.representative, law(Country, "identity")) if body.representative else "",
        body=body,
        version=row.version,
        changes=tuple(
            BodyChange(
                at=instant_of(one.id),
                version=one.version,
                valid_from=one.valid_from,
                source=one.source,
                actor=one.actor,
                before=msgspec.convert(one.before, Body, dec_hook=revived),
            )
            for one in changes
        ),
    )


@personal(ASK_REGISTER)
def find_numbers(actor: Actor, numbers: Collection[str]) -> dict[str, Found]:  # noqa: ARG001  asks know no area
    """The persons with these numbers, by number; one statement however many."""
    with connection.cursor() as cursor:
        # An array, since a list of as many placeholders takes longer to read than the persons to find.
        cursor.execute(
            "SELECT number, full_name, birth, sex, nationality, died, unit, address FROM identity_person"
            " WHERE number = ANY(%s)",
            [list(set(numbers))],
        )
        found = cursor.fetchall()
    return {
        number: Found(
            Record(number=Masked(number), full_name=name, birth=birth, sex=Sex(sex), nationality=of, died=died),
            unit,
            address,
        )
        for number, name, birth, sex, of, died, unit, address in found
    }


@personal(ASK_REGISTER)
def guardians_of(actor: Actor, numbers: Collection[str], day: date) -> dict[str, list[tuple[Masked, Relation]]]:  # noqa: ARG001  as above
    """Numbers and relations of those who answer on `day` for the minors with these numbers, by number."""
    adult = law(Country, "identity").adult_age
    found = models.Guardian.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=day), ward__number__in=set(numbers), valid_from__lte=day
    ).values_list("ward__number", "ward__birth", "guardian__number", "relation")
    told: dict[str, list[tuple[Masked, Relation]]] = {}
    for ward, birth, guardian, relation in found.order_by("valid_from", "id"):
        if day < birthday(birth, adult):
            told.setdefault(ward, []).append((Masked(guardian), Relation(relation)))
    return told


@personal(ASK_REGISTER)
def residence_units(actor: Actor, numbers: Collection[str], day: date) -> dict[str, UnitCode]:  # noqa: ARG001  as above
    """The communes in which those with these numbers lived permanently on `day`, by number."""
    found = models.Residence.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=day),
        person__number__in=set(numbers),
        kind=ResidenceKind.PERMANENT,
        valid_from__lte=day,
    )
    return {number: UnitCode(unit) for number, unit in found.values_list("person__number", "unit")}


@personal(ASK_REGISTER)
def organisations_of(actor: Actor, tax_codes: Collection[str]) -> dict[str, Body]:  # noqa: ARG001  as above
    """The organisations with these tax codes, by code."""
    found = models.Organisation.objects.filter(tax_code__in=set(tax_codes))
    return {row.tax_code: body_of(row) for row in found}


def communes(actor: Actor, day: date, language: str) -> list[tuple[str, str]]:
    """Codes and names of the communes of the actor's area, by name; none where they are more than `MOST_OFFERED`."""
    below = units.in_force(day).filter(units.within(actor.unit, day, "code")).exclude(kind=units.NEIGHBOURHOOD)
    within = list(below.values_list("code", flat=True)[: MOST_OFFERED + 1])
    if len(within) > MOST_OFFERED:
        return []
    there = units.communes(within, day)
    named = {row.code: units.named(row, language) for row in units.in_force(day).filter(code__in=there)}
    return sorted(named.items(), key=lambda pair: folded(pair[1]))


def similar_to(record: Record) -> QuerySet[models.Person]:
    """The same words of the name, and birth date, under another number."""
    words = search_words(record.full_name)
    same = models.Person.objects.filter(birth=record.birth, likeness=rules.likeness(words), words=list(words))
    return same.exclude(number=record.number).order_by("id")


def record_of(row: models.Person) -> Record:
    """A person's row as the rules know it."""
    return Record(
        number=Masked(row.number),
        full_name=row.full_name,
        birth=row.birth,
        sex=Sex(row.sex),
        nationality=row.nationality,
        died=row.died,
    )


def homes_of(row: models.Person) -> list[Home]:
    """A person's residences, the oldest first."""
    return [
        Home(
            kind=ResidenceKind(one.kind),
            unit=one.unit,
            address=one.address,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
        )
        for one in models.Residence.objects.filter(person=row).order_by("valid_from", "id")
    ]


def body_of(row: models.Organisation) -> Body:
    """An organisation's row as the rules know it."""
    return Body(
        tax_code=row.tax_code,
        kind=OrganisationKind(row.kind),
        name=row.name,
        representative=Masked(row.representative),
        unit=row.unit,
        address=row.address,
        active_from=row.active_from,
        active_to=row.active_to,
    )


def _row(person: models.Person) -> PersonRow:
    return PersonRow(
        id=person.id,
        full_name=person.full_name,
        number=Masked(person.number).masked,
        birth_year=person.birth.year,
        unit=person.unit,
        alive=person.died is None,
        version=person.version,
    )


def _guardianship(one: models.Guardian, other: models.Person) -> GuardianRow:
    return GuardianRow(one.id, _row(other), Relation(one.relation), one.valid_from, one.valid_to)


def _change(one: models.PersonVersion) -> Change:
    record = {name: value for name, value in one.before.items() if name in Record.__struct_fields__}
    return Change(
        at=instant_of(one.id),
        version=one.version,
        cause=Cause(one.cause),
        valid_from=one.valid_from,
        source=one.source,
        actor=one.actor,
        before=msgspec.convert(record, Record, dec_hook=revived) if record else None,
        unit=one.before.get("unit", ""),
        address=one.before.get("address", ""),
    )


def _organisation(row: models.Organisation) -> OrganisationRow:
    kind = OrganisationKind(row.kind)
    return OrganisationRow(row.id, row.tax_code, row.name, kind, row.unit, row.active_to is None)
