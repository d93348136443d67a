"""What the secretary fills in; the rules judge it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.web import wording
from doorstep.systems.steering.rules.report import PERIOD_UNREADABLE
from doorstep.systems.steering.rules.rows import FILE_MISSING

Units = list[tuple[str, str]]
"""Code and name of each unit that may be chosen."""


class FileForm(forms.Form):
    """A file of figures."""

    use_required_attribute = False

    file = forms.FileField(
        label=_("File with figures"),
        help_text=_("CSV in the encoding UTF-8, up to 1 MB"),
        widget=forms.FileInput(attrs={"accept": ".csv"}),
        allow_empty_file=True,
    )
    owner = forms.ChoiceField(
        label=_("Unit that answers for computed figures"),
        help_text=_("For lines that leave submitted_by empty, of figures that a system computes"),
    )

    def __init__(self, units: Units, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        missing = FILE_MISSING()
        self.fields["file"].error_messages["required"] = f"{wording.text(missing)} {wording.repair(missing)}"
        self.fields["owner"].choices = units  # type: ignore[attr-defined]


class ReportForm(forms.Form):
    """Which report to make."""

    use_required_attribute = False

    period = forms.CharField(
        label=_("Period"),
        help_text=_("A year, half-year, quarter or month: 2024, 2024-H1, 2024-Q2 or 2024-03"),
        widget=forms.TextInput(
            attrs={"dir": "ltr", "size": "10", "autocapitalize": "characters", "autocomplete": "off"}
        ),
    )
    unit = forms.ChoiceField(label=_("Unit"), required=False)

    def __init__(self, units: Units, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["period"].error_messages["required"] = wording.repair(PERIOD_UNREADABLE())
        self.fields["unit"].choices = units  # type: ignore[attr-defined]
