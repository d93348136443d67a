"""Steering's reads: figures, stored values and published reports; none of them could name a person."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet

from doorstep.kernel.country import profile
from doorstep.kernel.declare.indicators import Cell
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Reason
from doorstep.systems.steering.models import Figure, Report, Value
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.rules.figures import SubmittedFigure
from doorstep.systems.steering.rules.rows import Answering, read_figures

PAGE = 50


class Published(msgspec.Struct, frozen=True):
    """A published report in a list; the `newest` of its period and unit, or one that was replaced."""

    id: UUID
    period: str
    unit: str
    made: datetime
    sha256: str
    newest: bool


def read(actor: Actor, content: bytes, owner: str = "") -> tuple[dict[int, SubmittedFigure], list[Reason]]:
    """The figures of a CSV file by their lines, as this actor may submit them, and what is wrong with the other lines.

    `owner` (the committee's unit, if empty) answers for figures that a system computes and whose line names nobody.
    """
    names = {str(row.code): row.names.get("en", row.code) for row in units.rows()}  # those that have ended too
    return read_figures(content, Answering(names, owner or profile().committee, actor.unit))


def figures(at: datetime | None = None) -> list[SubmittedFigure]:
    """The submitted figures as they stood at an instant (now, if None)."""
    found = Figure.objects.filter(replaced=None)
    if at:
        found = Figure.objects.filter(Q(replaced=None) | Q(replaced__gt=at), submitted__lte=at)
    return [msgspec.convert(row.figure, SubmittedFigure) for row in found.order_by("key", "as_of")]


def stored_cells(indicator: str) -> list[Cell]:
    """An indicator's cells as known now, by unit and month."""
    found = Value.objects.filter(indicator=indicator)
    newest = found.order_by("unit", "month", "-snapshot").distinct("unit", "month")
    return [Cell(row.unit, row.month, row.numerator, row.denominator) for row in newest]


def published(after: UUID | None = None) -> list[Published]:
    """A page of published reports, newest first, after the one with this id."""
    later = Report.objects.filter(period=OuterRef("period"), unit=OuterRef("unit"), made__gt=OuterRef("made"))
    found = Report.objects.annotate(newest=~Exists(later))
    if after:
        found = found.filter(id__lt=after)
    rows = found.order_by("-id").values_list("id", "period", "unit", "made", "sha256", "newest")[:PAGE]
    return [Published(*row) for row in rows]


def report(period: str, unit: str = "") -> reports.Report:
    """The newest published report of a period and unit; NotFound if there is none."""
    return _read(Report.objects.filter(period=period, unit=unit).order_by("-made"))


def newest(period: str, unit: str = "") -> str:
    """The digest of the newest published report of a period and unit; NotFound if there is none."""
    digest = Report.objects.filter(period=period, unit=unit).order_by("-made").values_list("sha256", flat=True).first()
    if digest is None:
        raise NotFound(NOT_FOUND("period"))
    return digest


def by_digest(digest: str) -> reports.Report:
    """The published report with this digest; NotFound if there is none."""
    return _read(Report.objects.filter(sha256=digest))


def _read(found: QuerySet[Report]) -> reports.Report:
    row = found.first()
    if row is None:
        raise NotFound(NOT_FOUND("period"))
    read = reports.from_json(bytes(row.body))
    if not isinstance(read, reports.Report):
        raise NotFound(read)
    return read


def leaf_of(digest: str) -> int | None:
    """The public ring's leaf of a published report."""
    return Report.objects.filter(sha256=digest).values_list("leaf", flat=True).first()
