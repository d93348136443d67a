"""The notice: one guest or a party, prefilled or typed, and its correction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from babel import Locale
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.values.nationalities import NATIONALITIES
from doorstep.kernel.values.reasons import Reason
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.forms import Cell, Choice, DayInput, Form, add_reasons, codes, private
from doorstep.systems.lodging.actions.stays import Line
from doorstep.systems.lodging.country import Country, DocumentType, Sex
from doorstep.systems.lodging.facts import GuestKind
from doorstep.systems.lodging.queries.rooms import RoomRow
from doorstep.systems.lodging.rules.changes import TwoStays
from doorstep.systems.lodging.rules.records import Guest, Relation, Stay, StayReason
from doorstep.systems.lodging.rules.rows import WORD_UNKNOWN, read_row

MOST_GUESTS = 30


class GuestForm(Form):
    """One guest; the names are those of an upload's columns."""

    kind = Choice(label=_("Kind of guest"), choices=codes(GuestKind), widget=forms.RadioSelect)
    full_name = Cell(label=_("Name as on the document"), widget=private(autocapitalize="words"))
    birth = Cell(label=_("Birth date (day/month/year)"), widget=private(inputmode="numeric", size="12"))
    sex = Choice(label=_("Sex"), choices=codes(Sex, empty=N_("Please choose")), required=False)
    document_type = Choice(
        label=_("Document"),
        choices=codes(DocumentType, empty=N_("Identity card or passport")),
        required=False,
    )
    document_number = Cell(label=_("Document number"), widget=private(autocapitalize="characters"))
    nationality = Cell(
        label=_("Nationality"),
        help_text=_("Two or three letters as in the passport, or the name of the country"),
        required=False,
        widget=private(list="nationalities"),
    )
    name_latin = Cell(
        label=_("Name in Latin letters"),
        help_text=_("As in the passport's two lines of letters and < signs; for names in other scripts"),
        required=False,
        widget=private(autocapitalize="characters"),
    )
    visa_number = Cell(label=_("Visa or card number"), required=False, widget=private())
    visa_until = Cell(label=_("Valid until"), required=False, widget=DayInput)
    entry_date = Cell(label=_("Day of entry"), required=False, widget=DayInput)
    entry_gate = Cell(label=_("Place of entry"), required=False, widget=private())
    purpose = Cell(label=_("Purpose of entry"), required=False, widget=private())
    phone = Cell(label=_("Phone number"), required=False, widget=private(inputmode="tel"))
    address = Cell(label=_("Permanent address"), required=False, widget=private())
    ethnicity = Cell(label=_("Ethnicity"), help_text=_("Only if the guest states it"), required=False, widget=private())
    relation = Choice(label=_("What the guest is to the house"), choices=codes(Relation), required=False)
    two_stays = Choice(
        label=_("Why the guest has two open stays"), choices=codes(TwoStays, empty=N_("Please choose")), required=False
    )
    scanned = Cell(required=False, widget=forms.HiddenInput)


class ArrivalForm(Form):
    """What the guests of a party share. A house with rooms offers them to choose from."""

    arrival_date = Cell(label=_("Day of arrival"), widget=DayInput)
    arrival_time = Cell(label=_("Time of arrival"), widget=forms.TimeInput(attrs={"type": "time"}))
    expected_departure = Cell(label=_("Day of departure, as planned"), widget=DayInput)
    room = Cell(label=_("Room"), required=False, widget=private())
    reason = Choice(label=_("Reason of the stay"), choices=codes(StayReason))
    party = Cell(required=False, widget=forms.HiddenInput)
    booking = Cell(required=False, widget=forms.HiddenInput)
    once = Cell(required=False, widget=forms.HiddenInput)

    def __init__(self, rooms: Sequence[RoomRow], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if rooms:
            chosen = str(self.data.get("room", ""))
            numbers = dict.fromkeys(["", *(room.number for room in rooms), chosen])
            self.fields["room"].widget = forms.Select(choices=[(number, number or "–") for number in numbers])


class CorrectionForm(GuestForm, ArrivalForm):
    """A stay as it should have been notified, and why."""

    why = Cell(label=_("Why you correct it"), required=False, widget=forms.TextInput)
    version = forms.IntegerField(widget=forms.HiddenInput)

    @property
    def forms(self) -> list[Form]:
        """As a party has them: the summary of errors is the same."""
        return [self]


class Party:
    """The form of one submission: what the guests share, and a form for each of them. Always filled, with whatever."""

    def __init__(
        self, rooms: Sequence[RoomRow], shared: Mapping[str, str], guests: Iterable[Mapping[str, str]]
    ) -> None:
        self.shared = ArrivalForm(rooms, shared)
        self.guests = [
            GuestForm({f"g{number}-{name}": cell for name, cell in guest.items()}, prefix=f"g{number}")
            for number, guest in enumerate(guests)
        ]

    @property
    def forms(self) -> list[Form]:
        return [self.shared, *self.guests]

    @property
    def errors(self) -> bool:
        return any(form.errors for form in self.forms)

    def lines(self, country: Country, at: datetime) -> list[Line | list[Reason]]:
        """Each guest as a stay, or the reasons why not."""
        shared = _cells(self.shared)
        return [_line({**shared, **_cells(form)}, country, at) for form in self.guests]

    def refuse(self, number: int, reasons: Iterable[Reason]) -> None:
        """Put the reasons against the guest (counted from 0) where they belong; what all share is said once."""
        for each in reasons:
            shared = each.field in self.shared.fields
            if not (shared and each.field in self.shared.errors):
                add_reasons(self.shared if shared else self.guests[number], [_placed(each)])


def read_correction(form: CorrectionForm, country: Country, at: datetime) -> Stay | list[Reason]:
    """The stay as the form says it is."""
    found = read_row(_cells(form), 1, country, at)
    return [_placed(each) for each in found] if isinstance(found, list) else found


def guest_cells(guest: Guest) -> dict[str, str]:
    """A guest's particulars as the form shows them."""
    cells = {name: str(getattr(guest, name) or "") for name in Guest.__struct_fields__}
    return {**cells, "birth": f"{guest.birth:%d/%m/%Y}"}


def stay_cells(stay: Stay, country: Country) -> dict[str, str]:
    """A stay as the form shows it; times in the country's zone, to the minute."""
    local = stay.arrival.astimezone(country.zone)
    return {
        **guest_cells(stay.guest),
        "arrival_date": local.date().isoformat(),
        "arrival_time": f"{local:%H:%M}",
        "expected_departure": stay.expected_departure.isoformat(),
        "room": stay.room,
        "reason": stay.reason.value,
        "relation": stay.relation.value,
        "party": stay.party,
    }


def nationalities() -> list[tuple[str, str]]:
    """Codes and names of nationalities in the reader's language, by name."""
    names = Locale.parse(get_language() or "en").territories
    return sorted(((code, names[code]) for code in NATIONALITIES if code in names), key=lambda pair: pair[1])


def _cells(form: Form) -> dict[str, str]:
    """What was typed, by the columns' names; a nationality given by its name becomes its code."""
    cells = {name: str(form.cleaned_data.get(name, "")) for name in form.fields} if form.is_valid() else {}
    if len(typed := cells.get("nationality", "").casefold()) > 3:
        cells["nationality"] = next((code for code, name in nationalities() if name.casefold() == typed), typed)
    return cells


def _line(cells: Mapping[str, str], country: Country, at: datetime) -> Line | list[Reason]:
    stay = read_row(cells, 1, country, at)
    if isinstance(stay, list):
        return stay
    two_stays = cells["two_stays"]
    if two_stays not in {"", *TwoStays}:
        return [WORD_UNKNOWN("two_stays", choices=", ".join(TwoStays))]
    why = TwoStays(two_stays) if two_stays else None
    return Line(**{name: getattr(stay, name) for name in Stay.__struct_fields__}, two_stays=why)


def _placed(one: Reason) -> Reason:
    """A form has no lines; the arrival is said at its day."""
    return Reason(one.code, "arrival_date" if one.field == "arrival" else one.field, None, one.given)
