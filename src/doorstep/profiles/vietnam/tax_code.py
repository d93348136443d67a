"""Vietnamese tax codes (MST): ten digits with a check digit, three more for a dependent unit."""

import re

from doorstep.kernel.values.reasons import Reason, reason

MALFORMED = reason(
    "vietnam.tax_code_malformed",
    "A tax code has 10 digits, or 13 written as 0100109106-001.",
    repair="Copy the code from the registration certificate.",
)
CHECK_DIGIT = reason(
    "vietnam.tax_code_check_digit",
    "The tax code does not check: a digit is wrong.",
    repair="Compare the code with the registration certificate.",
)
FICTITIOUS = reason(
    "vietnam.tax_code_fictitious",
    "This is a made-up tax code for demonstrations.",
    repair="Enter the code of a registered taxpayer.",
)

_SHAPE = re.compile(r"\d{10}(?:-(?!000)\d{3})?", re.ASCII)
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def check_tax_code(text: str, *, fictitious: bool, field: str = "tax_code") -> list[Reason]:
    """Reasons against a code. Made-up ones begin with 900 to 999.

    >>> check_tax_code("0100109106", fictitious=False)
    []
    """
    if not _SHAPE.fullmatch(text):
        return [MALFORMED(field)]
    if text[9] != check_digit(text[:9]):
        return [CHECK_DIGIT(field)]
    return [FICTITIOUS(field)] if text >= "900" and not fictitious else []


def check_digit(nine: str) -> str:
    """Of the first nine digits: ten minus their weighted sum modulo 11; empty where that leaves no digit and the
    number was never issued.
    """
    remainder = sum(int(digit) * weight for digit, weight in zip(nine, _WEIGHTS, strict=True)) % 11
    return str(10 - remainder) if remainder else ""


def fictitious_tax_code(serial: int) -> str:
    """A code that checks and that nobody has; `serial` below 10 million.

    >>> fictitious_tax_code(1), check_tax_code(fictitious_tax_code(1), fictitious=True)
    ('9000000101', [])
    """
    nines = (f"9{serial:07}{end}" for end in range(10))
    return next(nine + check_digit(nine) for nine in nines if check_digit(nine))
