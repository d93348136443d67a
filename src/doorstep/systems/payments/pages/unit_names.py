"""Units by their names in the reader's language."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext

from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.unit_tree import lineage
from doorstep.kernel.web.visits import language


def unit_names(codes: Iterable[str], day: date) -> dict[str, str]:
    """By code; "" is the whole country."""
    return {"": gettext("The whole country"), **units.names({code for code in codes if code}, day, language())}


def unit_choices(by: By, chosen: str) -> list[tuple[str, str]]:
    """Code and name of the units that one can choose next in the area of whoever looks: below it, and below `chosen`."""
    found: dict[str, str] = {}
    for code in [by.actor.unit, *reversed(lineage(chosen))]:
        if code == by.actor.unit or code in found:
            found |= {row.code: units.named(row, language()) for row in units.below(code, by.day)}
    return [*found.items()]
