"""Writes what one figure of a report says: the placeholders of its sentences, and the cells of its row in a table."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from doorstep.kernel.values.text import N_
from doorstep.systems.steering.rules.catalogue import EXPLAINED
from doorstep.systems.steering.rules.figures import DifferenceUnit, MeasureUnit, Qualifier
from doorstep.systems.steering.rules.formats import Format, signed
from doorstep.systems.steering.rules.report import Count, Line, Report

_WITHHELD = N_("too small to publish")
_BOTH = N_("{absolute}, or {relative}")
_STEP = {MeasureUnit.PERCENT: DifferenceUnit.POINTS, MeasureUnit.RANK: DifferenceUnit.PLACES}


def placeholders(report: Report, line: Line, fmt: Format) -> dict[str, str]:
    """Every placeholder of the sentences that this figure can fill."""
    said = {"title": title(line, fmt), "during": fmt.during(report.period)}
    if report.simulated_scale is not None:
        said["scale"] = fmt.scale(report.simulated_scale)
    return said | submitted_values(line, fmt) | _computed_values(line, fmt)


def submitted_values(line: Line, fmt: Format) -> dict[str, str]:
    """Those placeholders that the submitted figure fills, whatever report it stands in."""
    figure, compared = line.submitted, line.comparison
    if figure is None or compared is None:
        return {}
    unit = figure.measure_unit
    said = {"owner": fmt.unit(figure.submitted_by), "area": fmt.unit(figure.area)}
    if figure.value is not None:
        said["value"] = fmt.quantity(figure.value, unit)
    if figure.denominator is not None:
        said["of"] = fmt.number(figure.denominator)
    if compared.baseline is not None:
        said["baseline"] = fmt.quantity(compared.baseline, unit)
    if compared.baseline_as_of:
        said["since"] = fmt.since(compared.baseline_as_of, same_period=compared.same_period)
    if compared.change is not None:
        said["change"] = fmt.change(compared.change, compared.change_unit, unit)
        said["signed_change"] = fmt.signed_change(compared.change, compared.change_unit, unit)
    if compared.target is not None and compared.distance is not None:
        said["target"] = fmt.quantity(compared.target, unit)
        said["distance"] = fmt.change(compared.distance, _STEP.get(unit, DifferenceUnit.SAME), unit)
    if compared.target_due:
        said["due"] = fmt.day(compared.target_due)
    if compared.months_early:
        said["early"] = fmt.length(compared.months_early)
    return said


def _computed_values(line: Line, fmt: Format) -> dict[str, str]:
    computed, apart, unit = line.computed, line.difference, measure_unit(line)
    if computed is None or computed.total.value is None:
        return {}
    said = {"computed": computed_text(computed.total, unit, fmt)}
    if apart:
        said["comparable"] = _quantity(apart.comparable, unit, fmt)
        absolute = _tidy(apart.absolute)
        said["difference"] = (
            fmt.signed_change(absolute, _STEP.get(unit, DifferenceUnit.SAME), unit) if unit else fmt.number(absolute)
        )
        if apart.relative is not None:
            relative = signed(apart.relative, fmt.percent(abs(_tidy(apart.relative))))
            said["difference"] = fmt.text(_BOTH, absolute=said["difference"], relative=relative)
    return said


def title(line: Line, fmt: Format) -> str:
    """What the figure is called; a computed one that the catalogue does not know goes by its question."""
    if line.key in EXPLAINED:
        return fmt.text(EXPLAINED[line.key].title)
    return line.submitted.name if line.submitted else fmt.text(line.computed.question) if line.computed else line.key


def measure_unit(line: Line) -> MeasureUnit | None:
    if line.submitted:
        return line.submitted.measure_unit
    measure = line.computed.measure_unit if line.computed else ""
    return next((unit for unit in MeasureUnit if unit == measure), None)


def _tidy(value: Decimal) -> Decimal:
    """At most two decimals, half up, without zeros at the end."""
    value = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return value.to_integral_value() if value == value.to_integral_value() else value.normalize()


def _quantity(value: Decimal, unit: MeasureUnit | None, fmt: Format) -> str:
    return fmt.quantity(_tidy(value), unit) if unit else fmt.number(_tidy(value))


def computed_text(count: Count, unit: MeasureUnit | None, fmt: Format) -> str:
    if count.withheld:
        return fmt.text(_WITHHELD)
    return "–" if count.value is None else _quantity(count.value, unit, fmt)


def value_cell(line: Line, said: Mapping[str, str], fmt: Format) -> str:
    figure = line.submitted
    if figure is None:
        return ""
    if figure.value is None:
        return fmt.text(Qualifier.FIRST.text)
    if figure.denominator is not None:
        return fmt.text(N_("{value} of {of}"), value=said["value"], of=said["of"])
    return fmt.qualified(figure.value, figure.measure_unit, figure.qualifier)


def baseline_cell(line: Line, said: Mapping[str, str], fmt: Format) -> str:
    compared = line.comparison
    if compared is None or compared.baseline is None or compared.baseline_as_of is None:
        return ""
    text = N_("{baseline} ({day}, derived)") if compared.derived else N_("{baseline} ({day})")
    return fmt.text(text, baseline=said["baseline"], day=fmt.day(compared.baseline_as_of))


def change_cell(line: Line, said: Mapping[str, str], fmt: Format) -> str:
    compared = line.comparison
    if compared is None or "signed_change" not in said:
        return ""
    change = said["signed_change"]
    if compared.change_qualifier is Qualifier.MORE_THAN:
        return fmt.text(N_("more than {value}"), value=change)
    if compared.growth is not None and compared.change_unit is DifferenceUnit.SAME:
        growth = signed(compared.growth, fmt.percent(abs(compared.growth)))
        return fmt.text(_BOTH, absolute=change, relative=growth)
    return change


def target_cell(line: Line, said: Mapping[str, str], fmt: Format) -> str:
    if line.comparison is None or "target" not in said:
        return ""
    if not line.comparison.distance:
        text = N_("{target}, met")
    else:
        text = (
            N_("{target}, exceeded by {distance}") if line.comparison.reached else N_("{target}, short by {distance}")
        )
    return fmt.text(text, target=said["target"], distance=said["distance"])


def origin(line: Line, said: Mapping[str, str], fmt: Format) -> str:
    if line.submitted is None:
        return fmt.text(N_("computed"))
    counted = line.computed and line.computed.total.value is not None
    text = N_("submitted by {owner}, and computed") if counted else N_("submitted by {owner}")
    return fmt.text(text, owner=said["owner"])


def whole(number: int | None, fmt: Format) -> str:
    return "" if number is None else fmt.number(number)
