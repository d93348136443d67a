"""Closed code lists: the only strings that a fact, a row or an API may hold beside free text."""

from enum import StrEnum
from typing import Self

CODES: dict[str, type["Code"]] = {}


class Code(StrEnum):
    """A closed list. Each member is `NAME = "value", "English text"`; the text is a message id.

    >>> class Size(Code):
    ...     SMALL = "small", "Small"
    >>> Size("small").text
    'Small'
    """

    text: str

    def __new__(cls, value: str, text: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not all(member.text for member in cls):
            raise TypeError(f"{cls.__qualname__}: each code needs its text")
        CODES[f"{cls.__module__}.{cls.__qualname__}"] = cls
