"""Units to choose from, and their names."""

from datetime import date

import msgspec

from doorstep.kernel.store import units
from doorstep.kernel.values.names import folded
from doorstep.kernel.values.unit_tree import lineage


class Area(msgspec.Struct, frozen=True):
    """A unit to choose; `further` says whether one must choose below it."""

    code: str
    name: str
    further: bool


def nearby(within: str, chosen: str, day: date, language: str) -> list[Area]:
    """The units below `within`, and those below and beside `chosen`, if it is among them: so one gets down to communes."""
    found = areas(within, day, language)
    for code in reversed(lineage(chosen)):
        if code in {area.code for area in found if area.further}:
            found += areas(code, day, language)
    return found


def areas(within: str, day: date, language: str) -> list[Area]:
    """The units below `within` ("" the nation) down to communes, by name; at the first level those that have any."""
    known = units.in_force(day).exclude(kind=units.NEIGHBOURHOOD)
    further = set(known.exclude(parent="").values_list("parent", flat=True).distinct())
    found = [row for row in known.filter(parent=within) if within or row.code in further]
    named = [Area(row.code, units.named(row, language), row.code in further) for row in found]
    return sorted(named, key=lambda area: folded(area.name))
