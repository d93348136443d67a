"""Steering's writes: figures come in, values are stored, reports are published with their leaves."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec
from django.db import connection

from doorstep.kernel.declare.indicators import Cell
from doorstep.kernel.lake.models import Pin, Ring
from doorstep.kernel.lake.rings import alone, append
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import uuid7s
from doorstep.kernel.values.reasons import Reason
from doorstep.systems.steering.models import Figure, Report, Value
from doorstep.systems.steering.permissions import FOR_REPORT, PUBLISH, STORE, SUBMIT
from doorstep.systems.steering.queries import read, stored_cells
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.rules.figures import SubmittedFigure


class Imported(msgspec.Struct, frozen=True):
    """How many figures came in, how many of them said something new, and what is wrong with the other lines."""

    taken: int
    new: int
    reasons: tuple[Reason, ...]


@action(SUBMIT, FOR_REPORT)
def import_figures(act: Act, content: bytes, owner: str = "") -> Imported:
    """Enter the figures of a CSV file as submitted ones; `owner` as in `queries.read`.

    Good lines land, bad ones come back. A figure that says the same again changes nothing; another value replaces the
    one before, and both stay.
    """
    figures, reasons = read(act.actor, content, owner)
    with connection.cursor() as cursor:  # one import at a time: two might bring the same new figure
        cursor.execute("LOCK TABLE steering_figure IN SHARE ROW EXCLUSIVE MODE")
    current = {(row.key, row.as_of, row.area): row for row in Figure.objects.filter(replaced=None)}
    new = []
    for figure, number in zip(figures.values(), uuid7s(act.at, len(figures)), strict=True):
        before = current.get(figure.place)
        if before is not None and figure.same(msgspec.convert(before.figure, SubmittedFigure)):
            continue
        if before is not None:
            before.replaced = act.at
            before.save(update_fields=["replaced"])
        new.append(
            Figure(
                id=number,
                key=figure.key,
                as_of=figure.as_of,
                area=figure.area,
                figure=msgspec.to_builtins(figure),
                submitted=act.at,
            )
        )
    Figure.objects.bulk_create(new)
    act.journal(detail=f"{len(new)} figures", digest=sha256(content).digest())
    return Imported(len(figures), len(new), tuple(reasons))


@action(STORE, FOR_REPORT)
def store_values(act: Act, snapshot: int, cells: Mapping[str, Sequence[Cell]]) -> int:
    """Store what moved since the values before; returns how many cells moved. Cells that fell to nothing become zero."""
    moved = []
    for key, found in cells.items():
        before = {(cell.unit, cell.month): cell for cell in stored_cells(key)}
        after = {(cell.unit, cell.month): cell for cell in found}
        for place in before.keys() - after.keys():
            denominator = None if before[place].denominator is None else 0
            after[place] = Cell(*place, 0, denominator)
        for place, cell in after.items():
            if before.get(place) != cell:
                moved.append(
                    Value(
                        indicator=key,
                        unit=cell.unit,
                        month=cell.month,
                        snapshot=snapshot,
                        numerator=cell.numerator,
                        denominator=cell.denominator,
                    )
                )
    Value.objects.bulk_create(moved, ignore_conflicts=True, batch_size=5000)
    act.journal(detail=f"{len(moved)} values at snapshot {snapshot}")
    return len(moved)


@action(PUBLISH, FOR_REPORT)
def publish_report(act: Act, report: reports.Report) -> str:
    """Publish a report: its months, suppressed, and the digest of its bytes become leaves of the public ring.

    Returns the digest. The snapshot that it rests on is kept from then on. A report that says the same as the newest
    one of its period and unit is that one.
    """
    alone()
    newest = Report.objects.filter(period=report.period.label, unit=report.unit).order_by("-made").first()
    if newest and reports.says_the_same(report, reports.from_json(bytes(newest.body))):
        act.journal(detail=f"report {newest.period} {newest.unit} {newest.sha256}, as before")
        return newest.sha256
    body = reports.to_json(report)
    digest = sha256(body).hexdigest()
    size = report.evidence.size if report.evidence else 0
    for line in report.lines():
        if line.computed and line.computed.records:
            append(Ring.PUBLIC, reports.encode({"cells": line.key, "report": digest, "computed": line.computed}))
    leaf = append(
        Ring.PUBLIC,
        reports.encode({"report": digest, "period": report.period.label, "unit": report.unit, "snapshot": size}),
    )
    Report.objects.create(
        id=act.id,
        period=report.period.label,
        unit=report.unit,
        made=report.made_at,
        snapshot=size,
        sha256=digest,
        body=body,
        leaf=leaf,
    )
    Pin.objects.get_or_create(size=size, defaults={"why": f"report {digest}"})
    act.journal(detail=f"report {report.period.label} {report.unit} {digest}")
    return digest
