"""What a keeper prints or files: the signed acknowledgement, the stay register, the bill, nights and income by month."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from doorstep.kernel import documents
from doorstep.kernel.access import look
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import numbers
from doorstep.kernel.web.actors import acting_of, name_of
from doorstep.kernel.web.forms import add_reasons
from doorstep.kernel.web.layout import simulated_scale
from doorstep.kernel.web.routes import page
from doorstep.kernel.web.visits import REFUSED, language
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.facts import Channel
from doorstep.systems.lodging.forms.stays import REGISTER_TOO_LONG, DaysForm
from doorstep.systems.lodging.pages.outcomes import outcome
from doorstep.systems.lodging.pages.printing import isolated, printable
from doorstep.systems.lodging.pages.visits import enter_house, in_house, money, unit_name
from doorstep.systems.lodging.permissions import FOR_HOUSE, FOR_NOTICE, NOTIFY
from doorstep.systems.lodging.queries.rows import GuestRow, House, StayRecord

TEMPLATES = Path(__file__).parents[1] / "templates" / "lodging"
MONTHS = 12
MOST_REGISTERED = 2_000
"""Guests in one document: a second and a half of typesetting."""


@page(NOTIFY)
@require_GET
def acknowledgement(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Signed, so that a keeper can prove when the notice came; it masks the guests' numbers."""
    by, house = enter_house(request, code)
    notice, guests = look(by.actor, FOR_NOTICE, by.at, queries.keeper.acknowledged, house, reference)
    title = gettext("Acknowledgement of lodging notice")
    data = {
        **_page(request, title, numbers.instant(notice.at), reference),
        "qr": documents.qr_svg(reference),
        "qr_alt": gettext("QR code of the reference {reference}").format(reference=reference),
        "facts": [
            (gettext("Reference"), reference),
            *_house_facts(house),
            (gettext("Received"), numbers.instant(notice.at)),
            (gettext("By way of"), gettext(Channel(notice.channel).text)),
            (gettext("Guests accepted"), numbers.number(notice.accepted)),
            (gettext("Of these late"), numbers.number(notice.late)),
        ],
        "header": [gettext(text) for text in _ACKNOWLEDGED],
        "guests": [_acknowledged(number, row) for number, row in enumerate(guests, 1)],
        "digest": (gettext("SHA-256 of the notice as it was received"), notice.digest),
        "statement": gettext(
            "The notice was received at the time stated above. This document is signed electronically; any change to it"
            " breaks the signature."
        ),
    }
    made = documents.pdf(TEMPLATES / "acknowledgement.typ", data, language(), at=by.at)
    return _pdf(documents.signed(made, title, by.at), f"{reference}.pdf")


@page(NOTIFY)
@require_GET
def register(request: HttpRequest, code: str) -> HttpResponse:
    """The stay register of some days as PDF; without days, the form that asks for them."""
    by, house = enter_house(request, code)
    today = by.day
    form = DaysForm(
        request.GET if "first" in request.GET else None, initial={"first": today.replace(day=1), "last": today}
    )
    if not form.is_valid():
        return in_house(request, "register", house, {"form": form}, status=REFUSED if form.errors else 200)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    records = look(by.actor, FOR_HOUSE, by.at, queries.keeper.register, house, first, last, MOST_REGISTERED + 1)
    if len(records) > MOST_REGISTERED:
        add_reasons(form, [REGISTER_TOO_LONG("last", most=MOST_REGISTERED)])
        return in_house(request, "register", house, {"form": form}, status=REFUSED)
    days = gettext("{first} to {last}").format(first=numbers.day(first), last=numbers.day(last))
    data = {
        **_page(request, gettext("Stay register"), numbers.instant(by.at), house.code),
        "facts": [*_house_facts(house), (gettext("Days of arrival"), days)],
        "header": [gettext(text) for text in _REGISTERED],
        "guests": [_registered(number, record) for number, record in enumerate(records, 1)],
        "empty": gettext("No guest arrived in these days."),
    }
    made = documents.pdf(TEMPLATES / "register.typ", data, language(), at=by.at)
    return _pdf(made, f"register-{first}-{last}.pdf")


@page(NOTIFY)
@require_GET
def bill(request: HttpRequest, code: str, stay_id: UUID) -> HttpResponse:
    by, house = enter_house(request, code)
    told = look(by.actor, FOR_HOUSE, by.at, queries.rooms.bill, house, stay_id)
    guest = told.stay.stay.guest
    data = {
        **_page(request, gettext("Bill"), numbers.day(by.day), ""),
        "facts": [
            *_house_facts(house),
            (gettext("Guest"), printable(guest.full_name, guest.name_latin)),
            (gettext("Room"), printable(told.stay.stay.room) or "–"),
        ],
        "header": [gettext(text) for text in _BILLED],
        "row": [
            *(numbers.day(day) for day in (told.first, told.end)),
            numbers.number(told.nights),
            *(numbers.money(money(amount)) for amount in (told.price, told.total)),
        ],
        "total": (gettext("To pay"), numbers.money(money(told.total))),
    }
    made = documents.pdf(TEMPLATES / "bill.typ", data, language(), at=by.at)
    return _pdf(made, "bill.pdf")


@page(NOTIFY)
@require_GET
def months(request: HttpRequest, code: str) -> HttpResponse:
    """Nights and income of the last twelve months."""
    by, house = enter_house(request, code)
    today = by.day
    rows = queries.rooms.months(by.actor, house, _months_back(today, MONTHS - 1), today)
    total = (sum(row.nights for row in rows), money(sum(row.income for row in rows)))
    context = {"months": [(row, money(row.income)) for row in rows], "total": total}
    return in_house(request, "months", house, context)


_ACKNOWLEDGED = (N_("No."), N_("Guest"), N_("Document"), N_("Arrival"), N_("Deadline"), N_("Outcome"))
_BILLED = (N_("From"), N_("To"), N_("Nights"), N_("Price a night"), N_("Amount"))
_REGISTERED = (
    *(N_("No."), N_("Name"), N_("Born"), N_("Document number"), N_("Nationality"), N_("Address"), N_("Room")),
    *(N_("Arrival"), N_("Departure")),
)


def _acknowledged(number: int, row: GuestRow) -> list[str]:
    return [
        numbers.number(number),
        printable(row.name, row.name_latin),
        isolated(row.document),
        numbers.instant(row.arrival, style="short"),
        numbers.instant(row.deadline, style="short") if row.deadline else "–",
        outcome(row).text,
    ]


def _registered(number: int, record: StayRecord) -> list[str]:
    stay, guest = record.stay, record.stay.guest
    left = numbers.instant(record.departed, style="short") if record.departed else ""
    return [
        numbers.number(number),
        printable(guest.full_name, guest.name_latin),
        numbers.day(guest.birth, style="short"),
        isolated(guest.document_number),
        guest.nationality,
        printable(guest.address),
        printable(stay.room),
        numbers.instant(stay.arrival, style="short"),
        left or f"({numbers.day(stay.expected_departure, style='short')})",
    ]


def _house_facts(house: House) -> list[tuple[str, str]]:
    return [
        (gettext("House"), isolated(f"{printable(house.name)} ({house.code})")),
        (gettext("Address"), printable(house.address)),
        (gettext("Commune or ward"), unit_name(house.unit)),
    ]


def _page(request: HttpRequest, title: str, day: str, reference: str) -> dict[str, Any]:
    """What every sheet carries (see kernel/documents/page.typ); under a mandate also who made it for whom."""
    scale, acting = simulated_scale(), acting_of(request)
    notes = []
    if scale:
        simulated = gettext("Made from simulated records at a scale of {scale}.")
        notes.append(simulated.format(scale=numbers.number(scale)))
    if acting:
        made = gettext("Made by {agent} for {principal}. As: {kind}.")
        names = {"agent": printable(name_of(request)), "principal": printable(acting.name)}
        notes.append(made.format(**names, kind=gettext(acting.kind.text)))
    return {
        "title": title,
        "issuer": gettext("Lodging notices"),
        "date": day,
        "reference": reference,
        "note": " ".join(notes),
        "page_of": gettext("Page {page} of {pages}"),
    }


def _pdf(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


def _months_back(day: date, count: int) -> date:
    first = day.replace(day=1)
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
    return first
