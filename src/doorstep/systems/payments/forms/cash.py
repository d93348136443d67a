"""What cashiers write: amounts as they stand on a count, and codes as they stand on a letter."""

import re
from hashlib import sha256
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.country import profile
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.values.reasons import reason
from doorstep.kernel.web.forms import Cell, Form, message

AMOUNT_UNREADABLE = reason(
    "payments.amount_unreadable", "This is no amount of money.", repair="Write it in digits, as 250000."
)
_GROUPS = re.compile(r"[.,](?=\d{3}(?!\d))")


class Amount(forms.Field):
    """An amount in the profile's currency, read into minor units; how large it may be, the rules say.

    Points and commas before three digits group them, unless the currency has three decimals itself.
    """

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> int | None:
        decimals = profile().currency.decimals
        text = "".join(str(value or "").split())
        if not text and not self.required:
            return None
        if decimals != len("000"):
            text = _GROUPS.sub("", text)
        whole, point, rest = text.replace(",", ".").partition(".")
        written = whole + rest
        if not (whole and written.isascii() and written.isdecimal()) or (point and not rest):
            raise ValidationError(message(AMOUNT_UNREADABLE()))
        if len(rest) > decimals or len(written) > len(str(2**63)):
            raise ValidationError(message(AMOUNT_UNREADABLE()))
        return int(whole + rest.ljust(decimals, "0"))

    def validate(self, value: Any) -> None:
        """What is missing was refused as unreadable."""


class OpenForm(Form):
    """The till, what is in it, and how much of that was brought along."""

    name = Cell(label=_("Till"), help_text=_("The name or number that stands on it"))
    counted = Amount(label=_("Counted money in the till"))
    brought = Amount(
        label=_("Change money brought along"), help_text=_("As much of it as comes from outside"), required=False
    )


class CountForm(Form):
    """What was counted."""

    counted = Amount(label=_("Counted money in the till"))


class OnceForm(Form):
    """A form whose deed is done once, however often the same is sent: by its key, which is drawn when it is shown."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def once(self, by: By) -> By:
        """Who acts, and under which key a repetition gets the same answer: other content is another deed."""
        digest = sha256(repr(sorted(self.cleaned_data.items())).encode())
        return msgspec.structs.replace(by, once=Once(f"form:{digest.hexdigest()}", digest.digest()))


class DepositForm(OnceForm):
    """What is brought to the bank."""

    amount = Amount(label=_("Amount brought to the bank"))


class CodeForm(Form):
    """Which order is paid."""

    code = Cell(label=_("Code of the payment"), help_text=_("It stands on the payer's page and on the letter"))


class ChangeForm(OnceForm):
    """Change money that is to leave the till."""

    amount = Amount(label=_("Change money taken out"))


class TakeForm(OnceForm):
    """The order, and what the payer hands over."""

    code = Cell(widget=forms.HiddenInput)
    tendered = Amount(
        label=_("Money handed over"), help_text=_("May stay empty if it is the exact amount"), required=False
    )


class MoveForm(Form):
    """A payment for the wrong order."""

    source = Cell(label=_("Code of the order that was paid by mistake"))
    target = Cell(label=_("Code of the order that was meant"))
    why = Cell(label=_("Reason"))
