"""One outbox of notices to people: written in the transaction of the action, read in the inbox, sent by `delivery`."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import Case, F, JSONField, Q, QuerySet, Value, When
from django.db.models.functions import Right

from doorstep.kernel.access import personal
from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.notices import NOTICES, Channel, Given, NoticeKind, Reach, State
from doorstep.kernel.declare.scopes import LETTERS, PRINT_LETTERS, Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.models import Notice
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import first_uuid7, instant_of, uuid7

PAGE = 50


class NoticeRow(msgspec.Struct, frozen=True):
    """A notice in its reader's inbox, or a letter to be printed in that reader's language."""

    id: UUID
    at: datetime
    kind: str
    given: Mapping[str, Any]
    read: datetime | None
    language: str
    address: Sequence[str]
    unit: str


def notify(act: Act, reach: Reach, kind: NoticeKind, /, **given: Given) -> UUID:
    """Write a notice inside the action's transaction; the process `tasks` sends it. Returns its id.

    Without phone, e-mail or address for the chosen channel it stays in the inbox. Raises ValueError for a secret that
    no channel would reach, TypeError for other values than the text has.
    """
    targets = {Channel.SMS: reach.phone, Channel.EMAIL: reach.email, Channel.LETTER: "\n".join(reach.address)}
    target = targets.get(reach.channel, "")
    if kind.secret and not target:
        raise ValueError(f"{kind.code} is secret, and {reach.channel} reaches nobody")
    if set(given) != kind.placeholders:
        raise TypeError(f"{kind.code} has the values {sorted(kind.placeholders)}, not {sorted(given)}")
    row = Notice.objects.create(
        id=uuid7(act.at),
        subject=reach.subject,
        kind=kind.code,
        secret=kind.secret,
        given=_kept(given),
        language=reach.language or settings.LANGUAGE_CODE,
        channel=reach.channel if target else Channel.INBOX,
        target=target,
        unit=reach.unit,
        state=State.WAITING if target else State.DELIVERED,
        due=act.at if target else None,
        expires=act.at + kind.lasts,
    )
    return row.id


def told_since(at: datetime, subject: str, kind: NoticeKind, /, **given: Given) -> bool:
    """Whether the subject was sent this notice at `at` or later: just this one, or without `given` any of its kind."""
    rows = Notice.objects.filter(id__gte=first_uuid7(at), subject=subject, kind=kind.code)
    return (rows.filter(given=_kept(given)) if given else rows).exists()


def _kept(given: Mapping[str, Given]) -> dict[str, Any]:
    """As JSON keeps it; `wording.told` writes it in a language."""

    def keep(value: Given) -> Any:
        if isinstance(value, Code):
            return {"text": value.text}
        if isinstance(value, datetime):
            return {"instant": value.isoformat()}
        return {"day": value.isoformat()} if isinstance(value, date) else value

    return {name: keep(value) for name, value in given.items()}


def close(rows: "QuerySet[Notice]", state: State, *, at: datetime | None = None, reason: str = "") -> int:
    """Nothing more is sent: forget secrets, and of phones and addresses all but the end. Returns how many."""
    given = Case(When(secret=True, then=Value({}, JSONField())), default=F("given"))
    return rows.update(state=state, due=None, sent=at, reason=reason, target=Right("target", 3), given=given)


def give_up(at: datetime) -> int:
    """Close what is too old to be sent. A letter that is no secret waits for its mail room."""
    late = Notice.objects.filter(due__isnull=False, expires__lte=at).exclude(channel=Channel.LETTER, secret=False)
    return close(late, State.GIVEN_UP, reason="expired")


def _row(one: Notice) -> NoticeRow:
    address = one.target.split("\n") if one.channel == Channel.LETTER else ()
    return NoticeRow(one.id, instant_of(one.id), one.kind, one.given, one.read, one.language, address, one.unit)


def _mine(actor: Actor) -> "QuerySet[Notice]":
    return Notice.objects.filter(subject=actor.subject, secret=False, kind__in=NOTICES)


def inbox(actor: Actor, before: UUID | None = None) -> list[NoticeRow]:
    """The actor's own notices, newest first, at most PAGE + 1; those of systems that do not run here are left out."""
    rows = _mine(actor).filter(Q(id__lt=before) if before else Q()).order_by("-id")[: PAGE + 1]
    return [_row(one) for one in rows]


def unread(actor: Actor) -> int:
    """How many notices the actor has not marked as read; 100 stands for more, too."""
    return _mine(actor).filter(read=None)[:100].count()


def mark_read(actor: Actor, at: datetime, only: UUID | None = None) -> None:
    """Mark the actor's own notices, or `only` one of them, as read at `at`."""
    _mine(actor).filter(Q(id=only) if only else Q(), read=None).update(read=at)


def _letters(actor: Actor, day: date) -> "QuerySet[Notice]":
    return Notice.objects.filter(
        units.within(actor.unit, day), channel=Channel.LETTER, due__isnull=False, kind__in=NOTICES
    )


@personal(PRINT_LETTERS)
def letters(actor: Actor, day: date) -> list[NoticeRow]:
    """The letters that wait in the actor's unit and below it, oldest first, at most PAGE."""
    return [_row(one) for one in _letters(actor, day).order_by("id")[:PAGE]]


@action(PRINT_LETTERS, LETTERS)
def letters_sent(act: Act, ids: Sequence[UUID]) -> int:
    """These letters were printed and went to the post; returns how many of them still waited."""
    rows = _letters(act.actor, act.day).filter(id__in=ids).order_by("id").select_for_update()
    found = {row.id: row.subject for row in rows}
    act.journal(subjects=sorted(set(found.values())), detail=f"{len(found)} letters")
    return close(Notice.objects.filter(id__in=found), State.SENT, at=act.at)
