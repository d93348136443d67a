"""Viet Nam's currency: the dong, without smaller units (ISO 4217)."""

from doorstep.kernel.values.money import Currency

CURRENCY = Currency("VND", 0)
