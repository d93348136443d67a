"""Steering's reads: figures, stored values and published reports; none of them could name a person."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from doorstep.kernel.country import profile
from doorstep.kernel.declare.indicators import Cell
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.period import Period
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Reason
from doorstep.kernel.values.unit_tree import lineage
from doorstep.systems.steering.models import Figure, Report, ReportRequest, Value
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.rules.figures import SubmittedFigure
from doorstep.systems.steering.rules.rows import Answering, read_figures

PAGE = 50
MOST_SHOWN = 200
"""Figures in a list; a report has some forty."""


class Published(msgspec.Struct, frozen=True):
    """A published report in a list; the `newest` of its period and unit, or one that was replaced."""

    id: UUID
    period: str
    unit: str
    made: datetime
    sha256: str
    newest: bool


class Requested(msgspec.Struct, frozen=True):
    """A report that was asked for: it is `waiting`, or was `made` (maybe before), or there are `reasons` why not."""

    id: UUID
    period: Period
    unit: str
    requested: datetime
    waiting: bool
    made: datetime | None
    reasons: tuple[Reason, ...]


class Entered(msgspec.Struct, frozen=True):
    """A submitted figure, and since when it is."""

    figure: SubmittedFigure
    submitted: datetime


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


def entered() -> list[Entered]:
    """The figures that were submitted last, newest first."""
    rows = Figure.objects.filter(replaced=None).order_by("-submitted", "id")[:MOST_SHOWN]
    return [Entered(msgspec.convert(row.figure, SubmittedFigure), row.submitted) for row in rows]


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


def in_being(unit: str, *days: date) -> set[str]:
    """The unit, if it is in force on one of the days."""
    return {row.code for day in days for row in units.in_force(day).filter(code=unit)}


def reportable(actor: Actor, day: date, language: str, within: str = "") -> list[tuple[str, str]]:
    """Code and name of the units whose reports this actor may have made, but for the nation: `within`, which is its own
    unit or one below it (its own, if empty), and those directly below that. NotFound for any other.
    """
    top = within or actor.unit
    if actor.unit and actor.unit not in lineage(top):
        raise NotFound(NOT_FOUND("within"))
    rows = [*units.in_force(day).filter(code=top), *units.below(top, day)]
    return [(row.code, units.named(row, language)) for row in rows]


def divided(codes: Iterable[str], day: date) -> set[str]:
    """Those of the units that have others below them."""
    return set(units.in_force(day).filter(parent__in=set(codes)).values_list("parent", flat=True))


def requests() -> list[Requested]:
    """The newest requests, those that wait among them."""
    made = Report.objects.filter(sha256=OuterRef("sha256")).values("made")[:1]
    rows = ReportRequest.objects.annotate(made=Subquery(made)).order_by("-requested", "-id")[:PAGE]
    return [_requested(row, row.made) for row in rows]


def waiting(at: datetime) -> list[Requested]:
    """What was requested by `at` and is not made, oldest first."""
    rows = ReportRequest.objects.filter(ended=None, requested__lte=at).order_by("requested", "id")
    return [_requested(row) for row in rows]


def _requested(row: ReportRequest, made: datetime | None = None) -> Requested:
    reasons = msgspec.convert(row.reasons, tuple[Reason, ...])
    return Requested(row.id, Period.parse(row.period), row.unit, row.requested, row.ended is None, made, reasons)


def leaf_of(digest: str) -> int | None:
    """The public ring's leaf of a published report."""
    return Report.objects.filter(sha256=digest).values_list("leaf", flat=True).first()
