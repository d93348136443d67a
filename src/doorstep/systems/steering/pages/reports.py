"""The list of reports, a report, and what stands behind each figure. Stored values only."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from doorstep.kernel import documents
from doorstep.kernel.country import profile
from doorstep.kernel.declare.indicators import INDICATORS
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.values.period import Period
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import numbers
from doorstep.kernel.web.routes import PUBLIC, page
from doorstep.kernel.web.visits import further, language
from doorstep.systems.steering import queries
from doorstep.systems.steering.rules import charts, exports, view
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.rules.formats import Format

TYPES = {"pdf": "application/pdf", "json": "application/json", "csv": "text/csv; charset=utf-8"}
DOWNLOADS = {"pdf": N_("As PDF"), "csv": N_("As CSV"), "json": N_("As JSON, to be verified")}
_typesetting = Lock()
"""One at a time: a PDF takes seconds, and must not take all of the server's threads."""

REPORT_TYP = Path(__file__).parents[1] / "templates" / "steering" / "report.typ"


@page(PUBLIC)
@require_GET
def report_list(request: HttpRequest) -> HttpResponse:
    after = read_uuid(request.GET["after"]) if request.GET.get("after") else None
    rows = queries.published(after)
    legal_day = profile().calendar.day
    names = units.names({row.unit for row in rows}, legal_day(timezone.now()), language())
    listed = []
    for row in rows:
        period, made = Period.parse(row.period), legal_day(row.made)
        listed.append((row, period, names.get(row.unit, ""), made if made in period else None))
    context = {
        "published": listed,
        "older": further(request, rows[-1].id) if len(rows) == queries.PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "steering/reports.html", context)


@page(PUBLIC)
@require_GET
def report(request: HttpRequest, period: str, unit: str = "") -> HttpResponse:
    shown = _shown(queries.newest(period, unit), language())
    links = [
        {
            "url": reverse("steering:file", kwargs={"period": period, "kind": kind} | ({"unit": unit} if unit else {})),
            "text": gettext(text),
        }
        for kind, text in DOWNLOADS.items()
    ]
    return render(request, "steering/report.html", {"report": shown, "downloads": links})


@lru_cache(maxsize=16)
def _shown(digest: str, reader: str) -> view.ReportView:  # noqa: ARG001  the language is the active one
    """A published report never changes, so that each language is worded once; about a megabyte each."""
    found = queries.by_digest(digest)
    return view.report_view(found, _format(found), _tiles(found))


@page(PUBLIC)
@require_GET
def figure(request: HttpRequest, period: str, key: str, unit: str = "") -> HttpResponse:
    found = queries.report(period, unit)
    shown = view.figure_view(found, key, _format(found), _tiles(found), INDICATORS.get(key))
    if shown is None:
        raise Http404
    return render(request, "steering/figure.html", {"figure": shown})


@page(PUBLIC)
@require_GET
def file(request: HttpRequest, period: str, kind: str, unit: str = "") -> HttpResponse:  # noqa: ARG001  a view
    return _file(queries.newest(period, unit), kind, "-".join(filter(None, ("report", period, unit))))


@page(PUBLIC)
@require_GET
def published(request: HttpRequest, digest: str, kind: str) -> HttpResponse:  # noqa: ARG001  a view
    """A report as it was published, also one that was replaced."""
    return _file(digest, kind, f"report-{digest[:16]}")


def _file(digest: str, kind: str, name: str) -> HttpResponse:
    if kind not in TYPES:
        raise Http404
    response = HttpResponse(_kept(digest, language(), kind), content_type=TYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


@lru_cache(maxsize=64)
def _kept(digest: str, reader: str, kind: str) -> bytes:
    """A published report never changes, so that typesetting it again for each stranger would be work for nothing."""
    with _typesetting:
        return rendered(queries.by_digest(digest), reader, kind)


def rendered(found: reports.Report, reader: str, kind: str) -> bytes:
    """A report as a file in the reader's language: `html` stands alone, `json` is the canonical one that `doorstep verify` reads."""
    with translation.override(reader):
        fmt = _format(found)
        match kind:
            case "json":
                return reports.to_json(found)
            case "csv":
                return b"\xef\xbb\xbf" + exports.to_csv(found, fmt).encode()
            case "pdf":
                return _pdf(found, fmt)
            case _:
                shown = view.report_view(found, fmt, _tiles(found), charts.PAPER)
                return render_to_string("steering/report_file.html", {"report": shown}).encode()


def _pdf(found: reports.Report, fmt: Format) -> bytes:
    shown = view.report_view(found, fmt, _tiles(found), charts.PAPER)
    data = paper(shown)
    return documents.pdf(REPORT_TYP, data, fmt.language, at=found.made_at)


def paper(shown: view.ReportView) -> Mapping[str, Any]:
    """What the Typst template reads: the view, with each chart drawn as SVG."""
    data: dict[str, Any] = msgspec.to_builtins(shown)
    for section, drawn in zip(data["sections"], shown.sections, strict=True):
        for line, one in zip(section["lines"], drawn.lines, strict=True):
            for chart, made in zip(line["charts"], one.charts, strict=True):
                chart["svg"] = made.svg()
    return {"title": shown.heading.title, **data}


def _format(found: reports.Report) -> Format:
    """The reader's language, with the units' names of the report's last day."""
    return formatted({*found.units(), *profile().units.grid}, found.period.last)


def formatted(codes: Iterable[str], day: date) -> Format:
    """The reader's language, with the names of these units on a day."""
    return Format(language(), numbers, translation, units.names(codes, day, language()))


def _tiles(found: reports.Report) -> view.Tiles:
    """Where the map has the units that there were on the report's last day."""
    grid = profile().units.grid
    there = units.in_force(found.period.last).filter(code__in=grid).values_list("code", flat=True)
    return {code: grid[code] for code in there}
