"""Rows find the month that their UUIDv7 carries; a month that has no partition takes none, and nothing is lost by it."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING
from doorstep.kernel.values.ids import uuid7

FIRST, LAST = date(2031, 1, 31), date(2031, 3, 1)
JANUARY = datetime(2031, 1, 1, tzinfo=UTC)
TABLES = ("kernel_journalentry", "kernel_journalsubject")


@action(DO_IT, TRYING)
def journal_it(act: Act) -> None:
    act.journal(subjects=["pin:900090000123"])


def partitions(table: str, year: int = 2031) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass"
            " AND inhrelid::regclass::text LIKE %s ORDER BY 1",
            [table, f"%_{year}_%"],
        )
        return [row[0] for row in cursor.fetchall()]


def lies_in(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tableoid::regclass::text FROM {table}")  # noqa: S608  a name of ours
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db
def test_each_partitioned_table_gets_each_month_once():
    new = ensure_months(FIRST, LAST)
    for table in TABLES:
        assert partitions(table) == [f"{table}_2031_{month}" for month in ("01", "02", "03")]
    assert new >= 3 * len(TABLES)
    assert new % 3 == 0
    assert ensure_months(FIRST, LAST) == 0
    assert ensure_months(date(2031, 2, 28), date(2031, 4, 1)) == new // 3


@pytest.mark.django_db
def test_a_year_s_end_is_no_gap():
    ensure_months(date(2031, 12, 31), date(2032, 1, 1))
    at = datetime(2032, 1, 1, tzinfo=UTC)
    journal_it(By(ACTOR, at - timedelta(milliseconds=1)))
    journal_it(By(ACTOR, at))
    assert lies_in("kernel_journalentry") == ["kernel_journalentry_2031_12", "kernel_journalentry_2032_01"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "month"),
    [
        (JANUARY, "01"),
        (datetime(2031, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC), "01"),
        (datetime(2031, 2, 1, tzinfo=UTC), "02"),
        (datetime(2031, 2, 28, 23, 59, 59, 999_000, tzinfo=UTC), "02"),
        (datetime(2031, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC), "03"),
    ],
)
def test_rows_land_in_the_month_of_their_instant(at, month):
    ensure_months(FIRST, LAST)
    journal_it(By(ACTOR, at))
    for table in TABLES:
        assert lies_in(table) == [f"{table}_2031_{month}"]
    assert JournalEntry.objects.count() == JournalSubject.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("at", [JANUARY - timedelta(milliseconds=1), datetime(2031, 4, 1, tzinfo=UTC)])
def test_a_month_without_a_partition_takes_nothing_and_works_once_it_has_one(at):
    ensure_months(FIRST, LAST)
    with pytest.raises(IntegrityError, match="no partition"):
        journal_it(By(ACTOR, at))
    assert not JournalEntry.objects.exists()
    assert not JournalSubject.objects.exists()
    ensure_months(at.date(), at.date())
    journal_it(By(ACTOR, at))
    assert JournalEntry.objects.count() == 1


@pytest.mark.django_db
def test_an_id_that_carries_no_time_of_ours_is_refused():
    with pytest.raises(IntegrityError, match="no partition"), transaction.atomic():
        JournalEntry.objects.create(id="00000000-0000-4000-8000-000000000000", digest=b"")


@pytest.fixture
def _gone_afterwards() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE '%\\_2031\\_0_' AND relkind = 'r'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {name}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_gone_afterwards")
def test_four_at_once_make_each_month_once():
    start, made = threading.Barrier(4), []

    def ensure() -> None:
        try:
            start.wait()
            made.append(ensure_months(FIRST, LAST))
        finally:
            connection.close()

    threads = [threading.Thread(target=ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4, "none of them failed"
    assert ensure_months(FIRST, LAST) == 0
    assert all(len(partitions(table)) == 3 for table in TABLES)
    JournalEntry.objects.create(id=uuid7(JANUARY), digest=b"")
