"""The kernel's recurring work: messages, partitions of the coming months, the journal's digests, the end of terms."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from django.db import connection, transaction

from doorstep.kernel import contracts
from doorstep.kernel.country import profile
from doorstep.kernel.declare.scopes import CLOCK, Actor
from doorstep.kernel.expiry import tell_owners
from doorstep.kernel.lake import rings
from doorstep.kernel.lake.models import Ring
from doorstep.kernel.notices import give_up
from doorstep.kernel.store import limits
from doorstep.kernel.store.models import ActorSession, IdempotencyKey, Installation, Spent
from doorstep.kernel.store.partitions import drop_before, ensure_months
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import first_uuid7

KEYS_KEPT = timedelta(days=30)
"""How long a repetition under the same Idempotency-Key gets the same answer."""

_json = msgspec.json.Encoder(order="sorted").encode


def keep_house(at: datetime) -> None:
    """Make room for the coming months, and delete what has served its time."""
    ensure_months(at.date(), at.date() + timedelta(days=92))
    IdempotencyKey.objects.filter(at__lt=at - KEYS_KEPT).delete()
    ActorSession.objects.filter(expire_date__lt=at).delete()
    Spent.objects.filter(until__lt=at).delete()
    years = profile().journal_years
    drop_before(["kernel_journalentry", "kernel_journalsubject"], at.date().replace(year=at.year - years, day=1))
    drop_before(["kernel_notice"], at.date().replace(year=at.year - 1, day=1))


def watch_expiry(at: datetime) -> None:
    """Tell owners what will expire."""
    tell_owners(By(Actor("clock", roles=(CLOCK.code,), via="task"), at))


def digest_journal(at: datetime) -> None:
    """A leaf of the auditors' ring for each past UTC day with entries: their number, and a digest over all of them.

    Whoever alters or drops an entry afterwards contradicts the log. Begins with the installation's first day.
    """
    with transaction.atomic(durable=True):
        rings.alone()
        row, _ = Installation.objects.get_or_create(key="journal", defaults={"value": at.date().isoformat()})
        day = datetime.fromisoformat(row.value).replace(tzinfo=UTC)
        while day.date() < at.date():
            entries, digest = day_digest(day)
            if entries:
                rings.append(Ring.AUDITORS, _json({"journal": f"{day:%Y-%m-%d}", "entries": entries, "sha256": digest}))
            day += timedelta(days=1)
        row.value = day.date().isoformat()
        row.save()
    rings.publish(Ring.AUDITORS)


def day_digest(day: datetime) -> tuple[int, str]:
    """Number and SHA-256 (hex) of a UTC day's entries with their subjects, in order of id, one line of JSON each."""
    digest, entries = hashlib.sha256(), 0
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY (SELECT row_to_json(e), (SELECT json_agg(s.subject ORDER BY s.subject) FROM kernel_journalsubject s"
            " WHERE s.id = e.id) FROM kernel_journalentry e WHERE e.id >= %s AND e.id < %s ORDER BY e.id) TO STDOUT",
            [first_uuid7(day), first_uuid7(day + timedelta(days=1))],
        ) as lines,
    ):
        for line in lines:
            digest.update(line)
            entries += bytes(line).count(b"\n")
    return entries, digest.hexdigest()


EVERY: tuple[tuple[timedelta, Callable[[datetime], object]], ...] = (
    (timedelta(milliseconds=250), contracts.deliver),
    (timedelta(minutes=1), give_up),
    (timedelta(minutes=10), limits.forget_idle),
    (timedelta(hours=1), digest_journal),
    (timedelta(hours=6), keep_house),
    (timedelta(hours=6), watch_expiry),
)
