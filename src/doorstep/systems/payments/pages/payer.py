"""The payer's pages: one order by its public code, and the own payments."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from doorstep.kernel.country import law
from doorstep.kernel.documents import qr_svg
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web.routes import PUBLIC, page
from doorstep.kernel.web.visits import enter, further
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.pages.unit_names import unit_names
from doorstep.systems.payments.permissions import OWN
from doorstep.systems.payments.queries import shown
from doorstep.systems.payments.queries.rows import PAGE, OrderRow

EVERY_SECONDS = 10


@page(PUBLIC)
@require_GET
@never_cache
def order(request: HttpRequest, code: str) -> HttpResponse:
    """What is to be paid, to whom and how, for whoever has the code; it follows the payment by itself while it is awaited."""
    row = shown.by_code(code)
    awaiting = row.state == OrderState.AWAITING
    context = {
        "order": row,
        "unit_name": unit_names([row.unit], timezone.localdate())[row.unit],
        "memo": row.code.replace("-", ""),
        "qr": _qr(row) if awaiting else "",
        "bank": _bank(row),
        "refresh": EVERY_SECONDS if awaiting and "still" not in request.GET else 0,
        "open": row.state in (OrderState.CREATED, OrderState.AWAITING),
    }
    return render(request, "payments/order_public.html", context)


@page(OWN)
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """What one owes and has paid."""
    by = enter(request)
    after = request.GET.get("after")
    rows = shown.own_orders(by.actor, read_uuid(after) if after else None)
    names = unit_names((row.unit for row in rows), by.day)
    context = {
        "rows": [(row, names[row.unit]) for row in rows],
        "older": further(request, rows[-1].id) if len(rows) == PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "payments/own.html", context)


def _qr(row: OrderRow) -> str:
    if row.payee is None:
        return ""
    text = law(Country, "payments").qr_text(row.payee, row.amount, row.code.replace("-", ""))
    return mark_safe(qr_svg(text))  # noqa: S308  made here, of modules alone


def _bank(row: OrderRow) -> str:
    """The bank's name, else its number in the payment scheme."""
    if row.payee is None:
        return ""
    known = {one.number: one.name for one in law(Country, "payments").banks}
    return known.get(row.payee.bank, row.payee.bank)
