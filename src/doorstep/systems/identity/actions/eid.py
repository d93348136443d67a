"""The life of e-IDs: collected, approved, notified, activated, locked, unlocked, raised, recovered, revoked.

Each step keeps what it did in EidChange; what counts is emitted where the count moves, under the dimensions of that day.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Q

from doorstep.kernel.country import law
from doorstep.kernel.declare.notices import Channel, Reach
from doorstep.kernel.notices import notify
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.ids import read_uuid, uuid7
from doorstep.kernel.values.reasons import CHANGED, NOT_FOUND, NotFound, Reason, Refused, Stale, refuse
from doorstep.kernel.values.units import UnitCode
from doorstep.kernel.web.sessions import end_sessions
from doorstep.systems.identity import notices
from doorstep.systems.identity.actions.documents import check_cited
from doorstep.systems.identity.actions.signin import concerned, new_code, spend_code
from doorstep.systems.identity.actions.telling import reach_of
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import EidCounted, Holder, Level, Stage
from doorstep.systems.identity.models import Account, Appointment, Eid, EidChange, Guardian, Passkey, Person
from doorstep.systems.identity.permissions import COLLECT, FOR_EID, SIGN_IN, SUPPORT
from doorstep.systems.identity.queries.concerned import concerned_by, key_of
from doorstep.systems.identity.rules import eid as rules
from doorstep.systems.identity.rules import secrets
from doorstep.systems.identity.rules.captures import Capture, check_capture
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.eid import LockCause, State, Step
from doorstep.systems.identity.rules.offices import within
from doorstep.systems.identity.rules.register import number_of
from doorstep.systems.identity.rules.telling import channel_of, channels


class Collected(msgspec.Struct, frozen=True):
    """The new record, and the day by which it is to be approved."""

    id: str
    due: date


class Applicant(msgspec.Struct, frozen=True):
    """What is collected beside the register's particulars. `complete`: the state's databases hold what is needed.

    `capture` is the biometric system's answer, `document` the reference of a check of the document.
    """

    level: Level
    phone: str = ""
    email: str = ""
    language: str = ""
    complete: bool = True
    capture: Capture | None = None
    document: str = ""


@action(COLLECT, FOR_EID)
def collect(act: Act, number: str, applicant: Applicant, unit: str) -> Collected:
    """An officer takes somebody's record in person, in the commune `unit` within the officer's own.

    A minor's phone is the guardian's, unless another one is told.
    """
    country = law(Country, "identity")
    person = _person(number)
    if not within(unit, act.actor.unit) or not units.is_commune(unit, act.day):
        raise NotFound(NOT_FOUND("unit"))
    holder = holder_of(person, country, act.day)
    reasons = rules.check_holder(country, holder, applicant.level, person.birth, act.day)
    guardian = guardian_eid(person) if holder is Holder.MINOR else None
    if holder is Holder.MINOR and not guardian:
        reasons.append(rules.GUARDIAN_NEEDED("number"))
    if applicant.phone:
        reasons += country.check_phone(applicant.phone)
    reasons += check_capture(country, applicant.level, applicant.capture, complete=applicant.complete)
    reasons += check_cited(act, person, applicant.document) if applicant.document else []
    if person.died:
        reasons.append(rules.PERSON_DEAD("number"))
    refuse(reasons)
    due = rules.due(country, holder, applicant.level, act.day, complete=applicant.complete)
    eid = Eid(
        id=act.id,
        person=person,
        holder=holder.value,
        level=applicant.level.value,
        state=State.COLLECTED.value,
        unit=unit,
        phone=applicant.phone or (guardian.phone if guardian else ""),
        email=applicant.email,
        language=applicant.language or (guardian.language if guardian else ""),
        due=due,
        collected=act.at,
    )
    if not eid.phone:
        raise Refused(rules.PHONE_NEEDED("phone"))
    if not insert(eid):
        raise Refused(rules.EID_THERE("number"))
    keep(act, eid, "collect", capture=applicant.capture, document=applicant.document)
    count(act, eid, Stage.COLLECTED, 1)
    act.journal(subjects=[key_of(person)], fields=["level", "phone", "email"], detail=f"collected {eid.id}")
    return Collected(str(eid.id), due)


@action(COLLECT, FOR_EID)
def approve(act: Act, eid: UUID, version: int) -> None:
    """Another officer's yes. The holder is told at once that the e-ID can be activated."""
    row = locked(eid, version)
    collector = EidChange.objects.filter(eid=row, change="collect").first()
    if collector and collector.actor == act.actor.subject:
        raise Refused(rules.SAME_OFFICER())
    if not row.phone:
        raise Refused(rules.PHONE_NEEDED("phone"))
    step_on(act, row, Step.APPROVE, approved=act.at)
    step_on(act, row, Step.NOTIFY, notified=act.at)
    ready(act, row)
    act.journal(subjects=concerned_by(row), fields=["state"], detail=f"approved {eid}")


@action(SIGN_IN, FOR_EID)
def begin_activation(act: Act, number: str, phone: str) -> str:
    """Number and phone, as collected: where both fit an e-ID that waits, a code goes to that phone.

    The subject that the next step names; it looks the same where nothing fits.
    """
    row = Eid.objects.select_related("person").filter(person__number=_plain(number), phone=_plain(phone)).first()
    if row is None or row.state not in {State.NOTIFIED, State.ACTIVATED} or not _may_set_secrets(row):
        act.journal(detail="activation: nothing fits")
        return f"eid:{uuid7(act.at)}"
    subject = f"eid:{row.id}"
    by_phone = msgspec.structs.replace(urgent(row), channel=Channel.SMS)
    notify(act, by_phone, notices.CODE, code=new_code(act, subject, "activate"))
    act.journal(subjects=concerned_by(row), detail=f"activation begun {row.id}")
    return subject


@action(SIGN_IN, FOR_EID)
def prove_activation(act: Act, subject: str, code: str) -> Cause | None:
    """The code from the phone; None where it was right."""
    cause = spend_code(act, subject, "activate", code)
    act.journal(detail=f"activation code {cause.value if cause else 'right'}")
    return cause


@action(SIGN_IN, FOR_EID)
def activate(act: Act, subject: str, password: str, passcode: str) -> None:
    """Password and passcode, once the phone is proven: the account is there, and the person can sign in.

    After a recovery in person the same steps set new secrets, and nothing is counted again.
    """
    row = Eid.objects.select_for_update(of=("self",)).select_related("person").filter(id=_id_of(subject)).first()
    if row is None or row.person is None or not _may_set_secrets(row):
        raise NotFound(NOT_FOUND())
    (law_row,) = in_force(law(Country, "identity").secrets, act.day)
    names = (row.person.number, *row.person.words)
    reasons = secrets.check_password(password, law_row, names=names)
    refuse([*reasons, *secrets.check_passcode(passcode, law_row, birth=row.person.birth)])
    kept = {"password": secrets.hashed(password), "passcode": secrets.hashed(passcode)}
    person = row.person
    Account.objects.update_or_create(
        eid=row,
        defaults={**kept, "phone": row.phone, "email": row.email, "locked": None},
        create_defaults={
            **kept,
            "id": act.id,
            "subject": rules.subject_of_holder(person.id),
            "name": person.full_name,
            "login": person.number.casefold(),
            "phone": row.phone,
            "email": row.email,
            "language": row.language,
            "created": act.at,
        },
    )
    if State(row.state) is State.NOTIFIED:
        step_on(act, row, Step.ACTIVATE, activated=act.at)
        count(act, row, Stage.ACTIVATED, 1)
        settle_appointments(act, [row])
    act.journal(subjects=concerned_by(row), fields=["password", "passcode", "state"], detail=f"activated {row.id}")


@action(SUPPORT, FOR_EID)
def lock(act: Act, eid: UUID, version: int, cause: LockCause) -> None:
    """Nobody signs in with it from now on; sessions end at once."""
    row = locked(eid, version)
    _lock(act, row, cause)
    act.journal(subjects=concerned_by(row), fields=["state"], detail=f"locked {eid} {cause.value}")


@action(SIGN_IN, FOR_EID)
def report_loss(act: Act, login: str, passcode: str) -> bool:
    """The holder reports a loss from anywhere, with number and passcode: locked at once. Whether it was, is returned.

    Without the passcode nobody could tell a finder, or a stalker, from the holder: then an officer asks and locks.
    """
    accounts = Account.objects.select_related("eid__person", "eid__organisation")
    account = accounts.filter(login=_plain(login).casefold(), closed=None).first()
    right = secrets.matches(passcode, account.passcode if account else "")
    row = Eid.objects.select_for_update(of=("self",)).filter(account=account).first() if account and right else None
    if account is None or row is None or row.state != State.ACTIVATED:
        act.journal(subjects=concerned(account) if account else [], detail="loss not reported")
        return False
    _lock(act, row, LockCause.LOSS)
    act.journal(subjects=concerned_by(row), fields=["state"], detail=f"loss reported {row.id}")
    return True


@action(SUPPORT, FOR_EID)
def unlock(act: Act, eid: UUID, version: int) -> None:
    """In person, before an officer who has seen the card."""
    row = locked(eid, version)
    step_on(act, row, Step.UNLOCK, locked=None, lock_cause="")
    _tell(act, row, Step.UNLOCK)
    act.journal(subjects=concerned_by(row), fields=["state"], detail=f"unlocked {eid}")


@action(SUPPORT, FOR_EID)
def recover(act: Act, eid: UUID, version: int) -> None:
    """In person: all secrets, passkeys and sessions end, and the holder activates anew with the phone."""
    row = locked(eid, version)
    step_on(act, row, Step.RECOVER, locked=None, lock_cause="")
    for account in Account.objects.select_for_update().filter(eid=row):
        Account.objects.filter(id=account.id).update(password="", passcode="", locked=None)
        Passkey.objects.filter(account=account, removed=None).update(removed=act.at)
        end_sessions(account.subject)
    ready(act, row)
    act.journal(subjects=concerned_by(row), fields=["password", "passcode", "passkey"], detail=f"recovered {eid}")


@action(SUPPORT, FOR_EID)
def change_phone(act: Act, eid: UUID, version: int, phone: str) -> None:
    """In person. The old phone is told, so that a change by a stranger is noticed."""
    row = locked(eid, version)
    refuse(law(Country, "identity").check_phone(phone))
    _tell(act, row, Step.CHANGE_PHONE)
    step_on(act, row, Step.CHANGE_PHONE, phone=_plain(phone))
    Account.objects.filter(eid=row).update(phone=_plain(phone))
    act.journal(subjects=concerned_by(row), fields=["phone"], detail=f"phone of {eid}")


@action(COLLECT, FOR_EID)
def raise_level(act: Act, eid: UUID, version: int, level: Level, capture: Capture | None = None) -> None:
    """In person, after card and biometrics were checked: the counts move from the old level to the new one.

    Who came of age meanwhile counts as a citizen from now on.
    """
    row = locked(eid, version)
    country = law(Country, "identity")
    if row.person is None or level not in rules.raised(Level(row.level)):
        raise Refused(rules.LEVEL_NOT_OFFERED("level"))
    holder = holder_of(row.person, country, act.day)
    reasons = rules.check_holder(country, holder, level, row.person.birth, act.day)
    refuse(reasons + check_capture(country, level, capture, complete=False))
    for stage in (Stage.COLLECTED, Stage.ACTIVATED):
        count(act, row, stage, -1)
    step_on(act, row, Step.RAISE, capture=capture, level=level.value, holder=holder.value)
    for stage in (Stage.COLLECTED, Stage.ACTIVATED):
        count(act, row, stage, 1)
    _tell(act, row, Step.RAISE)
    act.journal(subjects=concerned_by(row), fields=["level"], detail=f"level {level.value} of {eid}")


@action(COLLECT, FOR_EID)
def revoke(act: Act, eid: UUID, version: int, why: str) -> None:
    """For good: what it counted is taken back today."""
    row = locked(eid, version)
    count(act, row, Stage.COLLECTED, -1)
    if row.activated:
        count(act, row, Stage.ACTIVATED, -1)
    step_on(act, row, Step.REVOKE, why=why, revoked=act.at)
    _end_sessions(row)
    _tell(act, row, Step.REVOKE)
    act.journal(subjects=concerned_by(row), fields=["state"], detail=f"revoked {eid}")


def settle_appointments(act: Act, rows: Sequence[Eid]) -> None:
    """Their holders have activated: an appointment of today was kept, a later one is not needed."""
    made = Appointment.objects.filter(eid__in=rows, kept=None, cancelled=None)
    made.filter(day=act.day).update(kept=act.at)
    made.update(cancelled=act.at)


def ready(act: Act, row: Eid) -> None:
    """Tell the holder that the e-ID can be activated, and by when."""
    notify(act, urgent(row), notices.READY, day=rules.activate_by(law(Country, "identity"), act.at))


def _person(number: str) -> Person:
    person = Person.objects.filter(number=_plain(number)).first()
    if person is None:
        raise NotFound(NOT_FOUND("number"))
    return person


def _plain(text: str) -> str:
    return "".join(text.split())


def holder_of(person: Person, country: Country, day: date) -> Holder:
    if person.nationality != country.nationality:
        return Holder.FOREIGNER
    own = min(row.from_age for row in in_force(country.ages, day) if row.holder is Holder.CITIZEN)
    return Holder.CITIZEN if rules.age_on(person.birth, day) >= own else Holder.MINOR


def guardian_eid(person: Person) -> Eid | None:
    """The e-ID of level 2 of a guardian who has activated it."""
    guardians = Guardian.objects.filter(ward=person, valid_to=None).values("guardian")
    found = Eid.objects.filter(person__in=guardians, state=State.ACTIVATED, level=Level.TWO.value)
    return found.order_by("id").first()


def insert(eid: Eid) -> bool:
    """Whether it is the first of its person or organisation; two officers at once make one."""
    of = {"person": eid.person_id} if eid.person_id else {"organisation": eid.organisation_id}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"eid {of}"])
    if Eid.objects.filter(**of).exists():
        return False
    eid.save(force_insert=True)
    return True


def locked(eid: UUID, version: int) -> Eid:
    """The e-ID as the page showed it. Officers help whoever stands before them, from whichever commune; it is journalled."""
    row = Eid.objects.select_for_update(of=("self",)).select_related("person", "organisation").filter(id=eid).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    if row.version != version:
        raise Stale(CHANGED())
    return row


def step_on(act: Act, row: Eid, step: Step, *, why: str = "", capture: Capture | None = None, **new: object) -> None:
    """The next state, or the reason why the step does not follow; keeps what was done."""
    state = rules.after(State(row.state), step)
    if isinstance(state, Reason):
        raise Refused(state)
    for name, value in {**new, "state": state.value, "version": row.version + 1}.items():
        setattr(row, name, value)
    row.save(update_fields=[*new, "state", "version"])
    keep(act, row, step.value, why, capture=capture)


def keep(act: Act, row: Eid, change: str, why: str = "", *, capture: Capture | None = None, document: str = "") -> None:
    """Write down a step with what it rests on."""
    EidChange.objects.create(
        id=act.next_id(),
        eid=row,
        version=row.version,
        change=change,
        state=row.state,
        level=row.level,
        actor=act.actor.subject,
        why=why[:300],
        capture=capture.reference if capture else "",
        quality=capture.quality if capture else None,
        score=capture.score if capture else None,
        document=document,
    )


def _lock(act: Act, row: Eid, cause: LockCause) -> None:
    step_on(act, row, Step.LOCK, why=cause.value, locked=act.at, lock_cause=cause.value)
    _end_sessions(row)
    notify(act, urgent(row), notices.LOCKED, cause=cause)


def _end_sessions(row: Eid) -> None:
    for subject in Account.objects.filter(eid=row).values_list("subject", flat=True):
        end_sessions(subject)


def count(act: Act, row: Eid, stage: Stage, n: int) -> None:
    act.fact(
        EidCounted(
            day=act.day, unit=UnitCode(row.unit), stage=stage, holder=Holder(row.holder), level=Level(row.level)
        ),
        n=n,
    )


def _tell(act: Act, row: Eid, step: Step) -> None:
    notify(act, urgent(row), notices.CHANGED, step=step)


def reach(row: Eid) -> Reach:
    """How the holder is told: as chosen, once there is an account; by SMS, e-mail or not at all before."""
    account = Account.objects.filter(eid=row).first()
    if account:
        return reach_of(account)
    return Reach(f"eid:{row.id}", row.language, row.phone, row.email, channel_of("", channels(row.phone, row.email)))


def reach_of_key(key: str) -> Reach | None:
    """How the person or organisation of this key is told; None without an e-ID that is not revoked."""
    number = number_of(key, law(Country, "identity"))
    whose = Q(person__number=number) if number else Q(organisation__tax_code=key.removeprefix("tax_code:"))
    row = Eid.objects.filter(whose, revoked=None).first()
    return reach(row) if row else None


def urgent(row: Eid) -> Reach:
    """What secures the e-ID goes to the phone, whatever was chosen: who is locked out reads no inbox."""
    usual = channel_of("", channels(row.phone, row.email))
    return msgspec.structs.replace(reach(row), phone=row.phone, email=row.email, channel=usual)


def _may_set_secrets(row: Eid) -> bool:
    """Before the first activation, and after a recovery in person."""
    if row.state == State.NOTIFIED:
        return True
    return row.state == State.ACTIVATED and Account.objects.filter(eid=row, password="", passcode="").exists()


def _id_of(subject: str) -> UUID:
    return read_uuid(subject.removeprefix("eid:"))
