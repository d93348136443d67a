"""Testland's currency, with three decimals; XTS is the code that ISO 4217 keeps for tests."""

from doorstep.kernel.values.money import Currency

CURRENCY = Currency("XTS", 3)
