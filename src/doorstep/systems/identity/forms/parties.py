"""What a manager fills in about a relying party."""

from django import forms
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.web.forms import Cell, Form, codes
from doorstep.systems.identity.actions.parties import Registration
from doorstep.systems.identity.rules.openid import ALGORITHMS, METHODS, Claim

_ADDRESSES = {"rows": "3", "spellcheck": "false", "dir": "ltr"}


class PartyForm(Form):
    """A relying party, whole."""

    name = Cell(label=_("Name, as people read it"), max_length=120)
    purpose = Cell(
        label=_("What for"),
        help_text=_("People read it when they are asked, and it stands in their record of consents."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": "2"}),
    )
    redirects = Cell(
        label=_("Addresses to return to"),
        help_text=_("One https address a line, all on one host"),
        max_length=4000,
        widget=forms.Textarea(attrs=_ADDRESSES),
    )
    after_logout = Cell(
        label=_("Addresses after signing out"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs=_ADDRESSES),
    )
    claims = forms.MultipleChoiceField(
        label=_("What it may ask for"), choices=codes(Claim), required=False, widget=forms.CheckboxSelectMultiple
    )
    method = forms.ChoiceField(
        label=_("How it proves who it is"), choices=[(one, one) for one in METHODS], initial="private_key_jwt"
    )
    keys = Cell(
        label=_("Its public keys"),
        help_text=_("A JSON Web Key Set, for private_key_jwt"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": "4", "spellcheck": "false", "dir": "ltr"}),
    )
    algorithm = forms.ChoiceField(label=_("Algorithm of the ID tokens"), choices=[(one, one) for one in ALGORITHMS])
    pushed_only = forms.BooleanField(label=_("Takes pushed requests only (RFC 9126)"), required=False)

    @property
    def registration(self) -> Registration:
        told = self.cleaned_data
        return Registration(
            name=told["name"],
            purpose=told["purpose"],
            redirects=tuple(told["redirects"].split()),
            after_logout=tuple(told["after_logout"].split()),
            claims=tuple(Claim(one) for one in told["claims"]),
            method=told["method"],
            algorithm=told["algorithm"],
            pushed_only=told["pushed_only"],
            keys=told["keys"],
        )
