"""Mandates: for whom somebody acts, who may act for oneself, and the counter where papers are brought."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.store.limits import Limit, spend
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NotAllowed
from doorstep.kernel.web.actors import Acting, actor_of, become, name_of
from doorstep.kernel.web.problems import problem
from doorstep.kernel.web.routes import SIGNED_IN, SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, tried
from doorstep.systems.identity.actions import mandates as actions
from doorstep.systems.identity.forms.mandates import GiveForm, PaperForm, WhoseForm
from doorstep.systems.identity.permissions import FOR_MANDATE, GIVE, OWN, RECORD
from doorstep.systems.identity.queries import mandates as queries
from doorstep.systems.identity.rules.mandates import MANDATE_ENDED, Paper

GROUND = "mandate"
"""Where the session keeps by which ground somebody acts."""
NAMES = Limit("identity.agent_names", 30, timedelta(hours=1))
"""Numbers and names that somebody may try when giving mandates."""


def acting(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: whoever acts for another does so only while the ground holds, asked anew at each request.

    So an end, a death, a coming of age, another representative, or another number holds from the next request on. Where
    nobody acts for another it costs nothing.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        actor = actor_of(request)
        if actor is None or not actor.principal:
            return get_response(request)
        standing = queries.standing(actor, request.session.get(GROUND, ""), timezone.localdate())
        if standing is None:
            become(request, actions.oneself(actor), name=name_of(request))
            return problem(request, NotAllowed(MANDATE_ENDED()))
        request.actor = standing.actor(actor)  # type: ignore[attr-defined]
        request.acting = Acting(standing.name, standing.kind, "identity:stop_acting")  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


@page(OWN)
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """For whom one may act, and who may act for oneself."""
    by = enter(request)
    found = look(by.actor, FOR_MANDATE, by.at, queries.own, by.day)
    return render(request, "identity/mandates.html", {"own": found, "today": by.day})


@page(GIVE)
@require_http_methods(["GET", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """Let somebody act for oneself, or for an organisation that one represents."""
    by = enter(request)
    principals = look(by.actor, FOR_MANDATE, by.at, queries.principals, by.day)
    form = GiveForm(principals, request.POST or None, initial={"valid_from": by.day})
    if request.method == "POST":
        spend(NAMES, by.actor.subject, by.at)
        if tried(form, lambda: actions.give(by, form.cleaned_data["organisation"], form.wish)):
            return SeeOther(reverse("identity:mandates"))
    return render(request, "identity/mandate_give.html", {"form": form}, status=REFUSED if form.errors else 200)


@page(OWN)
@require_POST
def end(request: HttpRequest, mandate: UUID) -> HttpResponse:
    actions.end_mandate(enter(request), mandate)
    return SeeOther(reverse("identity:mandates"))


@page(OWN)
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """From now on the person acts for another."""
    by, ground = enter(request), request.POST.get("ground", "")
    standing = actions.take_up_mandate(by, ground)
    become(request, standing.actor(by.actor), name=name_of(request))
    request.session[GROUND] = ground
    return SeeOther(reverse("home"))


@page(SIGNED_IN)
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """The person acts for nobody else any more."""
    by = enter(request)
    if by.actor.principal:
        oneself = actions.oneself(by.actor)
        actions.lay_down(By(oneself, by.at), by.actor.principal)
        become(request, oneself, name=name_of(request))
    return SeeOther(reverse("identity:mandates"))


@page(RECORD)
@require_http_methods(["GET", "POST"])
def counter(request: HttpRequest) -> HttpResponse:
    """Papers that wait for a second look; and the mandates of whoever stands at the counter, to end one."""
    by = enter(request)
    form = WhoseForm(request.POST or None)
    found = None
    if form.is_valid():
        found = look(by.actor, FOR_MANDATE, by.at, queries.of_number, Masked(form.cleaned_data["number"]))
    waiting = look(by.actor, FOR_MANDATE, by.at, queries.waiting_papers, by.day)
    context = {"form": form, "found": found, "waiting": waiting}
    return render(request, "identity/mandates_counter.html", context)


@page(RECORD)
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest) -> HttpResponse:
    """A paper is brought: what it says is entered, and another officer looks at it."""
    by = enter(request)
    form = PaperForm(request.POST or None, initial={"valid_from": by.day})

    def do() -> None:
        told = form.cleaned_data
        actions.record(by, told["principal"], form.wish, Paper(told["paper_kind"]), told["paper_day"], told["paper"])

    if request.method == "POST" and tried(form, do):
        return SeeOther(reverse("identity:mandates_counter"))
    return render(request, "identity/mandate_record.html", {"form": form}, status=REFUSED if form.errors else 200)


@page(RECORD)
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest, mandate: UUID) -> HttpResponse:
    """The second look: what was recorded, beside the paper."""
    by = enter(request)
    if request.method == "POST":
        actions.confirm(by, mandate)
        return SeeOther(reverse("identity:mandates_counter"))
    found = look(by.actor, FOR_MANDATE, by.at, queries.paper, by.day, mandate)
    return render(request, "identity/mandate_paper.html", {"paper": found, "one": found.mandate})


@page(RECORD)
@require_POST
def end_at_counter(request: HttpRequest, mandate: UUID) -> HttpResponse:
    actions.end_at_counter(enter(request), mandate)
    return SeeOther(reverse("identity:mandates_counter"))
