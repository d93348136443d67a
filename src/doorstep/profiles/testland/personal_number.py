"""Testland's personal numbers: two letters of an area, five digits and a check letter; no birth date, no sex."""

import re

from doorstep.kernel.values.reasons import Reason, reason

MALFORMED = reason(
    "testland.personal_number_malformed",
    "A personal number has two letters, five digits and a letter.",
    repair="Copy it from the card.",
)
CHECK_LETTER = reason(
    "testland.personal_number_check",
    "The personal number does not check: a sign is wrong.",
    repair="Compare it with the card.",
)
FICTITIOUS = reason(
    "testland.personal_number_fictitious",
    "This is a made-up number for demonstrations.",
    repair="Copy the number of a real document.",
)
PHONE_MALFORMED = reason(
    "testland.phone_malformed", "A phone number has 5 digits.", repair="Write it as 2-34-56 or 23456."
)

_SHAPE = re.compile(r"([A-MZ][A-Z])(\d{5})([A-Z])", re.ASCII)
_LETTERS = "BCDFGHJKLMNPQRSTVWXYZ"
_PHONE = re.compile(r"\d{5}", re.ASCII)


def check_number(text: str, *, fictitious: bool, field: str) -> list[Reason]:
    """Reasons against a number; areas are A to M, and Z is nobody's."""
    found = _SHAPE.fullmatch(text)
    if not found:
        return [MALFORMED(field)]
    if check_letter(found[1], found[2]) != found[3]:
        return [CHECK_LETTER(field)]
    return [FICTITIOUS(field)] if text[0] == "Z" and not fictitious else []


def check_letter(letters: str, digits: str) -> str:
    """The digits, each by its place, plus the letters' places in the alphabet, modulo 21 consonants."""
    total = sum(place * int(digit) for place, digit in enumerate(digits, 1)) + sum(
        ord(letter) - 64 for letter in letters
    )
    return _LETTERS[total % len(_LETTERS)]


def check_phone(text: str, field: str = "phone") -> list[Reason]:
    return [] if _PHONE.fullmatch(text.replace("-", "")) else [PHONE_MALFORMED(field)]
