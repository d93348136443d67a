"""The tree of units as tables know it: loaded from the profile or a CSV, read by day."""

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from django.db.models import Q, QuerySet

from doorstep.kernel.store.models import Unit
from doorstep.kernel.values.dates import Certainty
from doorstep.kernel.values.unit_tree import UnitRow
from doorstep.kernel.values.units import UnitCode

NEIGHBOURHOOD = "neighbourhood"


def in_force(day: date) -> QuerySet[Unit]:
    """The units of a day."""
    return Unit.objects.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


def is_commune(code: str, day: date) -> bool:
    """Is this, on that day, a unit below the first level that has nothing but neighbourhoods below it?"""
    row = in_force(day).filter(code=code).first()
    if row is None or not row.parent or row.kind == NEIGHBOURHOOD:
        return False
    return not in_force(day).filter(parent=code).exclude(kind=NEIGHBOURHOOD).exists()


def below(code: str, day: date) -> list[Unit]:
    """The units directly below `code` ("" for the nation), in order of code."""
    return list(in_force(day).filter(parent=code).order_by("code"))


def name(code: str, day: date, language: str) -> str:
    """The unit's name in a language, else the one it has; the code where the unit is unknown."""
    row = in_force(day).filter(code=code).first()
    return (row.names.get(language) or row.names.get("en") or next(iter(row.names.values()))) if row else code


def load(rows: Iterable[Any]) -> int:
    """Put dated rows into the table; of rows that are there, only the names follow. Returns how many were new.

    A language that a row does not name keeps the name it has.
    """
    given = {(row.code, row.valid_from): row for row in rows}
    renamed = []
    for unit in Unit.objects.filter(code__in={code for code, _ in given}):
        row = given.pop((unit.code, unit.valid_from), None)
        if row is not None and (names := unit.names | row.names) != unit.names:
            unit.names = names
            renamed.append(unit)
    new = [
        Unit(
            code=row.code,
            kind=row.kind,
            parent=row.parent,
            names=dict(row.names),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            successor=row.successor,
            source=row.source,
            certainty=row.certainty,
        )
        for row in given.values()
    ]
    Unit.objects.bulk_update(renamed, ["names"], batch_size=2000)
    Unit.objects.bulk_create(new, batch_size=2000)
    return len(new)


def rows() -> list[UnitRow]:
    """All rows as the pure rules of the tree know them."""
    return [
        UnitRow(
            code=UnitCode(row.code),
            kind=row.kind,
            names=row.names,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            successor=row.successor,
            source=row.source,
            certainty=cast("Certainty", row.certainty),
        )
        for row in Unit.objects.order_by("code", "valid_from")
    ]
