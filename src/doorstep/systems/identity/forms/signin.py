"""What somebody who signs in fills in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.web.forms import Form

_NUMBER = {"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}


class OnwardForm(Form):
    """`next` is where the person goes on after signing in."""

    next = forms.CharField(required=False, widget=forms.HiddenInput)


class LoginForm(OnwardForm):
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


class CodeForm(OnwardForm):
    code = forms.CharField(
        label=_("Code"),
        help_text=_("Six digits, from the message to your phone"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "size": "8"}),
    )
