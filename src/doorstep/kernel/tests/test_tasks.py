"""The kernel's recurring work: the journal is digested day by day, and what has served its time goes."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from django.db import connection

from doorstep.kernel import contracts, tasks
from doorstep.kernel.lake import rings
from doorstep.kernel.lake.models import Leaf, Ring
from doorstep.kernel.store import journal
from doorstep.kernel.store.models import IdempotencyKey, Installation
from doorstep.kernel.store.partitions import drop_before, ensure_months
from doorstep.kernel.testing.tryout import ACTOR, TRYING
from doorstep.kernel.values.ids import uuid7

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)


def entry(at: datetime, subject: str = "pin:900090000001") -> None:
    journal.write(uuid7(at), ACTOR, "tryout.try", TRYING, subjects=[subject])


def leaves() -> list[dict[str, object]]:
    return [msgspec.json.decode(bytes(row.entry)) for row in Leaf.objects.filter(ring=Ring.AUDITORS).order_by("index")]


def test_messages_are_delivered_many_times_a_second():
    assert {work: every for every, work in tasks.EVERY}[contracts.deliver] < timedelta(seconds=1)


def test_each_past_day_is_digested_once(home):
    Installation.objects.create(key="journal", value="2024-03-01")
    entry(NOON - timedelta(days=2))
    entry(NOON - timedelta(days=2, minutes=1))
    entry(NOON - timedelta(days=1))
    entry(NOON)
    tasks.digest_journal(NOON)
    assert [(one["journal"], one["entries"]) for one in leaves()] == [("2024-03-03", 2), ("2024-03-04", 1)]
    tasks.digest_journal(NOON)
    assert len(leaves()) == rings.reader(Ring.AUDITORS).size == 2


def test_an_altered_entry_contradicts_its_digest(home):
    entry(NOON)
    day = NOON.replace(hour=0)
    before = tasks.day_digest(day)
    assert tasks.day_digest(day) == before
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_journalsubject SET subject = 'pin:900090000002'")
    assert tasks.day_digest(day) != before


def test_old_keys_go_and_new_ones_stay(home):
    for key, age in (("old", 31), ("new", 29)):
        IdempotencyKey.objects.create(
            subject="s", action="a", key=key, digest=b"", answer=b"", at=NOON - timedelta(days=age)
        )
    tasks.keep_house(NOON)
    assert [row.key for row in IdempotencyKey.objects.all()] == ["new"]


def test_notices_go_a_year_later_by_whole_months(home):
    ensure_months(date(2023, 2, 1), date(2023, 3, 1))
    tasks.keep_house(NOON)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('kernel_notice_2023_02'), to_regclass('kernel_notice_2023_03')")
        gone, kept = cursor.fetchone()
    assert (gone, kept is None) == (None, False)


def test_months_are_dropped_whole_and_only_when_over(home):
    ensure_months(date(2019, 1, 1), date(2019, 3, 1))
    assert drop_before(["kernel_journalentry"], date(2019, 2, 28)) == 1
    assert drop_before(["kernel_journalentry"], date(2019, 3, 1)) == 1
    assert drop_before(["kernel_journalentry", "kernel_journalsubject"], date(2019, 4, 1)) == 4
