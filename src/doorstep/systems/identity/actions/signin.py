"""Signing in: by passkey, by passcode with a one-time code, by password. Whoever is refused gets a reference, no reason.

A refusal is an outcome and not an exception, since it must leave a trace: the journal's entry for the person concerned,
and the cause under the reference, which the help desk can read.
"""

from datetime import timedelta
from uuid import UUID

import msgspec
from django.db.models import F, QuerySet

from doorstep.kernel.declare.notices import Channel, Reach
from doorstep.kernel.declare.scopes import ROLES, Actor
from doorstep.kernel.keys import derived
from doorstep.kernel.notices import notify
from doorstep.kernel.store import units
from doorstep.kernel.store.prepared import Prepared, update
from doorstep.kernel.store.spent import spend
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import reference, uuid7
from doorstep.kernel.values.reasons import LEVEL_TOO_LOW, NOT_FOUND, NotAllowed, NotFound, Reason, Refused
from doorstep.kernel.values.units import UnitCode
from doorstep.kernel.web.sessions import end_sessions
from doorstep.systems.identity import notices
from doorstep.systems.identity.facts import Holder, Level, PortalEntered
from doorstep.systems.identity.models import Account, Office, OneTimeCode, Passkey, RefusedSignIn
from doorstep.systems.identity.permissions import FOR_SIGN_IN, OWN, SIGN_IN, STEP
from doorstep.systems.identity.queries.concerned import concerned_by, with_holder
from doorstep.systems.identity.rules import passkeys, secrets
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.offices import OFFICES_ELSEWHERE, area_of
from doorstep.systems.identity.rules.passkeys import Party

VISITOR = Actor("visitor", roles=("identity.visitor",))
CODE_KEPT = timedelta(minutes=5)
CODE_ATTEMPTS = 5
CAUSES_KEPT = timedelta(days=30)
MOST_PASSKEYS = 20
_LEVELS = {Level.NONE: 2, Level.ONE: 1, Level.TWO: 2}
"""Organisations have no levels: their e-IDs are checked in person."""


_PASSKEY = Prepared(
    lambda: with_holder(Passkey.objects.select_for_update(of=("self",)), "account__").filter(
        credential=b"", removed=None
    )
)
_OWN = Prepared(lambda: with_holder(Account.objects.select_for_update(of=("self",))).filter(subject="", closed=None))


class Attempt(msgspec.Struct, frozen=True):
    """Somebody was let in as `actor`, or not: then `reference` is what the help desk asks for."""

    actor: Actor | None = None
    name: str = ""
    methods: tuple[str, ...] = ()
    reference: str = ""
    why: Reason | None = None
    """What may be told to the person as well: it says nothing that the person has not proved."""


@action(SIGN_IN, FOR_SIGN_IN)
def sign_in_with_password(act: Act, login: str, password: str) -> Attempt:
    """One secret, so level 1 at most, whatever the e-ID has."""
    account = _account(login)
    right = secrets.matches(password, account.password if account else "")
    if account is None or not right:
        return not_let_in(act, account, Cause.SECRET if account else Cause.UNKNOWN)
    return let_in(act, account, ("pwd",), most=1)


@action(SIGN_IN, FOR_SIGN_IN)
def begin_with_passcode(act: Act, login: str, passcode: str) -> str:
    """The first of two steps: a right passcode of an account that may sign in has a one-time code sent to its phone.

    The subject that the next step names: the account's where the passcode was right, else nobody's, which looks the same.
    """
    account = _account(login)
    right = secrets.matches(passcode, account.passcode if account else "")
    cause = against(account) if account and right else Cause.SECRET if account else Cause.UNKNOWN
    if account and not cause and not account.phone:
        cause = Cause.NO_PHONE
    if account is None or cause:
        not_let_in(act, account, cause or Cause.UNKNOWN)
        return f"account:{uuid7(act.at)}"
    reach = Reach(account.subject, account.language, account.phone, channel=Channel.SMS)
    notify(act, reach, notices.CODE, code=new_code(act, account.subject, "sign_in"))
    act.journal(subjects=concerned(account), detail="passcode right, code sent")
    return account.subject


@action(SIGN_IN, FOR_SIGN_IN)
def finish_with_code(act: Act, subject: str, code: str) -> Attempt:
    """The second step: the code, once, within minutes and a few attempts."""
    account = _accounts().filter(subject=subject).first()
    cause = spend_code(act, subject, "sign_in", code)
    if account is None or cause:
        return not_let_in(act, account, cause or Cause.UNKNOWN)
    return let_in(act, account, ("pin", "otp", "mfa"), most=2)


@action(SIGN_IN, FOR_SIGN_IN)
def sign_in_with_passkey(act: Act, answer: str, party: Party) -> Attempt:
    """A device's answer to one of our challenges, which holds once and for minutes."""
    told = passkeys.read_answer(answer)
    until = passkeys.challenge_lasts(derived("passkeys"), told[1], act.at) if told else None
    if told is None or until is None:
        return not_let_in(act, None, Cause.PASSKEY)
    credential, challenge = told
    passkey = _PASSKEY.first(credential)
    if passkey is None:
        return not_let_in(act, None, Cause.PASSKEY)
    count = passkeys.check_answer(
        party, answer, challenge, public_key=bytes(passkey.public_key), sign_count=passkey.sign_count
    )
    if isinstance(count, Reason):
        return not_let_in(act, passkey.account, Cause.PASSKEY)
    if not spend("passkey", challenge[:24], until):
        return not_let_in(act, passkey.account, Cause.REPLAYED)
    passkey.sign_count, passkey.used = count, act.at
    update([passkey], "sign_count", "used")
    return let_in(act, passkey.account, ("hwk", "user", "mfa"), most=2)


@action(OWN, FOR_SIGN_IN)
def add_passkey(act: Act, answer: str, challenge: bytes, label: str, party: Party) -> None:
    """One more device of the signed-in person, who must be signed in as surely as the device will be.

    Refused for an answer that does not fit, or one device too many; NotAllowed where it would open offices that this
    sign-in does not.
    """
    account = own_account(act)
    if act.actor.level < _level_of(account):
        raise NotAllowed(LEVEL_TOO_LOW())
    area = area_of(act.actor.via)
    own = Office.objects.filter(subject=account.subject, ended=None)
    if area and own.exclude(id__in=own.filter(units.within(area, act.day)).values("id")).exists():
        raise NotAllowed(OFFICES_ELSEWHERE())
    until = passkeys.challenge_lasts(derived("passkeys"), challenge, act.at)
    made = passkeys.read_new(party, answer, challenge) if until else passkeys.PASSKEY_REFUSED()
    if isinstance(made, Reason) or until is None:
        raise Refused(passkeys.PASSKEY_REFUSED())
    used = Passkey.objects.filter(credential=made.credential).exists() or not spend("passkey", challenge[:24], until)
    if used or Passkey.objects.filter(account=account, removed=None).count() >= MOST_PASSKEYS:
        raise Refused(passkeys.PASSKEY_REFUSED())
    Passkey.objects.create(
        id=act.id,
        account=account,
        credential=made.credential,
        public_key=made.public_key,
        sign_count=made.sign_count,
        label=label.strip()[:60],
        created=act.at,
    )
    act.journal(subjects=concerned(account), fields=["passkey"], detail=f"passkey {act.id}")


@action(OWN, FOR_SIGN_IN)
def remove_passkey(act: Act, passkey: UUID) -> None:
    """One of the own devices opens nothing any more."""
    account = own_account(act)
    if not Passkey.objects.filter(id=passkey, account=account, removed=None).update(removed=act.at):
        raise NotFound(NOT_FOUND())
    act.journal(subjects=concerned(account), fields=["passkey"], detail=f"removed passkey {passkey}")


@action(OWN, FOR_SIGN_IN)
def end_session(act: Act, session: str, *, but: str) -> int:
    """End one of the own sessions; with an empty `session` all of them `but` one. Returns how many ended."""
    ended = end_sessions(act.actor.subject, only=session, but=but)
    act.journal(fields=["session"], detail=f"ended {ended} sessions")
    return ended


@action(STEP, FOR_SIGN_IN)
def forget(act: Act) -> int:
    """Delete codes that expired and causes of refusals that are older than `CAUSES_KEPT`; returns how many."""
    codes = OneTimeCode.objects.filter(expires__lt=act.at).delete()[0]
    causes = RefusedSignIn.objects.filter(at__lt=act.at - CAUSES_KEPT).delete()[0]
    act.journal(detail=f"{codes} codes and {causes} causes deleted")
    return codes + causes


def new_code(act: Act, subject: str, purpose: str) -> str:
    """A fresh one-time code in place of an earlier one of the same subject and purpose."""
    code = secrets.new_code()
    OneTimeCode.objects.update_or_create(
        subject=subject,
        purpose=purpose,
        defaults={
            "digest": secrets.code_digest(derived("codes"), subject, purpose, code),
            "expires": act.at + CODE_KEPT,
            "attempts": 0,
        },
    )
    return code


def spend_code(act: Act, subject: str, purpose: str, code: str) -> Cause | None:
    """Use a one-time code up: None where it was right; a wrong one counts against its few attempts."""
    kept = OneTimeCode.objects.select_for_update().filter(subject=subject, purpose=purpose)
    row = kept.first()
    if row is None or row.expires <= act.at or row.attempts >= CODE_ATTEMPTS:
        return Cause.CODE_OVER
    if secrets.code_digest(derived("codes"), subject, purpose, code) != bytes(row.digest):
        kept.update(attempts=F("attempts") + 1)
        return Cause.CODE
    kept.delete()
    return None


def own_account(act: Act) -> Account:
    """The signed-in person's account, locked; NotFound for an actor that has none."""
    account = _OWN.first(act.actor.subject)
    if account is None:
        raise NotFound(NOT_FOUND())
    return account


def everybodys_roles() -> tuple[str, ...]:
    """The roles of whoever signs in."""
    return tuple(sorted(role.code for role in ROLES.values() if role.for_everybody))


def concerned(account: Account) -> list[str]:
    """The keys under which the journal finds whom the account belongs to; none for staff without an e-ID."""
    return concerned_by(account.eid)


def against(account: Account) -> Cause | None:
    """Why a known person with the right secret may not be let in."""
    eid = account.eid
    if account.locked or (eid and eid.locked):
        return Cause.LOCKED
    if eid and (eid.activated is None or eid.revoked):
        return Cause.NOT_ACTIVE
    return Cause.DEAD if eid and eid.person and eid.person.died else None


def _level_of(account: Account) -> int:
    """How sure its owner's sign-in can be: as its e-ID is; staff without one as their offices need."""
    return _LEVELS[Level(account.eid.level)] if account.eid else 2


def let_in(
    act: Act, account: Account, methods: tuple[str, ...], *, most: int, way: str = "", via: str = "page"
) -> Attempt:
    """The actor at the level of its e-ID, but no higher than the way of signing in allows; staff have no e-ID."""
    if cause := against(account):
        return not_let_in(act, account, cause)
    eid = account.eid
    level = min(most, _level_of(account))
    first = account.entered is None and Account.objects.filter(id=account.id, entered=None).update(entered=act.at)
    if first and eid:
        act.fact(PortalEntered(day=act.day, unit=UnitCode(eid.unit), holder=Holder(eid.holder)))
    act.actor = Actor(account.subject, roles=everybodys_roles(), level=level, via=via)  # who it was is known now
    act.journal(subjects=concerned(account), detail=f"signed in {way or ' '.join(methods)}")
    return Attempt(act.actor, account.name, methods)


def not_let_in(act: Act, account: Account | None, cause: Cause, why: Reason | None = None) -> Attempt:
    """The refusal: its cause for the help desk under a reference, and the trace in the journal."""
    number = reference()
    RefusedSignIn.objects.create(
        reference=number, at=act.at, subject=account.subject if account else "", cause=cause.value
    )
    act.journal(subjects=concerned(account) if account else [], detail=f"not let in {number}")
    return Attempt(reference=number, why=why)


def _accounts() -> QuerySet[Account]:
    return Account.objects.select_related("eid__person", "eid__organisation").filter(closed=None)


def _account(login: str) -> Account | None:
    return _accounts().filter(login="".join(login.split()).casefold()).first()
