"""Mandates: given by e-ID, recorded from paper by two officers, taken up, and ended at once by either side or an officer."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from doorstep.kernel.country import law
from doorstep.kernel.declare.notices import Channel, Given, Reach
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.notices import notify
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.values.names import search_words
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Reason, Refused, refuse
from doorstep.systems.identity import notices
from doorstep.systems.identity.actions.eid import reach
from doorstep.systems.identity.actions.signin import concerned, everybodys_roles, own_account
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import Eid, Mandate, Organisation, Person
from doorstep.systems.identity.permissions import FOR_MANDATE, GIVE, OWN, RECORD, STEP
from doorstep.systems.identity.queries import mandates as queries
from doorstep.systems.identity.queries.concerned import address_of, key_of, name_of
from doorstep.systems.identity.rules import mandates as rules
from doorstep.systems.identity.rules.mandates import Kind, Paper, Side, Standing
from doorstep.systems.identity.rules.offices import Term


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be given: the agent by number and name as on the card, as what, in which services, on which days."""

    number: str
    full_name: str
    kind: Kind
    services: Sequence[str]
    term: Term


class Made(msgspec.Struct, frozen=True):
    """The new mandate."""

    id: str


@action(GIVE, FOR_MANDATE)
def give(act: Act, organisation: str, wish: Wish) -> Made:
    """By the own e-ID: for the own person, or for the `organisation` (its id) that the actor represents by law."""
    principal: Person | Organisation | None
    if organisation:
        found = queries.represented(act.actor, act.day)
        principal = found.filter(id=read_uuid(organisation)).first()
    else:
        eid = own_account(act).eid
        principal = eid.person if eid else None
    if principal is None:
        raise NotFound(NOT_FOUND("organisation"))
    row = _made(act, principal, wish, confirmed=act.at, confirmed_by=act.actor.subject)
    _tell_given(act, row)
    act.journal(subjects=_both(row), fields=["mandate"], detail=f"mandate {row.id} {row.kind}")
    return Made(str(row.id))


@action(RECORD, FOR_MANDATE)
def record(act: Act, number: str, wish: Wish, paper_kind: Paper, paper_day: date, paper: str) -> Made:
    """From a paper at the counter: whose it is by personal number or tax code. It holds once another officer confirms."""
    plain = "".join(number.split())
    principal = Person.objects.filter(number=plain).first() or Organisation.objects.filter(tax_code=plain).first()
    if principal is None:
        raise NotFound(NOT_FOUND("principal"))
    refuse(rules.check_paper(paper_day, paper, act.day))
    written = {"paper_kind": paper_kind.value, "paper_day": paper_day, "paper": paper.strip()}
    row = _made(act, principal, wish, unit=act.actor.unit, **written)
    refuse(_against_own(act, row))
    act.journal(subjects=_both(row), fields=["mandate"], detail=f"mandate {row.id} {row.kind} from paper")
    return Made(str(row.id))


@action(RECORD, FOR_MANDATE)
def confirm(act: Act, mandate: UUID) -> None:
    """The second look at the paper, by another officer of the area. Both sides are told."""
    row = _open().filter(units.within(act.actor.unit, act.day), id=mandate, confirmed=None).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    refuse([rules.SAME_OFFICER()] if row.granted_by == act.actor.subject else _against_own(act, row))
    row.confirmed, row.confirmed_by = act.at, act.actor.subject
    row.save(update_fields=["confirmed", "confirmed_by"])
    _tell_given(act, row)
    act.journal(subjects=_both(row), fields=["mandate"], detail=f"mandate {mandate} confirmed")


@action(OWN, FOR_MANDATE)
def end_mandate(act: Act, mandate: UUID) -> None:
    """By the principal, the agent, or whoever represents the organisation: nobody acts under it from now on."""
    eid = own_account(act).eid
    mine = Q(organisation__in=queries.represented(act.actor, act.day))
    if eid and eid.person:
        mine |= Q(person=eid.person) | Q(agent=eid.person)
    row = _open().filter(mine, id=mandate).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    _end(act, row)
    act.journal(subjects=_both(row), fields=["mandate"], detail=f"mandate {mandate} ended")


@action(RECORD, FOR_MANDATE)
def end_at_counter(act: Act, mandate: UUID) -> None:
    """One of the two stands before an officer, of whichever commune; a paper that is not confirmed is dropped so, too."""
    row = _open().filter(id=mandate).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    _end(act, row)
    act.journal(subjects=_both(row), fields=["mandate"], detail=f"mandate {mandate} ended at a counter")


@action(OWN, FOR_MANDATE)
def take_up_mandate(act: Act, ground: str) -> Standing:
    """From now on the person acts for somebody; Refused where this ground does not hold today."""
    standing = queries.standing(act.actor, ground, act.day)
    if standing is None:
        raise Refused(rules.MANDATE_ENDED())
    act.journal(subjects=[standing.principal, *concerned(own_account(act))], detail=f"acts by {ground}")
    return standing


@action(OWN, FOR_MANDATE)
def lay_down(act: Act, principal: str) -> None:
    """The person acts for nobody else any more."""
    act.journal(
        subjects=[*dict.fromkeys([principal, *concerned(own_account(act))])], detail="acts for nobody else any more"
    )


def expired(at: datetime) -> bool:
    """Whether a mandate's last day has come: asked before an action that would journal nothing."""
    return Mandate.objects.filter(ended=None, valid_to__lte=law(Country, "identity").day(at)).exists()


@action(STEP, FOR_MANDATE)
def end_expired_mandates(act: Act) -> int:
    """Mandates whose last day has come end; both sides are told. Returns how many."""
    rows = _open(skip_locked=True).filter(valid_to__lte=act.day).order_by("id")[:500]
    over = list(rows)
    for row in over:
        _end(act, row)
    people = dict.fromkeys(key for row in over for key in _both(row))
    act.journal(subjects=list(people), fields=["mandate"], detail=f"{len(over)} mandates were over")
    return len(over)


def oneself(actor: Actor) -> Actor:
    """Whoever acts for somebody, as oneself again."""
    return Actor(actor.subject, roles=everybodys_roles(), level=actor.level, via=actor.via)


def _made(act: Act, principal: Person | Organisation, wish: Wish, **more: object) -> Mandate:
    agent = Person.objects.filter(number="".join(wish.number.split())).first()
    if agent is None or search_words(wish.full_name) != tuple(agent.words):
        raise Refused(rules.AGENT_UNKNOWN("number"))
    sides = _side(principal, act.day), _side(agent, act.day)
    refuse(rules.check_mandate(*sides, wish.kind, wish.services, wish.term, act.day))
    whose = {"person": principal} if isinstance(principal, Person) else {"organisation": principal}
    try:
        with transaction.atomic():
            return Mandate.objects.create(
                id=act.id,
                agent=agent,
                kind=wish.kind.value,
                services=list(rules.known_services(wish.services)),
                valid_from=wish.term.first,
                valid_to=wish.term.last,
                granted_by=act.actor.subject,
                **whose,
                **more,
            )
    except IntegrityError as there:
        raise Refused(rules.MANDATE_THERE("number")) from there


def _against_own(act: Act, row: Mandate) -> list[Reason]:
    """Officers leave papers about themselves, and about organisations that they represent, to others."""
    about = Person.objects.filter(id__in=[row.agent_id, row.person_id], eid__account__subject=act.actor.subject)
    represents = queries.represented(act.actor, act.day).filter(agents=row)
    return [rules.OWN_MANDATE()] if about.exists() or represents.exists() else []


def _end(act: Act, row: Mandate) -> None:
    """Sessions under it are asked for their ground at each request, so they end with it."""
    row.ended, row.ended_by = act.at, act.actor.subject
    row.save(update_fields=["ended", "ended_by"])
    if row.confirmed:
        names = {"agent": row.agent.full_name, "principal": name_of(_principal(row))}
        for side in (row.agent, _principal(row)):
            notify(act, _reach(side), notices.MANDATE_ENDED, **names)


def _tell_given(act: Act, row: Mandate) -> None:
    told: dict[str, Given] = {"principal": name_of(_principal(row)), "day": row.valid_from, "kind": Kind(row.kind)}
    notify(act, _reach(_principal(row)), notices.MANDATE_GIVEN, agent=row.agent.full_name, **told)
    notify(act, _reach(row.agent), notices.MANDATE_GOT, **told)


def _open(*, skip_locked: bool = False) -> QuerySet[Mandate]:
    rows = Mandate.objects.select_for_update(of=("self",), skip_locked=skip_locked)
    return rows.select_related("agent", "person", "organisation").filter(ended=None)


def _principal(row: Mandate) -> Person | Organisation:
    principal = row.person or row.organisation
    if principal is None:
        raise TypeError("a mandate of nobody")
    return principal


def _side(side: Person | Organisation, day: date) -> Side:
    if isinstance(side, Person):
        return Side(key_of(side), organisation=False, active=side.died is None)
    active = side.active_from <= day and (side.active_to is None or day < side.active_to)
    return Side(key_of(side), organisation=True, active=active)


def _both(row: Mandate) -> list[str]:
    return [key_of(_principal(row)), key_of(row.agent)]


def _reach(side: Person | Organisation) -> Reach:
    """By the e-ID where there is one, else by a letter to the address in the register."""
    eid = Eid.objects.filter(**{"person" if isinstance(side, Person) else "organisation": side}).first()
    if eid:
        return reach(eid)
    return Reach(key_of(side), channel=Channel.LETTER, address=address_of(side), unit=side.unit)
