"""Which receipts of an area to show, and a paper that is handed in to be compared."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.web.forms import Choice, Day, Form, message
from doorstep.systems.payments.rules.receipts import PAPER_MISSING


class YearForm(Form):
    """Which of the own receipts are shown."""

    filters = True
    year = forms.TypedChoiceField(label=_("Year"), required=False, coerce=int, empty_value=None)

    def __init__(self, years: Sequence[int], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["year"].choices = [("", gettext("All")), *((year, str(year)) for year in years)]  # type: ignore[attr-defined]


class AreaForm(Form):
    """The receipts of a day, of a unit, from a number on; a field that is empty limits nothing."""

    filters = True
    unit = Choice(label=_("Unit"), required=False)
    day = Day(label=_("Day"), required=False)
    first = forms.IntegerField(label=_("From number"), required=False, min_value=1, max_value=2**31 - 1)

    def __init__(self, areas: Sequence[tuple[str, str]], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["unit"].choices = [("", gettext("The whole area")), *areas]  # type: ignore[attr-defined]


class PaperForm(Form):
    """A receipt's file as somebody has it."""

    file = forms.FileField(
        label=_("Receipt as a PDF file"),
        help_text=_("The file as it was downloaded; a scan of a print cannot be compared."),
        widget=forms.FileInput(attrs={"accept": ".pdf"}),
        error_messages={"required": lazy(lambda: message(PAPER_MISSING()), str)()},
        allow_empty_file=True,
    )
