"""Compares a figure with its baseline, with its target, and with what the records themselves add up to.

Points are points: a rate changes by percentage points, a rank by places, everything else by its own unit; per cent are
used only where the source says growth. Roundings are half up, the reader's rule, and named where they happen.
"""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from doorstep.kernel.declare.indicators import Direction
from doorstep.systems.steering.rules.figures import (
    DifferenceUnit,
    FigureKind,
    MeasureUnit,
    Qualifier,
    SubmittedFigure,
)

_EXACT = {MeasureUnit.PERCENT, MeasureUnit.RANK, MeasureUnit.TIMES, MeasureUnit.MEGAWATT, MeasureUnit.LOCALITIES}
_TRUNCATED = {"eid.activation_rate": Decimal("0.02")}
"""Published figures that were cut off instead of rounded: 55.25 / 75.7 is 72.985, printed 72.98."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A figure against where it came from and where it should go.

    `change` counts `change_unit` and is positive for more, also where lower is better; `growth` is the change in per
    cent of the baseline (one decimal), None between rates and ranks. `derived` says that the baseline was not printed
    but follows from value and difference. `consistent` is None when there is nothing to check. `distance` to the
    target counts what `change` would and is positive when the target is exceeded; `months_early` is the time left to
    the due day when a target is reached.
    """

    baseline: Decimal | None = None
    baseline_as_of: date | None = None
    same_period: bool = False
    derived: bool = False
    change: Decimal | None = None
    change_unit: DifferenceUnit = DifferenceUnit.SAME
    change_qualifier: Qualifier = Qualifier.NONE
    growth: Decimal | None = None
    improved: bool | None = None
    consistent: bool | None = None
    target: Decimal | None = None
    target_due: date | None = None
    distance: Decimal | None = None
    reached: bool | None = None
    months_early: int | None = None


class Difference(msgspec.Struct, frozen=True):
    """Computed against submitted. `comparable` is the computed value brought to the submitted one's scale; `absolute` is
    computed minus submitted, `relative` the same in per cent of the submitted value (two decimals; None for rates and
    ranks, where points say it). `agrees` when the submitted value, as precisely as it is printed, says the same.
    """

    comparable: Decimal
    absolute: Decimal
    relative: Decimal | None
    agrees: bool


def printed_step(value: Decimal, unit: MeasureUnit) -> Decimal:
    """The distance between two neighbouring numbers printed as precisely as this one.

    >>> printed_step(Decimal("72.98"), MeasureUnit.PERCENT), printed_step(Decimal(75_700_000), MeasureUnit.RECORDS)
    (Decimal('0.01'), Decimal('1E+5'))
    """
    if unit not in _EXACT and value:  # "75.7 million": its zeros say nothing
        value = value.normalize()
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent if isinstance(exponent, int) and (exponent < 0 or unit not in _EXACT) else 0)


def compare(figure: SubmittedFigure) -> Comparison:
    """Everything that the figure's own cells say about it."""
    value, baseline, change = figure.value, figure.baseline, figure.difference
    unit, derived = figure.difference_unit, figure.baseline_derived
    consistent = growth = None
    if unit is DifferenceUnit.PERCENT:
        growth = change
    elif value is not None and change is not None and baseline is None:
        baseline, derived = value - change, True
    elif value is not None and change is None and baseline is not None:
        change = value - baseline
    elif value is not None and change is not None and baseline is not None:
        steps = sum(printed_step(part, figure.measure_unit) for part in (value, baseline, change))
        consistent = abs(value - change - baseline) * 2 <= steps
    hedged = figure.denominator is not None or figure.difference_qualifier is not Qualifier.NONE
    if unit is DifferenceUnit.SAME and value is not None and baseline and not hedged:
        growth = _rounded((value / baseline - 1) * 100, "0.1")
    comparison = Comparison(
        baseline=baseline,
        baseline_as_of=figure.baseline_as_of,
        same_period=figure.kind is FigureKind.FLOW and figure.baseline_as_of == _year_before(figure.as_of),
        derived=derived,
        change=change,
        change_unit=unit,
        change_qualifier=figure.difference_qualifier,
        growth=growth,
        improved=None if not change else (change > 0) == (figure.direction is Direction.HIGHER),
        consistent=consistent,
    )
    return _with_target(comparison, figure)


def _with_target(comparison: Comparison, figure: SubmittedFigure) -> Comparison:
    if figure.target is None or figure.value is None:
        return comparison
    distance = figure.value - figure.target
    if figure.direction is Direction.LOWER:
        distance = -distance
    due, day = figure.target_due, figure.as_of
    return msgspec.structs.replace(
        comparison,
        target=figure.target,
        target_due=due,
        distance=distance,
        reached=distance >= 0,
        months_early=max(_whole_months(day, due), 0) if due and distance >= 0 else None,
    )


def difference(figure: SubmittedFigure, computed: Decimal, scale: Decimal | None) -> Difference | None:
    """What the records add up to against what was submitted; None where no number was submitted.

    At simulation scale s (0.001: one simulated record stands for a thousand) counts and amounts are compared as
    computed / s; rates, ranks and "of 63" are not scaled.
    """
    if figure.value is None:
        return None
    scaled = scale is not None and is_scaled(figure)
    comparable = _rounded(computed / scale, "1") if scaled and scale else computed
    absolute = comparable - figure.value
    step = printed_step(figure.value, figure.measure_unit)
    slack = _TRUNCATED.get(figure.key, step / 2) + (1 / (2 * scale) if scaled and scale else 0)
    reach = step if figure.qualifier is Qualifier.MORE_THAN else 0
    pointwise = figure.measure_unit in (MeasureUnit.PERCENT, MeasureUnit.RANK)
    relative = None if pointwise or not figure.value else _rounded(absolute / figure.value * 100, "0.01")
    return Difference(comparable, absolute, relative, agrees=-slack <= absolute <= slack + reach)


def is_scaled(figure: SubmittedFigure) -> bool:
    """Does the figure shrink with the simulation?"""
    return figure.measure_unit not in _EXACT and figure.denominator is None


def _rounded(value: Decimal, step: str) -> Decimal:
    return value.quantize(Decimal(step), ROUND_HALF_UP)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)


def _whole_months(start: date, end: date) -> int:
    """Whole months from the end of one day to the end of another.

    >>> _whole_months(date(2024, 6, 30), date(2025, 12, 31))
    18
    """
    start, end = start + timedelta(days=1), end + timedelta(days=1)
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
