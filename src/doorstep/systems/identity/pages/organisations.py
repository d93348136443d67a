"""The registrar's pages of organisations and household businesses. Opening one is journalled for its representative."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from doorstep.kernel.access import look
from doorstep.kernel.declare.codes import Code
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import numbers
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, further, named, tried
from doorstep.systems.identity.actions import register as actions
from doorstep.systems.identity.forms import register as forms
from doorstep.systems.identity.pages.register import communes, posted, unit_name
from doorstep.systems.identity.permissions import FOR_REGISTER, READ_ORGANISATION, REGISTER
from doorstep.systems.identity.queries import register as queries
from doorstep.systems.identity.queries.register import OrganisationRecord
from doorstep.systems.identity.rules.register import Body, changed_fields

FIELDS = {
    "tax_code": N_("Tax code"),
    "kind": N_("Kind"),
    "name": N_("Name"),
    "representative": N_("Personal number of the legal representative"),
    "unit": N_("Commune"),
    "address": N_("Address"),
    "active_from": N_("Active since"),
    "active_to": N_("First day on which it is closed"),
}


@page(READ_ORGANISATION)
@require_GET
def organisations(request: HttpRequest) -> HttpResponse:
    """Organisations of the area by tax code or words of the name."""
    by = enter(request)
    form = forms.WordsForm(request.GET or None)
    after = request.GET.get("after", "")
    text = form.cleaned_data["text"] if form.is_valid() else ""
    rows = queries.organisations(by.actor, by.day, text, read_uuid(after) if after else None)
    context = {
        "form": form,
        "rows": named(rows, by.day),
        "may_register": by.actor.may(REGISTER),
        "older": further(request, rows[-1].id) if len(rows) == queries.PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "identity/organisations.html", context)


@page(READ_ORGANISATION)
@require_GET
def organisation(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    by, found = _open(request, organisation_id)
    context = {
        "organisation": found,
        "fields": [(gettext(label), _text(found.body, name, by)) for name, label in FIELDS.items()],
        "events": _events(found, by),
        "may_register": by.actor.may(REGISTER),
    }
    return render(request, "identity/organisation.html", context)


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    by = enter(request)
    form = forms.BodyForm(communes(by), posted(request), initial={"unit": by.actor.unit}, new=True)
    made: list[UUID] = []

    def act() -> None:
        made.append(actions.register_organisation(by, form.body(), form.cleaned_data["source"]).id)

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("identity:organisation", args=made))
    context = {"form": form, "title": gettext("Enter an organisation")}
    return render(request, "identity/organisation_change.html", context, status=REFUSED if form.errors else 200)


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """What an organisation is from a day on; its tax code stays."""
    by, found = _open(request, organisation_id)
    kept = forms.shown(found.body, Body.__struct_fields__)
    form = forms.BodyForm(communes(by), posted(request), initial={**kept, "version": found.version})

    def act() -> None:
        told = form.cleaned_data
        given = (told["version"] or 0, form.body(found.body.tax_code), told["valid_from"], told["source"])
        actions.change_organisation(by, organisation_id, *given)

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("identity:organisation", args=[organisation_id]))
    context = {"form": form, "organisation": found, "title": gettext("Change the organisation")}
    return render(request, "identity/organisation_change.html", context, status=REFUSED if form.errors else 200)


def _open(request: HttpRequest, organisation_id: UUID) -> tuple[By, OrganisationRecord]:
    by = enter(request)
    return by, look(by.actor, FOR_REGISTER, by.at, queries.organisation, by.day, organisation_id)


def _events(found: OrganisationRecord, by: By) -> list[tuple[queries.BodyChange, list[tuple[str, str, str]]]]:
    """Each change with the fields that it changed, before and after, newest first."""
    after, events = found.body, []
    for one in found.changes:
        differences = [
            (gettext(FIELDS[name]), _text(one.before, name, by), _text(after, name, by))
            for name in changed_fields(one.before, after)
        ]
        events.append((one, differences))
        after = one.before
    return events


def _text(body: Body, name: str, by: By) -> str:
    value: Any = getattr(body, name)
    if isinstance(value, Code):
        return gettext(value.text)
    if name in ("active_from", "active_to"):
        return numbers.day(value) if value else ""
    return unit_name(value, by) if name == "unit" else str(value)
