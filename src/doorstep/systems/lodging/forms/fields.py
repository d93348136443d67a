"""Numbers as people type them."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from doorstep.kernel.values.reasons import reason
from doorstep.kernel.web.forms import message

NUMBER_UNREADABLE = reason("lodging.number_unreadable", "This is no number.", repair="Write it in digits, as 250000.")

_GROUPS = re.compile(r"[.,](?=\d{3}(?!\d))")
"""250.000 and 250,000 are a quarter of a million, unless the currency has three decimals."""


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
