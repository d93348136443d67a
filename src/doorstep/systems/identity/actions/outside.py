"""Outside providers: registered, read, confirmed by a second person, ended; and who comes in with what they prove.

As with every way of signing in a refusal is an outcome: a reference for the person, the cause for the help desk.
"""

from datetime import date, datetime, time
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Q

from doorstep.kernel.country import law
from doorstep.kernel.keys import derived
from doorstep.kernel.store import units
from doorstep.kernel.store.spent import spend
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Refused, refuse
from doorstep.systems.identity.actions import offices
from doorstep.systems.identity.actions.eid import count, holder_of, insert, keep, settle_appointments, step_on
from doorstep.systems.identity.actions.signin import Attempt, concerned, let_in, not_let_in, own_account
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import Holder, Level, Stage
from doorstep.systems.identity.models import (
    Account,
    Eid,
    Office,
    OutsideLink,
    OutsideProvider,
    OutsideReading,
    Person,
)
from doorstep.systems.identity.permissions import FOR_OFFICE, FOR_SIGN_IN, LINK, OUTSIDE, OWN, SIGN_IN
from doorstep.systems.identity.queries import outside as queries
from doorstep.systems.identity.queries.outside import Usable, usable
from doorstep.systems.identity.rules import outside as rules
from doorstep.systems.identity.rules import signing_keys
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.eid import State, Step, check_holder, subject_of_holder
from doorstep.systems.identity.rules.offices import LOGIN_TAKEN
from doorstep.systems.identity.rules.outside import Kind, Meaning, Proof

OUR_ALGORITHM = "ES256"


class Wish(msgspec.Struct, frozen=True):
    """How a provider is to be read: lines `meaning=claim` and `acr=level`, since when, and from which source."""

    claims: str
    levels: str
    source: str
    valid_from: date
    scope: str = "openid profile"


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a manager says of an outside provider; no `secret` where we sign with a key of ours, nor `client` before it gave
    us one: it may want to know the address that people return to first.
    """

    kind: Kind
    name: str
    issuer: str
    client: str
    method: str
    secret: Masked = Masked("")
    secret_until: date | None = None
    enabled_from: date
    enabled_to: date | None = None
    wish: Wish


@action(OUTSIDE, FOR_SIGN_IN)
def register_provider(act: Act, told: Registration) -> UUID:
    """A provider for the people or staff of the actor's unit; nobody comes in before a second person confirmed it."""
    act.actor.need(queries.MANAGED[told.kind])
    reading = _reading(act, told.kind, told.wish)
    found = rules.check_client(told.name, told.client, told.method, told.secret)
    refuse([*found, *rules.check_days(told.enabled_from, told.enabled_to)])
    by_key = told.method != rules.METHODS[0]
    key = signing_keys.new_key(OUR_ALGORITHM, str(act.id)) if by_key else None
    row = OutsideProvider.objects.create(
        id=act.id,
        kind=told.kind.value,
        name=told.name.strip(),
        unit=act.actor.unit,
        issuer=told.issuer.strip(),
        client=told.client.strip(),
        method=told.method,
        secret=_sealed(told.secret) if told.secret else "",
        secret_expires=_end_of(told.secret_until) if told.secret else None,
        private=signing_keys.sealed(derived("outside secrets"), key) if key else "",
        public=key.as_dict(private=False) if key else None,
        enabled_from=told.enabled_from,
        enabled_to=told.enabled_to,
        registered=act.at,
        registered_by=act.actor.subject,
    )
    reading.provider = row
    reading.save(force_insert=True)
    act.journal(detail=f"outside provider {row.id} registered")
    return row.id


@action(OUTSIDE, FOR_SIGN_IN)
def read_otherwise(act: Act, provider: UUID, wish: Wish) -> None:
    """Another reading from a day on; the one before holds until then, and until this one is confirmed."""
    row = _provider(act, provider)
    reading = _reading(act, Kind(row.kind), wish)
    reading.provider = row
    reading.save(force_insert=True)
    act.journal(detail=f"outside provider {row.id}: reading {reading.id} entered")


@action(OUTSIDE, FOR_SIGN_IN)
def confirm_reading(act: Act, reading: UUID) -> None:
    """The second person's yes: from now on the reading lets people in."""
    row = OutsideReading.objects.select_for_update().filter(id=reading, confirmed=None).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    _provider(act, row.provider_id)
    if row.entered_by == act.actor.subject:
        raise Refused(rules.SAME_MANAGER())
    OutsideReading.objects.filter(id=row.id).update(confirmed=act.at, confirmed_by=act.actor.subject)
    queries.forget_offered()
    act.journal(detail=f"outside provider {row.provider_id}: reading {row.id} confirmed")


@action(OUTSIDE, FOR_SIGN_IN)
def take_credentials(act: Act, provider: UUID, client: str, secret: Masked, until: date | None) -> None:
    """What the provider gave us, for the first time or anew; no `secret` where we sign with a key of ours."""
    row = _provider(act, provider)
    refuse(
        rules.check_client(row.name, client, row.method, secret)
        if client.strip()
        else [rules.CLIENT_INCOMPLETE("client")]
    )
    OutsideProvider.objects.filter(id=row.id).update(
        client=client.strip(),
        secret=_sealed(secret) if secret else "",
        secret_expires=_end_of(until) if secret else None,
    )
    queries.forget_offered()
    act.journal(detail=f"outside provider {row.id}: new credentials")


@action(OUTSIDE, FOR_SIGN_IN)
def end_provider(act: Act, provider: UUID) -> None:
    """Nobody comes in from there any more."""
    row = _provider(act, provider)
    OutsideProvider.objects.filter(id=row.id).update(ended=act.at)
    queries.forget_offered()
    act.journal(detail=f"outside provider {row.id} ended")


@action(SIGN_IN, FOR_SIGN_IN)
def sign_in(act: Act, provider: UUID, state: str, until: datetime, proof: Proof | Cause) -> Attempt:
    """Somebody is back from a provider, with what it proves or why it does not. A `state` holds once."""
    there = usable(provider, act.day)
    if there is None:
        return not_let_in(act, None, Cause.OUTSIDE_OFF)
    if not spend("outside", state.encode(), until):
        return not_let_in(act, None, Cause.OUTSIDE_STATE)
    if isinstance(proof, Cause):
        return not_let_in(act, None, proof)
    return _person(act, there, proof) if there.kind is Kind.EID else _staff(act, there, proof)


@action(SIGN_IN, FOR_OFFICE)
def enter_with_invitation(act: Act, provider: UUID, proof: Proof, code: str) -> Attempt:
    """Somebody whom a directory proves, and nobody knows here, takes the office of an invitation: a new staff account.

    NotFound for a code that is not of the directory's unit, or that holds no more.
    """
    there = usable(provider, act.day)
    if there is None or there.kind is not Kind.STAFF:
        return not_let_in(act, None, Cause.OUTSIDE_OFF)
    name = proof.told.get(Meaning.NAME, proof.told[Meaning.LOGIN])
    account = Account(id=act.id, subject=f"account:{act.id}", name=name, created=act.at)
    account.login = rules.staff_login(proof.told[Meaning.LOGIN], there.issuer)
    if Account.objects.filter(login=account.login).exists():
        raise Refused(LOGIN_TAKEN("code"))
    offices.take(act, account.subject, code, there.unit)
    account.save(force_insert=True)
    _link(act, there, account, proof)
    return let_in(
        act, account, proof.methods, most=proof.level, way=f"by invitation from outside {there.id}", via=there.via
    )


@action(LINK, FOR_SIGN_IN)
def link(act: Act, provider: UUID, state: str, until: datetime, proof: Proof) -> None:
    """The signed-in person's account opens from now on by the directory of a unit where the person has an office."""
    there, account = usable(provider, act.day), own_account(act)
    if there is None or there.kind is not Kind.STAFF or not _serves(there, account, act.day):
        raise NotFound(NOT_FOUND())
    if not spend("outside", state.encode(), until):
        raise NotFound(NOT_FOUND())
    OutsideLink.objects.filter(provider=there.id, account=account, ended=None).update(ended=act.at)
    _link(act, there, account, proof)
    act.journal(subjects=concerned(account), fields=["login"], detail=f"linked with outside {there.id}")


@action(OWN, FOR_SIGN_IN)
def unlink(act: Act, link_id: UUID) -> None:
    """The directory opens the own account no more."""
    account = own_account(act)
    if not OutsideLink.objects.filter(id=link_id, account=account, ended=None).update(ended=act.at):
        raise NotFound(NOT_FOUND())
    act.journal(subjects=concerned(account), fields=["login"], detail=f"link {link_id} ended")


def _person(act: Act, there: Usable, proof: Proof) -> Attempt:
    """By the number in the register: name and birth date agree, and the e-ID is of the provider's unit."""
    number = "".join(proof.told[Meaning.NUMBER].split())
    person = Person.objects.select_for_update(of=("self",)).filter(number=number).first()  # one account, twice at once
    if person is None or not rules.agrees(proof.told, person.full_name, person.birth):
        return not_let_in(act, None, Cause.OUTSIDE_PERSON)
    eid = Eid.objects.select_for_update(of=("self",)).filter(person=person).first()
    rows = Eid.objects.filter(id=eid.id) if eid else Person.objects.filter(id=person.id)
    if not rows.filter(units.within(there.unit, act.day)).exists():
        return not_let_in(act, None, Cause.OUTSIDE_AREA)
    accounts = Account.objects.select_related("eid__person", "eid__organisation")
    account = accounts.filter(eid=eid).first() if eid else None
    if account is None:
        (rule,) = in_force(law(Country, "identity").outside, act.day)
        if not rule.opens or proof.level < rules.SURE:
            return not_let_in(act, None, Cause.OUTSIDE_NO_ACCOUNT, rules.NO_ACCOUNT())
        opened = _activated(act, person, eid)
        if isinstance(opened, Cause):
            why = rules.NO_ACCOUNT() if opened is Cause.OUTSIDE_NO_ACCOUNT else None
            return not_let_in(act, None, opened, why)
        account = _open(act, opened, person)
    if account.closed:
        return not_let_in(act, account, Cause.LOCKED)
    return let_in(act, account, proof.methods, most=proof.level, way=f"outside {there.id}", via=there.via)


def _activated(act: Act, person: Person, eid: Eid | None) -> Eid | Cause:
    """The active e-ID of level 2 of somebody whom an outside e-ID of that level proves: a new one, or the one that waits.

    A cause where none can be: a minor, a place that is no commune, one that was not approved or is locked.
    """
    if eid is None:
        country = law(Country, "identity")
        holder = holder_of(person, country, act.day)
        if holder is Holder.MINOR or check_holder(country, holder, Level.TWO, person.birth, act.day):
            return Cause.OUTSIDE_NO_ACCOUNT
        if person.died or not units.is_commune(person.unit, act.day):
            return Cause.DEAD if person.died else Cause.OUTSIDE_NO_ACCOUNT
        eid = Eid(id=act.next_id(), person=person, holder=holder.value, level=Level.TWO.value, unit=person.unit)
        eid.state, eid.due = State.NOTIFIED.value, act.day
        eid.collected = eid.approved = eid.notified = act.at
        if not insert(eid):
            return Cause.OUTSIDE_NO_ACCOUNT
        keep(act, eid, "collect", "outside")
        count(act, eid, Stage.COLLECTED, 1)
    if State(eid.state) is not State.NOTIFIED or Level(eid.level) is not Level.TWO:
        return Cause.NOT_ACTIVE
    step_on(act, eid, Step.ACTIVATE, why="outside", activated=act.at)
    count(act, eid, Stage.ACTIVATED, 1)
    settle_appointments(act, [eid])
    return eid


def _open(act: Act, eid: Eid, person: Person) -> Account:
    """An account without password and passcode: a passkey may be added once its holder is in."""
    return Account.objects.create(
        id=act.next_id(),
        eid=eid,
        subject=subject_of_holder(person.id),
        name=person.full_name,
        login=person.number.casefold(),
        phone=eid.phone,
        email=eid.email,
        language=eid.language,
        created=act.at,
    )


def _staff(act: Act, there: Usable, proof: Proof) -> Attempt:
    """By the link: the same identifier under the same name, of somebody with an office in the directory's unit."""
    links = OutsideLink.objects.select_related("account__eid__person", "account__eid__organisation")
    row = links.filter(provider=there.id, sub=proof.sub, ended=None, account__closed=None).first()
    if row is None or row.login != proof.told[Meaning.LOGIN]:
        return not_let_in(act, None, Cause.OUTSIDE_UNLINKED, rules.UNLINKED())
    if not _serves(there, row.account, act.day):
        return not_let_in(act, row.account, Cause.OUTSIDE_AREA)
    return let_in(act, row.account, proof.methods, most=proof.level, way=f"outside {there.id}", via=there.via)


def _serves(there: Usable, account: Account, day: date) -> bool:
    """Whether the account's holder has an office in the directory's unit or below it that is not over."""
    rows = Office.objects.filter(units.within(there.unit, day), Q(valid_to=None) | Q(valid_to__gt=day))
    return rows.filter(subject=account.subject, ended=None).exists()


def _link(act: Act, there: Usable, account: Account, proof: Proof) -> None:
    try:
        with transaction.atomic():
            OutsideLink.objects.create(
                id=act.next_id(),
                provider_id=there.id,
                account=account,
                sub=proof.sub,
                login=proof.told[Meaning.LOGIN],
                linked=act.at,
            )
    except IntegrityError as error:
        raise Refused(rules.LINKED_ALREADY()) from error


def _provider(act: Act, provider: UUID) -> OutsideProvider:
    row: OutsideProvider | None = (
        queries.managed(act.actor, act.day).select_for_update().filter(id=provider, ended=None).first()
    )
    if row is None:
        raise NotFound(NOT_FOUND())
    return row


def _reading(act: Act, kind: Kind, wish: Wish) -> OutsideReading:
    claims, one = rules.read_pairs(wish.claims, "claims")
    levels, other = rules.read_pairs(wish.levels, "levels")
    refuse([*one, *other, *rules.check_reading(kind, claims, levels, wish.source, wish.scope)])
    return OutsideReading(
        id=act.next_id(),
        claims=claims,
        levels={acr: int(level) for acr, level in levels.items()},
        scope=" ".join(wish.scope.split()),
        source=wish.source.strip(),
        valid_from=wish.valid_from,
        entered_by=act.actor.subject,
    )


def _sealed(secret: Masked) -> str:
    return signing_keys.sealed_text(derived("outside secrets"), str(secret).encode())


def _end_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), law(Country, "identity").zone) if day else None
