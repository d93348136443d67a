"""What somebody who signs in fills in."""

from django import forms
from django.utils.translation import gettext_lazy as _

_NUMBER = {"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}


class Form(forms.Form):
    """The browser stops no form that is answered with a reason."""

    use_required_attribute = False
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class LoginForm(Form):
    login = forms.CharField(
        label=_("Personal number, tax code or staff name"), max_length=100, widget=forms.TextInput(attrs=_NUMBER)
    )


class PasswordForm(LoginForm):
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasscodeForm(LoginForm):
    passcode = forms.CharField(
        label=_("Passcode"),
        help_text=_("The digits that you chose when you activated your e-ID"),
        max_length=20,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "inputmode": "numeric"}),
    )


class CodeForm(Form):
    code = forms.CharField(
        label=_("Code"),
        help_text=_("Six digits, from the message to your phone"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "size": "8"}),
    )
