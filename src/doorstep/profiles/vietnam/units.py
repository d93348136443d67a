"""Viet Nam's 63 localities and its ministries as of mid-2024, and where each locality stands on the tile map.

The names in `unit-names.csv`, German, Arabic and the English ones that differ from the list, are our own translations;
`certainty` concerns the codes of the list.
"""

import csv
from datetime import date
from importlib.resources import files

import msgspec

from doorstep.kernel.values.unit_tree import UnitRow, read_units
from doorstep.kernel.values.units import UnitCode
from doorstep.profiles.profile import Units

# The list is as of mid-2024. That it held since Ha Tay joined Ha Noi on 1 August 2008 is general knowledge; the merger
# of July 2025 is not in our sources and comes by CSV import.
_DEFAULTS = {"valid_from": "2008-08-01", "source": "List of localities and ministries as of mid-2024"}


def _shipped(name: str) -> str:
    return files("doorstep.profiles.vietnam").joinpath(name).read_text(encoding="utf-8")


def _rows() -> tuple[UnitRow, ...]:
    rows, reasons = read_units(_shipped("units.csv"), defaults=_DEFAULTS)
    if reasons:
        raise ValueError(f"units.csv: {reasons}")
    ours = {
        line.pop("code"): {column.removeprefix("name_"): name for column, name in line.items() if name}
        for line in csv.DictReader(_shipped("unit-names.csv").splitlines())
    }
    return tuple(msgspec.structs.replace(row, names={**row.names, **ours[row.code]}) for row in rows)


PIN_PREFIXES = frozenset(
    line["pin_prefix"] for line in csv.DictReader(_shipped("units.csv").splitlines()) if line["pin_prefix"]
)
"""What opens the personal numbers that were first registered in each locality [S16]; no merger changes them."""

_MAP = """
.   .   H22 H14 .   .   .
H35 H38 H60 H03 H37 .   .
H18 H63 H44 H55 H02 H49 .
H52 .   H62 H26 H05 H23 H24
.   H28 H25 H31 H54 .   .
.   .   H42 H40 .   .   .
.   .   H56 .   .   .   .
.   .   H41 .   .   .   .
.   .   .   H27 .   .   .
.   .   .   H46 .   .   .
.   .   .   .   H50 .   .
.   .   .   .   .   H57 .
.   .   .   .   .   H17 .
.   .   .   .   .   H47 .
.   .   .   .   H34 H48 .
.   .   .   .   H21 H08 .
.   .   .   .   H15 H45 .
.   .   .   H16 H36 H32 .
.   .   H10 .   H11 H43 .
.   H53 H09 H19 .   .   .
.   H39 H29 H06 .   .   .
H01 H20 H58 H07 .   .   .
H33 H13 H61 H59 .   .   .
.   H30 H51 .   .   .   .
H12 H04 .   .   .   .   .
"""

GRID = {
    code: (column, row)
    for row, line in enumerate(_MAP.split("\n")[1:-1])
    for column, code in enumerate(line.split())
    if code != "."
}


def invented_communes(locality: str, count: int, neighbourhoods: int = 0) -> tuple[UnitRow, ...]:
    """Made-up communes `H38.901`, `H38.902`..., at most 99, each with so many neighbourhoods `H38.901.01`...

    The official list below the province comes by CSV import; names and certainty say that these are invented.
    """
    if not (0 <= count <= 99 and 0 <= neighbourhoods <= 99):
        raise ValueError("at most 99 communes of 99 neighbourhoods")
    rows = []
    for number in range(1, count + 1):
        commune = f"{locality}.{900 + number}"
        rows.append(_invented(commune, "commune", f"Xã Ví Dụ {number}", f"Sample commune {number}"))
        rows += [
            _invented(f"{commune}.{n:02}", "neighbourhood", f"Tổ Ví Dụ {n}", f"Sample neighbourhood {n}")
            for n in range(1, neighbourhoods + 1)
        ]
    return tuple(rows)


def _invented(code: str, kind: str, name_vi: str, name_en: str) -> UnitRow:
    return UnitRow(
        code=UnitCode(code),
        kind=kind,
        names={"vi": name_vi, "en": name_en},
        valid_from=date(2008, 8, 1),
        source="Invented for demonstrations",
        certainty="invented",
    )


UNITS = Units(
    rows=_rows(),
    locality_kinds=frozenset({"province", "city"}),
    ministry_kinds=frozenset({"ministry"}),
    grid=GRID,
    invented_communes=invented_communes,
)
