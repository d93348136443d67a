"""A figure against its baseline, its target and the records: points are points, places are places."""

import json
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.declare.indicators import Direction
from doorstep.systems.steering.rules.comparison import Comparison, compare, difference, printed_step
from doorstep.systems.steering.rules.figures import DifferenceUnit, FigureKind, MeasureUnit, Qualifier
from doorstep.systems.steering.tests.builders import VECTORS, figure, published

EXPECTED = json.loads((VECTORS / "comparisons.json").read_text())
NOTHING = msgspec.to_builtins(Comparison())


@pytest.mark.parametrize("key", [one.key for one in published()])
def test_published_comparisons(key: str) -> None:
    """Checked by hand against the reference's table of the two source reports."""
    said = msgspec.to_builtins(compare(figure(key)))
    assert {name: value for name, value in said.items() if value != NOTHING[name]} == EXPECTED[key]


def test_a_contradicting_baseline_is_seen() -> None:
    assert compare(figure("online_dossier_rate.national", baseline=Decimal(15))).consistent is False
    assert compare(figure("eid.records", baseline=Decimal(70_150_000))).consistent is True
    assert compare(figure("eid.records", baseline=Decimal(70_500_000))).consistent is False


def test_a_missing_baseline_follows_from_the_difference_and_the_reverse() -> None:
    derived = compare(figure("invoices.registrants", baseline=None))
    assert (derived.baseline, derived.derived) == (Decimal(37542), True)
    assert compare(figure("fiber.household_rate", difference=None)).change == Decimal("2.6")


def test_growth_is_rounded_half_up() -> None:
    grown = figure("invoices.registrants", value=Decimal(2001), baseline=Decimal(2000), difference=None)
    assert compare(grown).growth == Decimal("0.1")  # 0.05 per cent; half to even would say 0.0


def test_a_lower_rank_is_better_and_its_target_is_met_from_above() -> None:
    rank = figure("ipv6.world_rank", target=Decimal(10), target_due=date(2024, 12, 31))
    compared = compare(rank)
    assert (compared.improved, compared.distance, compared.reached) == (True, 2, True)
    missed = compare(msgspec.structs.replace(rank, target=Decimal(5)))
    assert (missed.distance, missed.reached, missed.months_early) == (-3, False, None)


def test_a_target_reached_late_is_not_early() -> None:
    late = figure("eid.records", target_due=date(2023, 12, 31))
    assert compare(late).months_early == 0


@pytest.mark.parametrize(
    ("value", "unit", "step"),
    [
        ("42", MeasureUnit.PERCENT, "1"),
        ("60", MeasureUnit.PERCENT, "1"),
        ("72.98", MeasureUnit.PERCENT, "0.01"),
        ("63", MeasureUnit.LOCALITIES, "1"),
        ("4500", MeasureUnit.SERVICES, "100"),
        ("16390000", MeasureUnit.ACCOUNTS, "10000"),
        ("8778722", MeasureUnit.NOTIFICATIONS, "1"),
        ("0", MeasureUnit.NOTIFICATIONS, "1"),
    ],
)
def test_printed_precision(value: str, unit: MeasureUnit, step: str) -> None:
    assert printed_step(Decimal(value), unit) == Decimal(step)


@pytest.mark.parametrize(
    ("key", "computed", "scale", "comparable", "absolute", "relative", "agrees"),
    [
        ("lodging.establishments", "93388", None, "93388", "0", "0.00", True),
        ("lodging.establishments", "93389", None, "93389", "1", "0.00", False),
        ("lodging.establishments", "93", "0.001", "93000", "-388", "-0.42", True),
        ("lodging.establishments", "94", "0.001", "94000", "612", "0.66", False),
        ("lodging.notifications", "87787", "0.01", "8778700", "-22", "0.00", True),
        ("online_dossier_rate.national", "42.4", "0.001", "42.4", "0.4", None, True),
        ("online_dossier_rate.national", "42.6", "0.001", "42.6", "0.6", None, False),
        ("fee_policy.localities", "63", "0.001", "63", "0", "0.00", True),
        ("ipv6.world_rank", "9", "0.001", "9", "1", None, False),
        ("eid.activation_rate", "72.9988", None, "72.9988", "0.0188", None, True),
        ("eid.activation_rate", "73.01", None, "73.01", "0.03", None, False),
        ("eid.records", "75790000", None, "75790000", "90000", "0.12", True),
        ("eid.records", "75600000", None, "75600000", "-100000", "-0.13", False),
    ],
)
def test_computed_against_submitted(
    key: str, computed: str, scale: str | None, comparable: str, absolute: str, relative: str | None, agrees: object
) -> None:
    apart = difference(figure(key), Decimal(computed), Decimal(scale) if scale else None)
    assert apart is not None
    assert (apart.comparable, apart.absolute) == (Decimal(comparable), Decimal(absolute))
    assert apart.relative == (None if relative is None else Decimal(relative))
    assert apart.agrees is agrees


def test_without_a_submitted_number_there_is_no_difference() -> None:
    assert difference(figure("health.kiosks"), Decimal(12), None) is None


@given(
    value=st.decimals(-(10**12), 10**12, places=2),
    change=st.decimals(-(10**12), 10**12, places=2),
    unit=st.sampled_from(list(MeasureUnit)),
    kind=st.sampled_from(list(FigureKind)),
    qualifier=st.sampled_from(list(Qualifier)),
)
def test_what_adds_up_is_consistent(
    value: Decimal, change: Decimal, unit: MeasureUnit, kind: FigureKind, qualifier: Qualifier
) -> None:
    one = figure(
        "eid.records",
        value=value,
        measure_unit=unit,
        kind=kind,
        qualifier=qualifier,
        difference=change,
        difference_unit=DifferenceUnit.SAME,
        baseline=value - change,
    )
    compared = compare(one)
    assert compared.consistent is True
    assert compared.improved is (None if not change else (change > 0) == (one.direction is Direction.HIGHER))
    assert compare(msgspec.structs.replace(one, baseline=None)).baseline == value - change
