"""What runs beside the web: sealing, computing, storing what moved, publishing. Only here is the engine loaded."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import chain

import msgspec

from doorstep.kernel.declare.indicators import INDICATORS
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.lake import engine, files, merkle, rings, seal
from doorstep.kernel.lake.evidence import EvidenceReader, Head, LogRefused, verify_checkpoint
from doorstep.kernel.lake.models import Ring
from doorstep.kernel.store import units
from doorstep.kernel.store.models import Installation
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.period import Period
from doorstep.kernel.values.reasons import Reason, Refused
from doorstep.systems.steering import queries
from doorstep.systems.steering.actions import publish_report, store_values
from doorstep.systems.steering.rules import report as reports

CLERK = Actor("task:steering", roles=("steering.clerk",), via="task")


class Refreshed(msgspec.Struct, frozen=True):
    """Facts sealed, values that moved, and the snapshot that they rest on."""

    facts: int
    moved: int
    snapshot: int


def refresh(at: datetime) -> Refreshed:
    """Seal what lies in the outbox and store what moved. Raises OSError when the disk is full; nothing is lost."""
    sealed = seal.seal()
    seen = Installation.objects.filter(key="steering.snapshot").values_list("value", flat=True).first()
    if seen == sealed.size:
        return Refreshed(0, 0, sealed.size)
    lake = engine.Engine()
    try:
        cells = lake.evaluate(list(INDICATORS.values()), sealed.size, "rollup")
    finally:
        lake.close()
    moved = store_values(By(CLERK, at), sealed.size, {key: _cells(found) for key, found in cells.items()})
    Installation.objects.update_or_create(key="steering.snapshot", defaults={"value": sealed.size})
    return Refreshed(sealed.facts, moved, sealed.size)


def make_report(period: Period, unit: str, at: datetime) -> reports.Report:
    """The report of a period as known now, published. A report that says the same as the last one is that one.

    Raises Refused with the reason where there is nothing to report.
    """
    size = refresh(at).snapshot
    built = build(period, unit, at, size, queries.simulated_scale())
    last = queries.published(period.label, unit)
    if last:
        before = queries.report(period.label, unit)
        if msgspec.structs.replace(built, made_at=before.made_at, evidence=before.evidence) == before:
            return before
    publish_report(By(CLERK, at), built)
    rings.publish(Ring.PUBLIC)
    return built


def build(
    period: Period, unit: str, at: datetime, size: int, scale: Decimal | None, source: engine.Source = "rollup"
) -> reports.Report:
    """The report from the lake's snapshot of `size` and the figures as they stood at `at`; Refused if it is empty."""
    lake = engine.Engine()
    try:
        # A unit's report tells its parts apart, which no rollup does.
        wanted = list(INDICATORS.values())
        found = lake.evaluate(wanted, size, "facts", "unit") if unit else lake.evaluate(wanted, size, source)
    finally:
        lake.close()
    computed = {key: reports.Computation(INDICATORS[key], _cells(cells)) for key, cells in found.items()}
    day = period.end
    known = {one.code for one in units.in_force(at.date())} | {one.code for one in units.in_force(day)}
    built = reports.build_report(
        period,
        queries.figures(at),
        computed,
        known,
        made_at=at,
        simulated_scale=scale,
        evidence=_evidence(size),
        unit=unit,
    )
    if isinstance(built, Reason):
        raise Refused(built)
    return built


def _evidence(size: int) -> reports.Evidence:
    segments = [
        reports.Segment(row.kind, row.path, row.rows, bytes(row.sha256).hex(), row.leaf)
        for indicator in {one.fact.name: one.fact for one in INDICATORS.values()}.values()
        for row in engine.segments(indicator, size)
    ]
    checkpoint = rings.reader(Ring.AUDITORS).checkpoint().decode() if size else ""
    return reports.Evidence(size, checkpoint, tuple(sorted(segments, key=lambda segment: segment.leaf)))


def _cells(cells: list[engine.Cell]) -> list[reports.Cell]:
    return [reports.Cell(cell.unit, cell.month, cell.numerator, cell.denominator) for cell in cells]


class Difference(msgspec.Struct, frozen=True):
    """The first thing that does not hold, and where."""

    text: str


def verify(content: bytes) -> Iterator[str | Difference]:
    """Prove a report step by step; ends with the first Difference.

    The file itself, the published digest and its leaf, each segment's file, leaf and proof to the report's checkpoint,
    and last every figure, computed anew from the facts.
    """
    read = reports.from_json(content)
    if isinstance(read, Reason):
        yield Difference("the file is no report: it is not JSON of this version")
        return
    if reports.to_json(read) != content:
        yield Difference("the file is not in canonical form: bytes were changed that carry no figure")
        return
    yield f"report {read.period.label}, {len(list(read.lines()))} figures"
    steps = [_publication(content)]
    if read.evidence and read.evidence.size:
        steps = [_evidence_holds(read.evidence), _recomputed(read, read.evidence), *steps]
    for step in chain.from_iterable(steps):
        yield step
        if isinstance(step, Difference):
            return


def _recomputed(read: reports.Report, evidence: reports.Evidence) -> Iterator[str | Difference]:
    try:
        again = build(read.period, read.unit, read.made_at, evidence.size, read.simulated_scale, "facts")
    except Refused as refused:
        yield Difference(f"the records lead to no report: {refused}")
        return
    found = reports.first_difference(*(msgspec.json.decode(reports.to_json(one)) for one in (read, again)))
    if found:
        yield Difference(f"{found[0]}: the report says {found[1]!r}, the records say {found[2]!r}")
    else:
        yield "every figure, recomputed from the facts, is the same"


def _publication(content: bytes) -> Iterator[str | Difference]:
    digest = sha256(content).hexdigest()
    leaf = queries.leaf_of(digest)
    ring = rings.reader(Ring.PUBLIC)
    head = ring.head()
    if leaf is None or msgspec.json.decode(ring.entry(leaf))["report"] != digest:
        yield Difference(f"no report with the digest {digest} was published")
    elif not merkle.verify_inclusion(
        merkle.leaf_hash(ring.entry(leaf)), leaf, head.size, ring.prove(leaf, head.size), head.root
    ):
        yield Difference(f"leaf {leaf} is not in the public ring")
    else:
        yield f"digest {digest} is leaf {leaf} of the public ring of {head.size}"


def _evidence_holds(evidence: reports.Evidence) -> Iterator[str | Difference]:
    """The checkpoint is signed, each segment's leaf is in it, and each file is what its leaf says."""
    ring = rings.reader(Ring.AUDITORS)
    try:
        head = verify_checkpoint(evidence.checkpoint.encode(), ring.verifier_key)
        if head.size != evidence.size:
            yield Difference(f"the checkpoint speaks of {head.size} leaves, the report of {evidence.size}")
        for segment in evidence.segments:
            if wrong := _segment_differs(segment, ring, head):
                yield Difference(f"{wrong[0]}: {wrong[1]}")
    except FileNotFoundError as error:
        yield Difference(f"{error.filename}: the file is gone")
    except LogRefused as refused:
        yield Difference(f"the evidence log: {refused}")
    else:
        yield f"checkpoint of {head.size} leaves is signed by {ring.verifier_key.split('+')[0]}"
        yield f"{len(evidence.segments)} segments and their rollups are in it, and their files are unchanged"


def _segment_differs(segment: reports.Segment, ring: EvidenceReader, head: Head) -> tuple[str, str] | None:
    """Which file of a segment differs, and how."""
    entry, proof = ring.entry(segment.leaf), ring.prove(segment.leaf, head.size)
    if not merkle.verify_inclusion(merkle.leaf_hash(entry), segment.leaf, head.size, proof, head.root):
        return segment.path, f"leaf {segment.leaf} is not in the checkpoint"
    said = msgspec.json.decode(entry)
    if (said["path"], said["sha256"], said["rows"]) != (segment.path, segment.sha256, segment.rows):
        return segment.path, f"leaf {segment.leaf} says otherwise"
    for sealed in (said, *said["rollups"].values()):
        if files.sha256(sealed["path"]).hex() != sealed["sha256"]:
            return sealed["path"], "the file is not the one that was sealed"
    return None


EVERY = ((timedelta(seconds=10), refresh),)
