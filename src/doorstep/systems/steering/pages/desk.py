"""The secretary's desk: figures are checked and imported, reports are requested. The process `tasks` makes them."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.kernel.country import profile
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import Reason
from doorstep.kernel.web import wording
from doorstep.kernel.web.forms import add_reasons, takes_file
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, language, tried
from doorstep.systems.steering import queries
from doorstep.systems.steering.actions import import_figures, request_report
from doorstep.systems.steering.forms import FileForm, ReportForm
from doorstep.systems.steering.pages.reports import formatted
from doorstep.systems.steering.permissions import REQUEST, SUBMIT
from doorstep.systems.steering.queries import MOST_SHOWN, Requested
from doorstep.systems.steering.rules import rows, view
from doorstep.systems.steering.rules.figures import SubmittedFigure
from doorstep.systems.steering.rules.formats import Format

PATIENCE = timedelta(minutes=1)
"""After so long a request that still waits is said to be late."""


@page(SUBMIT)
@takes_file(rows.check_size)
@require_http_methods(["GET", "POST"])
def figures(request: HttpRequest) -> HttpResponse:
    """What was submitted last. A file that is sent here is answered line by line, and nothing of it is entered yet."""
    by = enter(request)
    choices = queries.reportable(by.actor, by.day, language())
    form = FileForm(choices, initial={"owner": by.actor.unit or profile().committee})
    if request.method == "POST":
        form = FileForm(choices, request.POST, request.FILES)
        if form.is_valid():
            content, owner = form.cleaned_data["file"].read(), form.cleaned_data["owner"]
            found, reasons = queries.read(by.actor, content, owner)
            if all(one.line for one in reasons):
                kept = {"content": base64.urlsafe_b64encode(content).decode(), "owner": owner}
                return render(request, "steering/check.html", _checked(by, found, reasons) | kept)
            add_reasons(form, reasons)
    entered = queries.entered()
    fmt = _format(by, (one.figure for one in entered))
    context = {
        "form": form,
        "columns": rows.COLUMNS,
        "entered": [(view.figure_row(one.figure, fmt), one.submitted) for one in entered],
    }
    return render(request, "steering/figures.html", context, status=REFUSED if form.errors else 200)


@page(SUBMIT)
@require_POST
def enter_figures(request: HttpRequest) -> HttpResponse:
    """Enters the good lines of a file that was checked."""
    try:
        content = base64.b64decode(request.POST.get("content", ""), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest from None
    import_figures(enter(request), content, request.POST.get("owner", ""))
    return SeeOther(reverse("steering:figures"))


@page(REQUEST)
@require_http_methods(["GET", "POST"])
def requests(request: HttpRequest) -> HttpResponse:
    """Asks for a report, and says what became of those that were asked for."""
    by = enter(request)
    day, within = by.day, request.GET.get("within", "")
    nation = [] if by.actor.unit or within else [("", gettext("The whole country"))]
    reportable = queries.reportable(by.actor, day, language(), within)
    choices = [*nation, *reportable]
    form = ReportForm(choices, request.POST if request.method == "POST" else None, initial={"period": _last_half(day)})
    if request.method == "POST" and tried(form, lambda: request_report(by, **form.cleaned_data)):
        return SeeOther(reverse("steering:requests"))
    asked = queries.requests()
    waiting = "-".join(str(one.id) for one in asked if one.waiting)
    if request.headers.get("HX-Request") and request.GET.get("waiting") == waiting:
        return HttpResponse(status=204)  # nothing happened: the page stays as it is
    names = units.names({one.unit for one in asked}, day, language())
    told = [(one, names[one.unit], _state(one, by), _told(one.reasons)) for one in asked]
    divided = queries.divided({code for code, _ in reportable} - {within, by.actor.unit}, day)
    deeper = [(code, name) for code, name in reportable if code in divided]
    context = {"form": form, "asked": told, "waiting": waiting, "deeper": deeper, "within": within}
    return render(request, "steering/requests.html", context, status=REFUSED if form.errors else 200)


def _last_half(day: date) -> str:
    """The half-year that ended last before `day`."""
    return f"{day.year}-H1" if day.month > 6 else f"{day.year - 1}-H2"


def _state(asked: Requested, by: By) -> str:
    if asked.waiting:
        return "late" if by.at - asked.requested > PATIENCE else "waiting"
    if asked.made is None:
        return "failed"
    return "made" if asked.made >= asked.requested else "as before"


def _told(reasons: Iterable[Reason]) -> list[tuple[SafeString, SafeString]]:
    return [(wording.html_text(one), wording.html_repair(one)) for one in reasons]


def _format(by: By, figures: Iterable[SubmittedFigure]) -> Format:
    """The reader's language, with the names of the units that these figures speak of."""
    codes = {code for one in figures for code in (one.submitted_by, one.area) if code}
    return formatted(codes, by.day)


def _checked(by: By, found: Mapping[int, SubmittedFigure], reasons: Sequence[Reason]) -> dict[str, Any]:
    """What each line would do: by its number, what the figure says, and what it says now where that is not the same."""
    standing = {one.place: one for one in queries.figures()}
    before = {line: standing.get(figure.place) for line, figure in found.items()}
    same = {line for line, one in before.items() if one is not None and found[line].same(one)}
    fmt = _format(by, found.values())
    good = []
    for line in sorted(found, key=lambda line: (line in same, line))[:MOST_SHOWN]:  # what says something new first
        there = before[line]
        state = "same" if line in same else "replaces" if there else "new"
        good.append(
            (line, view.figure_row(found[line], fmt), state, view.figure_row(there, fmt).value if there else "")
        )
    return {
        "good": good,
        "bad": [(one.line, one.field, *told) for one, told in zip(reasons, _told(reasons), strict=True)][:MOST_SHOWN],
        "lines": len(found),
        "new": len(found) - len(same),
        "faults": len(reasons),
        "most": MOST_SHOWN,
    }
