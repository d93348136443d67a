"""Sealing loses nothing and counts nothing twice, whatever happens in the middle."""

import errno
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from django.db import connection

from doorstep.kernel.lake import files, rings, seal
from doorstep.kernel.lake.engine import Engine, snapshot
from doorstep.kernel.lake.evidence import Forked
from doorstep.kernel.lake.models import Leaf, Pin, Ring, Segment
from doorstep.kernel.store.models import FactBatch
from doorstep.kernel.testing.tryout import COUNT, Grew, Happened
from doorstep.kernel.values.reasons import Refused

pytestmark = pytest.mark.django_db(transaction=True)


def batch(*units: str, day: str = "2024-03-01", n: int = 1) -> None:
    rows = len(units)
    columns = {
        "day": [day] * rows,
        "unit": list(units),
        "colour": ["red"] * rows,
        "late": [False] * rows,
        "n": [n] * rows,
    }
    FactBatch.objects.create(
        kind=Happened.KIND.name,
        version=1,
        recorded=date(2024, 7, 2),
        rows=rows,
        columns=msgspec.msgpack.encode(columns),
    )


def counted(size: int | None = None, source: str = "rollup") -> dict[tuple[str, str], int]:
    engine = Engine()
    try:
        cells = engine.evaluate([COUNT], snapshot() if size is None else size, source)[COUNT.key]
    finally:
        engine.close()
    return {(cell.unit, f"{cell.month:%Y-%m}"): cell.numerator for cell in cells}


def test_facts_become_files_and_leave_the_outbox(home):
    batch("H38.901", "H38.902", "H26")
    batch("H26", day="2024-04-30")
    batch("H26", n=-1)
    sealed = seal.seal()
    assert (sealed.facts, sealed.segments, sealed.size) == (5, 2, 2)
    assert not FactBatch.objects.exists()
    assert counted() == counted(source="facts") == {("H38", "2024-03"): 2, ("H26", "2024-04"): 1}
    log = rings.open_log(Ring.AUDITORS)
    assert log.check() is None
    assert msgspec.json.decode(log.entry(0))["sha256"] == files.sha256(Segment.objects.get(leaf=0).path).hex()


def test_late_facts_keep_both_days(home):
    batch("H26", day="2023-12-31")
    seal.seal()
    segment = Segment.objects.get()
    table = files.read(segment.path, bytes(segment.sha256))
    assert (table["day"].to_pylist(), table["recorded"].to_pylist()) == ([date(2023, 12, 31)], [date(2024, 7, 2)])


@pytest.mark.parametrize("step", ["write", "fold", "append", "Segment"])
def test_a_crash_leaves_orphans_only_and_the_next_seal_mends(home, monkeypatch, step):
    batch("H26", "H38")
    before = counted()

    def crash(*args, **kwargs):
        raise RuntimeError("crash")

    with monkeypatch.context() as broken:
        target = {"write": files, "fold": seal.columns, "append": seal, "Segment": Segment.objects}[step]
        broken.setattr(target, {"Segment": "create"}.get(step, step), crash)
        with pytest.raises(RuntimeError, match="crash"):
            seal.seal()
    assert FactBatch.objects.count() == 1
    assert counted() == before == {}
    orphans = set(files.present())
    assert seal.seal().facts == 2
    assert not orphans & set(files.present())
    assert counted() == {("H26", "2024-03"): 1, ("H38", "2024-03"): 1}


def test_a_crash_before_the_log_is_written_is_mended(home, monkeypatch):
    batch("H26")
    published = []

    def crash(ring: Ring) -> object:
        """At the second call: the first comes before anything is sealed."""
        published.append(ring)
        if len(published) == 2:
            raise RuntimeError("crash")
        return rings.publish(ring)

    with monkeypatch.context() as broken:
        broken.setattr(seal, "publish", crash)
        with pytest.raises(RuntimeError, match="crash"):
            seal.seal()
    assert not FactBatch.objects.exists()
    assert rings.open_log(Ring.AUDITORS).size == 0
    assert seal.seal() == seal.Sealed(facts=0, segments=0, size=1)
    assert rings.open_log(Ring.AUDITORS).size == 1


def test_a_full_disk_loses_nothing(home, monkeypatch):
    batch("H26")

    def full(table, path, **options):
        path.write_bytes(b"PAR1 half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(files.pq, "write_table", full)
        with pytest.raises(OSError, match="No space"):
            seal.seal()
    assert FactBatch.objects.count() == 1
    assert seal.seal().facts == 1
    assert counted() == {("H26", "2024-03"): 1}
    assert len(list(files.present())) == 2


def test_with_another_register_s_lake_and_log_nothing_is_taken_for_an_orphan(home):
    """As when an installation is started with the wrong database."""
    batch("H26")
    seal.seal()
    there = set(files.present())
    Segment.objects.all().delete()
    Leaf.objects.all().delete()
    batch("H38")
    with pytest.raises(Forked):
        seal.seal()
    assert set(files.present()) == there
    assert FactBatch.objects.count() == 1


def test_facts_of_a_system_that_does_not_run_wait_for_it_and_hold_nobody_up(home, monkeypatch):
    batch("H26")
    batch("H38")
    with monkeypatch.context() as without:
        without.setattr(seal, "FACTS", {name: kind for name, kind in seal.FACTS.items() if name != Happened.KIND.name})
        FactBatch.objects.create(
            kind=Grew.KIND.name,
            version=2,
            recorded=date(2024, 3, 1),
            rows=1,
            columns=msgspec.msgpack.encode({"day": ["2024-03-01"], "unit": ["H26"], "colour": ["red"], "n": [1]}),
        )
        assert seal.seal().facts == 1
    assert FactBatch.objects.count() == 2
    assert seal.seal().facts == 2


def test_a_late_commit_is_not_skipped(home):
    batch("H26")
    first = FactBatch.objects.get()
    with connection.cursor() as cursor:  # an id that was taken early and committed late
        cursor.execute("SELECT nextval(pg_get_serial_sequence('kernel_factbatch', 'id'))")
    batch("H38")
    seal.seal()
    first.pk -= 100
    first.save(force_insert=True)
    assert seal.seal().facts == 1
    assert counted()["H26", "2024-03"] == 2


def test_small_segments_are_merged_and_old_snapshots_still_answer(home):
    for _ in range(seal.MERGE_FROM - 1):
        batch("H26")
        seal.seal()
    pinned = snapshot()
    Pin.objects.create(size=pinned, why="report")
    batch("H26")
    batch("H38")
    seal.seal()
    assert Segment.objects.filter(merged=None).count() == 1
    assert counted() == {("H26", "2024-03"): 8, ("H38", "2024-03"): 1}
    assert counted(pinned) == {("H26", "2024-03"): 7}
    merge = msgspec.json.decode(rings.open_log(Ring.AUDITORS).entry(snapshot() - 1))
    assert merge["merges"] == list(range(8))
    Pin.objects.all().delete()
    seal.compact()
    seal.seal()
    assert len(list(files.present())) == 2


def alter(path):
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(("harm", "code"), [(alter, "altered"), (Path.unlink, "gone")])
def test_no_new_leaf_vouches_for_a_file_that_is_not_as_it_was_sealed(home, harm, code):
    for _ in range(seal.MERGE_FROM - 1):
        batch("H26")
        seal.seal()
    path = Segment.objects.get(leaf=3).path
    whole = (files.root() / path).read_bytes()
    harm(files.root() / path)
    batch("H26")
    with pytest.raises(Refused) as refused:
        seal.seal()
    assert [(one.code, one.given) for one in refused.value.reasons] == [(f"kernel.lake_file_{code}", {"path": path})]
    assert not FactBatch.objects.exists(), "the facts are sealed all the same"
    assert rings.reader(Ring.AUDITORS).size == Segment.objects.filter(merged=None).count() == seal.MERGE_FROM
    (files.root() / path).write_bytes(whole)
    seal.seal()
    assert Segment.objects.filter(merged=None).count() == 1


@pytest.mark.parametrize(("harm", "code"), [(alter, "altered"), (Path.unlink, "gone")])
def test_a_rollup_that_is_not_as_it_was_sealed_is_not_counted(home, harm, code):
    batch("H26")
    seal.seal()
    path = Segment.objects.get().rollups["top_month"]["path"]
    harm(files.root() / path)
    with pytest.raises(Refused, match=f"kernel.lake_file_{code}"):
        counted()


def test_versions_give_one_answer(home, monkeypatch):
    columns = {"day": ["2024-03-01"], "unit": ["H26"], "n": [1]}
    FactBatch.objects.create(
        kind=Grew.KIND.name, version=1, recorded=date(2024, 3, 1), rows=1, columns=msgspec.msgpack.encode(columns)
    )
    seal.seal()
    segment = Segment.objects.get(kind=Grew.KIND.name)
    assert files.read(segment.path, bytes(segment.sha256))["colour"].to_pylist() == ["red"]


def test_older_segments_are_upcast_when_read_and_rewritten_by_compaction(home):
    batch("H26")
    seal.seal()
    kind = Happened.KIND
    newer = msgspec.structs.replace(
        kind, version=2, columns={**kind.columns}, upcasts=(lambda c: {**c, "unit": ["H38"] * len(c["n"])},)
    )
    seal.FACTS[kind.name] = newer
    try:
        engine = Engine()
        for source in ("rollup", "facts"):
            cells = engine.evaluate([COUNT], snapshot(), source)[COUNT.key]
            assert [(cell.unit, cell.numerator) for cell in cells] == [("H38", 1)]
        assert seal.compact() == 1
        assert Segment.objects.get(merged=None).version == 2
        assert [cell.unit for cell in engine.evaluate([COUNT], snapshot(), "rollup")[COUNT.key]] == ["H38"]
        engine.close()
    finally:
        seal.FACTS[kind.name] = kind


def test_a_forked_register_is_refused(home):
    batch("H26")
    seal.seal()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_leaf SET entry = 'other'")
        cursor.execute("DELETE FROM kernel_segment")
    log = rings.open_log(Ring.AUDITORS)
    with pytest.raises(Exception, match="other leaves"):
        log.append_at(0, [b"other"])


def test_nothing_to_seal(home):
    assert seal.seal() == seal.Sealed(facts=0, segments=0, size=0)
    assert counted() == {}


def test_the_snapshot_is_the_rings_size(home):
    assert snapshot() == 0
    batch("H26", day=datetime(2024, 1, 1, tzinfo=UTC).date().isoformat())
    assert seal.seal().size == snapshot() == 1
