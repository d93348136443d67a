"""Builds the half-year report as a pure function of submitted figures and computed cells, and writes it canonically.

Whoever holds the same figures and the same snapshot builds the same bytes: `doorstep verify` does just that. The report
speaks no language; sentences are kept by id.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import zip_longest
from typing import Any

import msgspec

from doorstep.kernel.declare.indicators import Cell, Indicator, Kind
from doorstep.kernel.values.period import Period
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.units import UnitCode
from doorstep.systems.steering.rules import sentences
from doorstep.systems.steering.rules.catalogue import CHAPTERS, OTHER
from doorstep.systems.steering.rules.comparison import Comparison, Difference, compare, difference, is_scaled
from doorstep.systems.steering.rules.figures import FigureScope, SubmittedFigure
from doorstep.systems.steering.rules.rows import UNKNOWN_UNIT

PERIOD_EMPTY = reason(
    "steering.period_empty",
    "There are no figures for {period}: none was submitted, and no records lead to one.",
    repair="Choose another period, or import the figures of this one.",
)
PERIOD_AHEAD = reason(
    "steering.period_ahead",
    "{period} has not begun, so that there is nothing to report.",
    repair="Choose a period that has begun.",
)
PERIOD_UNREADABLE = reason(
    "steering.period_unreadable",
    "{given} is no period.",
    repair="Write a year, half-year, quarter or month: 2024, 2024-H1, 2024-Q2 or 2024-03.",
)
UNREADABLE = reason(
    "steering.report_unreadable",
    "This is not a report that this version can read.",
    repair="Take the JSON file as it was written, unchanged.",
)


def read_period(text: str) -> Period | Reason:
    """A period as people write it, in whatever case.

    >>> read_period(" 2024-h1 ").label
    '2024-H1'
    """
    try:
        return Period.parse(text.strip().upper())
    except ValueError:
        return PERIOD_UNREADABLE("period", given=text.strip()[:40])


def check_begun(period: Period, day: date) -> list[Reason]:
    """Against a report, made on the legal day `day`, of a period that is still to come."""
    return [PERIOD_AHEAD("period", period=period.label)] if day < period.start else []


class Computation(msgspec.Struct, frozen=True):
    """An indicator and its cells of all months up to the end of the period; for a unit's report, cells by unit."""

    indicator: Indicator
    cells: Sequence[Cell]


class Segment(msgspec.Struct, frozen=True):
    """A sealed file of facts that a computed figure rests on; `leaf` is its number in the evidence log."""

    fact: str
    path: str
    rows: int
    sha256: str
    leaf: int


class Evidence(msgspec.Struct, frozen=True):
    """The snapshot: the log's size and signed checkpoint, and the segments that it names."""

    size: int
    checkpoint: str
    segments: tuple[Segment, ...] = ()


class Count(msgspec.Struct, frozen=True):
    """Numerator, denominator (rates only) and value (four decimals). A count too small to publish is `withheld`."""

    numerator: int | None
    denominator: int | None
    value: Decimal | None
    withheld: bool = False


class Computed(msgspec.Struct, frozen=True):
    """What the records add up to: in all, by unit code, and by month (`2024-01`). `records` is False if there are none."""

    owner: str
    question: str
    kind: Kind
    fact: str
    measure_unit: str
    records: bool
    total: Count
    by_unit: dict[str, Count]
    by_month: dict[str, Count]


class Line(msgspec.Struct, frozen=True):
    """One figure. `sentences` are ids for `sentences.message`."""

    key: str
    submitted: SubmittedFigure | None
    comparison: Comparison | None
    computed: Computed | None
    difference: Difference | None
    sentences: tuple[str, ...]


class Section(msgspec.Struct, frozen=True):
    code: str
    lines: tuple[Line, ...]


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """`unit` is empty for the nation; `simulated_scale` is None unless the records are simulated (0.001: 1 for 1000);
    `until` is the legal day of making where the period was not over yet.
    """

    period: Period
    unit: str
    made_at: datetime
    simulated_scale: Decimal | None
    evidence: Evidence | None
    sections: tuple[Section, ...]
    until: date | None = None

    def lines(self) -> Iterable[Line]:
        return (line for section in self.sections for line in section.lines)

    def units(self) -> set[str]:
        """The codes of all units that it speaks of."""
        found = {self.unit}
        for line in self.lines():
            found |= {line.submitted.area, line.submitted.submitted_by} if line.submitted else set()
            found |= set(line.computed.by_unit) if line.computed else set()
        return found - {""}


def build_report(
    period: Period,
    figures: Iterable[SubmittedFigure],
    computed: Mapping[str, Computation],
    units: Collection[str],
    *,
    made_at: datetime,
    simulated_scale: Decimal | None = None,
    evidence: Evidence | None = None,
    unit: str = "",
    until: date | None = None,
) -> Report | Reason:
    """The report of a period, for the nation or one unit of `units`; a reason when there is nothing to report.

    Of a period that goes on beyond the day `until`, the months to come are left out.

    Takes the submitted figures of the period's last day. National figures say nothing of a unit: its report has what
    is computed from its own records, and what was submitted for that unit alone.
    """
    if unit and unit not in units:
        return UNKNOWN_UNIT("unit", given=unit)
    submitted = submitted_for(period, unit, figures)
    counted = {key: _computed(computation, period, unit, until or period.last) for key, computation in computed.items()}
    counted = {key: found for key, found in counted.items() if found.records or key in submitted}
    lines = {key: _line(key, submitted.get(key), counted.get(key), simulated_scale) for key in {**submitted, **counted}}
    if not lines:
        return PERIOD_EMPTY("period", period=period.label)
    placed = {key for chapter in CHAPTERS for key in chapter.figures}
    order = [(chapter.code, chapter.figures) for chapter in CHAPTERS] + [(OTHER.code, sorted(set(lines) - placed))]
    sections = (Section(code, tuple(lines[key] for key in keys if key in lines)) for code, keys in order)
    return Report(period, unit, made_at, simulated_scale, evidence, tuple(s for s in sections if s.lines), until)


def submitted_for(period: Period, unit: str, figures: Iterable[SubmittedFigure]) -> dict[str, SubmittedFigure]:
    """Those of the figures that belong into the report, by key."""
    return {
        figure.key: figure
        for figure in sorted(figures, key=lambda figure: figure.area, reverse=True)  # the whole country's comes last
        if figure.as_of == period.last and (not unit or (figure.scope is FigureScope.UNIT and figure.area == unit))
    }


def _line(key: str, submitted: SubmittedFigure | None, computed: Computed | None, scale: Decimal | None) -> Line:
    comparison = compare(submitted) if submitted else None
    value = computed.total.value if computed else None
    apart = difference(submitted, value, scale) if submitted and value is not None else None
    said = sentences.statement(submitted, comparison) if submitted and comparison else ()
    if computed:
        said += (
            sentences.computation(
                apart,
                records=computed.records,
                withheld=computed.total.withheld,
                simulated=scale is not None,
                scaled=submitted is not None and is_scaled(submitted),
            ),
        )
    return Line(key, submitted, comparison, computed, apart, said)


def _computed(computation: Computation, period: Period, unit: str, last: date) -> Computed:
    indicator = computation.indicator
    cells = [cell for cell in computation.cells if cell.month < period.end and UnitCode(cell.unit).within(unit)]
    inside = [cell for cell in cells if cell.month >= period.start] if indicator.kind is Kind.FLOW else cells
    by_unit: dict[str, list[Cell]] = {}
    for cell in inside:
        by_unit.setdefault(_child(cell.unit, unit), []).append(cell)
    by_month = {
        f"{month:%Y-%m}": [c for c in inside if (c.month == month if indicator.kind is Kind.FLOW else c.month <= month)]
        for month in period.months()
        if month <= last
    }
    total = _withheld({"": _count(indicator, inside)}, indicator.smallest)[""]
    return Computed(
        indicator.owner,
        indicator.question,
        indicator.kind,
        indicator.fact.name,
        indicator.measure_unit,
        bool(inside),
        total,
        _withheld({code: _count(indicator, part) for code, part in sorted(by_unit.items())}, indicator.smallest),
        _withheld({month: _count(indicator, part) for month, part in by_month.items()}, indicator.smallest),
    )


def _child(code: str, unit: str) -> str:
    """The part of `unit` ("" the nation) that `code` lies in, one level down; the unit's own records are its own."""
    depth = len(unit.split(".")) + 1 if unit else 1
    return ".".join(code.split(".")[:depth])


def _count(indicator: Indicator, cells: Sequence[Cell]) -> Count:
    numerator = sum(cell.numerator for cell in cells)
    denominator = sum(cell.denominator or 0 for cell in cells) if indicator.denominator else None
    value = indicator.value(numerator, denominator) if cells else None
    if value is not None:
        value = value.quantize(Decimal("0.0001"), ROUND_HALF_UP)
        value = value.to_integral_value() if value == value.to_integral_value() else value.normalize()
    return Count(numerator, denominator, value)


def _withheld(counts: dict[str, Count], smallest: int) -> dict[str, Count]:
    """Blanks what is too small to publish, and the next smallest too where a single gap would follow from the total."""
    small = [key for key, count in counts.items() if 0 < (count.numerator or 0) < smallest]
    rest = [key for key, count in counts.items() if (count.numerator or 0) > 0 and key not in small]
    if len(small) == 1 and rest:
        small.append(min(rest, key=lambda key: (counts[key].numerator or 0, key)))
    gap = Count(None, None, None, withheld=True)
    return {key: gap if key in small else count for key, count in counts.items()}


encode = msgspec.json.Encoder(order="sorted", decimal_format="string").encode
"""Canonical JSON: sorted keys, no spaces, decimals as strings."""


def says_the_same(one: Report, other: Report | Reason) -> bool:
    """Do both say the same of the same period and unit, whenever they were made and whatever files they rest on?

    The day that an open period was known up to says nothing by itself; that the period is over does.
    """
    if not isinstance(other, Report) or bool(one.until) != bool(other.until):
        return False
    return one == msgspec.structs.replace(other, made_at=one.made_at, evidence=one.evidence, until=one.until)


def to_json(report: Report) -> bytes:
    """The canonical bytes, in UTF-8, with one line feed at the end."""
    return encode(report) + b"\n"


def from_json(content: bytes) -> Report | Reason:
    """The report of such bytes; a reason when they are none."""
    try:
        report = msgspec.json.decode(content, type=Report)
        if Period.parse(report.period.label) != report.period:
            return UNREADABLE()
    except (msgspec.DecodeError, ValueError):
        return UNREADABLE()
    return report


def first_difference(one: Any, other: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """Where two decoded JSON documents first differ: a JSON Pointer (RFC 6901) and what stands there in each.

    >>> first_difference({"a": [1, 2]}, {"a": [1, 3]})
    ('/a/1', 2, 3)
    """
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = [(key, one.get(key), other.get(key)) for key in sorted({*one, *other})]
    elif isinstance(one, list) and isinstance(other, list):
        pairs = [(str(place), *pair) for place, pair in enumerate(zip_longest(one, other))]
    else:
        return None if one == other and type(one) is type(other) else (path, one, other)
    found = (first_difference(left, right, f"{path}/{key}") for key, left, right in pairs)
    return next(filter(None, found), None)
