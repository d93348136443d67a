"""Which accounts of the ledger to show, and as of when."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.web.forms import Choice, Day, Form


class TrialForm(Form):
    """The accounts of a unit and of those below it, at the end of a day; a field that is empty limits nothing."""

    filters = True
    unit = Choice(label=_("Unit"), required=False)
    day = Day(label=_("At the end of the day"), required=False)

    def __init__(self, areas: Sequence[tuple[str, str]], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["unit"].choices = [("", gettext("The whole area")), *areas]  # type: ignore[attr-defined]


class TimeForm(Form):
    """An instant, in the country's time."""

    filters = True
    at = forms.DateTimeField(
        label=_("Balance before this time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
