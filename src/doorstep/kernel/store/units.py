"""The tree of units as tables know it: loaded from the profile or a CSV, read by day."""

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from doorstep.kernel.store.models import Unit
from doorstep.kernel.values.dates import Certainty
from doorstep.kernel.values.unit_tree import UnitRow
from doorstep.kernel.values.units import UnitCode

NEIGHBOURHOOD = "neighbourhood"
_FOLLOWING = ("names", "valid_to", "successor", "kind", "source")


def in_force(day: date) -> QuerySet[Unit]:
    """The units of a day."""
    return Unit.objects.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


def is_commune(code: str, day: date) -> bool:
    """Is this, on that day, a unit below the first level that has nothing but neighbourhoods below it?"""
    return bool(communes([code], day))


def communes(codes: Iterable[str], day: date) -> set[str]:
    """Those of the codes that are communes on that day."""
    below_it = in_force(day).exclude(kind=NEIGHBOURHOOD).filter(parent=OuterRef("code"))
    found = in_force(day).filter(~Exists(below_it), code__in=set(codes)).exclude(parent="").exclude(kind=NEIGHBOURHOOD)
    return set(found.values_list("code", flat=True))


def below(code: str, day: date) -> list[Unit]:
    """The units directly below `code` ("" for the nation), in order of code."""
    return list(in_force(day).filter(parent=code).order_by("code"))


def name(code: str, day: date, language: str) -> str:
    """The unit's name in a language, else the one it has; the code where the unit is unknown."""
    row = in_force(day).filter(code=code).first()
    return named(row, language) if row else code


def named(unit: Unit, language: str) -> str:
    """The unit's name in a language, else the English one, else the one it has."""
    return cast("str", unit.names.get(language) or unit.names.get("en") or next(iter(unit.names.values())))


def load(rows: Iterable[Any], *, restate: bool = False) -> int:
    """Put dated rows into the table; of rows that are there, only the names follow. Returns how many were new.

    A language that a row does not name keeps the name it has. With `restate`, rows that are there also take the last
    day, successor, kind and source: so an imported merger ends its units, and the profile at start does not undo it.
    """
    given = {(row.code, row.valid_from): row for row in rows}
    changed = []
    for unit in Unit.objects.filter(code__in={code for code, _ in given}):
        row = given.pop((unit.code, unit.valid_from), None)
        if row is None:
            continue
        before = {name: getattr(unit, name) for name in _FOLLOWING}
        unit.names = unit.names | row.names
        if restate:
            unit.valid_to, unit.successor, unit.kind, unit.source = row.valid_to, row.successor, row.kind, row.source
        if before != {name: getattr(unit, name) for name in _FOLLOWING}:
            changed.append(unit)
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
    Unit.objects.bulk_update(changed, _FOLLOWING, batch_size=2000)
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
