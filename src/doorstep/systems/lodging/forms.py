"""What people fill in. The rules read and judge guests' particulars, so these forms only ask and give back."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel import Locale
from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.dates import read_date
from doorstep.kernel.values.money import Currency
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import wording
from doorstep.kernel.web.forms import DayInput, add_reasons
from doorstep.systems.lodging.actions.stays import Line
from doorstep.systems.lodging.country import Country, DocumentType, Sex
from doorstep.systems.lodging.facts import FacilityType, GuestKind
from doorstep.systems.lodging.queries.areas import Area
from doorstep.systems.lodging.queries.rooms import RoomRow
from doorstep.systems.lodging.rules.changes import TwoStays, WhyCancelled
from doorstep.systems.lodging.rules.nationalities import NATIONALITIES
from doorstep.systems.lodging.rules.records import Guest, Relation, Stay, StayReason
from doorstep.systems.lodging.rules.rows import CELL_MISSING, DATE_UNREADABLE, read_row

MOST_GUESTS = 30
MOST_DAYS = 366

DAYS_REVERSED = reason(
    "lodging.days_reversed", "The last day lies before the first.", repair="Exchange or correct the two days."
)
DAYS_TOO_MANY = reason(
    "lodging.days_too_many",
    "These are more than {most} days.",
    repair="Choose a shorter time, and print the rest after.",
)
REGISTER_TOO_LONG = reason(
    "lodging.register_too_long",
    "More than {most} guests arrived in these days.",
    repair="Choose fewer days, and print the rest after.",
)
NUMBER_UNREADABLE = reason("lodging.number_unreadable", "This is no number.", repair="Write it in digits, as 250000.")
FILE_MISSING = reason("lodging.file_missing", "You chose no file.", repair="Choose a CSV or XLSX file.")


_GROUPS = re.compile(r"[.,](?=\d{3}(?!\d))")
"""250.000 and 250,000 are a quarter of a million, unless the currency has three decimals."""


class Cell(forms.CharField):
    """Text that the rules judge; `required` only says so beside its label."""

    def validate(self, value: Any) -> None:
        pass


class Choice(forms.ChoiceField):
    """One of a list; whatever else was sent, the rules judge."""

    def validate(self, value: Any) -> None:
        pass


class Day(forms.Field):
    """A legal day, from the browser's calendar or typed."""

    widget = DayInput

    def to_python(self, value: Any) -> date | None:
        if not value:
            return None
        day = read_date(value.strip())
        if day is None:
            raise ValidationError(_message(DATE_UNREADABLE()))
        return day

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise ValidationError(_message(CELL_MISSING()))


class Number(forms.Field):
    """A whole or decimal number; how large it may be, the rules say."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def __init__(self, *, decimals: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.decimals = decimals

    def to_python(self, value: Any) -> int:
        """In units of the last decimal: 12.50 with two decimals is 1250."""
        text = "".join(str(value or "").split())
        if self.decimals != len("000"):
            text = _GROUPS.sub("", text)
        text = text.replace(",", ".")
        whole, point, rest = text.partition(".")
        if not whole.isdecimal() or (point and not rest.isdecimal()) or len(rest) > self.decimals or len(text) > 15:
            raise ValidationError(_message(NUMBER_UNREADABLE()))
        return int(whole + rest.ljust(self.decimals, "0"))


class Form(forms.Form):
    """The browser does not stop a form that the rules would judge with a reason and its repair."""

    use_required_attribute = False


def codes(kind: type[Code], *, empty: str = "") -> Callable[[], list[tuple[str, str]]]:
    """Choices of a closed list in the reader's language; `empty` is the text of an empty choice, a message id."""
    return lambda: [*([("", gettext(empty))] if empty else []), *((one.value, gettext(one.text)) for one in kind)]


_PRIVATE = {"autocomplete": "off", "spellcheck": "false"}
"""A guest's particulars: the browser should not offer the keeper's own."""


def _text(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={**_PRIVATE, **attributes})


class GuestForm(Form):
    """One guest; the names are those of an upload's columns."""

    kind = Choice(label=_("Kind of guest"), choices=codes(GuestKind), widget=forms.RadioSelect)
    full_name = Cell(label=_("Name as on the document"), widget=_text(autocapitalize="words"))
    birth = Cell(label=_("Birth date (day/month/year)"), widget=_text(inputmode="numeric", size="12"))
    sex = Choice(label=_("Sex"), choices=codes(Sex, empty=N_("Please choose")), required=False)
    document_type = Choice(
        label=_("Document"),
        choices=codes(DocumentType, empty=N_("Identity card or passport")),
        required=False,
    )
    document_number = Cell(label=_("Document number"), widget=_text(autocapitalize="characters"))
    nationality = Cell(
        label=_("Nationality"),
        help_text=_("Two or three letters as in the passport, or the name of the country"),
        required=False,
        widget=_text(list="nationalities"),
    )
    name_latin = Cell(
        label=_("Name in Latin letters"),
        help_text=_("As in the passport's two lines of letters and < signs; for names in other scripts"),
        required=False,
        widget=_text(autocapitalize="characters"),
    )
    visa_number = Cell(label=_("Visa or card number"), required=False, widget=_text())
    visa_until = Cell(label=_("Valid until"), required=False, widget=DayInput)
    entry_date = Cell(label=_("Day of entry"), required=False, widget=DayInput)
    entry_gate = Cell(label=_("Place of entry"), required=False, widget=_text())
    purpose = Cell(label=_("Purpose of entry"), required=False, widget=_text())
    phone = Cell(label=_("Phone number"), required=False, widget=_text(inputmode="tel"))
    address = Cell(label=_("Permanent address"), required=False, widget=_text())
    ethnicity = Cell(label=_("Ethnicity"), help_text=_("Only if the guest states it"), required=False, widget=_text())
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
    room = Cell(label=_("Room"), required=False, widget=_text())
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
    why = TwoStays(two_stays) if two_stays in {*TwoStays} else None
    return Line(**{name: getattr(stay, name) for name in Stay.__struct_fields__}, two_stays=why)


def _placed(one: Reason) -> Reason:
    """A form has no lines; the arrival is said at its day."""
    return Reason(one.code, "arrival_date" if one.field == "arrival" else one.field, None, one.given)


def _message(one: Reason) -> str:
    return f"{wording.text(one)} {wording.repair(one)}"


class HouseForm(Form):
    """A house to enrol; the unit is chosen step by step before, and once more here among the last ones."""

    name = Cell(label=_("Name of the house"))
    facility_type = forms.ChoiceField(label=_("Kind of house"))
    unit = Choice(label=_("Commune or ward"), help_text=_("Its police receives your notices"))
    address = Cell(label=_("Address"), help_text=_("House number, street, neighbourhood"))
    remote = forms.BooleanField(
        label=_("The house lies in a remote area"),
        help_text=_("Foreign guests may then be notified later"),
        required=False,
    )

    def __init__(self, areas: Sequence[Area], facilities: Iterable[FacilityType], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["unit"].choices = [(area.code, area.name) for area in areas]  # type: ignore[attr-defined]
        self.fields["facility_type"].choices = [(one.value, gettext(one.text)) for one in facilities]  # type: ignore[attr-defined]


class RoomForm(Form):
    """A room to add, or to change under its number."""

    number = Cell(label=_("Room number"))
    beds = Number(label=_("Beds"))
    price = Number(label=_("Price a night"))

    def __init__(self, currency: Currency, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["price"] = Number(
            label=_("Price a night"), help_text=currency.code, decimals=currency.decimals, initial="0"
        )


class BookingForm(Form):
    """A promise of a room."""

    room = Choice(label=_("Room"))
    guest_name = Cell(label=_("Name of the guest"), widget=_text())
    guests = Number(label=_("Number of guests"), initial="1")
    arrival = Day(label=_("Arrival"))
    departure = Day(label=_("Departure"))

    def __init__(self, rooms: Sequence[RoomRow], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["room"].choices = [(room.number, room.number) for room in rooms]  # type: ignore[attr-defined]


class KeeperForm(Form):
    """Somebody who will keep the house too."""

    subject = Cell(label=_("The person's sign-in name"), widget=_text())


class TokenForm(Form):
    """Access for a program."""

    label = Cell(label=_("Which program it is for"))


class CheckOutForm(Form):
    """When the guest left."""

    left_date = Day(label=_("Day of departure"))
    left_time = forms.TimeField(label=_("Time of departure"), widget=forms.TimeInput(attrs={"type": "time"}))
    version = forms.IntegerField(widget=forms.HiddenInput)


class ExtensionForm(Form):
    """A later departure."""

    expected_departure = Day(label=_("New day of departure"))
    version = forms.IntegerField(widget=forms.HiddenInput)


class CancellationForm(Form):
    """Which mistake is taken back."""

    why = forms.ChoiceField(label=_("What the mistake was"), choices=codes(WhyCancelled), widget=forms.RadioSelect)
    version = forms.IntegerField(widget=forms.HiddenInput)


class UploadForm(Form):
    """A file of stays."""

    file = forms.FileField(
        label=_("File with guests"),
        help_text=_("CSV (UTF-8) or XLSX, up to 50 MB"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
        error_messages={"required": lazy(lambda: _message(FILE_MISSING()), str)()},
        allow_empty_file=True,
    )


class DaysForm(Form):
    """From one day to another, both included."""

    first = Day(label=_("From"))
    last = Day(label=_("To"))

    def clean(self) -> None:
        if {"first", "last"} <= self.cleaned_data.keys():
            days = (self.cleaned_data["last"] - self.cleaned_data["first"]).days
            if days < 0:
                add_reasons(self, [DAYS_REVERSED("last")])
            elif days >= MOST_DAYS:
                add_reasons(self, [DAYS_TOO_MANY("last", most=MOST_DAYS)])


class AreaForm(Form):
    """Which notices of the area to show."""

    unit = Choice(label=_("Commune or ward"), required=False)
    day = Day(label=_("Day of the notice"), required=False)
    late = forms.BooleanField(label=_("Late notices only"), required=False)

    def __init__(self, areas: Sequence[Area], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        every = ("", gettext("The whole area"))
        self.fields["unit"].choices = [every, *((area.code, area.name) for area in areas)]  # type: ignore[attr-defined]


def price_text(minor: int, currency: Currency) -> str:
    """A price as `RoomForm` reads it."""
    return str(Decimal(minor).scaleb(-currency.decimals))
