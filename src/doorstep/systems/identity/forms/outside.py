"""What a manager fills in about an outside provider."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.web.forms import Cell, Day, Form, codes
from doorstep.systems.identity.actions.outside import Registration, Wish
from doorstep.systems.identity.forms.signin import OnwardForm
from doorstep.systems.identity.rules.outside import METHODS, Kind

_PLAIN = {"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off", "dir": "ltr"}
_LINES = {"rows": "3", "spellcheck": "false", "dir": "ltr"}


class ReadingForm(Form):
    """How the provider is read from a day on."""

    claims = Cell(
        label=_("Which of its claims means what"),
        help_text=_(
            "One a line, such as number=personal_administrative_number; before the sign stands number, name, birth or "
            "login. Staff are found by login, people by number; name and birth must agree with the register."
        ),
        max_length=4000,
        widget=forms.Textarea(attrs=_LINES),
    )
    levels = Cell(
        label=_("Which of its levels is which of ours"),
        help_text=_("One a line: its acr, an equals sign, and 1 or 2. A level that is not named here lets nobody in."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs=_LINES),
    )
    scope = Cell(label=_("Scope to ask for"), initial="openid profile", max_length=300, widget=forms.TextInput(_PLAIN))
    source = Cell(label=_("From which document you have this"), max_length=500)
    valid_from = Day(label=_("Holds from"))

    @property
    def wish(self) -> Wish:
        told = self.cleaned_data
        return Wish(told["claims"], told["levels"], told["source"], told["valid_from"], told["scope"])


class CredentialsForm(Form):
    """What the provider gave us to prove who we are."""

    client = Cell(
        label=_("client_id that it gave you"),
        help_text=_("Leave it empty if the provider wants the redirect_uri first: the next page shows it."),
        required=False,
        max_length=300,
        widget=forms.TextInput(_PLAIN),
    )
    secret = Cell(
        label=_("Secret that it gave you"),
        help_text=_("Empty where we sign with a key of ours"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    secret_until = Day(label=_("The secret ends on"), required=False)

    @property
    def secret_told(self) -> Masked:
        return Masked(self.cleaned_data["secret"])


class ProviderForm(CredentialsForm, ReadingForm):
    """An outside provider, whole."""

    kind = forms.ChoiceField(label=_("Whom it knows"), widget=forms.RadioSelect)
    name = Cell(label=_("Name, as people read it"), max_length=80)
    issuer = Cell(label=_("Issuer"), max_length=300, widget=forms.URLInput(attrs=_PLAIN))
    method = forms.ChoiceField(label=_("How we prove who we are"), choices=[(one, one) for one in METHODS])
    enabled_from = Day(label=_("Open from"))
    enabled_to = Day(label=_("Open until, without this day"), required=False)

    field_order = (
        *("kind", "name", "issuer", "method", "client", "secret", "secret_until"),
        *("enabled_from", "enabled_to", "claims", "levels", "scope", "source", "valid_from"),
    )

    def __init__(self, kinds: Sequence[Kind], *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.fields["kind"].choices = codes(kinds)()  # type: ignore[attr-defined]

    @property
    def registration(self) -> Registration:
        told = self.cleaned_data
        return Registration(
            kind=Kind(told["kind"]),
            name=told["name"],
            issuer=told["issuer"].strip(),
            client=told["client"],
            method=told["method"],
            secret=self.secret_told,
            secret_until=told["secret_until"],
            enabled_from=told["enabled_from"],
            enabled_to=told["enabled_to"],
            wish=self.wish,
        )


class InvitationForm(OnwardForm):
    code = forms.CharField(
        label=_("Code of the invitation"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
