"""Offices: taking up one's own, lending it, and for administrators the staff of their unit."""

from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web import wording
from doorstep.kernel.web.actors import become, name_of
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, named, tried
from doorstep.systems.identity.actions import offices as actions
from doorstep.systems.identity.forms.offices import CodeForm, LendForm, LinesForm, OfficeForm, TransferForm
from doorstep.systems.identity.permissions import APPROVE, FOR_OFFICE, GRANT, OWN, REVIEW
from doorstep.systems.identity.queries import offices as queries
from doorstep.systems.identity.rules.offices import read_staff


@page(OWN)
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """The own offices; the code of an invitation brings one more."""
    by = enter(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and tried(form, lambda: actions.accept(by, form.cleaned_data["code"])):
        return SeeOther(reverse("identity:offices"))
    rows = named(look(by.actor, FOR_OFFICE, by.at, queries.own_offices, by.day), by.day)
    return render(request, "identity/offices.html", {"form": form, "offices": rows}, status=_status(form))


@page(OWN)
@require_POST
def take_up(request: HttpRequest) -> HttpResponse:
    """From now on the person acts in this office."""
    actor = actions.take_up(enter(request), read_uuid(request.POST.get("office", "")))
    become(request, actor, name=name_of(request))
    return SeeOther(reverse("home"))


@page(OWN)
@require_http_methods(["GET", "POST"])
def lend(request: HttpRequest, office: UUID) -> HttpResponse:
    """A deputy for the time of an absence."""
    by, form = enter(request), LendForm(request.POST or None)
    if request.method == "POST" and tried(
        form, lambda: actions.lend(by, office, form.cleaned_data["login"], form.term)
    ):
        return SeeOther(reverse("identity:offices"))
    return render(request, "identity/office_lend.html", {"form": form}, status=_status(form))


@page(GRANT)
@require_http_methods(["GET", "POST"])
def staff(request: HttpRequest) -> HttpResponse:
    """The staff of the unit and below, and a form for one more."""
    by = enter(request)
    today = by.day
    first = {"unit": by.actor.unit, "valid_from": today}
    form = OfficeForm(queries.grantable(), request.POST or None, initial=first)
    code: list[str] = []

    def do() -> None:
        told = form.cleaned_data
        if told["login"]:
            actions.assign(by, told["login"], told["unit"], told["role"], form.term)
        else:
            code.append(actions.invite(by, told["unit"], told["role"], form.term).code)

    if request.method == "POST" and tried(form, do) and not code:
        return SeeOther(reverse("identity:staff"))
    after = request.GET.get("after")
    rows = look(by.actor, FOR_OFFICE, by.at, queries.staff, today, read_uuid(after) if after else None)
    late = [] if after else look(by.actor, FOR_OFFICE, by.at, queries.overdue, today)
    context = {
        "form": form,
        "code": "".join(code),
        "staff": named(rows, today),
        "overdue": named(late, today),
        "invitations": named(queries.invitations(by.actor, by.at, today), today),
        "older": f"?after={rows[-1].id}" if len(rows) == queries.PAGE else "",
        "first": reverse("identity:staff") if after else "",
    }
    return render(request, "identity/staff.html", context, status=_status(form))


@page(GRANT)
@require_http_methods(["GET", "POST"])
def lines(request: HttpRequest) -> HttpResponse:
    """Many offices at once: good lines are done, bad ones come back with line and repair."""
    by, form = enter(request), LinesForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        read, reasons = read_staff(form.cleaned_data["lines"])
        outcome = actions.change_staff(by, read) if read else None
        refused = [*reasons, *(outcome.refused if outcome else ())]
        context |= {
            "done": [(what, number) for what, number in outcome.done.items() if number] if outcome else [],
            "invited": outcome.invited if outcome else (),
            "refused": [(wording.html_place(one), wording.html_text(one), wording.html_repair(one)) for one in refused],
        }
    return render(request, "identity/staff_lines.html", context, status=_status(form))


@page(GRANT)
@require_POST
def end(request: HttpRequest, office: UUID) -> HttpResponse:
    actions.end(enter(request), office, request.POST.get("why", ""))
    return SeeOther(reverse("identity:staff"))


@page(GRANT)
@require_http_methods(["GET", "POST"])
def transfer(request: HttpRequest, office: UUID) -> HttpResponse:
    """The same role elsewhere."""
    by, form = enter(request), TransferForm(request.POST or None)
    if request.method == "POST" and tried(
        form, lambda: actions.transfer(by, office, form.cleaned_data["unit"], form.term)
    ):
        return SeeOther(reverse("identity:staff"))
    return render(request, "identity/office_transfer.html", {"form": form}, status=_status(form))


@page(GRANT)
@require_POST
def withdraw(request: HttpRequest, invitation: UUID) -> HttpResponse:
    actions.withdraw(enter(request), invitation)
    return SeeOther(reverse("identity:staff"))


@page(APPROVE)
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Powerful offices that wait for a second person."""
    by = enter(request)
    rows = named(look(by.actor, FOR_OFFICE, by.at, queries.waiting, by.day), by.day)
    return render(request, "identity/offices_waiting.html", {"offices": rows})


@page(APPROVE)
@require_POST
def approve(request: HttpRequest, office: UUID) -> HttpResponse:
    actions.approve_office(enter(request), office)
    return SeeOther(reverse("identity:offices_waiting"))


@page(REVIEW)
@require_POST
def review(request: HttpRequest, office: UUID) -> HttpResponse:
    actions.review(enter(request), office, keep=request.POST.get("keep") == "yes")
    return SeeOther(reverse("identity:staff"))


def _status(form: Form) -> int:
    return REFUSED if form.errors else 200
