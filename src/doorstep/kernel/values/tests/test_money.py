"""Money adds within one currency only, in whole minor units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.money import Currency, Money

VND = Currency("VND", 0)
EUR = Currency("EUR", 2)
minors = st.integers(-(10**18), 10**18)


@given(minors, minors)
def test_it_adds_and_takes_away(one: int, other: int):
    assert Money(one, EUR) + Money(other, EUR) == Money(one + other, EUR)
    assert Money(one, EUR) - Money(other, EUR) == Money(one - other, EUR)
    assert (Money(one, EUR) + Money(other, EUR)) - Money(other, EUR) == Money(one, EUR)


@pytest.mark.parametrize("other", [EUR, Currency("VND", 2)])
def test_two_currencies_never_mix(other: Currency):
    with pytest.raises(ValueError, match="do not add"):
        Money(1, VND) + Money(1, other)
    with pytest.raises(ValueError, match="do not add"):
        Money(1, VND) - Money(1, other)
    assert Money(1, VND) != Money(1, other)


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(14_528_000_000_000, VND), "14528000000000"),
        (Money(12_345, EUR), "123.45"),
        (Money(-5, EUR), "-0.05"),
        (Money(0, EUR), "0.00"),
        (Money(10**27 + 1, EUR), f"{10**25}.01"),
    ],
)
def test_decimals_are_the_currency_s(money: Money, written: str):
    assert format(money.decimal(), "f") == written
    assert isinstance(money.decimal(), Decimal)


def test_money_cannot_be_changed():
    with pytest.raises(AttributeError):
        Money(1, VND).minor = 2
