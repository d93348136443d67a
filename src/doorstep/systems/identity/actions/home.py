"""e-IDs of level 1 from home: applied for without signing in, proven by the phone, decided by an officer.

What an applicant is shown is the same whatever the register knows: the answer comes to the phone once it is decided, and
says no more than yes or no. A no comes at a minute that was chosen when the phone was proven, whoever says it and whenever.
"""

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
from doorstep.kernel.values.ids import Masked, read_uuid, reference
from doorstep.kernel.values.reasons import CHANGED, NOT_FOUND, NotFound, Refused, Stale, refuse
from doorstep.systems.identity import notices
from doorstep.systems.identity.actions.eid import count, holder_of, insert, keep, ready, step_on
from doorstep.systems.identity.actions.signin import new_code, spend_code
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import Holder, Level, Stage
from doorstep.systems.identity.models import Account, Application, Eid, Person
from doorstep.systems.identity.permissions import CARE, COLLECT, FOR_EID, SIGN_IN, STEP
from doorstep.systems.identity.queries.care import answers_for, own_eid, still_answers_for
from doorstep.systems.identity.queries.concerned import concerned_by, key_of
from doorstep.systems.identity.queries.register import record_of
from doorstep.systems.identity.rules import eid as life
from doorstep.systems.identity.rules import home as rules
from doorstep.systems.identity.rules.captures import Capture
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.home import Refusal, State, Unfit
from doorstep.systems.identity.rules.register import agreement

PURPOSE = "apply"
AT_ONCE = 500


class Applying(msgspec.Struct, frozen=True, kw_only=True):
    """What an applicant states, and what the portrait, the code and the chip said about it."""

    number: Masked
    full_name: str
    birth: date
    phone: str
    email: str = ""
    language: str = ""
    capture: Capture
    code_agreed: bool = False
    chip: str = ""


@action(SIGN_IN, FOR_EID)
def apply(act: Act, told: Applying) -> str:
    """First step: a code goes to the phone, whoever it may be. The subject that the next step names."""
    country = law(Country, "identity")
    refuse([] if rules.offered(country, act.day) else [life.NOT_OFFERED_FROM_HOME()])
    refuse(country.check_phone(told.phone))
    person = Person.objects.filter(number="".join(told.number.split())).first()
    if person:
        agrees = agreement(record_of(person), told.full_name, told.birth, None)
        person = person if agrees.full_name and agrees.birth else None
    row = Application.objects.create(
        id=act.id,
        reference=reference(),
        person=person,
        state=State.BEGUN.value,
        unit=person.unit if person else "",
        phone="".join(told.phone.split()),
        email=told.email,
        language=told.language,
        capture=told.capture.reference,
        matched=told.capture.known and told.capture.match,
        score=told.capture.score,
        code_agreed=told.code_agreed,
        chip=told.chip,
        begun=act.at,
    )
    subject = f"application:{row.id}"
    reach = Reach(subject, row.language, row.phone, channel=Channel.SMS)
    notify(act, reach, notices.CODE, code=new_code(act, subject, PURPOSE))
    act.journal(subjects=[key_of(person)] if person else [], detail=f"application begun {row.id}")
    return subject


@action(SIGN_IN, FOR_EID)
def prove(act: Act, subject: str, code: str) -> str | Cause:
    """Second step: the code from the phone. The reference of the application, or why the code was not taken."""
    cause = spend_code(act, subject, PURPOSE, code)
    own = read_uuid(subject.removeprefix("application:"))
    row = Application.objects.select_for_update(of=("self",)).select_related("person").filter(id=own).first()
    if cause or row is None or row.state != State.BEGUN:
        act.journal(detail="application code not taken")
        return cause or Cause.CODE_OVER
    _wait(act, row)
    act.journal(subjects=_subjects(row), fields=["phone", "portrait"], detail=f"application {row.reference}")
    return row.reference


@action(CARE, FOR_EID)
def apply_for_ward(act: Act, ward: UUID) -> str:
    """A guardian who has signed in asks for a ward's e-ID, under the guardian's phone. The application's reference."""
    own = own_eid(act.actor)
    if own is None or not answers_for(own, ward, act.day):
        raise NotFound(rules.NOT_IN_CARE())
    guardian, person = Eid.objects.get(id=own), Person.objects.get(id=ward)
    row = Application(
        id=act.id,
        reference=reference(),
        person=person,
        guardian=guardian,
        unit=person.unit,
        phone=guardian.phone,
        email=guardian.email,
        language=guardian.language,
        begun=act.at,
    )
    unfit = _wait(act, row, new=True)
    if unfit:
        refusals = {Unfit.THERE: life.EID_THERE, Unfit.WAITING: life.EID_THERE, Unfit.DEAD: life.PERSON_DEAD}
        raise Refused(refusals.get(unfit, life.LEVEL_NOT_OFFERED)())
    act.journal(subjects=_subjects(row), detail=f"application {row.reference}")
    return row.reference


@action(COLLECT, FOR_EID)
def approve_application(act: Act, application: UUID, version: int) -> str:
    """An officer's yes: the e-ID is collected and approved today, and the holder is told. The e-ID's id."""
    row = _to_decide(act, application, version)
    person, due, proven = row.person, row.due, row.proven
    if person is None or due is None or proven is None:
        raise NotFound(NOT_FOUND())
    if Account.objects.filter(eid=row.guardian_id or UUID(int=0), subject=act.actor.subject).exists():
        raise Refused(life.SAME_OFFICER())
    if row.guardian_id and not still_answers_for(row.guardian_id, person.id, act.day):
        raise Refused(rules.GUARDIAN_OVER())
    refuse(rules.check_approval(matched=row.matched, chip=row.chip, through_guardian=row.guardian_id is not None))
    eid = Eid(
        id=act.id,
        person=person,
        holder=holder_of(person, law(Country, "identity"), act.day).value,
        level=Level.ONE.value,
        state=life.State.COLLECTED.value,
        unit=person.unit,
        phone=row.phone,
        email=row.email,
        language=row.language,
        due=due,
        collected=proven,
    )
    if person.died or not insert(eid):
        raise Refused(life.PERSON_DEAD() if person.died else life.EID_THERE())
    keep(act, eid, "collect", f"application {row.reference}")
    count(act, eid, Stage.COLLECTED, 1)
    step_on(act, eid, life.Step.APPROVE, approved=act.at)
    step_on(act, eid, life.Step.NOTIFY, notified=act.at)
    _decide(act, row, State.APPROVED)
    _forget_phone(row)
    ready(act, eid)
    act.journal(subjects=concerned_by(eid), fields=["level", "phone", "email"], detail=f"approved {row.reference}")
    return str(eid.id)


@action(COLLECT, FOR_EID)
def refuse_application(act: Act, application: UUID, version: int, cause: Refusal) -> None:
    """An officer's no. The cause is told to the person at a counter, since the phone may be a stranger's.

    The phone learns of it when it would learn that nobody is known, since an early or a late no tells that somebody is.
    A guardian, who has signed in, learns of it at once.
    """
    row = _to_decide(act, application, version)
    _decide(act, row, State.REFUSED, cause.value)
    if row.guardian_id:
        _tell(act, row)
    elif row.answer_at is None:  # was told that nothing was issued by the last day
        _forget_phone(row)
    act.journal(subjects=_subjects(row), detail=f"refused {row.reference} {cause.value}")


@action(STEP, FOR_EID)
def tell_applicants(act: Act) -> int:
    """Whoever has no e-ID when the time comes is told so, once and in the same words: whether an officer said no, is late,
    or nobody could decide on it, which is refused now. A late yes still counts. What was begun and not proven is forgotten.
    """
    Application.objects.filter(state=State.BEGUN.value, begun__lt=act.at - rules.BEGUN_KEPT).delete()
    due = Application.objects.filter(~Q(phone=""), answer_at__lte=act.at)
    told = list(due.select_for_update(skip_locked=True).order_by("answer_at", "id")[:AT_ONCE])
    for row in told:
        if row.unfit:
            _decide(act, row, State.REFUSED)
        _tell(act, row)
    act.journal(detail=f"{len(told)} told that nothing was issued")
    return len(told)


def _wait(act: Act, row: Application, *, new: bool = False) -> Unfit | None:
    """From now on it waits, for an officer or for the end of its time; one that fits waits for a person."""
    country = law(Country, "identity")
    if row.person:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"application {row.person_id}"])
    unfit = _unfit(act, row, country)
    # What nobody decides on ends on the same day as if nobody were known.
    holder = holder_of(row.person, country, act.day) if row.person and not unfit else Holder.CITIZEN
    row.state, row.unfit, row.proven = State.WAITING.value, unfit.value if unfit else "", act.at
    row.due = life.due(country, holder, Level.ONE, act.day, complete=True)
    row.answer_at = None if row.guardian_id else rules.answer_at(country, row.due, row.id)
    row.save(force_insert=new)
    return unfit


def _unfit(act: Act, row: Application, country: Country) -> Unfit | None:
    person = row.person
    if person is None:
        return Unfit.UNKNOWN
    if person.died:
        return Unfit.DEAD
    holder = holder_of(person, country, act.day)
    if rules.unfit_holder(country, holder, person.birth, act.day, guardian=row.guardian_id is not None):
        return Unfit.NOT_OFFERED
    if Eid.objects.filter(person=person).exists():
        return Unfit.THERE
    waiting = Application.objects.filter(person=person, state=State.WAITING.value, unfit="")
    return Unfit.WAITING if waiting.exists() else None


def _to_decide(act: Act, application: UUID, version: int) -> Application:
    rows = Application.objects.select_for_update(of=("self",)).select_related("person")
    mine = rows.filter(units.within(act.actor.unit, act.day), id=application, unfit="")
    row = mine.exclude(state=State.BEGUN.value).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    if row.state != State.WAITING:
        raise Refused(rules.APPLICATION_DECIDED())
    if row.version != version:
        raise Stale(CHANGED())
    return row


def _decide(act: Act, row: Application, state: State, cause: str = "") -> None:
    row.state, row.cause, row.version = state.value, cause, row.version + 1
    row.decided, row.decided_by = act.at, act.actor.subject
    row.save(update_fields=["state", "cause", "version", "decided", "decided_by"])


def _tell(act: Act, row: Application) -> None:
    """That nothing was issued; the phone stays where an officer may still say yes."""
    reach = Reach(f"application:{row.id}", row.language, row.phone, row.email, Channel.SMS)
    notify(act, reach, notices.APPLICATION_REFUSED, reference=row.reference)
    row.answer_at = None
    row.save(update_fields=["answer_at"])
    if row.state == State.REFUSED:
        _forget_phone(row)


def _forget_phone(row: Application) -> None:
    """From now on nobody needs it here: it is the e-ID's, or a stranger's."""
    row.phone = row.email = ""
    row.save(update_fields=["phone", "email"])


def _subjects(row: Application) -> list[str]:
    return [key_of(row.person)] if row.person else []
