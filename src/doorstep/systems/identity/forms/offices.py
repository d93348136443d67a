"""What an administrator fills in about the staff."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.declare.scopes import Role
from doorstep.kernel.web.forms import DayInput, Form
from doorstep.systems.identity.rules.offices import Term


class TermForm(Form):
    """From when to when: the last day is the day after the office."""

    valid_from = forms.DateField(label=_("From"), widget=DayInput)
    valid_to = forms.DateField(label=_("Until, without this day"), required=False, widget=DayInput)

    @property
    def term(self) -> Term:
        return Term(self.cleaned_data["valid_from"], self.cleaned_data["valid_to"])


class OfficeForm(TermForm):
    """Whom, as what, where. An empty login makes an invitation."""

    login = forms.CharField(
        label=_("Personal number or staff name"),
        help_text=_("Leave it empty to get a code with which somebody takes the office"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(label=_("Role"))
    unit = forms.CharField(label=_("Unit"), required=False, max_length=30)

    field_order = ("login", "role", "unit", "valid_from", "valid_to")

    def __init__(self, roles: list[Role], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(role.code, gettext(role.text)) for role in roles]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]


class LendForm(TermForm):
    """Who has the office during an absence."""

    login = forms.CharField(
        label=_("Personal number or staff name of the deputy"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("login", "valid_from", "valid_to")


class TransferForm(TermForm):
    """Where the office goes."""

    unit = forms.CharField(label=_("Unit"), max_length=30)
    field_order = ("unit", "valid_from", "valid_to")


class CodeForm(Form):
    """The code of an invitation."""

    code = forms.CharField(
        label=_("Code of the invitation"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )


class LinesForm(Form):
    """A unit's staff as the lines of a CSV file, first line included."""

    lines = forms.CharField(
        label=_("Lines of a CSV file"),
        help_text=_(
            "First line: what,login,role,unit,to,valid_from,valid_to,why. In the first column: grant, transfer (from unit "
            "to another), end or invite (without login). Days as 2024-05-21; no last day means until ended."
        ),
        max_length=500_000,
        widget=forms.Textarea(attrs={"rows": "8", "spellcheck": "false", "dir": "ltr"}),
    )
