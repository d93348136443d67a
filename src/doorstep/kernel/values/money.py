"""Money in integer minor units with its currency; how many decimals a currency has is the profile's to say."""

from decimal import Decimal

import msgspec


class Currency(msgspec.Struct, frozen=True):
    """ISO 4217 code and number of decimals (VND has 0)."""

    code: str
    decimals: int


class Money(msgspec.Struct, frozen=True):
    """`minor` counts the smallest unit of `currency`; adding two currencies is an error."""

    minor: int
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-self.currency.decimals)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency.code} and {other.currency.code} do not add")
        return other.minor
