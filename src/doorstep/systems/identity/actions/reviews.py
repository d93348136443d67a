"""The yearly review of rights: administrators are reminded before it is due, and while it is overdue."""

from datetime import date, timedelta

from django.db import connection
from django.db.models import Min
from django.db.models.functions import Coalesce

from doorstep.kernel.country import law
from doorstep.kernel.notices import notify, told_since
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.systems.identity import notices
from doorstep.systems.identity.actions.telling import reach_of
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import Account, Office
from doorstep.systems.identity.permissions import ADMINISTRATOR, FOR_OFFICE, STEP
from doorstep.systems.identity.rules import offices

REMIND_EVERY = timedelta(days=30)
ONE_AT_A_TIME = 0x40259


@action(STEP, FOR_OFFICE)
def remind(act: Act) -> int:
    """Tell the administrators whose units have offices to review, once in `REMIND_EVERY`; returns how many notices."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    administrators = _administrators(act.day)
    told = 0
    for unit, day in sorted(_due(act.day, administrators).items()):
        kind = notices.REVIEW_AHEAD if act.day <= day else notices.REVIEW_OVERDUE
        for account in Account.objects.filter(subject__in=administrators[unit], closed=None):
            if not told_since(act.at - REMIND_EVERY, account.subject, kind):
                notify(act, reach_of(account), kind, day=day)
                told += 1
    act.journal(detail=f"{told} reminders of reviews")
    return told


def _administrators(day: date) -> dict[str, list[str]]:
    """Subjects of the administrators in office on `day`, by unit."""
    found: dict[str, list[str]] = {}
    rows = Office.objects.filter(role=ADMINISTRATOR.code, ended=None, valid_from__lte=day).exclude(approved=None)
    for unit, subject in rows.values_list("unit", "subject"):
        found.setdefault(unit, []).append(subject)
    return found


def _due(day: date, administrators: dict[str, list[str]]) -> dict[str, date]:
    """The first day by which something is to be reviewed, by the unit whose administrators do it."""
    rows = Office.objects.filter(ended=None).annotate(seen=Coalesce("reviewed", "granted"))
    rows = rows.filter(seen__date__lte=day - offices.REVIEW_EVERY + offices.REVIEW_AHEAD)
    first = dict(rows.values_list("unit").annotate(Min("seen")))
    answering = units.answering(first, day)
    due: dict[str, date] = {}
    for unit, seen in first.items():
        by = offices.administrators_for(answering[unit], administrators)
        if by is not None:
            until = offices.review_by(law(Country, "identity").day(seen))
            due[by] = min(until, due.get(by, until))
    return due
