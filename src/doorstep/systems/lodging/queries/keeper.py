"""What a keeper reads of the own houses: their notices, their guests, and what became of a file."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from doorstep.kernel.access import Sought, personal
from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import IdempotencyKey
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.models import Establishment, Keeper, NoGuests, Notice, Stay
from doorstep.systems.lodging.permissions import NOTIFY
from doorstep.systems.lodging.queries import rows
from doorstep.systems.lodging.queries.rows import GuestRow, House, StayRecord, guest_of, house_of, record_of, whole

FORGOTTEN = timedelta(days=60)
"""So long after the expected departure a stay without check-out is no longer shown as somebody who is there."""


class NoticeRow(msgspec.Struct, frozen=True):
    """An accepted submission."""

    reference: str
    at: datetime
    channel: str
    accepted: int
    late: int
    refused: int
    digest: str


class KeeperRow(msgspec.Struct, frozen=True):
    """Who keeps a house, and since when."""

    subject: str
    since: datetime


class Upload(msgspec.Struct, frozen=True):
    """The answer to one file: `names` are its columns, `refused_lines` the lines that come back, as `sheets.packed`."""

    at: datetime
    lines: int
    accepted: int
    late: int
    refused: int
    references: tuple[str, ...]
    names: tuple[str, ...]
    refused_lines: bytes


def houses(actor: Actor) -> list[House]:
    """The houses that the actor keeps, by name."""
    return [house_of(row) for row in _kept(actor).order_by("name", "code")]


def kept_house(actor: Actor, code: str) -> House:
    """A house that the actor keeps; NotFound for any other."""
    row = _kept(actor).filter(code=code).first()
    if row is None:
        raise NotFound(NOT_FOUND("house"))
    return house_of(row)


def keepers(actor: Actor, house: House) -> list[KeeperRow]:
    """Who keeps the house now, the longest first."""
    kept_house(actor, house.code)
    found = Keeper.objects.filter(establishment=house.id, until=None).order_by("since", "subject")
    return [KeeperRow(row.subject, row.since) for row in found]


def notices(actor: Actor, house: House, after: str = "") -> list[NoticeRow]:
    """The house's submissions, newest first, a page at a time; `after` is the reference of the last one before."""
    kept_house(actor, house.code)
    found = Notice.objects.filter(establishment=house.id).order_by("-id")
    if after:
        last = Notice.objects.filter(establishment=house.id, reference=after).first()
        if last is None:
            raise NotFound(NOT_FOUND("after"))
        found = found.filter(id__lt=last.id)
    return [notice_of(row) for row in found[: rows.PAGE]]


@personal(NOTIFY)
def acknowledged(actor: Actor, house: House, reference: str) -> tuple[NoticeRow, list[GuestRow]]:
    """A submission of the house, with the stays that were accepted."""
    kept_house(actor, house.code)
    notice = Notice.objects.filter(reference=reference, establishment=house.id).first()
    if notice is None:
        raise NotFound(NOT_FOUND("reference"))
    stays = Stay.objects.filter(notice=notice.id).select_related("establishment").order_by("line")
    return notice_of(notice), [guest_of(stay) for stay in stays]


@personal(NOTIFY)
def guests(actor: Actor, house: House, day: date) -> list[GuestRow]:
    """Who stays on the legal `day`: arrived by its end, not left before it began; cancelled stays left out, and those
    that should have ended `FORGOTTEN` before.
    """
    kept_house(actor, house.code)
    start = law(Country, "lodging").start(day)
    found = Stay.objects.filter(
        Q(departed=None) | Q(departed__gte=start),
        establishment=house.id,
        cancelled=None,
        arrival__lt=law(Country, "lodging").start(day + timedelta(days=1)),
        expected_departure__gte=day - FORGOTTEN,
    )
    return [guest_of(stay) for stay in found.select_related("establishment").order_by("room", "arrival", "id")]


@personal(NOTIFY)
def register(actor: Actor, house: House, first: date, last: date, most: int) -> list[StayRecord]:
    """The stay register of the days from `first` to `last`, `most` whole records without history, in order of arrival."""
    kept_house(actor, house.code)
    found = Stay.objects.filter(
        establishment=house.id,
        cancelled=None,
        arrival__gte=law(Country, "lodging").start(first),
        arrival__lt=law(Country, "lodging").start(last + timedelta(days=1)),
    )
    return [record_of(stay, "", ()) for stay in found.select_related("establishment").order_by("arrival", "id")[:most]]


@personal(NOTIFY)
def repeat_guests(actor: Actor, house: House, sought: Sought) -> list[StayRecord]:
    """The house's own earlier guests whose name holds, or whose document begins with, the text: the latest stay of
    each, ten at most.
    """
    kept_house(actor, house.code)
    text = sought.text.strip()
    if len(text) < 2:
        return []
    found = (
        Stay.objects.filter(
            Q(full_name__icontains=text) | Q(name_latin__icontains=text) | Q(document_number__istartswith=text),
            establishment=house.id,
            cancelled=None,
        )
        .select_related("establishment")
        .order_by("person", "-arrival")
        .distinct("person")[:10]
    )
    return [record_of(stay, "", ()) for stay in found]


@personal(NOTIFY)
def stay(actor: Actor, house: House, stay_id: UUID) -> StayRecord:
    """One stay of the house, with its history."""
    kept_house(actor, house.code)
    return whole(Stay.objects.select_related("establishment").filter(id=stay_id, establishment=house.id).first())


def said_no_guests(actor: Actor, house: House, day: date) -> bool:
    """Did the keeper say that nobody stays on `day`?"""
    kept_house(actor, house.code)
    return NoGuests.objects.filter(establishment=house.id, day=day).exists()


@personal(NOTIFY)
def upload(actor: Actor, house: House, digest: str) -> Upload | None:
    """The answer that the actor got to the file with this SHA-256 (hex) for the house; None if there is none."""
    key = upload_key(kept_house(actor, house.code).code, digest)
    row = IdempotencyKey.objects.filter(subject=actor.subject, action="lodging.answer_upload", key=key).first()
    return msgspec.msgpack.decode(row.answer, type=Upload) if row else None


def upload_key(code: str, digest: str, chunk: int | None = None) -> str:
    """The idempotency key of a file for a house, or of one chunk of its lines."""
    return f"upload:{code}:{digest}" + ("" if chunk is None else f":{chunk}")


def _kept(actor: Actor) -> QuerySet[Establishment]:
    return Establishment.objects.filter(keeper__subject=actor.owner, keeper__until=None)


def notice_of(row: Notice) -> NoticeRow:
    return NoticeRow(row.reference, row.at, row.channel, row.accepted, row.late, row.refused, bytes(row.digest).hex())
