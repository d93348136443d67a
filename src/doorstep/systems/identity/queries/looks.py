"""Who looked at somebody's data: the journal as the person reads it, or a minor's guardian."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from django.db.models.fields.json import KT

from doorstep.kernel.access import LOOKS, personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.messages import QUESTIONS
from doorstep.kernel.declare.scopes import ROLES, Actor, Scope
from doorstep.kernel.store.journal import FIRST, LAST, Entry, concerning
from doorstep.kernel.store.writing import ACTIONS
from doorstep.kernel.values.ids import instant_of, person_key
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import (
    Account,
    Guardian,
    JournalQuestion,
    Office,
    Person,
    PersonVersion,
    RelyingParty,
)
from doorstep.systems.identity.permissions import OWN
from doorstep.systems.identity.queries.answering import of_minors
from doorstep.systems.identity.queries.concerned import key_of
from doorstep.systems.identity.rules.looks import ActorKind, Kind, actor_kind_of, kind_of
from doorstep.systems.identity.rules.offices import Term
from doorstep.systems.identity.rules.register import NUMBER_CHANGES

PAGE = 25


class Concerned(msgspec.Struct, frozen=True):
    """Whose journal: the keys, each with the id before which it named this person, and the subjects of the accounts;
    `begun` has the id from which a key names this person where it named somebody else before.
    """

    keys: Mapping[str, UUID]
    own: tuple[str, ...]
    begun: Mapping[str, UUID] = {}

    @property
    def key(self) -> str:
        """The key that names the person now."""
        return next(iter(self.keys))


class Span(msgspec.Struct, frozen=True):
    """Which entries: ids in [since, before), and whether only those of others."""

    since: UUID = FIRST
    before: UUID = LAST
    others: bool = True


class WardRow(msgspec.Struct, frozen=True):
    """A minor for whom the reader answers today."""

    id: UUID
    full_name: str


class Asked(msgspec.Struct, frozen=True):
    """A question about an entry, and its answer."""

    id: UUID
    at: datetime
    text: str
    due: datetime | None
    answer: str
    answered: datetime | None


class LookRow(msgspec.Struct, frozen=True):
    """An entry as it is read: who acted, by `roles` (message ids) of the office, and what `scope` let them do it.

    `name` is a relying party's. `program`: with an access key; `mandate`: for the reader or somebody else, by mandate.
    """

    entry: Entry
    kind: Kind
    actor_kind: ActorKind
    name: str
    roles: tuple[str, ...]
    scope: str
    program: bool
    mandate: bool
    asked: tuple[Asked, ...]


class Looks(msgspec.Struct, frozen=True):
    """A ward's journal; that the guardian reads it is journalled for the ward."""

    subject_key: str
    rows: tuple[LookRow, ...]


def looks(actor: Actor, day: date, ward: UUID | None, span: Span, most: int) -> list[LookRow]:
    """What concerns the actor, or a minor for whom the actor answers on `day`; newest first.

    Reading one's own journal is not journalled, or reading would fill what is read. What is shown of a ward is
    (`ward_looks`), and so is a file that is taken away (`actions.looks.take_away`).
    """
    actor.need(OWN)
    concerned = ward_of(actor, day, ward) if ward else concerned_by(actor)
    but = (*concerned.own, actor.subject) if span.others else ()
    entries = entries_of(concerned, most, span, but)
    return read(entries, concerned, actor.subject)


@personal(OWN)
def ward_looks(actor: Actor, day: date, ward: UUID, span: Span, most: int) -> Looks:
    """What concerns a minor for whom the actor answers on `day`."""
    return Looks(ward_of(actor, day, ward).key, tuple(looks(actor, day, ward, span, most)))


def has_wards(actor: Actor, day: date) -> bool:
    """Whether the actor answers for a minor on `day`."""
    return bool(_wards(actor, day))


@personal(OWN)
def wards(actor: Actor, day: date) -> list[WardRow]:
    """The minors for whom the actor answers on `day`."""
    return [WardRow(ward.id, ward.full_name) for ward in _wards(actor, day)]


def concerned_by(actor: Actor) -> Concerned:
    """The keys under which the journal finds the actor: numbers of today and before, tax code, accounts."""
    account = Account.objects.select_related("eid__person", "eid__organisation").filter(subject=actor.subject).first()
    eid = account.eid if account else None
    if eid and eid.person:
        return _person(eid.person)
    keys = [key_of(eid.organisation)] if eid and eid.organisation else []
    return Concerned(dict.fromkeys([*keys, actor.subject], LAST), (actor.subject,))


def ward_of(actor: Actor, day: date, ward: UUID) -> Concerned:
    """The keys of a minor for whom the actor answers on `day`; NotFound for anybody else."""
    for person in _wards(actor, day):
        if person.id == ward:
            return _person(person)
    raise NotFound(NOT_FOUND())


def entries_of(concerned: Concerned, most: int, span: Span, but: Sequence[str] = ()) -> list[Entry]:
    """The journal's entries about somebody, newest first, but not by the actors `but`."""
    return concerning(concerned.keys, most, since=span.since, before=span.before, but=but, begun=concerned.begun)


def read(entries: Sequence[Entry], concerned: Concerned, reader: str) -> list[LookRow]:
    """The entries with who acted, and with the questions about them; `reader` is a subject."""
    asked: dict[UUID, list[Asked]] = {}
    for row in JournalQuestion.objects.filter(entry__in=[one.id for one in entries]).order_by("id"):
        if row.subject in concerned.keys:
            asked.setdefault(row.entry, []).append(asked_of(row))
    actors = {one.actor for one in entries}
    offices, names = _offices(actors), _parties(actors)
    return [
        _read(one, concerned, reader, offices, names.get(one.actor, ""), tuple(asked.get(one.id, ())))
        for one in entries
    ]


def asked_of(row: JournalQuestion) -> Asked:
    """A question's row as it is read."""
    return Asked(row.id, instant_of(row.id), row.text, row.due, row.answer, row.answered)


def _read(
    entry: Entry,
    concerned: Concerned,
    reader: str,
    offices: Mapping[str, Sequence[Office]],
    name: str,
    asked: tuple[Asked, ...],
) -> LookRow:
    scope = _scope(entry.action)
    day = law(Country, "identity").day(entry.at)
    held = [one for one in offices.get(entry.actor, ()) if _held(one, entry, day)]
    fitting = [one for one in held if scope in ROLES[one.role].scopes] or held
    own, viewer = entry.actor in concerned.own, entry.actor == reader
    return LookRow(
        entry=entry,
        kind=kind_of(entry.action),
        actor_kind=actor_kind_of(entry.actor, entry.via, own=own, viewer=viewer, office=bool(held)),
        name=name,
        roles=tuple(dict.fromkeys(ROLES[one.role].text for one in fitting)),
        scope=scope.text if scope else "",
        program=entry.via.startswith("token:"),
        mandate=bool(entry.principal),
        asked=asked,
    )


def _scope(action: str) -> Scope | None:
    """What an action, look or ask needs; None for what a message brought about, or an older version did."""
    if action in ACTIONS:
        return ACTIONS[action][0]
    if kind_of(action) is Kind.ASK:
        question = QUESTIONS.get(action.replace(".ask.", ".", 1))
        return question.scope if question else None
    return LOOKS.get(action)


def _parties(subjects: Collection[str]) -> dict[str, str]:
    """The names of relying parties among the actors."""
    ids = {one: one.partition(":")[2] for one in subjects if one.startswith("client:")}
    names = {str(row.id): row.name for row in RelyingParty.objects.filter(id__in=ids.values())} if ids else {}
    return {subject: names[id_] for subject, id_ in ids.items() if id_ in names}


def _offices(subjects: Collection[str]) -> dict[str, list[Office]]:
    found: dict[str, list[Office]] = {}
    for office in Office.objects.filter(subject__in=subjects, approved__isnull=False, role__in=ROLES).order_by("role"):
        found.setdefault(office.subject, []).append(office)
    return found


def _held(office: Office, entry: Entry, day: date) -> bool:
    held = Term(office.valid_from, office.valid_to).holds(day) and not (office.ended and office.ended < entry.at)
    return held and office.unit == entry.unit


def _person(person: Person) -> Concerned:
    country = law(Country, "identity")
    numbers, nations = {person.number: LAST}, {country.nationality: None, person.nationality: None}
    for version in PersonVersion.objects.filter(person=person).order_by("-version"):
        if version.before:  # the first entry has nothing before it
            numbers.setdefault(version.before["number"], version.id)
            nations[version.before["nationality"]] = None
    keys = {person_key("national_id", of, number): end for number, end in numbers.items() for of in nations}
    others = _others(person, numbers)
    begun = {person_key("national_id", of, number): first for number, first in others.items() for of in nations}
    own = tuple(Account.objects.filter(eid__person=person).values_list("subject", flat=True))
    return Concerned({**keys, **dict.fromkeys(own, LAST)}, own, begun)


def _others(person: Person, numbers: Mapping[str, UUID]) -> dict[str, UUID]:
    """Of numbers that somebody else had before this person, the ids from which on they were free."""
    left = PersonVersion.objects.alias(had=KT("before__number")).filter(had__in=[*numbers], cause__in=NUMBER_CHANGES)
    found: dict[str, UUID] = {}
    for version in left.exclude(person=person).order_by("id"):
        number = version.before["number"]
        if version.id < numbers[number]:
            found[number] = UUID(int=version.id.int + 1)
    return found


def _wards(actor: Actor, day: date) -> list[Person]:
    found = Guardian.objects.filter(
        of_minors(day), guardian__eid__account__subject=actor.subject, guardian__eid__account__closed=None
    ).select_related("ward")
    return list({one.ward.id: one.ward for one in found.order_by("valid_from", "id")}.values())
