"""A figure that a unit submits: what no formula computes, and what was published before formulas existed."""

from datetime import date
from decimal import Decimal

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.indicators import Direction


class Qualifier(Code):
    """How the source hedges a number."""

    NONE = "none", "as stated"
    ABOUT = "about", "about"
    MORE_THAN = "more_than", "more than"
    ESTIMATE = "estimate", "estimate"
    FIRST = "first", "first ones, no number given"


class MeasureUnit(Code):
    PERCENT = "percent", "per cent"
    RANK = "rank", "rank"
    TIMES = "times", "times as fast"
    BILLION_VND = "billion VND", "billion VND"
    MEGAWATT = "megawatt", "megawatts"
    LOCALITIES = "localities", "provinces and centrally run cities"
    HOUSEHOLDS = "households", "households"
    SUBSCRIBERS = "subscribers", "subscribers"
    CENTRES = "centres", "data centres"
    SERVICES = "services", "public services"
    ACCOUNTS = "accounts", "accounts"
    DOSSIERS = "dossiers", "dossiers"
    TRANSACTIONS = "transactions", "transactions"
    REGISTRANTS = "registrants", "businesses and household businesses"
    INVOICES = "invoices", "invoices"
    PEOPLE = "people", "people"
    LOOK_UPS = "look-ups", "look-ups"
    KIOSKS = "kiosks", "kiosks"
    ESTABLISHMENTS = "establishments", "lodging establishments"
    NOTIFICATIONS = "notifications", "notifications"
    RECORDS = "records", "records"


class DifferenceUnit(Code):
    """What a difference counts; `same` is the figure's own unit of measure."""

    POINTS = "pp", "percentage points"
    PLACES = "places", "places"
    PERCENT = "percent", "per cent"
    SAME = "same", "in the unit of measure"


class FigureScope(Code):
    NATIONAL = "national", "Whole country"
    MINISTRIES = "ministries", "Ministries and ministerial agencies"
    LOCALITIES = "localities", "Provinces and centrally run cities"
    URBAN = "urban", "Urban areas"
    UNIT = "unit", "One unit"


class FigureKind(Code):
    STOCK = "stock", "On the day"
    FLOW = "flow", "Within the period"
    CUMULATIVE = "cumulative", "Since the beginning"


class SubmittedFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure that a unit answers for.

    `value`, `baseline` and `target` count `measure_unit`, `difference` counts `difference_unit`; `value` is None only
    for `first`. `area` is the unit's code where `scope` is one unit. `submitted_by` is the code of the unit that
    answers for it, `computed_by` the system that should compute it, or empty.
    """

    key: str
    name: str
    qualifier: Qualifier
    value: Decimal | None
    measure_unit: MeasureUnit
    denominator: int | None
    scope: FigureScope
    area: str
    as_of: date
    baseline: Decimal | None
    baseline_as_of: date | None
    baseline_derived: bool
    difference: Decimal | None
    difference_qualifier: Qualifier
    difference_unit: DifferenceUnit
    direction: Direction
    kind: FigureKind
    target: Decimal | None
    target_due: date | None
    computed_by: str
    submitted_by: str
    source: str
    note: str

    @property
    def place(self) -> tuple[str, date, str]:
        """A figure of a day is there once in each area."""
        return self.key, self.as_of, self.area

    def same(self, other: "SubmittedFigure") -> bool:
        """Do both say the same, to the last printed zero?"""
        return bool(msgspec.to_builtins(self) == msgspec.to_builtins(other))
