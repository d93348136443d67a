"""What stands on a receipt, in the reader's language: the PDF of one, of many, and the lines of a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from doorstep.kernel import documents
from doorstep.kernel.country import law
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.dates import legal_day
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import numbers
from doorstep.kernel.web.layout import simulated_scale
from doorstep.kernel.web.visits import language
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.queries.receipts import ReceiptRecord, ReceiptRow

TEMPLATE = Path(__file__).parents[1] / "templates" / "payments" / "receipts.typ"
HEADER = (N_("Item"), N_("Kind"), N_("Amount"))


def typeset(
    request: HttpRequest, by: By, title: str, records: Sequence[ReceiptRecord], names: Mapping[str, str]
) -> bytes:
    """The receipts as one PDF, each on a page of its own; `names` are those of payers by key."""
    scale = simulated_scale()
    simulated = gettext("Made from simulated records at a scale of {scale}.")
    data = {
        "title": title,
        "issuer": gettext("Payments"),
        "date": numbers.day(by.day),
        "reference": records[0].receipt.number if len(records) == 1 else "",
        "note": simulated.format(scale=numbers.number(scale)) if scale else "",
        "page_of": gettext("Page {page} of {pages}"),
        "header": [gettext(text) for text in HEADER],
        "receipts": [_receipt(request, record, names.get(record.subject_key, "")) for record in records],
    }
    return documents.pdf(TEMPLATE, data, language(), at=by.at)


def _receipt(request: HttpRequest, record: ReceiptRecord, name: str) -> dict[str, Any]:
    receipt, country = record.receipt, law(Country, "payments")
    payer = " · ".join(filter(None, [documents.covered(name), record.payer]))
    banks = {row.number: row.name for row in country.banks}
    bookings = [documents.covered(f"{one.number} · {banks.get(one.bank, one.bank)}") for one in record.bookings]
    facts = [
        (gettext("Receipt number"), receipt.number),
        (gettext("Received by"), unit_name(receipt)),
        (gettext("Payer"), payer),
        (gettext("Paid for"), documents.covered(receipt.purpose)),
        (gettext("Case reference"), receipt.reference),
        (gettext("Paid"), numbers.instant(receipt.issued)),
        (gettext("By way of"), gettext(record.channel.text)),
        *((gettext("Bank transaction"), one) for one in bookings),
    ]
    address = request.build_absolute_uri(reverse("payments:receipt", args=[receipt.code]))
    return {
        "qr": documents.qr_svg(address),
        "qr_alt": gettext("QR code of the page that confirms this receipt"),
        "facts": [(label, _isolated(text) or "–") for label, text in facts],
        "lines": [
            (_isolated(documents.covered(line.name)), gettext(line.kind.text), numbers.money(line.amount))
            for line in record.lines
        ],
        "total": (gettext("Total"), numbers.money(receipt.amount)),
        "words": (gettext("In words"), country.in_words(receipt.amount, language())),
        "check": gettext("Whoever holds this receipt can check it here:"),
        "address": address,
    }


def unit_name(receipt: ReceiptRow) -> str:
    """The unit that issued it, as it was called on that day."""
    day = legal_day(receipt.issued, law(Country, "payments").zone)
    return units.name(receipt.unit, day, language())


def pdf_response(content: bytes, name: str) -> HttpResponse:
    """Shown in the browser, under that name where it is kept."""
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )


def _isolated(text: str) -> str:
    """Between isolates (UAX 9), as `<bdi>` does in pages."""
    return f"\u2068{text}\u2069" if text else ""
