"""The register of breaches: entered, added to, the authority and the people told, closed; nothing is overwritten."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from doorstep.kernel.country import law
from doorstep.kernel.declare.notices import Channel, Reach
from doorstep.kernel.notices import notify
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import Masked, reference
from doorstep.kernel.values.reasons import CHANGED, NOT_FOUND, NotFound, Refused, Stale, refuse
from doorstep.systems.identity import models, notices
from doorstep.systems.identity.actions.telling import reach_of, reach_of_subject
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import Account, IncidentVersion, JournalQuestion, Office
from doorstep.systems.identity.permissions import FOR_PROTECTION, PROTECT, PROTECTOR, STEP
from doorstep.systems.identity.queries.incidents import content_of
from doorstep.systems.identity.rules import incidents as rules
from doorstep.systems.identity.rules.incidents import Incident
from doorstep.systems.identity.rules.looks import check_prose
from doorstep.systems.identity.rules.offices import Term, within
from doorstep.systems.identity.rules.register import subject_of

ROUND = 500


class Entered(msgspec.Struct, frozen=True):
    """The new incident, and until when the authority is to be told of it."""

    id: UUID
    reference: str
    due: datetime | None


class PeopleTold(msgspec.Struct, frozen=True):
    """How many were told, and whom (masked) a notice cannot reach, since they have no account."""

    told: int
    unreached: tuple[str, ...]


@action(PROTECT, FOR_PROTECTION)
def enter_incident(act: Act, incident: Incident) -> Entered:
    """The clock runs from here."""
    refuse(rules.check_incident(incident, act.at))
    row = models.Incident.objects.create(
        id=act.id, reference=reference(), unit=act.actor.unit, due=rules.due(incident, law(Country, "identity"))
    )
    _keep(act, row, 1, incident)
    act.journal(fields=Incident.__struct_fields__, detail=f"incident {row.id}")
    return Entered(row.id, row.reference, row.due)


@action(PROTECT, FOR_PROTECTION)
def add_to_incident(act: Act, incident_id: UUID, version: int, incident: Incident) -> None:
    """What is known by now; what was known before stays. Raises Stale where somebody added since.

    The clock follows the times of the event until the authority is told.
    """
    row = _open(act, incident_id)
    if row.version != version:
        raise Stale(CHANGED())
    refuse(rules.check_incident(incident, act.at))
    due = row.due if row.notified else rules.due(incident, law(Country, "identity"))
    again = row.reminded if due == row.due else None
    models.Incident.objects.filter(id=row.id).update(version=version + 1, due=due, reminded=again)
    _keep(act, row, version + 1, incident)
    act.journal(fields=Incident.__struct_fields__, detail=f"incident {row.id} version {version + 1}")


@action(PROTECT, FOR_PROTECTION)
def state_notice(act: Act, incident_id: UUID, notified: datetime, notice_reference: str, late_reason: str) -> None:
    """The authority was told, at that time, under that reference; a late notice says why. Once."""
    row = _open(act, incident_id)
    if row.notified:
        raise Refused(rules.ALREADY_NOTIFIED())
    known = content_of(IncidentVersion.objects.get(incident=row, version=row.version).content)
    found = rules.check_notice(notified, row.due, known.found, late_reason, act.at)
    found += check_prose(notice_reference, "notice_reference", 200)
    found += check_prose(late_reason, "late_reason", rules.LONGEST) if late_reason.strip() else []
    refuse(found)
    models.Incident.objects.filter(id=row.id).update(
        notified=notified,
        notified_by=act.actor.subject,
        notice_reference=notice_reference.strip(),
        late_reason=late_reason.strip(),
    )
    act.journal(fields=["notified"], detail=f"incident {row.id} notified")


@action(PROTECT, FOR_PROTECTION)
def close_incident(act: Act, incident_id: UUID, why: str) -> None:
    """Nothing more is due. Where the authority was not told, `why` says why no notice is."""
    row = _open(act, incident_id)
    if row.notified is None and not why.strip():
        raise Refused(rules.WHY_NO_NOTICE("why"))
    refuse(check_prose(why, "why", rules.LONGEST) if why.strip() else [])
    models.Incident.objects.filter(id=row.id).update(closed=act.at, closed_by=act.actor.subject, why_closed=why.strip())
    act.journal(fields=["closed"], detail=f"incident {row.id} closed")


@action(PROTECT, FOR_PROTECTION)
def tell_people(act: Act, incident_id: UUID, numbers: Sequence[Masked], message: str) -> PeopleTold:
    """Tell the people with these numbers; each can read it in the inbox, and in their journal that they were told."""
    row = _open(act, incident_id)
    wanted = list(dict.fromkeys("".join(number.split()).upper() for number in numbers))
    found = check_prose(message, "message", rules.LONGEST)
    if len(wanted) > rules.MOST_TOLD:
        found.append(rules.NUMBERS_TOO_MANY("numbers", most=rules.MOST_TOLD))
    refuse(found)
    known = content_of(IncidentVersion.objects.get(incident=row, version=row.version).content)
    country = law(Country, "identity")
    accounts = Account.objects.select_related("eid__person").filter(eid__person__number__in=wanted, closed=None)
    reached = {one.eid.person.number: one for one in accounts if one.eid and one.eid.person}
    given = {"message": message.strip(), "reference": row.reference, "contact": known.contact}
    for account in reached.values():
        notify(act, reach_of(account, (Channel.EMAIL,)), notices.CONCERNED, **given)
    models.Incident.objects.filter(id=row.id).update(told=row.told + len(reached))
    keys = [subject_of(number, country) for number in reached]
    act.journal(subjects=keys, detail=f"incident {row.id}: {len(reached)} told")
    return PeopleTold(len(reached), tuple(Masked(one).masked for one in wanted if one not in reached))


def reminders_due(at: datetime) -> bool:
    """Whether a clock may have come to one of its marks: asked before an action that would journal nothing."""
    return any(rules.reminder(row.due, at) != row.reminded for row in _running(at) if row.due)


@action(STEP, FOR_PROTECTION)
def remind_officers(act: Act) -> int:
    """Tell the data protection officers of breaches and questions whose time runs out, once at each of the marks.

    Returns how many notices that were.
    """
    officers, told = _officers(act), 0
    rows = _running(act.at, lock=True)
    answering = {"": "", **units.answering({row.unit for row in rows if row.unit}, act.day)}
    for row in rows:
        mark = rules.reminder(row.due, act.at) if row.due else None
        if row.due is None or mark is None or mark == row.reminded:
            continue
        type(row).objects.filter(id=row.id).update(reminded=mark)
        for subject, unit in officers:
            if not within(answering[row.unit], unit):
                continue
            reach = reach_of_subject(subject) or Reach(subject)
            if isinstance(row, models.Incident):
                notify(act, reach, notices.INCIDENT_DUE, reference=row.reference, due=row.due)
            else:
                notify(act, reach, notices.QUESTION_DUE, due=row.due)
            told += 1
    act.journal(detail=f"{told} officers reminded")
    return told


def _running(at: datetime, *, lock: bool = False) -> Sequence[models.Incident | JournalQuestion]:
    """Clocks that end within a day or have ended, and whose last mark nobody was told of."""
    until = at + timedelta(hours=rules.AHEAD[0])
    incidents = models.Incident.objects.filter(due__lte=until, notified=None, closed=None).exclude(reminded=0)
    questions = JournalQuestion.objects.filter(due__lte=until, answered=None).exclude(reminded=0)
    if lock:
        incidents, questions = incidents.select_for_update(), questions.select_for_update()
    return [*incidents.order_by("id")[:ROUND], *questions.order_by("id")[:ROUND]]


def _officers(act: Act) -> list[tuple[str, str]]:
    """Subjects and units of those who hold the office now."""
    rows = Office.objects.filter(role=PROTECTOR.code, ended=None, approved__isnull=False).order_by("id")
    return [(row.subject, row.unit) for row in rows if Term(row.valid_from, row.valid_to).holds(act.day)]


def _open(act: Act, incident_id: UUID) -> models.Incident:
    rows = models.Incident.objects.filter(units.within(act.actor.unit, act.day), id=incident_id)
    row = rows.select_for_update().first()
    if row is None:
        raise NotFound(NOT_FOUND())
    if row.closed:
        raise Refused(rules.CLOSED())
    return row


def _keep(act: Act, row: models.Incident, version: int, incident: Incident) -> None:
    IncidentVersion.objects.create(
        id=act.next_id(),
        incident=row,
        version=version,
        actor=act.actor.subject,
        content=msgspec.to_builtins(incident),
    )
