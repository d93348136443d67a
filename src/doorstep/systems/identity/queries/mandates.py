"""Mandates: by which grounds somebody may act for whom now, one's own, and those of whoever stands at a counter."""

from collections.abc import Callable, Iterable
from datetime import date
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from doorstep.kernel.access import personal
from doorstep.kernel.declare.scopes import ROLES, Actor, Role
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import Masked, read_uuid
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.identity.models import Account, Guardian, Mandate, Organisation, Person
from doorstep.systems.identity.permissions import GIVE, OWN, RECORD
from doorstep.systems.identity.queries.answering import active_organisations, holding, of_minors
from doorstep.systems.identity.queries.concerned import key_of, name_of
from doorstep.systems.identity.rules.eid import subject_of_holder
from doorstep.systems.identity.rules.mandates import Kind, Paper, Standing, services

PAGE = 200


class MandateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A mandate that was given, in a list of either side or of an officer."""

    id: UUID
    agent: str
    principal: str
    kind: Kind
    services: list[Role]
    valid_from: date
    valid_to: date | None
    confirmed: bool


class PaperRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that waits for a second officer, opened whole to be compared; `subject_key` is the principal's."""

    mandate: MandateRow
    subject_key: str
    agent_number: Masked
    principal_number: Masked
    paper_kind: Paper
    paper_day: date | None
    paper: str


class Own(msgspec.Struct, frozen=True):
    """For whom somebody may act now, and the mandates that were got (`for_others`) and given (`by_others`)."""

    standings: list[Standing]
    for_others: list[MandateRow]
    by_others: list[MandateRow]


def standing(actor: Actor, ground: str, day: date) -> Standing | None:
    """By this ground the actor's person may act for somebody on `day`; None where it does not hold (any more)."""
    kind, _, number = ground.partition(":")
    person = _person(actor)
    if person is None or kind not in _GROUNDS:
        return None
    return next(iter(_GROUNDS[kind](person, day, Q(id=read_uuid(number)))), None)


@personal(OWN)
def own(actor: Actor, day: date) -> Own:
    """The actor's mandates, got and given, and those by law; of each kind `PAGE` at most."""
    person = _person(actor)
    found = [one for ground in _GROUNDS.values() for one in ground(person, day, Q())] if person else []
    got = _open().filter(agent=person) if person else Mandate.objects.none()
    whose = Q(person=person) if person else Q(pk__in=())
    given = _open().filter(whose | Q(organisation__in=represented(actor, day)))
    return Own(found, _listed(got), _listed(given))


@personal(GIVE)
def principals(actor: Actor, day: date) -> list[tuple[str, str]]:
    """For whom the actor may give mandates: the own person first ("" and the name), organisations by id and name."""
    person = _person(actor)
    own = [("", person.full_name)] if person else []
    return [*own, *((str(row.id), row.name) for row in represented(actor, day).order_by("name", "id"))]


@personal(RECORD)
def of_number(actor: Actor, number: Masked) -> list[MandateRow]:  # noqa: ARG001  officers help whoever comes
    """Mandates that whoever has this personal number or tax code has given or got."""
    plain = "".join(number.split())
    people = list(Person.objects.filter(number=plain).values_list("id", flat=True))
    bodies = list(Organisation.objects.filter(tax_code=plain).values_list("id", flat=True))
    return _listed(_open().filter(Q(person__in=people) | Q(organisation__in=bodies) | Q(agent__in=people)))


@personal(RECORD)
def waiting_papers(actor: Actor, day: date) -> list[MandateRow]:
    """Papers of the actor's area that wait for a second officer, the oldest first."""
    return _listed(_open().filter(units.within(actor.unit, day), confirmed=None))


@personal(RECORD)
def paper(actor: Actor, day: date, mandate: UUID) -> PaperRecord:
    """One of them; NotFound for any other."""
    row = _open().filter(units.within(actor.unit, day), id=mandate, confirmed=None).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    number = row.person.number if row.person else row.organisation.tax_code if row.organisation else ""
    return PaperRecord(
        mandate=_row(row),
        subject_key=key_of(principal) if (principal := row.person or row.organisation) else "",
        agent_number=Masked(row.agent.number),
        principal_number=Masked(number),
        paper_kind=Paper(row.paper_kind),
        paper_day=row.paper_day,
        paper=row.paper,
    )


def represented(actor: Actor, day: date) -> QuerySet[Organisation]:
    """The organisations whose legal representative the actor is, or as which the actor signed in."""
    person = _person(actor)
    head = Q(representative=person.number) if person else Q(pk__in=())
    accounts = Account.objects.filter(subject=actor.subject, closed=None).exclude(eid__organisation=None)
    own = list(accounts.values_list("eid__organisation", flat=True))  # read first: no index serves an OR over joins
    return active_organisations(day).filter(head | Q(id__in=own))


def _person(actor: Actor) -> Person | None:
    """Whose account it is; None for an organisation, staff without an e-ID, the dead, and where the account is closed."""
    accounts = Account.objects.select_related("eid__person").filter(subject=actor.subject, closed=None)
    account = accounts.filter(eid__person__isnull=False, eid__person__died=None).first()
    return account.eid.person if account and account.eid else None


def _as_guardian(person: Person, day: date, only: Q) -> Iterable[Standing]:
    """Minors whose guardian the person is in the register."""
    rows = Guardian.objects.filter(of_minors(day), only, guardian=person, ward__died=None).select_related("ward")
    for row in rows.order_by("id")[:PAGE]:
        yield _standing(f"guardian:{row.id}", Kind.GUARDIAN, row.ward, _all_services())


def _as_representative(person: Person, day: date, only: Q) -> Iterable[Standing]:
    """Organisations whose legal representative the person is in the register."""
    for row in active_organisations(day).filter(only, representative=person.number).order_by("id")[:PAGE]:
        yield _standing(f"representative:{row.id}", Kind.REPRESENTATIVE, row, _all_services())


def _by_mandate(person: Person, day: date, only: Q) -> Iterable[Standing]:
    """Whoever gave the person a mandate that holds."""
    alive = Q(person__died=None, organisation=None) | Q(organisation__in=active_organisations(day))
    rows = _open().filter(only, holding(day), alive, agent=person).exclude(confirmed=None)
    for row in rows.order_by("id")[:PAGE]:
        if principal := row.person or row.organisation:
            yield _standing(f"mandate:{row.id}", Kind(row.kind), principal, tuple(row.services))


_GROUNDS: dict[str, Callable[[Person, date, Q], Iterable[Standing]]] = {
    "representative": _as_representative,
    "guardian": _as_guardian,
    "mandate": _by_mandate,
}


def _standing(ground: str, kind: Kind, principal: Person | Organisation, chosen: tuple[str, ...]) -> Standing:
    whose = "eid__person" if isinstance(principal, Person) else "eid__organisation"
    account = Account.objects.filter(**{whose: principal}).first()
    return Standing(
        ground=ground,
        kind=kind,
        name=name_of(principal),
        principal=key_of(principal),
        stands_for=account.subject if account else subject_of_holder(principal.id),
        services=chosen,
    )


def _all_services() -> tuple[str, ...]:
    return tuple(one.code for one in services())


def _open() -> QuerySet[Mandate]:
    return Mandate.objects.select_related("agent", "person", "organisation").filter(ended=None)


def _listed(rows: QuerySet[Mandate]) -> list[MandateRow]:
    return [_row(row) for row in rows.order_by("id")[:PAGE]]


def _row(row: Mandate) -> MandateRow:
    return MandateRow(
        id=row.id,
        agent=row.agent.full_name,
        principal=name_of(row.person or row.organisation),
        kind=Kind(row.kind),
        services=[ROLES[code] for code in row.services if code in ROLES],
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        confirmed=row.confirmed is not None,
    )
