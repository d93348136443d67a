"""The payer's pages: one order by its public code, and the own payments."""

from urllib.parse import urlencode, urljoin

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from doorstep.kernel.country import law
from doorstep.kernel.documents import qr_svg
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web.routes import PUBLIC, page
from doorstep.kernel.web.visits import enter
from doorstep.systems.payments.actions.payers import as_payer, key_of
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.forms.orders import OwnForm
from doorstep.systems.payments.pages.paging import onward
from doorstep.systems.payments.pages.unit_names import unit_names
from doorstep.systems.payments.permissions import OWN
from doorstep.systems.payments.queries import shown
from doorstep.systems.payments.queries.rows import PAGE, OrderRow
from doorstep.systems.payments.queries.shown import Which
from doorstep.systems.payments.rules.orders import payable

EVERY_SECONDS = 10
PAYER = "payments.payer"
"""In the session: the subject that was asked about, and its key."""
STAND_IN = "/stand-in/"
"""In the address of what a demo has in place of a bank."""


@page(PUBLIC)
@require_GET
@never_cache
def order(request: HttpRequest, code: str) -> HttpResponse:
    """What is to be paid, to whom and how, for whoever has the code; it follows the payment by itself while one would pay it."""
    row = shown.by_code(code)
    qr = _qr(row) if row.state == OrderState.AWAITING else ""
    waits = payable(row.state)
    context = {
        "order": row,
        "unit_name": unit_names([row.unit], timezone.localdate())[row.unit],
        "memo": row.code.replace("-", ""),
        "qr": mark_safe(qr_svg(qr)) if qr else "",  # noqa: S308  made here, of modules alone
        "stand_in": _stand_in(qr),
        "bank": _bank(row),
        "differing": shown.differing(row.id),
        "waits": waits,
        "refresh": EVERY_SECONDS if waits and "still" not in request.GET else 0,
    }
    return render(request, "payments/order_public.html", context)


@page(OWN)
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """What one owes and has paid."""
    by, form = enter_as_payer(request), OwnForm(request.GET)
    which = Which(form.cleaned_data["which"]) if form.is_valid() and form.cleaned_data["which"] else None
    after = request.GET.get("after")
    rows = shown.own_orders(by.actor, which, read_uuid(after) if after else None)
    names = unit_names((row.unit for row in rows), by.day)
    context = {
        "form": form,
        "rows": [(row, names[row.unit]) for row in rows],
        **onward(request, rows, PAGE),
    }
    return render(request, "payments/own.html", context)


def enter_as_payer(request: HttpRequest) -> By:
    """Who acts, as the payer whom the register knows by its key; asked once for each owner in a session."""
    by = enter(request)
    owner, key = request.session.get(PAYER, ("", ""))
    if owner != by.actor.owner:
        found = key_of(by)
        key = found or ""
        if found is not None:
            request.session[PAYER] = (by.actor.owner, key)
    return as_payer(by, key)


def _stand_in(qr: str) -> str:
    """Where made-up people pay, filled in: the bank of a demonstration shows a page on this machine."""
    bank = settings.BANK
    if settings.PRODUCTION or bank is None or STAND_IN not in bank.url or not qr:
        return ""
    return urljoin(bank.url, "/") + f"?{urlencode({'code': qr})}"


def _qr(row: OrderRow) -> str:
    """What the payment code holds."""
    if row.payee is None:
        return ""
    return law(Country, "payments").qr_text(row.payee, row.amount, row.code.replace("-", ""))


def _bank(row: OrderRow) -> str:
    """The bank's name, else its number in the payment scheme."""
    if row.payee is None:
        return ""
    known = {one.number: one.name for one in law(Country, "payments").banks}
    return known.get(row.payee.bank, row.payee.bank)
