"""What holders and officers fill in about e-IDs."""

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.web.forms import DayInput, Form, codes
from doorstep.kernel.web.wording import html_text
from doorstep.systems.identity.country import SecretRow
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.rules.drive import Hindrance, Where
from doorstep.systems.identity.rules.eid import LockCause
from doorstep.systems.identity.rules.secrets import KINDS, PASSCODE_SHAPE, PASSWORD_LENGTH

_PRIVATE = {"autocomplete": "off", "spellcheck": "false"}


def languages() -> list[tuple[str, str]]:
    """The languages of messages, each in itself."""
    return [(code, get_language_info(code)["name_local"]) for code in ("vi", "en", "de", "ar")]


class NumberForm(Form):
    number = forms.CharField(label=_("Personal number"), max_length=40, widget=forms.TextInput(attrs=_PRIVATE))


class CollectForm(NumberForm):
    level = forms.ChoiceField(label=_("Level"), widget=forms.RadioSelect, choices=codes((Level.ONE, Level.TWO)))
    unit = forms.CharField(label=_("Commune"), max_length=30)
    phone = forms.CharField(
        label=_("Phone number"),
        help_text=_("Of a minor it may stay empty: the guardian's"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={**_PRIVATE, "inputmode": "tel"}),
    )
    email = forms.EmailField(label=_("E-mail"), required=False, widget=forms.EmailInput(attrs=_PRIVATE))
    language = forms.ChoiceField(label=_("Language of messages"), required=False, choices=languages)
    complete = forms.BooleanField(label=_("The person has a valid identity card"), required=False, initial=True)
    document = forms.CharField(
        label=_("Reference of the check of the document"),
        help_text=_("If the document was checked here today"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={**_PRIVATE, "autocapitalize": "characters"}),
    )


class ActivateForm(NumberForm):
    phone = forms.CharField(
        label=_("Phone number"),
        help_text=_("The one that you gave when your e-ID was collected"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )


class CodeForm(Form):
    code = forms.CharField(
        label=_("Code"),
        help_text=_("Six digits, from the message to your phone"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "size": "8"}),
    )


class SecretsForm(Form):
    password = forms.CharField(
        label=_("New password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    passcode = forms.CharField(
        label=_("New passcode"),
        max_length=20,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "inputmode": "numeric"}),
    )

    def __init__(self, row: SecretRow, data: QueryDict | None = None) -> None:
        super().__init__(data)
        length = PASSWORD_LENGTH("password", shortest=row.shortest, longest=row.longest)
        kinds = ", ".join(gettext(text) for kind, text in KINDS.items() if kind in row.kinds)
        holds = gettext("At least: {kinds}.").format(kinds=kinds)
        self.fields["password"].help_text = format_html("{} {}", html_text(length), holds)
        self.fields["passcode"].help_text = html_text(PASSCODE_SHAPE("passcode", digits=row.passcode_digits))


class LossForm(NumberForm):
    passcode = forms.CharField(
        label=_("Passcode"),
        max_length=20,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "inputmode": "numeric"}),
    )


class PhoneForm(Form):
    phone = forms.CharField(
        label=_("New phone number"), max_length=30, widget=forms.TextInput(attrs={**_PRIVATE, "inputmode": "tel"})
    )


class LockForm(Form):
    cause = forms.ChoiceField(label=_("Cause"), choices=codes(LockCause))


class ContactForm(Form):
    hindrance = forms.ChoiceField(label=_("Why it is not done yet"), choices=codes(Hindrance))
    note = forms.CharField(label=_("Note"), required=False, max_length=300, widget=forms.TextInput(attrs=_PRIVATE))


class AppointmentForm(Form):
    kind = forms.ChoiceField(label=_("Where"), widget=forms.RadioSelect, choices=codes(Where))
    day = forms.DateField(label=_("Day"), widget=DayInput)
    slot = forms.CharField(label=_("Time"), max_length=20, widget=forms.TextInput(attrs={"placeholder": "9:00–10:00"}))
    place = forms.CharField(label=_("Place"), max_length=200, widget=forms.TextInput(attrs=_PRIVATE))
