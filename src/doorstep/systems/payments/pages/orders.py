"""Officials' pages of orders and refunds: find, open, propose that money goes back, decide what others proposed."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, tried
from doorstep.systems.payments.actions.refund_decisions import decide_refund, propose_refund
from doorstep.systems.payments.forms.orders import FindForm, RefundForm
from doorstep.systems.payments.pages.paging import onward
from doorstep.systems.payments.pages.unit_names import unit_names
from doorstep.systems.payments.permissions import APPROVE, FOR_PAYMENT, FOR_REPAIR, PROPOSE, READ
from doorstep.systems.payments.queries import shown
from doorstep.systems.payments.queries.rows import PAGE


@page(READ)
@require_GET
def orders(request: HttpRequest) -> HttpResponse:
    """Payments of the area, without payers; found by code or reference."""
    by, form = enter(request), FindForm(request.GET)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    after = request.GET.get("after")
    rows = shown.orders_in_area(by.actor, by.day, text, read_uuid(after) if after else None)
    names = unit_names((row.unit for row in rows), by.day)
    context = {
        "form": form,
        "rows": [(row, names[row.unit]) for row in rows],
        **onward(request, rows, PAGE),
    }
    return render(request, "payments/orders.html", context)


@page(READ)
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """One order whole, which its payer can read of; whoever may propose refunds does so here."""
    by, form = enter(request), RefundForm(request.POST or None)

    def propose() -> None:
        propose_refund(by, order_id, form.wanted, form.cleaned_data["why"], form.destination)

    if request.method == "POST" and tried(form, propose):
        return SeeOther(reverse("payments:order", args=[order_id]))
    record = look(by.actor, FOR_PAYMENT, by.at, shown.order_in_area, by.day, order_id)
    context = {
        "form": form,
        "record": record,
        "unit_name": unit_names([record.order.unit], by.day)[record.order.unit],
        "may_propose": by.actor.may(PROPOSE) and record.order.paid.minor > record.order.refunded.minor,
    }
    return render(request, "payments/order.html", context, status=REFUSED if form.errors else 200)


@page(APPROVE)
@require_GET
def refunds(request: HttpRequest) -> HttpResponse:
    """Refunds that wait for a second person."""
    by, after = enter(request), request.GET.get("after")
    found = read_uuid(after) if after else None
    rows = look(by.actor, FOR_REPAIR, by.at, shown.refunds_waiting, by.day, found)
    names = unit_names((row.unit for row in rows), by.day)
    context = {
        "rows": [(row, names[row.unit]) for row in rows],
        **onward(request, rows, PAGE),
    }
    return render(request, "payments/refunds.html", context)


@page(APPROVE)
@require_POST
def decide(request: HttpRequest, refund_id: UUID) -> HttpResponse:
    decide_refund(enter(request), refund_id, approve=request.POST.get("approve") == "yes")
    return SeeOther(reverse("payments:refunds"))
