"""What a keeper says of a house: the house itself, rooms, bookings, keepers, and access for a program."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.values.money import Currency
from doorstep.kernel.web.forms import Cell, Choice, Day, Form, private
from doorstep.systems.lodging.facts import FacilityType
from doorstep.systems.lodging.forms.fields import Number
from doorstep.systems.lodging.queries.areas import Area
from doorstep.systems.lodging.queries.rooms import RoomRow


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
    guest_name = Cell(label=_("Name of the guest"), widget=private())
    guests = Number(label=_("Number of guests"), initial="1")
    arrival = Day(label=_("Arrival"))
    departure = Day(label=_("Departure"))

    def __init__(self, rooms: Sequence[RoomRow], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["room"].choices = [(room.number, room.number) for room in rooms]  # type: ignore[attr-defined]


class KeeperForm(Form):
    """Somebody who will keep the house too."""

    subject = Cell(label=_("The person's sign-in name"), widget=private())


class TokenForm(Form):
    """Access for a program."""

    label = Cell(label=_("Which program it is for"))


def price_text(minor: int, currency: Currency) -> str:
    """A price as `RoomForm` reads it."""
    return str(Decimal(minor).scaleb(-currency.decimals))
