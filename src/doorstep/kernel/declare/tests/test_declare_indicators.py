"""An indicator is declared once, over a rollup that its fact has, and a rate divides only by what is there."""

from decimal import Decimal

import pytest

from doorstep.kernel.declare import indicators
from doorstep.kernel.declare.indicators import Direction, Indicator, Kind
from doorstep.kernel.testing.tryout import COUNT, Happened


@pytest.fixture(autouse=True)
def _apart(monkeypatch):
    monkeypatch.setattr(indicators, "INDICATORS", dict(indicators.INDICATORS))


def indicator(key="tryout.late", **changes):
    words = {"question": "How many?", "counts": "each", "excludes": "", "measure_unit": "things", "owner": "tryout"}
    rest = {"direction": Direction.LOWER, "kind": Kind.FLOW, "fact": Happened.KIND, "rollup": "top_month"}
    return Indicator(key=key, **{**words, **rest, "numerator": lambda t: t.n.sum(), **changes})


def test_it_is_declared_once():
    made = indicator()
    assert indicators.INDICATORS["tryout.late"] is made
    for key in ("tryout.late", COUNT.key):
        with pytest.raises(ValueError, match="declared twice"):
            indicator(key)


def test_its_rollup_is_one_of_the_fact_s():
    with pytest.raises(ValueError, match="has no rollup by_shape"):
        indicator(rollup="by_shape")
    assert "tryout.late" not in indicators.INDICATORS


def test_a_count_is_its_numerator_times_the_factor():
    assert indicator().value(7, None) == 7
    assert indicator("tryout.thousands", factor=Decimal("0.001")).value(7, None) == Decimal("0.007")


def test_a_rate_is_a_quotient_and_nothing_over_nothing_is_no_number():
    rate = indicator(denominator=lambda t: t.n.sum(), factor=Decimal(100))
    assert rate.value(1, 4) == 25
    assert rate.value(0, 4) == 0
    assert rate.value(0, 0) is None
    assert rate.value(0, None) is None
