"""What runs beside the web: sealing, computing, storing what moved, publishing. Only here is the engine loaded."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import msgspec

from doorstep.kernel.country import profile
from doorstep.kernel.declare.indicators import INDICATORS
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.lake import engine, files, merkle, rings, seal
from doorstep.kernel.lake.evidence import EvidenceReader
from doorstep.kernel.lake.models import Ring
from doorstep.kernel.lake.notes import Head, LogRefused, verify_checkpoint
from doorstep.kernel.simulation import simulated_scale
from doorstep.kernel.store import units
from doorstep.kernel.store.models import Installation
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.period import Period
from doorstep.kernel.values.reasons import Reason, Refused, Stale, reason, refuse
from doorstep.systems.steering import queries
from doorstep.systems.steering.actions import answer_request, publish_report, store_values
from doorstep.systems.steering.rules import report as reports

CLERK = Actor("task:steering", roles=("steering.clerk",), via="task")


LOG_REFUSED = reason(
    "steering.log_refused",
    "The evidence log signs nothing, so nothing can be published.",
    repair="Ask the operator, whom the command `doorstep log show` tells why.",
)
MAKING_FAILED = reason(
    "steering.making_failed",
    "The report could not be made: something went wrong on our side.",
    repair="Ask the operator to look into the log of the process tasks, then request the report again.",
)


class Refreshed(msgspec.Struct, frozen=True):
    """Facts sealed, values that moved, and the snapshot that they rest on."""

    facts: int
    moved: int
    snapshot: int


def refresh(at: datetime) -> Refreshed:
    """Seal what lies in the outbox and store what moved. Raises OSError when the disk is full; nothing is lost.

    Refused where a file of the lake is not as it was sealed.
    """
    with rings.kept():
        sealed = seal.seal()
        seen = Installation.objects.filter(key="steering.snapshot").values_list("value", flat=True).first()
        if seen == sealed.size:
            return Refreshed(0, 0, sealed.size)
        lake = engine.Engine()
        try:
            cells = lake.evaluate(list(INDICATORS.values()), sealed.size, "rollup")
        finally:
            lake.close()
    moved = store_values(By(CLERK, at), sealed.size, cells)
    Installation.objects.update_or_create(key="steering.snapshot", defaults={"value": sealed.size})
    return Refreshed(sealed.facts, moved, sealed.size)


def make_report(period: Period, unit: str, at: datetime) -> reports.Report:
    """The report of a period as known now, published. A report that says the same as the last one is that one.

    Refused with the reason where there is nothing to report (yet), or where a file that it would rest on is not as sealed.
    """
    rings.publish(Ring.PUBLIC)  # a log that signs nothing refuses before there is a report without a signature
    with rings.kept():  # until the report's pin keeps the files
        refresh(at)
        ring = rings.reader(Ring.AUDITORS)
        checkpoint = ring.checkpoint()  # it names the snapshot, whoever seals from here on
        size = verify_checkpoint(checkpoint, ring.verifier_key).size
        for segment in _segments(size):
            files.intact(segment.path, bytes.fromhex(segment.sha256))
        digest = ""
        while not digest:
            built = build(period, unit, at, size, checkpoint.decode(), simulated_scale())
            with suppress(Stale):  # an import that began before `at` came in just now
                digest = publish_report(By(CLERK, at), built)
    rings.publish(Ring.PUBLIC)  # also for one before that was stopped here
    return queries.by_digest(digest)


def make_requested(at: datetime) -> None:
    """Make the reports that were requested by `at`, oldest first, and say what became of each."""
    for asked in queries.waiting(at):
        digest, reasons = "", tuple[Reason, ...]()
        try:
            make_report(asked.period, asked.unit, at)
            digest = queries.newest(asked.period.label, asked.unit)
        except Refused as refused:
            reasons = refused.reasons
        except LogRefused:
            reasons = (LOG_REFUSED(),)
        except Exception:
            answer_request(By(CLERK, at), asked.id, "", [MAKING_FAILED()])
            raise
        answer_request(By(CLERK, at), asked.id, digest, reasons)


def build(
    period: Period,
    unit: str,
    at: datetime,
    size: int,
    checkpoint: str,
    scale: Decimal | None,
    source: engine.Source = "rollup",
) -> reports.Report:
    """The report from the lake's snapshot of `size`, which the signed `checkpoint` speaks of, and the figures as they
    stood at `at`; Refused if it is empty, or if the period has not begun.
    """
    day = profile().calendar.day(at)
    refuse(reports.check_begun(period, day))
    lake = engine.Engine()
    try:
        # A unit's report tells its parts apart, which no rollup does.
        wanted = list(INDICATORS.values())
        found = lake.evaluate(wanted, size, "facts", "unit") if unit else lake.evaluate(wanted, size, source)
    finally:
        lake.close()
    # What was recorded for a unit that has ended by the period's last day counts for the one that took over.
    answering = units.answering({cell.unit for cells in found.values() for cell in cells}, period.last)
    computed = {
        key: reports.Computation(
            INDICATORS[key], [msgspec.structs.replace(cell, unit=answering[cell.unit]) for cell in cells]
        )
        for key, cells in found.items()
    }
    known = queries.in_being(unit, day, period.last)
    built = reports.build_report(
        period,
        queries.figures(at),
        computed,
        known,
        made_at=at,
        simulated_scale=scale,
        evidence=reports.Evidence(size, checkpoint if size else "", _segments(size)),
        unit=unit,
        until=day if day in period else None,
    )
    if isinstance(built, Reason):
        raise Refused(built)
    return built


def _segments(size: int) -> tuple[reports.Segment, ...]:
    segments = [
        reports.Segment(row.kind, row.path, row.rows, bytes(row.sha256).hex(), row.leaf)
        for indicator in {one.fact.name: one.fact for one in INDICATORS.values()}.values()
        for row in engine.segments(indicator, size)
    ]
    return tuple(sorted(segments, key=lambda segment: segment.leaf))


class Difference(msgspec.Struct, frozen=True):
    """The first thing that does not hold, and where."""

    text: str


def verify(content: bytes) -> Iterator[str | Difference]:
    """Prove a report step by step; ends with the first Difference.

    The file itself, each segment's file, leaf and proof to the report's checkpoint, every figure, computed anew from
    the facts, and last the published digest and its leaf.
    """
    try:
        for step in _steps(content):
            yield step
            if isinstance(step, Difference):
                return
    except FileNotFoundError as error:
        yield Difference(f"{error.filename}: the file is gone")
    except LogRefused as refused:
        yield Difference(f"the evidence log: {refused}")


def _steps(content: bytes) -> Iterator[str | Difference]:
    """The steps of `verify`, which goes no further than the first Difference."""
    read = reports.from_json(content)
    if isinstance(read, Reason):
        yield Difference("the file is no report: it is not JSON of this version")
        return
    if reports.to_json(read) != content:
        yield Difference("the file is not in canonical form: bytes were changed that carry no figure")
    yield f"report {read.period.label}, {len(list(read.lines()))} figures"
    evidence = read.evidence or reports.Evidence(0, "")
    if evidence.size:
        yield from _evidence_holds(evidence)
    try:
        again = build(
            read.period,
            read.unit,
            read.made_at,
            evidence.size,
            evidence.checkpoint,
            read.simulated_scale,
            "facts",
        )
    except Refused as refused:
        yield Difference(f"the records lead to no report: {refused}")
        return
    found = reports.first_difference(*(msgspec.json.decode(reports.to_json(one)) for one in (read, again)))
    if found:
        yield Difference(f"{found[0]}: the report says {found[1]!r}, the records say {found[2]!r}")
    yield "every figure, recomputed from the facts, is the same"
    yield _publication(read, sha256(content).hexdigest())


def _publication(report: reports.Report, digest: str) -> str | Difference:
    """The digest is that of a published report, whose leaf is in the public ring."""
    leaf = queries.leaf_of(digest)
    if leaf is None:
        return Difference(f"no report with the digest {digest} was published")
    ring = rings.reader(Ring.PUBLIC)
    head = ring.head()
    if not _in_ring(ring, leaf, head):
        return Difference(f"leaf {leaf} is not in the public ring")
    said = msgspec.json.decode(ring.entry(leaf))
    if (said["report"], said.get("period")) != (digest, report.period.label):
        return Difference(f"leaf {leaf} of the public ring speaks of something else")
    return f"digest {digest} is leaf {leaf} of the public ring of {head.size}"


def _in_ring(ring: EvidenceReader, leaf: int, head: Head) -> bool:
    if not 0 <= leaf < head.size:
        return False
    hashed = merkle.leaf_hash(ring.entry(leaf))
    return merkle.verify_inclusion(hashed, leaf, head.size, ring.prove(leaf, head.size), head.root)


def _evidence_holds(evidence: reports.Evidence) -> Iterator[str | Difference]:
    """The checkpoint is signed, each segment's leaf is in it, and each file is what its leaf says."""
    ring = rings.reader(Ring.AUDITORS)
    head = verify_checkpoint(evidence.checkpoint.encode(), ring.verifier_key)
    if head.size != evidence.size:
        yield Difference(f"the checkpoint speaks of {head.size} leaves, the report of {evidence.size}")
    if head.size > ring.size:
        yield Difference(f"the report rests on {head.size} leaves, the log has {ring.size}: a restored back-up?")
    yield f"checkpoint of {head.size} leaves is signed by {ring.verifier_key.split('+')[0]}"
    for segment in evidence.segments:
        if not _in_ring(ring, segment.leaf, head):
            yield Difference(f"{segment.path}: leaf {segment.leaf} is not in the checkpoint")
        said = msgspec.json.decode(ring.entry(segment.leaf))
        if (said.get("path"), said.get("sha256"), said.get("rows")) != (segment.path, segment.sha256, segment.rows):
            yield Difference(f"{segment.path}: leaf {segment.leaf} says otherwise")
        for path, digest in [
            (segment.path, segment.sha256),
            *((rollup["path"], rollup["sha256"]) for rollup in said["rollups"].values()),
        ]:
            if files.sha256(path).hex() != digest:
                yield Difference(f"{path}: the file is not the one that was sealed")
    yield f"{len(evidence.segments)} segments and their rollups are in it, and their files are unchanged"


EVERY = ((timedelta(seconds=10), refresh), (timedelta(seconds=2), make_requested))
