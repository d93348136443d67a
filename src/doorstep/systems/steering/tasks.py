"""What runs beside the web: sealing, computing, storing what moved, publishing. Only here is the engine loaded."""

from datetime import datetime
from decimal import Decimal

import msgspec

from doorstep.kernel.declare.indicators import INDICATORS
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.lake import engine, rings, seal
from doorstep.kernel.lake.models import Ring
from doorstep.kernel.store import units
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
    lake = engine.Engine()
    try:
        cells = lake.evaluate(list(INDICATORS.values()), sealed.size, "rollup")
    finally:
        lake.close()
    moved = store_values(By(CLERK, at), sealed.size, {key: _cells(found) for key, found in cells.items()})
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
        by, where = ("unit", "facts") if unit else ("top", source)
        found = lake.evaluate(list(INDICATORS.values()), size, where, by)
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
