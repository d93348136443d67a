"""The counter: a cashier's till from opening to closing, and payments that go to another order."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import NotFound
from doorstep.kernel.web.forms import Form, add_reasons
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, tried
from doorstep.systems.payments.actions import changes, tills
from doorstep.systems.payments.actions import moves as move_actions
from doorstep.systems.payments.forms.cash import (
    ChangeForm,
    CodeForm,
    CountForm,
    DepositForm,
    MoveForm,
    OpenForm,
    TakeForm,
)
from doorstep.systems.payments.pages.paging import onward, place
from doorstep.systems.payments.pages.unit_names import unit_names
from doorstep.systems.payments.permissions import APPROVE, PROPOSE, TILL
from doorstep.systems.payments.queries import cash
from doorstep.systems.payments.queries.rows import money
from doorstep.systems.payments.rules.receipts import number_of

DONE = "payments.till"
"""In the session: what this cashier did last, and in which shift. No address says it, since links can be made up."""


@page(TILL)
@require_GET
def till(request: HttpRequest) -> HttpResponse:
    """The cashier's till: what was taken, and what can be done now; without one, how to get one."""
    by = enter(request)
    shift = cash.shift_of(by.actor)
    context: dict[str, Any] = {"shift": shift, "code_form": CodeForm(), "waiting": cash.waiting_tills(by.actor)}
    done = request.session.get(DONE, {})
    if shift and done.get("shift") == str(shift.id):
        context["done"] = {**done, "change": money(done.get("change", 0))}
    if not shift and "counted" in done:
        difference = request.session.pop(DONE)["counted"]
        context |= {"closed": True, "over": difference > 0, "difference": money(abs(difference))}
    return render(request, "payments/till.html", context)


@page(TILL)
@require_http_methods(["GET", "POST"])
def open_till(request: HttpRequest) -> HttpResponse:
    return _form(request, OpenForm, _("Open a till"), _open)


@page(TILL)
@require_http_methods(["GET", "POST"])
def close_till(request: HttpRequest) -> HttpResponse:
    """Afterwards the till's page says once what was counted too much or too little."""
    cash.kept_shift(enter(request).actor)

    def act(by: By, told: dict[str, Any]) -> None:
        request.session[DONE] = {"counted": tills.close_till(by, told["counted"]).difference}

    return _form(request, CountForm, _("Close the till"), act)


@page(TILL)
@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest) -> HttpResponse:
    cash.kept_shift(enter(request).actor)
    return _form(request, CountForm, _("Hand over the till"), lambda by, told: tills.hand_over(by, told["counted"]))


@page(TILL)
@require_http_methods(["GET", "POST"])
def take_over(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    def act(by: By, told: dict[str, Any]) -> None:
        tills.take_over(by, shift_id, told["counted"])

    return _form(request, CountForm, _("Take over the till"), act)


@page(TILL)
@require_POST
def take_back(request: HttpRequest) -> HttpResponse:
    tills.take_back(enter(request))
    return SeeOther(reverse("payments:till"))


@page(TILL)
@require_http_methods(["GET", "POST"])
def deposit(request: HttpRequest) -> HttpResponse:
    """Afterwards the code is shown, which the bank is to write into the memo."""
    by = enter(request)
    shift = cash.kept_shift(by.actor)
    form = DepositForm(request.POST if request.method == "POST" else None, initial={"key": uuid4()})

    def act() -> None:
        made = tills.deposit_cash(form.once(by), form.cleaned_data["amount"])
        request.session[DONE] = {"shift": str(shift.id), "deposit": made.code}

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("payments:till"))
    context = {"form": form, "heading": _("Bring cash to the bank")}
    return render(request, "payments/till_form.html", context, status=REFUSED if form.errors else 200)


@page(TILL)
@require_http_methods(["GET", "POST"])
def change_out(request: HttpRequest) -> HttpResponse:
    """Change money is set aside, until another person says that it may go."""
    cash.kept_shift(enter(request).actor)
    form = ChangeForm(request.POST if request.method == "POST" else None, initial={"key": uuid4()})

    def act() -> None:
        changes.set_change_aside(form.once(enter(request)), form.cleaned_data["amount"])

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("payments:till"))
    note = _("Set it aside until another person has decided. What is undecided when the till is counted is put back.")
    context = {"form": form, "heading": _("Take change money out"), "note": note}
    return render(request, "payments/till_form.html", context, status=REFUSED if form.errors else 200)


@page(APPROVE)
@require_POST
def decide_change(request: HttpRequest, change_id: UUID) -> HttpResponse:
    changes.decide_change(enter(request), change_id, approve=request.POST.get("approve") == "yes")
    return SeeOther(reverse("payments:moves"))


@page(TILL)
@require_http_methods(["GET", "POST"])
def take(request: HttpRequest) -> HttpResponse:
    """First the order by its code, with what is due, then the money."""
    by = enter(request)
    shift = cash.kept_shift(by.actor)
    if request.method == "GET":
        return _due(request, by, CodeForm(request.GET))
    form = TakeForm(request.POST)

    def act() -> None:
        made = tills.take_cash(form.once(by), form.cleaned_data["code"], form.cleaned_data["tendered"])
        number = number_of(made.unit, made.year, made.number)
        request.session[DONE] = {"shift": str(shift.id), "receipt": number, "code": made.receipt, "change": made.change}

    if tried(form, act):
        return SeeOther(reverse("payments:till"))
    return _due(request, by, CodeForm(request.POST), form)


def _due(request: HttpRequest, by: By, asked: CodeForm, form: TakeForm | None = None) -> HttpResponse:
    context: dict[str, Any] = {"code_form": asked}
    try:
        order = cash.order_due(by.actor, by.day, asked.data.get("code", ""))
    except NotFound as refused:
        add_reasons(asked, refused.reasons)
        return render(request, "payments/till_take.html", context, status=REFUSED)
    context |= {
        "order": order,
        "unit_name": unit_names([order.unit], by.day)[order.unit],
        "form": form or TakeForm(initial={"code": order.code, "key": uuid4()}),
    }
    return render(request, "payments/till_take.html", context, status=REFUSED if form else 200)


@page(PROPOSE)
@require_http_methods(["GET", "POST"])
def moves(request: HttpRequest) -> HttpResponse:
    """Payments that wait to be moved, and a form for one more."""
    by = enter(request)
    form = MoveForm(request.POST if request.method == "POST" else None)

    def act() -> None:
        move_actions.propose_move(by, *(form.cleaned_data[name] for name in ("source", "target", "why")))

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("payments:moves"))
    rows = cash.moves(by.actor, by.day, place(request, "after"))
    aside = cash.changes_out(by.actor, by.day, place(request, "changes_after"))
    names = unit_names((row.unit for row in aside), by.day)
    context = {
        "form": form,
        "rows": rows,
        **onward(request, rows, cash.PAGE),
        "changes": [(row, names[row.unit]) for row in aside],
        "changes_pages": onward(request, aside, cash.PAGE, name="changes_after"),
        "decides": by.actor.may(APPROVE),
    }
    return render(request, "payments/moves.html", context, status=REFUSED if form.errors else 200)


@page(APPROVE)
@require_POST
def decide_move(request: HttpRequest, move_id: UUID) -> HttpResponse:
    move_actions.decide_move(enter(request), move_id, approve=request.POST.get("approve") == "yes")
    return SeeOther(reverse("payments:moves"))


def _open(by: By, told: dict[str, Any]) -> None:
    tills.open_till(by, told["name"], told["counted"], told["brought"] or 0)


def _form(
    request: HttpRequest, kind: type[Form], heading: str, act: Callable[[By, dict[str, Any]], object]
) -> HttpResponse:
    """A form of its own, and back to the till when it is done."""
    by = enter(request)
    form = kind(request.POST if request.method == "POST" else None)
    if request.method == "POST" and tried(form, lambda: act(by, form.cleaned_data)):
        return SeeOther(reverse("payments:till"))
    context = {"form": form, "heading": heading}
    return render(request, "payments/till_form.html", context, status=REFUSED if form.errors else 200)
