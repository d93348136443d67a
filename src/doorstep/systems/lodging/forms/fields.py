"""The fields that our forms are made of: they read what was typed, and leave the judging to the rules."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.dates import read_date
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.web import wording
from doorstep.kernel.web.forms import DayInput
from doorstep.systems.lodging.rules.rows import CELL_MISSING, DATE_UNREADABLE

NUMBER_UNREADABLE = reason("lodging.number_unreadable", "This is no number.", repair="Write it in digits, as 250000.")

_GROUPS = re.compile(r"[.,](?=\d{3}(?!\d))")
"""250.000 and 250,000 are a quarter of a million, unless the currency has three decimals."""


class Cell(forms.CharField):
    """Text that the rules judge; `required` only says so beside its label."""

    def validate(self, value: Any) -> None:
        pass


class Choice(forms.ChoiceField):
    """One of a list; whatever else was sent, the rules judge."""

    def validate(self, value: Any) -> None:
        pass


class Day(forms.Field):
    """A legal day, from the browser's calendar or typed."""

    widget = DayInput

    def to_python(self, value: Any) -> date | None:
        if not value:
            return None
        day = read_date(value.strip())
        if day is None:
            raise ValidationError(message(DATE_UNREADABLE()))
        return day

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise ValidationError(message(CELL_MISSING()))


class Number(forms.Field):
    """A whole or decimal number; how large it may be, the rules say."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def __init__(self, *, decimals: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.decimals = decimals

    def to_python(self, value: Any) -> int:
        """In units of the last decimal: 12.50 with two decimals is 1250."""
        text = "".join(str(value or "").split())
        if self.decimals != len("000"):
            text = _GROUPS.sub("", text)
        text = text.replace(",", ".")
        whole, point, rest = text.partition(".")
        if not whole.isdecimal() or (point and not rest.isdecimal()) or len(rest) > self.decimals or len(text) > 15:
            raise ValidationError(message(NUMBER_UNREADABLE()))
        return int(whole + rest.ljust(self.decimals, "0"))


class Form(forms.Form):
    """The browser does not stop a form that the rules would judge with a reason and its repair."""

    use_required_attribute = False


def codes(kind: type[Code], *, empty: str = "") -> Callable[[], list[tuple[str, str]]]:
    """Choices of a closed list in the reader's language; `empty` is the text of an empty choice, a message id."""
    return lambda: [*([("", gettext(empty))] if empty else []), *((one.value, gettext(one.text)) for one in kind)]


_PRIVATE = {"autocomplete": "off", "spellcheck": "false"}
"""A guest's particulars: the browser should not offer the keeper's own."""


def private_text(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={**_PRIVATE, **attributes})


def message(one: Reason) -> str:
    return f"{wording.text(one)} {wording.repair(one)}"
