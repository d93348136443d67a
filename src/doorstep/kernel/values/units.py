"""Unit codes: a unit's code starts with its parent's, so that "within" needs no look-up."""

import re
from typing import Self

_SHAPE = re.compile(r"[A-Z][A-Z0-9]{0,5}(\.[A-Z0-9]{1,6}){0,3}")


class UnitCode(str):
    """Code of an administrative unit, top level first (`H38`, `H38.901`, `H38.901.02`); Decision 20/2020 for Viet Nam.

    >>> UnitCode("H38.901").within(UnitCode("H38"))
    True
    """

    __slots__ = ()

    def __new__(cls, code: str) -> Self:
        if not _SHAPE.fullmatch(code):
            raise ValueError(f"{code!r} is no unit code")
        return super().__new__(cls, code)

    @property
    def top(self) -> "UnitCode":
        """The unit of the first level: a province or a ministry."""
        return UnitCode(self.split(".", 1)[0])

    def within(self, other: str) -> bool:
        """Is this unit `other` or below it? The empty code stands for the whole nation."""
        return not other or self == other or self.startswith(f"{other}.")
