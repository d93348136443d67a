"""Reads the figures that units submit: what no formula computes, and what was published before formulas existed.

Good lines land, bad lines come back with the line, the column and the repair.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.indicators import Direction
from doorstep.kernel.values.reasons import Reason, Refused, reason


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


WRONG_ENCODING = reason(
    "steering.wrong_encoding",
    "The file is not text in UTF-8.",
    repair="Save it as CSV in the encoding UTF-8 and import it again.",
)
NOT_CSV = reason(
    "steering.not_csv",
    "From this line on the file cannot be read as comma-separated values.",
    repair="Separate the cells by commas and put cells that contain commas between double quotes.",
)
CELL_COUNT = reason(
    "steering.cell_count",
    "The line has {cells} cells, the first line names {columns} columns.",
    repair="Put cells that contain commas between double quotes, and write nothing between thousands.",
)
MISSING_COLUMN = reason(
    "steering.missing_column",
    "The column {column} is missing from the first line.",
    repair="Name all columns in the first line, separated by commas; leave the cells empty where nothing applies.",
)
CELL_MISSING = reason("steering.cell_missing", "The cell is empty.", repair="Fill it in.")
FORMULA_CELL = reason(
    "steering.formula_cell",
    "The cell starts like a formula of a spreadsheet: {given}",
    repair="Start the text with a letter or a digit.",
)
WITHOUT_OWNER = reason(
    "steering.figure_without_owner",
    "No unit answers for this figure.",
    repair="Write the unit's code into submitted_by, or name the unit that submits the whole file.",
)
WITHOUT_UNIT = reason(
    "steering.figure_without_unit",
    "The figure has no unit of measure.",
    repair="Write into measure_unit what is counted, for example percent or dossiers.",
)
UNKNOWN_CODE = reason(
    "steering.unknown_code", "{given} is not in the list of this column.", repair="Write one of these: {allowed}."
)
UNKNOWN_UNIT = reason(
    "steering.unknown_unit",
    "There is no unit {given}.",
    repair="Write the code of a unit as in the list of units.",
)
BAD_KEY = reason(
    "steering.bad_key",
    "{given} is no key of a figure.",
    repair="Write two names of small letters, digits and underscores, with a point between: lodging.notifications.",
)
BAD_NUMBER = reason(
    "steering.bad_number",
    "{given} is not written as a number of this file.",
    repair="Write the digits 0 to 9, a point before decimals, and nothing between thousands: 14528 or 22.4.",
)
AMBIGUOUS_NUMBER = reason(
    "steering.ambiguous_number",
    "{given} can be read as thousands or as decimals.",
    repair="Write {thousands} for thousands, or {decimals} for decimals.",
)
BAD_DATE = reason(
    "steering.bad_date", "{given} is no day of the calendar.", repair="Write year, month and day: 2024-06-30."
)
DUPLICATE = reason(
    "steering.duplicate_figure",
    "Line {first} already has this figure for this day.",
    repair="Keep one of the two lines.",
)
VALUE_MISSING = reason(
    "steering.value_missing",
    "The figure has no value.",
    repair="Fill in the value; it may only be empty where the qualifier is first.",
)
MORE_THAN_WHOLE = reason(
    "steering.more_than_whole",
    "The value {value} is larger than the whole, {whole}.",
    repair="Correct the value or the denominator.",
)

_NUMBER = r"[+-]?[0-9]{1,18}(\.[0-9]{1,6})?"
_AMBIGUOUS = r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}"


def read_figures(
    content: bytes | str, units: Mapping[str, str], owner: str
) -> tuple[list[SubmittedFigure], list[Reason]]:
    """The figures of a CSV file with the columns `COLUMNS`, and what is wrong with the other lines; never raises.

    `units` maps the code of each unit to its English name; `owner` is the code of the unit that answers for
    figures which a system computes and which name nobody in `submitted_by` ("" for none).
    """
    text = _decoded(content)
    if text is None:
        return [], [WRONG_ENCODING()]
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    figures: list[SubmittedFigure] = []
    reasons: list[Reason] = []
    lines: dict[tuple[str, date, str], int] = {}
    try:
        header = [name.strip() for name in next(rows, [])]
        if missing := [MISSING_COLUMN(column, line=1, column=column) for column in COLUMNS if column not in header]:
            return [], missing
        last = rows.line_num
        for row in rows:
            line, last = last + 1, rows.line_num
            if not row:
                continue
            try:
                figure = _figure(header, row, units, owner)
            except Refused as refused:
                reasons.extend(found.at_line(line) for found in refused.reasons)
                continue
            if (first := lines.setdefault((figure.key, figure.as_of, figure.area), line)) == line:
                figures.append(figure)
            else:
                reasons.append(DUPLICATE("key", line=line, first=first))
    except csv.Error:
        reasons.append(NOT_CSV(line=rows.line_num))
    return figures, reasons


def _decoded(content: bytes | str) -> str | None:
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None
    return None if "\ufffd" in content or "\0" in content else content.removeprefix("\ufeff")


def _figure(header: list[str], row: list[str], units: Mapping[str, str], owner: str) -> SubmittedFigure:
    """Raises Refused with everything that is wrong with the line."""
    if len(row) != len(header):
        raise Refused(CELL_COUNT(cells=len(row), columns=len(header)))
    cells = dict(zip(header, map(str.strip, row), strict=True))
    reasons: list[Reason] = []
    values: dict[str, Any] = {}
    for column, read in COLUMNS.items():
        try:
            values[column] = read(cells[column])
        except Refused as refused:
            reasons.extend(msgspec.structs.replace(found, field=column) for found in refused.reasons)
    if not reasons:
        reasons = _completed(values, units, owner)
    if reasons:
        raise Refused(reasons)
    return SubmittedFigure(name=values.pop("name_en"), **values)


def _completed(values: dict[str, Any], units: Mapping[str, str], owner: str) -> list[Reason]:
    """Resolves what one cell says only together with another, in place; the reasons where they do not fit."""
    reasons = []
    if values["value"] is None and values["qualifier"] is not Qualifier.FIRST:
        reasons.append(VALUE_MISSING("value"))
    whole = values["denominator"]
    if whole and values["value"] is not None and values["value"] > whole:
        reasons.append(MORE_THAN_WHOLE("value", value=str(values["value"]), whole=whole))
    if values["baseline_as_of"] is None and not values["baseline"] is values["difference"] is None:
        reasons.append(CELL_MISSING("baseline_as_of"))
    values["submitted_by"] = values["submitted_by"] or (owner if values["computed_by"] else "")
    if not values["submitted_by"]:
        reasons.append(WITHOUT_OWNER("submitted_by"))
    elif values["submitted_by"] not in units:
        reasons.append(UNKNOWN_UNIT("submitted_by", given=values["submitted_by"][:40]))
    measure, cell = values["measure_unit"], values["difference_unit"]
    own = _OWN_DIFFERENCE.get(measure, DifferenceUnit.SAME)
    allowed = {
        "": own,
        measure.value if own is DifferenceUnit.SAME else own.value: own,
        "percent": DifferenceUnit.PERCENT,
    }
    if cell in allowed:
        values["difference_unit"] = allowed[cell]
    else:
        reasons.append(UNKNOWN_CODE("difference_unit", given=cell[:40], allowed=", ".join(filter(None, allowed))))
    if (scope := values["scope"]) in _SCOPES:
        values["scope"], values["area"] = msgspec.convert(scope, FigureScope), ""
    elif area := next((code for code, name in units.items() if scope in (code, name)), ""):
        values["scope"], values["area"] = FigureScope.UNIT, area
    else:
        reasons.append(UNKNOWN_UNIT("scope", given=scope[:40]))
    return reasons


_OWN_DIFFERENCE = {MeasureUnit.PERCENT: DifferenceUnit.POINTS, MeasureUnit.RANK: DifferenceUnit.PLACES}
_SCOPES = set(FigureScope) - {FigureScope.UNIT}


def _text(cell: str) -> str:
    """Refuses what a spreadsheet would run when somebody opens an export."""
    if cell.startswith(("=", "+", "-", "@")):
        raise Refused(FORMULA_CELL(given=cell[:40]))
    return cell


def _filled(cell: str) -> str:
    if not cell:
        raise Refused(CELL_MISSING())
    return _text(cell)


def _key(cell: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}", _filled(cell)):
        raise Refused(BAD_KEY(given=cell[:40]))
    return cell


def _number(cell: str) -> Decimal | None:
    if not cell:
        return None
    if re.fullmatch(_AMBIGUOUS, cell):
        raise Refused(AMBIGUOUS_NUMBER(given=cell, thousands=cell.replace(".", ""), decimals=f"{cell}0"))
    if not re.fullmatch(_NUMBER, cell):
        raise Refused(BAD_NUMBER(given=_text(cell)[:40]))
    return Decimal(cell)


def _whole(cell: str) -> int | None:
    if cell and not re.fullmatch(r"[1-9][0-9]{0,17}", cell):
        raise Refused(BAD_NUMBER(given=cell[:40]))
    return int(cell) if cell else None


def _day(cell: str) -> date | None:
    if not cell:
        return None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):  # fromisoformat also reads 20240630 and 2024-W26-7
        with suppress(ValueError):
            day = date.fromisoformat(cell)
            if 1900 <= day.year <= 2999:
                return day
    raise Refused(BAD_DATE(given=cell[:40]))


def _as_of(cell: str) -> date | None:
    return _day(_filled(cell))


def _flag(cell: str) -> bool:
    if cell not in ("yes", ""):
        raise Refused(UNKNOWN_CODE(given=cell[:40], allowed="yes"))
    return cell == "yes"


def _code(codes: type[Code], cell: str) -> Code:
    found = next((code for code in codes if code == _filled(cell)), None)
    if found is None:
        raise Refused(UNKNOWN_CODE(given=cell[:40], allowed=", ".join(codes)))
    return found


def _qualifier(cell: str) -> Code:
    return _code(Qualifier, cell.replace(" ", "_") or Qualifier.NONE)


def _measure_unit(cell: str) -> Code:
    if not cell:
        raise Refused(WITHOUT_UNIT())
    return _code(MeasureUnit, cell)


COLUMNS: Mapping[str, Callable[[str], Any]] = {
    "key": _key,
    "name_en": _filled,
    "qualifier": _qualifier,
    "value": _number,
    "measure_unit": _measure_unit,
    "denominator": _whole,
    "scope": _filled,
    "as_of": _as_of,
    "baseline": _number,
    "baseline_as_of": _day,
    "baseline_derived": _flag,
    "difference": _number,
    "difference_qualifier": _qualifier,
    "difference_unit": _text,
    "direction": partial(_code, Direction),
    "kind": partial(_code, FigureKind),
    "target": _number,
    "target_due": _day,
    "computed_by": _text,
    "submitted_by": _text,
    "source": _filled,
    "note": _text,
}
