"""The treasury's days: what each came to, what somebody must act on, and all of it as a file."""

from collections.abc import Iterator
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from doorstep.kernel.store import units
from doorstep.kernel.values.dates import read_date
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.kernel.web.downloads import csv_file
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import enter, language
from doorstep.systems.payments.actions.reconciliation import ask_reconciliation
from doorstep.systems.payments.pages.paging import onward, place
from doorstep.systems.payments.pages.unit_names import unit_names
from doorstep.systems.payments.permissions import RECONCILE, TREASURY
from doorstep.systems.payments.queries import cash
from doorstep.systems.payments.queries import days as queries
from doorstep.systems.payments.queries.days import ReconciledRow
from doorstep.systems.payments.queries.rows import money

_COLUMNS = (
    "number",
    "piece",
    "outcome",
    "lacking",
    "unit",
    "asker",
    "order",
    "booking",
    "bank",
    "ours",
    "stated",
    "discrepancy",
)


@page(TREASURY)
@require_GET
def days(request: HttpRequest) -> HttpResponse:
    """The days that were reconciled, newest first, and cash that is under way to the bank."""
    by = enter(request)
    rows = queries.days(by.actor, by.day, read_date(request.GET.get("after", "")))
    under_way = cash.deposits(by.actor, by.day, place(request, "deposits_after"))
    names = units.names((row.unit for row in under_way), by.day, language())
    context = {
        "rows": [(row, money(row.ours)) for row in rows],
        "deposits": [(row, row.amount, names[row.unit]) for row in under_way],
        "deposits_pages": onward(request, under_way, cash.PAGE, name="deposits_after"),
        **onward(request, rows, queries.SHOWN, lambda row: row.day.isoformat()),
    }
    return render(request, "payments/days.html", context)


@page(TREASURY)
@require_GET
def day(request: HttpRequest, day: date) -> HttpResponse:
    """One day: its sums, and a page of what somebody must act on."""
    by = enter(request)
    view = queries.day_view(by.actor, by.day, day)
    after = request.GET.get("after", "")
    place = int(after) if after.isascii() and after.isdecimal() and len(after) < len("2147483648") else 0
    outcome = request.GET.get("outcome", "")
    found = queries.exceptions(by.actor, by.day, view.run, outcome, place) if view.run else []
    names = unit_names((row.unit for row in found), by.day)
    context = {
        "view": view,
        "sums": [(one, *_amounts(one.amounts.bank, one.amounts.ours, one.amounts.stated)) for one in view.sums],
        "rows": [(row, names[row.unit], *_amounts(row.piece.bank, row.piece.ours, row.piece.stated)) for row in found],
        "outcome": outcome,
        "may_reconcile": by.actor.may(RECONCILE) and day < by.day,
        **onward(request, found, queries.PAGE, lambda row: row.piece.number),
    }
    return render(request, "payments/day.html", context)


@page(TREASURY)
@require_GET
def day_file(request: HttpRequest, day: date) -> HttpResponseBase:
    """All pieces of money of the day as CSV: codes as they are, amounts in the currency's own decimals."""
    by = enter(request)
    view = queries.day_view(by.actor, by.day, day)
    if view.run is None:
        raise NotFound(NOT_FOUND())
    return csv_file(_lines(queries.every_piece(by.actor, by.day, view.run)), f"day-{day}")


@page(RECONCILE)
@require_POST
def reconcile(request: HttpRequest, day: date) -> HttpResponse:
    ask_reconciliation(enter(request), day)
    return SeeOther(reverse("payments:day", args=[day]))


def _lines(pieces: Iterator[ReconciledRow]) -> Iterator[list[object]]:
    yield [*_COLUMNS]
    for one in pieces:
        amounts = ["" if each is None else each.decimal() for each in _amounts(one.bank, one.ours, one.stated)]
        codes = [one.piece.value, one.outcome.value, one.lacking.value if one.lacking else ""]
        yield [str(one.number), *codes, one.unit, one.asker, one.order, one.booking, *amounts, one.discrepancy]


def _amounts(*minor: int | None) -> list[Money | None]:
    return [None if one is None else money(one) for one in minor]
