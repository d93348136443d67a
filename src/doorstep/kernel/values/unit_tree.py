"""Units are a dated tree: merged and renamed units keep their rows, so an old record still finds its unit."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import get_args

import msgspec

from doorstep.kernel.values.dates import Certainty, in_force, read_date
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.units import UnitCode

CODE_MALFORMED = reason(
    "kernel.unit_code_malformed",
    "This is no unit code.",
    repair="Write it like A1, A1.B2 or A1.B2.C3: capital letters and digits, levels parted by dots.",
)
CODE_TWICE = reason(
    "kernel.unit_code_twice",
    "The unit {unit} is already there for these days.",
    repair="Remove one of the lines, or let the earlier one end before the later one begins.",
)
PARENT_UNKNOWN = reason(
    "kernel.unit_parent_unknown",
    "The parent {parent} is not in force when this unit begins.",
    repair="Add the parent first, or correct the code or the first day.",
)
PARENT_DIFFERS = reason(
    "kernel.unit_parent_differs",
    "The code {unit} lies below {parent}, the line names another parent.",
    repair="A unit's code starts with its parent's code: correct one of the two.",
)
KIND_MISSING = reason("kernel.unit_kind_missing", "The kind of unit is missing.", repair="Write for example: commune.")
NAME_MISSING = reason(
    "kernel.unit_name_missing", "The name is missing.", repair="Fill in the name in each language of the file."
)
DATE_UNREADABLE = reason(
    "kernel.unit_date_unreadable", "This is no date.", repair="Write it as 2024-05-21 or 21/05/2024."
)
DAYS_REVERSED = reason(
    "kernel.unit_days_reversed",
    "The unit ends on or before its first day.",
    repair="Correct the first day or the last.",
)
SOURCE_MISSING = reason(
    "kernel.unit_source_missing",
    "The line does not say where it comes from.",
    repair="Name the decision or list in the source column.",
)
CERTAINTY_UNKNOWN = reason(
    "kernel.unit_certainty_unknown", "This certainty mark is not known.", repair="Use one of: {marks}."
)
SUCCESSOR_UNKNOWN = reason(
    "kernel.unit_successor_unknown",
    "The successor {unit} is not known.",
    repair="Add the successor as a line of its own, or correct its code.",
)
COLUMN_MISSING = reason(
    "kernel.unit_column_missing", "The column {column} is missing.", repair="Add it to the first line of the file."
)

_KIND = re.compile(r"[a-z]+(_[a-z]+)*")
_COLUMNS = ("code", "kind", "valid_from", "source", "certainty")


class UnitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A unit from `valid_from` up to but without `valid_to`. A code may have several rows, whose days never overlap.

    `names` by language; `successor` is the code that took over at `valid_to` (its own after a rename).
    """

    code: UnitCode
    kind: str
    names: Mapping[str, str]
    valid_from: date
    valid_to: date | None = None
    successor: str = ""
    source: str
    certainty: Certainty

    @property
    def parent(self) -> str:
        """Code of the unit above; empty at the first level."""
        return self.code.rpartition(".")[0]


def lineage(code: str) -> list[str]:
    """The code and those of the units above it, nearest first.

    >>> lineage("H38.901.02")
    ['H38.901.02', 'H38.901', 'H38']
    """
    parts = code.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def answering(code: str, ended: Mapping[str, str]) -> str:
    """The code that answers for `code` after what ended was taken over, over as many mergers as it takes.

    `ended` maps each code that ended to its successor; what it does not name goes the way of the nearest unit above.
    """
    seen: set[str] = set()
    while (gone := next((one for one in lineage(code) if one in ended), "")) and gone not in seen:
        seen.add(gone)
        code = ended[gone]
    return code


def area(unit: str, ended: Mapping[str, str]) -> dict[str, bool]:
    """What `unit` answers for, as prefixes of codes, parents first: the longest one that fits says whether it does.

    `ended` as in `answering`, at least what ended below or above `unit` or leads into it.
    """
    found: dict[str, bool] = {}
    for code in sorted({unit, *ended}, key=len):
        inside = unit in lineage(answering(code, ended))
        if inside is not next((found[up] for up in lineage(code) if up in found), False):
            found[code] = inside
    return found


def read_units(
    text: str, known: Sequence[UnitRow] = (), *, defaults: Mapping[str, str] | None = None
) -> tuple[list[UnitRow], list[Reason]]:
    """Units out of a CSV, line by line: the good ones, and a reason (with its line, the header being 1) for each bad.

    Columns: code, kind, name_<language>..., valid_from, source, certainty, and if wanted parent, valid_to, successor;
    others are left alone. `defaults` fills columns that the file lacks or leaves empty. A line may name a parent further down.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), restval="")
    header = [*(reader.fieldnames or ()), *(defaults or ())]
    missing = [column for column in _COLUMNS if column not in header]
    if not any(column.startswith("name_") for column in header):
        missing.append("name_en")
    if missing:
        return [], [COLUMN_MISSING(line=1, column=column) for column in missing]
    read: dict[int, UnitRow] = {}
    found: list[Reason] = []
    for cells in reader:
        filled = {**cells, **{key: text for key, text in (defaults or {}).items() if not cells.get(key)}}
        row = _read_unit({key: cell.strip() for key, cell in filled.items() if isinstance(cell, str)}, reader.line_num)
        if isinstance(row, UnitRow):
            read[reader.line_num] = row
        else:
            found += row
    found += _fit_together(read, known)
    return [read[line] for line in sorted(read)], sorted(found, key=lambda reason: reason.line or 0)


def _read_unit(cells: Mapping[str, str], line: int) -> UnitRow | list[Reason]:
    found: list[Reason] = []
    try:
        code = UnitCode(cells["code"])
    except ValueError:
        return [CODE_MALFORMED("code", line=line)]
    if (parent := code.rpartition(".")[0]) != (cells.get("parent") or parent):
        found.append(PARENT_DIFFERS("parent", line=line, unit=code, parent=parent))
    if not _KIND.fullmatch(cells["kind"]):
        found.append(KIND_MISSING("kind", line=line))
    names = {key.removeprefix("name_"): name for key, name in cells.items() if key.startswith("name_")}
    found += [NAME_MISSING(f"name_{language}", line=line) for language, name in names.items() if not name]
    begins = read_date(cells["valid_from"])
    ends = read_date(cells["valid_to"]) if cells.get("valid_to") else None
    if begins is None:
        found.append(DATE_UNREADABLE("valid_from", line=line))
    if ends is None and cells.get("valid_to"):
        found.append(DATE_UNREADABLE("valid_to", line=line))
    if begins and ends and ends <= begins:
        found.append(DAYS_REVERSED("valid_to", line=line))
    if not cells["source"]:
        found.append(SOURCE_MISSING("source", line=line))
    if cells["certainty"] not in get_args(Certainty):
        found.append(CERTAINTY_UNKNOWN("certainty", line=line, marks=", ".join(get_args(Certainty))))
    if found or begins is None:
        return found
    return UnitRow(
        code=code,
        kind=cells["kind"],
        names=names,
        valid_from=begins,
        valid_to=ends,
        successor=cells.get("successor", ""),
        source=cells["source"],
        certainty=msgspec.convert(cells["certainty"], Certainty),
    )


def _fit_together(read: dict[int, UnitRow], known: Sequence[UnitRow]) -> list[Reason]:
    """Drops from `read` the lines that do not fit with the earlier ones, then those left without parent or successor.

    The second step repeats, because a refused parent takes its children along.
    """
    found: list[Reason] = []
    by_code = _by_code(known)
    for line, row in list(read.items()):
        if any(_overlap(row, other) for other in by_code.get(row.code, ())):
            found.append(CODE_TWICE("code", line=line, unit=row.code))
            del read[line]
        else:
            by_code.setdefault(row.code, []).append(row)
    while True:
        by_code = _by_code([*known, *read.values()])
        bad: dict[int, Reason] = {}
        for line, row in read.items():
            if row.parent and not in_force(by_code.get(row.parent, ()), row.valid_from):
                bad[line] = PARENT_UNKNOWN("parent", line=line, parent=row.parent)
            elif row.successor and row.successor not in by_code:
                bad[line] = SUCCESSOR_UNKNOWN("successor", line=line, unit=row.successor)
        if not bad:
            return found
        found += bad.values()
        for line in bad:
            del read[line]


def _by_code(rows: Iterable[UnitRow]) -> dict[str, list[UnitRow]]:
    groups: dict[str, list[UnitRow]] = {}
    for row in rows:
        groups.setdefault(row.code, []).append(row)
    return groups


def _overlap(one: UnitRow, other: UnitRow) -> bool:
    return (one.valid_to is None or other.valid_from < one.valid_to) and (
        other.valid_to is None or one.valid_from < other.valid_to
    )
