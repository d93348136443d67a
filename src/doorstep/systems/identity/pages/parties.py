"""Relying parties, for the managers who register them."""

from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, further, tried
from doorstep.systems.identity.actions import parties as actions
from doorstep.systems.identity.actions.parties import Registered
from doorstep.systems.identity.forms.parties import PartyForm
from doorstep.systems.identity.permissions import MANAGE_CLIENTS
from doorstep.systems.identity.queries import openid as queries


@page(MANAGE_CLIENTS)
@never_cache
@require_http_methods(["GET", "POST"])
def parties(request: HttpRequest) -> HttpResponse:
    """The relying parties of the unit and below, and a form for one more, whose secret is shown once."""
    by, form = enter(request), PartyForm(request.POST or None)
    made: list[Registered] = []
    if request.method == "POST" and tried(form, lambda: made.append(actions.register(by, form.registration))):
        return render(request, "identity/party_secret.html", {"made": made[0], "issuer": queries.issuer()})
    after = request.GET.get("after")
    rows = queries.parties(by.actor, by.day, read_uuid(after) if after else None)
    context = {
        "form": form,
        "parties": rows,
        "older": further(request, rows[-1].id) if len(rows) == queries.PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "identity/parties.html", context, status=REFUSED if form.errors else 200)


@page(MANAGE_CLIENTS)
@require_http_methods(["GET", "POST"])
def party(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """One relying party, to be changed."""
    by = enter(request)
    row = queries.party(by.actor, by.day, party_id)
    known = {
        name: getattr(row, name) for name in ("name", "purpose", "claims", "method", "algorithm", "pushed_only")
    } | {
        "redirects": "\n".join(row.redirects),
        "after_logout": "\n".join(row.after_logout),
        "keys": msgspec.json.format(msgspec.json.encode(row.keys)).decode() if row.keys else "",
    }
    form = PartyForm(request.POST or None, initial=known)
    if request.method == "POST" and tried(form, lambda: actions.change(by, party_id, form.registration)):
        return SeeOther(reverse("identity:parties"))
    return render(request, "identity/party.html", {"form": form, "party": row}, status=REFUSED if form.errors else 200)


@page(MANAGE_CLIENTS)
@never_cache
@require_POST
def secret(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """A new secret, shown once."""
    made = actions.renew_secret(enter(request), party_id)
    return render(request, "identity/party_secret.html", {"made": made, "issuer": queries.issuer()})


@page(MANAGE_CLIENTS)
@require_POST
def end(request: HttpRequest, party_id: UUID) -> HttpResponse:
    actions.end_party(enter(request), party_id)
    return SeeOther(reverse("identity:parties"))
