"""The police unit's pages: notices of its area, one notice whole, and the houses that said nothing. Each look is journalled."""

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from doorstep.kernel.access import look
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web.routes import page
from doorstep.kernel.web.visits import enter, further, language, named
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.forms.stays import AreaForm
from doorstep.systems.lodging.pages.outcomes import outcome
from doorstep.systems.lodging.pages.stays import told_of
from doorstep.systems.lodging.pages.visits import unit_name
from doorstep.systems.lodging.permissions import FOR_SUPERVISION, READ_NOTICES


@page(READ_NOTICES)
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """Guests notified, masked, newest first; by commune and day."""
    by = enter(request)
    today = by.day
    form = _form(request, by, today)
    told = form.cleaned_data if form.is_valid() else {}
    after = read_uuid(request.GET["after"]) if request.GET.get("after") else None
    filters = (today, told.get("unit") or "", told.get("day"), after)
    rows = look(by.actor, FOR_SUPERVISION, by.at, queries.police.notices_in_area, *filters, late=bool(told.get("late")))
    context = {
        "form": form,
        "rows": [(row, outcome(row)) for row in named(rows, today)],
        "area": unit_name(by.actor.unit) if by.actor.unit else "",
        "older": further(request, rows[-1].id) if len(rows) == queries.rows.PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "lodging/area.html", context)


def _form(request: HttpRequest, by: By, today: date) -> AreaForm:
    """The filter, with the units that one can choose next."""
    return AreaForm(queries.areas.nearby(by.actor.unit, request.GET.get("unit", ""), today, language()), request.GET)


@page(READ_NOTICES)
@require_GET
def notice(request: HttpRequest, stay_id: UUID) -> HttpResponse:
    """One notice opened whole; the person can read that it was."""
    by = enter(request)
    record = look(by.actor, FOR_SUPERVISION, by.at, queries.police.notice_in_area, by.day, stay_id)
    context = {**told_of(record), "unit_name": unit_name(record.house.unit)}
    return render(request, "lodging/area_notice.html", context)


@page(READ_NOTICES)
@require_GET
def silent(request: HttpRequest) -> HttpResponse:
    """Houses that today neither notified anybody nor said that nobody stays."""
    by = enter(request)
    today = by.day
    form = _form(request, by, today)
    unit = form.cleaned_data["unit"] if form.is_valid() else ""
    after = request.GET.get("after", "")
    houses = queries.police.silent_houses(by.actor, today, unit, after)
    context = {
        "form": form,
        "today": today,
        "houses": named(houses, today),
        "older": further(request, houses[-1].code) if len(houses) == queries.rows.PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "lodging/area_silent.html", context)
