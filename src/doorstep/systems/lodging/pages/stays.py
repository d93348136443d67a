"""One stay: the whole record with its history, and what may happen to it."""

from datetime import date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.declare.codes import Code
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import Refused
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import numbers
from doorstep.kernel.web.forms import Form
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, tried
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.actions import stays
from doorstep.systems.lodging.forms.guests import CorrectionForm, nationalities, read_correction, stay_cells
from doorstep.systems.lodging.forms.stays import CancellationForm, CheckOutForm, ExtensionForm
from doorstep.systems.lodging.pages.outcomes import outcome
from doorstep.systems.lodging.pages.visits import country, enter_house, in_house, money
from doorstep.systems.lodging.permissions import CORRECT, FOR_HOUSE, FOR_NOTICE, NOTIFY
from doorstep.systems.lodging.queries.rows import House, StayRecord
from doorstep.systems.lodging.rules import records
from doorstep.systems.lodging.rules.changes import TwoStays, WhyCancelled, changed_fields

FIELDS = {
    "guest.kind": N_("Kind of guest"),
    "guest.full_name": N_("Name as on the document"),
    "guest.name_latin": N_("Name in Latin letters"),
    "guest.birth": N_("Birth date"),
    "guest.sex": N_("Sex"),
    "guest.nationality": N_("Nationality"),
    "guest.document_type": N_("Document"),
    "guest.document_number": N_("Document number"),
    "guest.phone": N_("Phone number"),
    "guest.address": N_("Permanent address"),
    "guest.ethnicity": N_("Ethnicity"),
    "guest.visa_number": N_("Visa or card number"),
    "guest.visa_until": N_("Valid until"),
    "guest.entry_date": N_("Day of entry"),
    "guest.entry_gate": N_("Place of entry"),
    "guest.purpose": N_("Purpose of entry"),
    "arrival": N_("Arrival"),
    "expected_departure": N_("Day of departure, as planned"),
    "room": N_("Room"),
    "reason": N_("Reason of the stay"),
    "relation": N_("What the guest is to the house"),
}

CHANGES = {
    "correct": N_("Corrected"),
    "extend": N_("Extended"),
    "check_out": N_("Checked out"),
    "cancel": N_("Cancelled"),
}


class Difference(msgspec.Struct, frozen=True):
    """What a change made of a field."""

    label: str
    before: str
    after: str


class Event(msgspec.Struct, frozen=True):
    """A change of a stay as the page tells it."""

    at: datetime
    label: str
    why: str
    differences: list[Difference]


@page(NOTIFY)
@require_GET
def stay(request: HttpRequest, code: str, stay_id: UUID) -> HttpResponse:
    by, house = enter_house(request, code)
    return _shown(request, by, house, stay_id)


@page(CORRECT)
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, code: str, stay_id: UUID) -> HttpResponse:
    """The whole notice as a form; what it said before is kept."""
    by, house = enter_house(request, code)
    record = look(by.actor, FOR_NOTICE, by.at, queries.keeper.stay, house, stay_id)
    kept = {**stay_cells(record.stay, country()), "version": str(record.version)}
    form = CorrectionForm(queries.rooms.rooms(by.actor, house), request.POST if request.method == "POST" else kept)

    def act() -> None:
        told = form.cleaned_data
        read = read_correction(form, country(), by.at)
        if isinstance(read, list):
            raise Refused(read)
        stays.correct_stay(by, code, stay_id, told["version"], _unrounded(record.stay, read), told["why"])

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("lodging:stay", args=[code, stay_id]))
    context = {"form": form, "record": record, "nationalities": nationalities()}
    return in_house(request, "correct", house, context, status=REFUSED if form.errors else 200)


@page(CORRECT)
@require_POST
def extend(request: HttpRequest, code: str, stay_id: UUID) -> HttpResponse:
    by, form = enter(request), ExtensionForm(request.POST)

    def act() -> None:
        told = form.cleaned_data
        stays.extend_stay(by, code, stay_id, told["version"], told["expected_departure"])

    return _after(request, by, code, stay_id, form, act, "extension")


@page(NOTIFY)
@require_POST
def check_out(request: HttpRequest, code: str, stay_id: UUID) -> HttpResponse:
    """With a day and a time, or in one tap from the board: now."""
    by = enter(request)
    if "now" in request.POST:
        version = request.POST.get("version", "")
        stays.check_out(by, code, stay_id, int(version) if version.isdecimal() and len(version) < 10 else 0, by.at)
        return SeeOther(reverse("lodging:board", args=[code]))
    form = CheckOutForm(request.POST)

    def act() -> None:
        told = form.cleaned_data
        left = datetime.combine(told["left_date"], told["left_time"], country().zone)
        stays.check_out(by, code, stay_id, told["version"], left)

    return _after(request, by, code, stay_id, form, act, "check_out")


@page(NOTIFY)
@require_POST
def check_out_due(request: HttpRequest, code: str) -> HttpResponse:
    """Everybody who was to leave by today, in one tap from the board."""
    stays.check_out_due(enter(request), code)
    return SeeOther(reverse("lodging:board", args=[code]))


@page(CORRECT)
@require_POST
def cancel(request: HttpRequest, code: str, stay_id: UUID) -> HttpResponse:
    by, form = enter(request), CancellationForm(request.POST)

    def act() -> None:
        told = form.cleaned_data
        stays.cancel_stay(by, code, stay_id, told["version"], WhyCancelled(told["why"]))

    return _after(request, by, code, stay_id, form, act, "cancellation")


@page(NOTIFY)
@require_GET
def bill(request: HttpRequest, code: str, stay_id: UUID) -> HttpResponse:
    """To print from the browser; the PDF says the same."""
    by, house = enter_house(request, code)
    told = look(by.actor, FOR_HOUSE, by.at, queries.rooms.bill, house, stay_id)
    amounts = {"price": money(told.price), "total": money(told.total)}
    return in_house(request, "bill", house, {"bill": told, **amounts, "today": by.day})


def _after(request: HttpRequest, by: By, code: str, stay_id: UUID, form: Form, act: Any, name: str) -> HttpResponse:
    """Back to the stay; or the stay with the form and the reasons in it."""
    if tried(form, act):
        return SeeOther(reverse("lodging:stay", args=[code, stay_id]))
    return _shown(request, by, queries.keeper.kept_house(by.actor, code), stay_id, {name: form, "form": form})


def _shown(
    request: HttpRequest, by: By, house: House, stay_id: UUID, forms: dict[str, Form] | None = None
) -> HttpResponse:
    record = look(by.actor, FOR_HOUSE, by.at, queries.keeper.stay, house, stay_id)
    now, version = by.at.astimezone(country().zone), {"version": record.version}
    context = {
        **told_of(record),
        "check_out": CheckOutForm(initial={**version, "left_date": now.date(), "left_time": f"{now:%H:%M}"}),
        "extension": ExtensionForm(initial=version),
        "cancellation": CancellationForm(initial=version),
        **(forms or {}),
    }
    return in_house(request, "stay", house, context, status=REFUSED if forms else 200)


def told_of(record: StayRecord) -> dict[str, Any]:
    """A record as pages tell it: its fields in words, its changes with what was before and after."""
    fields = [(gettext(label), text) for name, label in FIELDS.items() if (text := _text(record.stay, name))]
    if record.two_stays:
        fields.append((gettext("Why the guest has two open stays"), gettext(TwoStays(record.two_stays).text)))
    return {
        "record": record,
        "fields": fields,
        "outcome": outcome(record),
        "events": _events(record),
    }


def _events(record: StayRecord) -> list[Event]:
    states = [*(change.before for change in record.changes), record.stay]
    return [
        Event(
            change.at,
            gettext(CHANGES[change.change]),
            gettext(WhyCancelled(change.why).text) if change.change == "cancel" else change.why,
            [
                Difference(gettext(FIELDS[name]), _text(before, name), _text(after, name))
                for name in changed_fields(before, after)
                if name in FIELDS
            ],
        )
        for change, (before, after) in zip(record.changes, pairwise(states), strict=True)
    ]


def _text(stay: records.Stay, name: str) -> str:
    """A field in the reader's words."""
    value = getattr(stay.guest, name.removeprefix("guest.")) if name.startswith("guest.") else getattr(stay, name)
    match value:
        case None | "":
            return ""
        case Code():
            return gettext(value.text)
        case datetime():
            return numbers.instant(value)
        case date():
            return numbers.day(value)
    if name == "guest.nationality":
        value = dict(nationalities()).get(value, value)
    return str(value)


def _unrounded(before: records.Stay, after: records.Stay) -> records.Stay:
    """The form shows minutes: an arrival left as it was keeps its seconds."""
    same = before.arrival.replace(second=0, microsecond=0) == after.arrival
    return msgspec.structs.replace(after, arrival=before.arrival) if same else after
