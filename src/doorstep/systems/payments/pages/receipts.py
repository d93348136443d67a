"""Receipts: a payer's own, those of an official's area with print and export, and the public page that confirms one."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from doorstep.kernel import documents
from doorstep.kernel.access import look
from doorstep.kernel.country import law
from doorstep.kernel.store.limits import Limit
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.dates import legal_day
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import numbers
from doorstep.kernel.web.addresses import limited
from doorstep.kernel.web.downloads import csv_file
from doorstep.kernel.web.forms import add_reasons, takes_file
from doorstep.kernel.web.routes import PUBLIC, page
from doorstep.kernel.web.visits import REFUSED, enter, further, language
from doorstep.systems.payments.actions.receipt_papers import keep_paper, payer_names
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.forms.receipts import AreaForm, PaperForm, YearForm
from doorstep.systems.payments.pages.paging import onward
from doorstep.systems.payments.pages.payer import enter_as_payer
from doorstep.systems.payments.pages.receipt_papers import pdf_response, typeset, unit_name
from doorstep.systems.payments.pages.unit_names import unit_choices, unit_names
from doorstep.systems.payments.permissions import FOR_PAYMENT, FOR_TREASURY, OWN, READ
from doorstep.systems.payments.queries import receipts as queries
from doorstep.systems.payments.queries.receipts import ReceiptRecord
from doorstep.systems.payments.rules.receipts import (
    MOST_EXPORTED,
    MOST_PRINTED,
    NONE_THERE,
    TOO_MANY_PRINTED,
    check_size,
)

LOOKED_UP = Limit("payments.receipt_looked_up", 60, timedelta(minutes=10))
EXPORTED = (
    *(N_("Receipt number"), N_("Unit"), N_("Paid"), N_("Amount"), N_("Currency"), N_("By way of"), N_("Payer")),
    *(N_("Paid for"), N_("Case reference"), N_("Bank transaction"), N_("Code"), N_("Refunded")),
)


@page(PUBLIC)
@limited(LOOKED_UP, methods=("GET", "POST"))
@takes_file(check_size)
@require_http_methods(["GET", "POST"])
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """Confirms a receipt to whoever has its code, without its payer; says of a file whether it is the one that was kept."""
    told = queries.receipt_told(code)
    form = PaperForm(request.POST, request.FILES) if request.method == "POST" else PaperForm()
    context = {
        "receipt": told,
        "left": told.amount - told.refunded,
        "day": legal_day(told.issued, law(Country, "payments").zone),
        "unit_name": unit_name(told),
        "form": form,
    }
    if form.is_valid():
        paper = queries.paper_told(code, _digest(form.cleaned_data["file"]))
        context |= {
            "compared": True,
            "paper": paper,
            "language": dict(settings.LANGUAGES)[paper.language] if paper else "",
        }
    return render(request, "payments/receipt.html", context, status=REFUSED if form.errors else 200)


def _digest(file: UploadedFile) -> bytes:
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    return found.digest()


@page(OWN)
@require_GET
def own_receipts(request: HttpRequest) -> HttpResponse:
    """All receipts of the payer, newest first."""
    by = enter_as_payer(request)
    form = YearForm(queries.own_years(by.actor), request.GET)
    year = form.cleaned_data["year"] if form.is_valid() else None
    after = request.GET.get("after")
    rows = queries.own_receipts(by.actor, year, read_uuid(after) if after else None)
    names = unit_names((row.unit for row in rows), by.day)
    context = {
        "form": form,
        "chosen": year,
        "rows": [(row, names[row.unit]) for row in rows],
        **onward(request, rows, queries.PAGE),
    }
    return render(request, "payments/own_receipts.html", context)


@page(OWN)
@require_GET
def own_paper(request: HttpRequest, code: str) -> HttpResponse:
    by = enter_as_payer(request)
    return _paper(request, by, code, lambda: look(by.actor, FOR_PAYMENT, by.at, queries.own_receipt, code))


@page(READ)
@require_GET
def area_paper(request: HttpRequest, code: str) -> HttpResponse:
    by = enter(request)
    return _paper(request, by, code, lambda: look(by.actor, FOR_PAYMENT, by.at, queries.receipt_in_area, by.day, code))


def _paper(request: HttpRequest, by: By, code: str, record: Callable[[], ReceiptRecord]) -> HttpResponse:
    """The kept paper in the reader's language; on first view it is typeset, signed and kept."""
    kept = look(by.actor, FOR_PAYMENT, by.at, queries.paper, by.day, code, language())
    if kept is None:
        seen, title = record(), gettext("Receipt")
        made = typeset(request, by, title, [seen], payer_names(by, [seen.subject_key]))
        kept = keep_paper(by, code, language(), documents.signed(made, title, by.at))
    return pdf_response(kept, f"receipt-{code}")


@page(READ)
@require_GET
def area_receipts(request: HttpRequest) -> HttpResponse:
    """The receipts of a day in the official's area, payers masked, in order of unit and number."""
    by, form = _filtered(request)
    day, unit, first = _asked(form, by.day)
    after = read_uuid(request.GET["after"]) if request.GET.get("after") else None
    filters = (by.day, day, unit, first, after)
    rows = look(by.actor, FOR_TREASURY, by.at, queries.receipts_in_area, *filters)
    return _area(request, by, form, rows)


def _area(
    request: HttpRequest, by: By, form: AreaForm, rows: Sequence[ReceiptRecord], status: int = 200
) -> HttpResponse:
    names = unit_names((row.receipt.unit for row in rows), by.day)
    context = {
        "form": form,
        "day": _asked(form, by.day)[0],
        "rows": [(row, names[row.receipt.unit]) for row in rows],
        "filter": further(request),
        **onward(request, rows, queries.PAGE, lambda row: row.receipt.id),
    }
    return render(request, "payments/area_receipts.html", context, status=status)


@page(READ)
@require_GET
def area_print(request: HttpRequest) -> HttpResponse:
    """The receipts that the filter shows, in one PDF; too many come back with the form."""
    by, form = _filtered(request)
    rows = _all(by, form, MOST_PRINTED)
    if rows is None:
        return _area(request, by, form, [], status=REFUSED)
    day = numbers.day(_asked(form, by.day)[0])
    title = gettext("Receipts of {day}").format(day=day)
    names = payer_names(by, [row.subject_key for row in rows])
    return pdf_response(typeset(request, by, title, rows, names), f"receipts-{_asked(form, by.day)[0]}")


@page(READ)
@require_GET
def area_export(request: HttpRequest) -> HttpResponseBase:
    """The receipts that the filter shows, as CSV; amounts in the currency's whole units, instants in UTC."""
    by, form = _filtered(request)
    rows = _all(by, form, MOST_EXPORTED)
    if rows is None:
        return _area(request, by, form, [], status=REFUSED)
    return csv_file(_lines(rows), f"receipts-{_asked(form, by.day)[0]}")


def _lines(rows: Sequence[ReceiptRecord]) -> Iterator[list[str]]:
    yield [gettext(text) for text in EXPORTED]
    for row in rows:
        amount = row.receipt.amount
        yield [
            *(row.receipt.number, row.receipt.unit, row.receipt.issued.isoformat(timespec="seconds")),
            *(str(amount.decimal()), amount.currency.code, row.channel.value, row.payer),
            *(row.receipt.purpose, row.receipt.reference),
            *(" ".join(f"{one.bank}:{one.number}" for one in row.bookings), row.receipt.code),
            str(row.receipt.refunded.decimal()),
        ]


def _all(by: By, form: AreaForm, most: int) -> list[ReceiptRecord] | None:
    """What the filter shows; None where that is nothing that can be made, as the form says afterwards."""
    if not form.is_valid():
        return None
    day, unit, first = _asked(form, by.day)
    rows = look(by.actor, FOR_TREASURY, by.at, queries.receipts_in_area, by.day, day, unit, first, most=most + 1)
    if len(rows) > most:
        add_reasons(form, [TOO_MANY_PRINTED("first", most=most)])
        return None
    if not rows:
        add_reasons(form, [NONE_THERE()])
        return None
    return rows


def _filtered(request: HttpRequest) -> tuple[By, AreaForm]:
    """Who looks, and the filter with the units that one can choose next."""
    by = enter(request)
    return by, AreaForm(unit_choices(by, request.GET.get("unit", "")), request.GET)


def _asked(form: AreaForm, today: date) -> tuple[date, str, int]:
    """Day, unit and first number of the filter; today, the whole area and 1 where it names none that can be read."""
    form.is_valid()
    told = form.cleaned_data
    return told.get("day") or today, told.get("unit") or "", told.get("first") or 1
