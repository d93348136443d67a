"""Offices: granted, approved by a second person where powerful, lent, reviewed, ended. Ending one ends all sessions at once."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db import IntegrityError, connection, transaction

from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import ROLES, Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.tokens import revoke_tokens
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.ids import Masked, read_reference, reference
from doorstep.kernel.values.reasons import NOT_FOUND, NotAllowed, NotFound, Reason, Refused, refuse
from doorstep.kernel.web.sessions import end_sessions
from doorstep.systems.identity.actions.signin import concerned, own_account
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import Account, Invitation, Office
from doorstep.systems.identity.permissions import APPROVE, FOR_OFFICE, FOUND, GRANT, OWN, REVIEW, STEP
from doorstep.systems.identity.rules import offices
from doorstep.systems.identity.rules.offices import StaffLine, Term, What
from doorstep.systems.identity.rules.secrets import check_passcode, check_password, hashed

INVITATION_KEPT = timedelta(days=14)
ONE_FILE_AT_A_TIME = 0x1D6


class Granted(msgspec.Struct, frozen=True):
    """The new office; `in_force` is False while it waits for a second person."""

    id: str
    in_force: bool


class Invited(msgspec.Struct, frozen=True):
    """A new invitation; its `code` is shown once and kept nowhere."""

    id: str
    code: Masked


class InvitedLine(msgspec.Struct, frozen=True):
    """The code of an invitation that a line of a file made."""

    line: int
    code: Masked


class StaffOutcome(msgspec.Struct, frozen=True):
    """What became of the lines: how many did what, codes of invitations, and the reasons of the lines that come back."""

    done: dict[What, int]
    invited: tuple[InvitedLine, ...]
    refused: tuple[Reason, ...]


@action(GRANT, FOR_OFFICE)
def assign(act: Act, login: str, unit: str, role: str, term: Term) -> Granted:
    """An office for somebody who can sign in already."""
    account = _account(login)
    office = _assign(act, account, unit, role, term)
    act.journal(subjects=concerned(account), fields=["office"], detail=f"office {office.id} {role} {unit}")
    return Granted(str(office.id), office.approved is not None)


@action(GRANT, FOR_OFFICE)
def change_staff(act: Act, lines: Sequence[StaffLine]) -> StaffOutcome:
    """A unit's staff from a file, by the rules of one at a time: good lines are done, bad ones come back with the repair."""
    refused: list[Reason] = []
    invited: list[InvitedLine] = []
    people: dict[str, None] = {}
    done = dict.fromkeys(What, 0)
    with (
        connection.cursor() as cursor
    ):  # two files that name the same offices in another order would wait for each other
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_FILE_AT_A_TIME])
    for line in lines:
        try:
            with transaction.atomic():  # a transfer that is refused ends nothing
                found = _change(act, line)
        except Refused as failure:
            refused += [one.at_line(line.line) for one in failure.reasons]
            continue
        done[line.what] += 1
        if isinstance(found, Invited):
            invited.append(InvitedLine(line.line, found.code))
        else:
            people |= dict.fromkeys(concerned(found))
    told = ", ".join(f"{number} {what.value}" for what, number in done.items() if number)
    act.journal(subjects=list(people), fields=["office"], detail=f"from a file: {told or 'nothing'}")
    return StaffOutcome(done, tuple(invited), tuple(refused))


def _change(act: Act, line: StaffLine) -> Account | Invited:
    """One line: the account whose office it is, or the invitation."""
    if line.what is not What.END and line.term is None:
        raise Refused(offices.DAY_UNREADABLE("valid_from"))
    if line.what is What.INVITE and line.term:
        refuse([offices.INVITATION_NAMED("login")] if line.login else [])
        return _invite(act, line.unit, line.role, line.term)
    account = _account(line.login)
    if line.what is What.GRANT and line.term:
        _assign(act, account, line.unit, line.role, line.term)
        return account
    rows = Office.objects.select_for_update().filter(units.within(act.actor.unit, act.day), ended=None)
    row = rows.filter(subject=account.subject, role=line.role, unit=line.unit).first()
    if row is None:
        raise Refused(offices.OFFICE_NOT_THERE("role"))
    if line.what is What.TRANSFER and line.term:
        _transfer(act, row, line.to, line.term)
    else:
        _end_anothers(act, row, line.why)
    return account


@action(GRANT, FOR_OFFICE)
def invite(act: Act, unit: str, role: str, term: Term) -> Invited:
    """A code for somebody who signs in later and takes the office with it."""
    invited = _invite(act, unit, role, term)
    act.journal(detail=f"invitation {invited.id} {role} {unit}")
    return invited


def _invite(act: Act, unit: str, role: str, term: Term) -> Invited:
    refuse(offices.check_grant(act.actor, "", unit, role, term))
    code, own = reference(), act.next_id()
    Invitation.objects.create(
        id=own,
        digest=_digest(code),
        unit=unit,
        role=role,
        valid_from=term.first,
        valid_to=term.last,
        invited_by=act.actor.subject,
        expires=act.at + INVITATION_KEPT,
    )
    return Invited(str(own), Masked(code))


@action(OWN, FOR_OFFICE)
def accept(act: Act, code: str) -> Granted:
    """Take the office of an invitation; NotFound for a code that is wrong, used, withdrawn or over."""
    account = own_account(act)
    invitation, granted = take(act, account.subject, code)
    act.journal(subjects=concerned(account), fields=["office"], detail=f"invitation {invitation} accepted")
    return granted


def take(act: Act, subject: str, code: str, area: str = "") -> tuple[UUID, Granted]:
    """The invitation of a code, within `area`, and the office that it becomes; NotFound as above."""
    known = read_reference(code)
    waiting = Invitation.objects.select_for_update().filter(accepted=None, withdrawn=None, expires__gt=act.at)
    waiting = waiting.filter(units.within(area, act.day))
    invitation = waiting.filter(digest=_digest(known)).first() if known else None
    if invitation is None:
        raise NotFound(NOT_FOUND("code"))
    if invitation.invited_by == subject:
        raise Refused(offices.OWN_OFFICE("code"))
    term = Term(invitation.valid_from, invitation.valid_to)
    office = _grant(act, subject, invitation.unit, invitation.role, term, invitation.invited_by)
    Invitation.objects.filter(id=invitation.id).update(accepted=act.at)
    return invitation.id, Granted(str(office.id), office.approved is not None)


@action(GRANT, FOR_OFFICE)
def withdraw(act: Act, invitation: UUID) -> None:
    """An invitation holds no more."""
    rows = Invitation.objects.filter(units.within(act.actor.unit, act.day), id=invitation)
    if not rows.filter(accepted=None, withdrawn=None).update(withdrawn=act.at):
        raise NotFound(NOT_FOUND())
    act.journal(detail=f"invitation {invitation} withdrawn")


@action(APPROVE, FOR_OFFICE)
def approve_office(act: Act, office: UUID) -> None:
    """The second person's yes to a powerful office."""
    row = _office(act, office)
    refuse(offices.check_approval(act.actor, row.subject, row.granted_by))
    if row.approved:
        raise NotFound(NOT_FOUND())
    Office.objects.filter(id=row.id).update(approved=act.at, approved_by=act.actor.subject)
    act.journal(subjects=_people(row.subject), fields=["office"], detail=f"office {office} approved")


@action(GRANT, FOR_OFFICE)
def transfer(act: Act, office: UUID, unit: str, term: Term) -> Granted:
    """The same role in another unit from a day on; the old office ends at once, and with it the sessions."""
    row = _office(act, office)
    new = _transfer(act, row, unit, term)
    act.journal(subjects=_people(row.subject), fields=["office"], detail=f"office {office} became {new.id}")
    return Granted(str(new.id), new.approved is not None)


@action(GRANT, FOR_OFFICE)
def end(act: Act, office: UUID, why: str) -> None:
    """An office and all that was lent from it end now."""
    row = _office(act, office)
    _end_anothers(act, row, why)
    act.journal(subjects=_people(row.subject), fields=["office"], detail=f"office {office} ended")


@action(GRANT, FOR_OFFICE)
def leave(act: Act, login: str, why: str) -> int:
    """Somebody leaves: all their offices within the actor's unit end now; returns how many."""
    account = _account(login)
    rows = Office.objects.select_for_update().filter(units.within(act.actor.unit, act.day))
    leaving = list(rows.filter(subject=account.subject, ended=None).order_by("id"))
    for row in leaving:
        _end(act, row, why)
    act.journal(subjects=concerned(account), fields=["office"], detail=f"left {len(leaving)} offices")
    return len(leaving)


@action(OWN, FOR_OFFICE)
def lend(act: Act, office: UUID, login: str, term: Term) -> Granted:
    """During an absence somebody else has the own office; powerful ones need a second person then too."""
    own = Office.objects.select_for_update().filter(id=office, subject=act.actor.subject, ended=None).first()
    if own is None or own.approved is None or own.stems_from_id:
        raise NotFound(NOT_FOUND())
    _need_inside(act, office)
    account = _account(login)
    refuse(offices.check_delegation(Term(own.valid_from, own.valid_to), term, act.day))
    if account.subject == act.actor.subject:
        raise Refused(offices.OWN_OFFICE("login"))
    lent = _grant(act, account.subject, own.unit, own.role, term, act.actor.subject, stems_from=own)
    act.journal(subjects=concerned(account), fields=["office"], detail=f"office {office} lent as {lent.id}")
    return Granted(str(lent.id), lent.approved is not None)


@action(REVIEW, FOR_OFFICE)
def review(act: Act, office: UUID, *, keep: bool) -> None:
    """The yearly look: the office is still needed, or it ends."""
    row = _office(act, office)
    if row.subject == act.actor.subject:
        raise Refused(offices.OWN_OFFICE())
    if keep:
        Office.objects.filter(id=row.id).update(reviewed=act.at)
    else:
        _end(act, row, "not needed any more")
    act.journal(
        subjects=_people(row.subject), fields=["office"], detail=f"office {office} {'kept' if keep else 'ended'}"
    )


@action(OWN, FOR_OFFICE)
def take_up(act: Act, office: UUID) -> Actor:
    """The actor that the signed-in person is in this office today; Refused where it is not in force."""
    row = Office.objects.filter(id=office, subject=act.actor.subject).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    if row.ended or row.approved is None or not Term(row.valid_from, row.valid_to).holds(act.day):
        raise Refused(offices.NOT_IN_FORCE())
    _need_inside(act, office)
    act.journal(subjects=_people(row.subject), detail=f"office {office} taken up")
    return Actor(row.subject, row.unit, ("identity.person", row.role), act.actor.level, act.actor.via)


def _need_inside(act: Act, office: UUID) -> None:
    """NotAllowed for an office outside the unit whose directory, or outside e-ID, the person signed in with."""
    area = offices.area_of(act.actor.via)
    if area and not Office.objects.filter(units.within(area, act.day), id=office).exists():
        raise NotAllowed(offices.ELSEWHERE())


def expired(at: datetime) -> bool:
    """Whether there is an office whose last day has come: asked before an action that would journal nothing."""
    return Office.objects.filter(ended=None, valid_to__lte=law(Country, "identity").day(at)).exists()


@action(STEP, FOR_OFFICE)
def end_expired(act: Act) -> int:
    """Offices whose last day has come end, and with them the sessions of their holders; returns how many."""
    rows = Office.objects.select_for_update(skip_locked=True).filter(ended=None, valid_to__lte=act.day).order_by("id")
    expired = list(rows[:500])
    for row in expired:
        _end(act, row, "its days are over")
    people = dict.fromkeys(key for row in expired for key in _people(row.subject))
    act.journal(subjects=list(people), fields=["office"], detail=f"{len(expired)} offices were over")
    return len(expired)


@action(FOUND, FOR_OFFICE)
def found_administrator(act: Act, login: str, name: str, password: str, passcode: str, unit: str) -> Granted:
    """The first administrator, whom nobody grants: made by whoever runs the installation, with an account without e-ID.

    Refused where the unit has an administrator already, and for secrets that the rules do not take.
    """
    (row,) = in_force(law(Country, "identity").secrets, act.day)
    refuse([*check_password(password, row, names=(login,)), *check_passcode(passcode, row)])
    if Office.objects.filter(unit=unit, role="identity.administrator", ended=None).exists():
        raise Refused(offices.OFFICE_THERE("unit"))
    account, new = Account.objects.get_or_create(
        login="".join(login.split()).casefold(),
        defaults={
            "id": act.id,
            "subject": f"account:{act.id}",
            "name": name,
            "password": hashed(password),
            "passcode": hashed(passcode),
            "created": act.at,
        },
    )
    if not new:
        raise Refused(offices.LOGIN_TAKEN("login"))
    office = _grant(act, account.subject, unit, "identity.administrator", Term(act.day), act.actor.subject)
    Office.objects.filter(id=office.id).update(approved=act.at, approved_by=act.actor.subject)
    act.journal(fields=["account", "office"], detail=f"first administrator {office.id} of {unit or 'the nation'}")
    return Granted(str(office.id), in_force=True)


def _assign(act: Act, account: Account, unit: str, role: str, term: Term) -> Office:
    refuse(offices.check_grant(act.actor, account.subject, unit, role, term))
    return _grant(act, account.subject, unit, role, term, act.actor.subject)


def _transfer(act: Act, row: Office, unit: str, term: Term) -> Office:
    refuse(offices.check_grant(act.actor, row.subject, unit, row.role, term))
    _end(act, row, "transferred")
    return _grant(act, row.subject, unit, row.role, term, act.actor.subject)


def _end_anothers(act: Act, row: Office, why: str) -> None:
    if row.subject == act.actor.subject:
        raise Refused(offices.OWN_OFFICE())
    _end(act, row, why)


def _grant(
    act: Act, subject: str, unit: str, role: str, term: Term, by: str, *, stems_from: Office | None = None
) -> Office:
    if unit and not units.in_force(act.day).filter(code=unit).exists():
        raise Refused(offices.UNIT_UNKNOWN("unit"))
    powerful = ROLES[role].powerful
    try:
        with transaction.atomic():  # a savepoint: the other lines of a file go on
            return Office.objects.create(
                id=act.next_id(),
                subject=subject,
                unit=unit,
                role=role,
                valid_from=term.first,
                valid_to=term.last,
                granted_by=by,
                granted=act.at,
                approved=None if powerful else act.at,
                stems_from=stems_from,
            )
    except IntegrityError as error:
        raise Refused(offices.OFFICE_THERE("role")) from error


def _end(act: Act, row: Office, why: str) -> None:
    """The office, and those lent from it, hold no more: sessions and access keys of their holders end with them."""
    rows = Office.objects.select_for_update().filter(stems_from=row, ended=None)
    for one in (row, *rows.order_by("id")):
        Office.objects.filter(id=one.id).update(ended=act.at, ended_by=act.actor.subject, why_ended=why[:300])
        end_sessions(one.subject)
        revoke_tokens(one.subject, one.unit, one.role, act.at)


def _office(act: Act, office: UUID) -> Office:
    rows = Office.objects.select_for_update().filter(units.within(act.actor.unit, act.day))
    row = rows.filter(id=office, ended=None).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    return row


def _account(login: str) -> Account:
    accounts = Account.objects.select_related("eid__person", "eid__organisation")
    account = accounts.filter(login="".join(login.split()).casefold(), closed=None).first()
    if account is None:
        raise NotFound(NOT_FOUND("login"))
    return account


def _people(subject: str) -> list[str]:
    account = Account.objects.select_related("eid__person", "eid__organisation").filter(subject=subject).first()
    return concerned(account) if account else []


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
