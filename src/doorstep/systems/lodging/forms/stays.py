"""What is asked about stays: their end, an extension, a mistake, a file of them, and which ones to show."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.values.reasons import reason
from doorstep.kernel.web.forms import Choice, Day, Form, add_reasons, codes, message
from doorstep.systems.lodging.queries.areas import Area
from doorstep.systems.lodging.rules.changes import WhyCancelled

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


FILE_MISSING = reason("lodging.file_missing", "You chose no file.", repair="Choose a CSV or XLSX file.")


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
        error_messages={"required": lazy(lambda: message(FILE_MISSING()), str)()},
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

    filters = True
    unit = Choice(label=_("Unit"), required=False)
    day = Day(label=_("Day of the notice"), required=False)
    late = forms.BooleanField(label=_("Late notices only"), required=False)

    def __init__(self, areas: Sequence[Area], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        every = ("", gettext("The whole area"))
        self.fields["unit"].choices = [every, *((area.code, area.name) for area in areas)]  # type: ignore[attr-defined]
