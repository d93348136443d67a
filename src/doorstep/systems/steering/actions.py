"""Steering's writes: figures come in, values are stored, reports are requested and published with their leaves."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Max

from doorstep.kernel.declare.indicators import Cell
from doorstep.kernel.lake.models import Pin, Ring
from doorstep.kernel.lake.rings import alone, append
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import uuid7s
from doorstep.kernel.values.reasons import CHANGED, NOT_ALLOWED, NotAllowed, Reason, Refused, Stale, refuse
from doorstep.kernel.values.units import UnitCode
from doorstep.systems.steering.models import Figure, Report, ReportRequest, Value
from doorstep.systems.steering.permissions import FOR_REPORT, PUBLISH, REQUEST, STORE, SUBMIT
from doorstep.systems.steering.queries import figures, in_being, read, stored_cells
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.rules.figures import SubmittedFigure
from doorstep.systems.steering.rules.rows import UNKNOWN_UNIT


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
    found, reasons = read(act.actor, content, owner)
    with connection.cursor() as cursor:  # one import at a time: two might bring the same new figure
        cursor.execute("LOCK TABLE steering_figure IN SHARE ROW EXCLUSIVE MODE")
    made = Report.objects.aggregate(newest=Max("made"))["newest"]
    at = max(act.at, made + timedelta(microseconds=1)) if made else act.at  # a published report did not know them
    current = {(row.key, row.as_of, row.area): row for row in Figure.objects.filter(replaced=None)}
    new = []
    for figure, number in zip(found.values(), uuid7s(act.at, len(found)), strict=True):
        before = current.get(figure.place)
        if before is not None and figure.same(msgspec.convert(before.figure, SubmittedFigure)):
            continue
        if before is not None:
            before.replaced = at
            before.save(update_fields=["replaced"])
        new.append(
            Figure(
                id=number,
                key=figure.key,
                as_of=figure.as_of,
                area=figure.area,
                figure=msgspec.to_builtins(figure),
                submitted=at,
            )
        )
    Figure.objects.bulk_create(new)
    act.journal(detail=f"{len(new)} figures", digest=sha256(content).digest())
    return Imported(len(found), len(new), tuple(reasons))


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
    one of its period and unit is that one. Stale where an import that began before the report was made ended after it
    was built: nobody could build it again.
    """
    alone()
    with connection.cursor() as cursor:  # imports that are under way end first
        cursor.execute("LOCK TABLE steering_figure IN SHARE MODE")
    known = reports.submitted_for(report.period, report.unit, figures(report.made_at))
    if known != {line.key: line.submitted for line in report.lines() if line.submitted}:
        raise Stale(CHANGED())
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


@action(REQUEST, FOR_REPORT)
def request_report(act: Act, period: str, unit: str = "") -> UUID:
    """Have the report of a period made anew and published, of a unit or of the nation ("").

    Returns the request. One waits for each report; to ask again means the report as of now. NotAllowed for a unit that
    the actor does not act for.
    """
    asked = reports.read_period(period)
    if isinstance(asked, Reason):
        raise Refused(asked)
    refuse(reports.check_begun(asked, act.day))
    if unit and not in_being(unit, act.day, asked.last):
        raise Refused(UNKNOWN_UNIT("unit", given=unit[:40]))
    if act.actor.unit and not (unit and UnitCode(unit).within(act.actor.unit)):
        raise NotAllowed(NOT_ALLOWED(scope=REQUEST.code))
    waits, new = ReportRequest.objects.select_for_update().get_or_create(
        period=asked.label, unit=unit, ended=None, defaults={"id": act.id, "requested": act.at}
    )
    if not new:
        waits.requested = act.at
        waits.save(update_fields=["requested"])
    act.journal(detail=f"report {asked.label} {unit} request {waits.id}")
    return waits.id


@action(PUBLISH, FOR_REPORT)
def answer_request(act: Act, request: UUID, digest: str, reasons: Sequence[Reason] = ()) -> None:
    """Say what became of a request that was made by `act.at`: the digest of what is published, or why there is nothing.

    One that was repeated since waits on.
    """
    asked = ReportRequest.objects.filter(id=request, ended=None, requested__lte=act.at)
    asked.update(ended=act.at, sha256=digest, reasons=msgspec.to_builtins(reasons))
    act.journal(detail=f"request {request} {digest or ' '.join(one.code for one in reasons)}")
