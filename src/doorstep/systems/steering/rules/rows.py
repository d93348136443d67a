"""Reads the figures that units submit.

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
from doorstep.kernel.values.units import UnitCode
from doorstep.systems.steering.rules.figures import (
    DifferenceUnit,
    FigureKind,
    FigureScope,
    MeasureUnit,
    Qualifier,
    SubmittedFigure,
)

FILE_MISSING = reason(
    "steering.file_missing", "You chose no file.", repair="Choose a CSV file with the columns that this page names."
)
FILE_EMPTY = reason(
    "steering.file_empty",
    "The file holds no figures.",
    repair="Name the columns in the first line, and write one figure in each line below.",
)
FILE_TOO_LARGE = reason(
    "steering.file_too_large", "The file is larger than {limit} kB.", repair="Split it into several files."
)
FILE_IS_ARCHIVE = reason(
    "steering.file_is_archive",
    "The file is a workbook or an archive, whatever its name says.",
    repair="Open it in a spreadsheet and save the sheet with the figures as CSV in the encoding UTF-8.",
)
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
AMBIGUOUS_UNIT = reason(
    "steering.ambiguous_unit",
    "Several units are called {given}.",
    repair="Write the code of the one that is meant: {codes}.",
)
NOT_YOURS = reason(
    "steering.figure_of_another",
    "{given} answers for this figure, and you act for {unit}.",
    repair="Leave the line to whoever acts for that unit, or correct submitted_by.",
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

LARGEST_FILE = 1_000_000
"""Bytes: some thousand figures."""
_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
"""How zip archives (XLSX, ODS), OLE files (XLS) and gzip begin."""
_NUMBER = r"[+-]?[0-9]{1,18}(\.[0-9]{1,6})?"
_AMBIGUOUS = r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}"


class Answering(msgspec.Struct, frozen=True):
    """Who may answer for figures: English names of all units by their codes.

    `owner` answers for figures that a system computes and whose line names nobody ("" for none); whoever submits acts
    for `unit` ("" for the nation) and for what lies below it.
    """

    units: Mapping[str, str]
    owner: str
    unit: str = ""


def check_size(size: int) -> list[Reason]:
    """Against a file of so many bytes."""
    return [FILE_TOO_LARGE("file", limit=LARGEST_FILE // 1000)] if size > LARGEST_FILE else []


def read_figures(content: bytes, answering: Answering) -> tuple[dict[int, SubmittedFigure], list[Reason]]:
    """The figures of a CSV file with the columns `COLUMNS` by their lines, and what is wrong with the others; never raises."""
    text = _decoded(content)
    if isinstance(text, Reason):
        return {}, [text]
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    figures: dict[int, SubmittedFigure] = {}
    reasons: list[Reason] = []
    lines: dict[tuple[str, date, str], int] = {}
    try:
        header = [name.strip() for name in next(rows, [])]
        if missing := [MISSING_COLUMN(column, line=1, column=column) for column in COLUMNS if column not in header]:
            return {}, missing
        last = rows.line_num
        for row in rows:
            line, last = last + 1, rows.line_num
            if not row:
                continue
            try:
                figure = _figure(header, row, answering)
            except Refused as refused:
                reasons.extend(found.at_line(line) for found in refused.reasons)
                continue
            if (first := lines.setdefault(figure.place, line)) == line:
                figures[line] = figure
            else:
                reasons.append(DUPLICATE("key", line=line, first=first))
    except csv.Error:
        reasons.append(NOT_CSV(line=rows.line_num))
    return figures, reasons or ([] if figures else [FILE_EMPTY("file")])


def _decoded(content: bytes) -> str | Reason:
    if found := check_size(len(content)):
        return found[0]
    if content.startswith(_ARCHIVES):
        return FILE_IS_ARCHIVE("file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return WRONG_ENCODING("file")
    if "\ufffd" in text or "\0" in text:
        return WRONG_ENCODING("file")
    return text if text.strip() else FILE_EMPTY("file")


def _figure(header: list[str], row: list[str], answering: Answering) -> SubmittedFigure:
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
        reasons = _completed(values, answering)
    if reasons:
        raise Refused(reasons)
    return SubmittedFigure(name=values.pop("name_en"), **values)


def _completed(values: dict[str, Any], answering: Answering) -> list[Reason]:
    """Resolves what one cell says only together with another, in place; the reasons where they do not fit."""
    reasons = []
    if values["value"] is None and values["qualifier"] is not Qualifier.FIRST:
        reasons.append(VALUE_MISSING("value"))
    whole = values["denominator"]
    if whole and values["value"] is not None and values["value"] > whole:
        reasons.append(MORE_THAN_WHOLE("value", value=str(values["value"]), whole=whole))
    if values["baseline_as_of"] is None and not values["baseline"] is values["difference"] is None:
        reasons.append(CELL_MISSING("baseline_as_of"))
    values["submitted_by"] = values["submitted_by"] or (answering.owner if values["computed_by"] else "")
    reasons += _unfit_owner(values["submitted_by"], answering)
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
        return reasons
    areas = [scope] if scope in answering.units else [c for c, name in answering.units.items() if name == scope]
    if len(areas) > 1:
        reasons.append(AMBIGUOUS_UNIT("scope", given=scope[:40], codes=", ".join(areas[:9])))
    elif areas:
        values["scope"], values["area"] = FigureScope.UNIT, areas[0]
    else:
        reasons.append(UNKNOWN_UNIT("scope", given=scope[:40]))
    return reasons


def _unfit_owner(owner: str, answering: Answering) -> list[Reason]:
    if not owner:
        return [WITHOUT_OWNER("submitted_by")]
    if owner not in answering.units:
        return [UNKNOWN_UNIT("submitted_by", given=owner[:40])]
    if not UnitCode(owner).within(answering.unit):
        return [NOT_YOURS("submitted_by", given=owner, unit=answering.unit)]
    return []


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
