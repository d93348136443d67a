"""The sealer: takes whatever facts lie in the outbox and makes them immutable files with a leaf in the evidence log."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import uuid4

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.db.models import Max

from doorstep.kernel.declare.facts import FACTS, FactKind
from doorstep.kernel.lake import columns, files
from doorstep.kernel.lake.models import Pin, Ring, Segment
from doorstep.kernel.lake.rings import alone, append, nobody_reads, publish
from doorstep.kernel.store.models import FactBatch

ROWS_AT_ONCE = 250_000
MERGE_FROM = 8
"""So many segments of one kind and month are merged into one."""
MERGE_BELOW = 4_000_000
"""Rows from which on a segment stays as it is."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Sealed(msgspec.Struct, frozen=True):
    """What a seal did: `facts` counts rows, `size` is the auditors' ring's, which names the snapshot."""

    facts: int
    segments: int
    size: int


def seal() -> Sealed:
    """Seal all facts that the outbox holds now; what comes in meanwhile waits for the next seal, and facts of a system
    that does not run wait for it. One sealer at a time: a second one waits for the first.

    A crash before the commit leaves only orphan files, which the next seal removes. Raises OSError when the disk is
    full: nothing is lost, the facts stay in the outbox. Raises LogRefused where the log is not this register's; Refused as
    `compact` is, after everything was sealed.
    """
    publish(Ring.AUDITORS)  # or it is refused: with another database's log, its files would be taken for orphans
    facts = segments = 0
    last = FactBatch.objects.aggregate(last=Max("id"))["last"] or 0
    while True:
        with transaction.atomic(durable=True):
            alone()
            _remove_orphans()
            made, taken = _seal_some(last)
        facts, segments = facts + taken, segments + made
        if not taken:
            break
    try:
        compact()
    finally:  # what was sealed is signed for, whatever compaction met
        size = publish(Ring.AUDITORS).size
    return Sealed(facts, segments, size)


def _remove_orphans() -> None:
    known = set(Segment.objects.values_list("path", flat=True))
    for rollups in Segment.objects.values_list("rollups", flat=True):
        known.update(entry["path"] for entry in rollups.values())
    for path in files.present():
        if path not in known:
            (files.root() / path).unlink()


def _seal_some(last: int) -> tuple[int, int]:
    """Seal up to ROWS_AT_ONCE facts (at least one batch) of batches up to id `last`; returns (segments made, facts taken)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, version, recorded, rows, columns FROM ("
            " SELECT *, sum(rows) OVER (ORDER BY id) - rows AS before FROM kernel_factbatch"
            " WHERE id <= %s AND kind = ANY(%s) ORDER BY id LIMIT 20000"
            ") batch WHERE before < %s",
            [last, list(FACTS), ROWS_AT_ONCE],
        )
        batches = cursor.fetchall()
        tables: dict[str, list[pa.Table]] = defaultdict(list)
        for _, name, version, recorded, _, encoded in batches:
            tables[name].append(columns.decode(FACTS[name], version, recorded, bytes(encoded)))
        made = 0
        for name, parts in tables.items():
            whole = pa.concat_tables(parts)
            for month in pc.unique(whole["month"]).to_pylist():
                add_segment(FACTS[name], month, whole.filter(pc.equal(whole["month"], month)))
                made += 1
        cursor.execute("DELETE FROM kernel_factbatch WHERE id = ANY(%s)", [[batch[0] for batch in batches]])
    return made, sum(batch[4] for batch in batches)


def add_segment(kind: FactKind, month: date, facts: pa.Table, merges: Iterable[Segment] = ()) -> Segment:
    """Write a segment with its rollups and append its leaf, inside the caller's transaction and the seal's lock."""
    facts = facts.sort_by([("unit", "ascending"), ("day", "ascending")])
    name = uuid4().hex
    path = f"facts/{kind.name}/{month:%Y-%m}/{name}.parquet"
    digest, size = files.write(facts, path)
    rollups = {}
    for rollup in kind.rollups:
        rollup_path = f"rollups/{kind.name}/{rollup.name}/{name}.parquet"
        rollup_digest, _ = files.write(columns.fold(kind, rollup, facts), rollup_path)
        rollups[rollup.name] = {"path": rollup_path, "sha256": rollup_digest.hex()}
    merged = list(merges)
    leaf = append(
        Ring.AUDITORS,
        _encode(
            {
                "kind": kind.name,
                "version": kind.version,
                "month": f"{month:%Y-%m}",
                "path": path,
                "rows": facts.num_rows,
                "sha256": digest.hex(),
                "rollups": rollups,
                "merges": [segment.leaf for segment in merged],
            }
        ),
    )
    Segment.objects.filter(path__in=[segment.path for segment in merged]).update(merged=leaf)
    return Segment.objects.create(
        path=path,
        leaf=leaf,
        kind=kind.name,
        version=kind.version,
        month=month,
        rows=facts.num_rows,
        size=size,
        sha256=digest,
        rollups=rollups,
    )


def compact() -> int:
    """Merge small segments of a kind and month, and bring segments of an older version to the newest; returns merges.

    The log says which leaves became which. Merged files that no kept snapshot names are deleted. Refused, with nothing
    merged, where a file is not as it was sealed: a new leaf must not vouch for it.
    """
    merges = 0
    with transaction.atomic(durable=True):
        alone()
        groups: dict[tuple[str, date], list[Segment]] = defaultdict(list)
        for segment in Segment.objects.filter(merged=None, kind__in=FACTS).order_by("leaf"):
            if segment.rows < MERGE_BELOW or segment.version < FACTS[segment.kind].version:
                groups[segment.kind, segment.month].append(segment)
        for (name, month), small in groups.items():
            kind = FACTS[name]
            if len(small) >= MERGE_FROM or any(segment.version < kind.version for segment in small):
                whole = pa.concat_tables(
                    [columns.newest(kind, s.version, files.read(s.path, bytes(s.sha256))) for s in small]
                )
                add_segment(kind, month, whole, small)
                merges += 1
        _forget_merged()
    return merges


def _forget_merged() -> None:
    """Drop merged segments from the register unless a pinned snapshot names them; their files are then orphans.

    Waits for a later compaction while somebody computes on a snapshot.
    """
    if not nobody_reads():
        return
    pins = list(Pin.objects.values_list("size", flat=True))
    for segment in Segment.objects.exclude(merged=None):
        if not any(segment.leaf < pin <= (segment.merged or 0) for pin in pins):
            segment.delete()
