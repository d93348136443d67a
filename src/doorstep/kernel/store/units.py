"""The tree of units as tables know it: loaded from the profile or a CSV, read by day."""

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from doorstep.kernel.store.models import Unit
from doorstep.kernel.values import unit_tree
from doorstep.kernel.values.dates import Certainty
from doorstep.kernel.values.unit_tree import UnitRow, lineage
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


def within(unit: str, day: date, path: str = "unit") -> Q:
    """Which records, by the unit in their field `path`, are those of `unit` ("" the nation) as it is on `day`.

    Records keep the unit that they were written for: those of units that merged into this one belong to it, those of a
    part that another unit took over do not, and a unit that has ended has none.
    """
    if not unit:
        return Q()
    known: dict[str, str] = {}
    asked, new = {unit}, {unit}
    while new:
        found = _ended(day, _below("code", new) | _below("successor", new) | Q(code__in=lineage(unit)))
        known |= found
        new = set()
        for code in sorted(found, key=len):
            if asked.isdisjoint(lineage(code)):
                asked.add(code)
                new.add(code)
    records = Q(pk__in=())
    for code, inside in unit_tree.area(unit, known).items():
        records = records | _below(path, {code}) if inside else records & ~_below(path, {code})
    return records


def answering(codes: Iterable[str], day: date) -> dict[str, str]:
    """For each code the one that answers for it on `day`: itself, unless it ended and somebody took over."""
    wanted = set(codes)
    known: dict[str, str] = {}
    asked, new = set(wanted), wanted
    while new:
        found = _ended(day, Q(code__in={above for code in new for above in lineage(code)}))
        known |= found
        new = set(found.values()) - asked
        asked |= new
    return {code: unit_tree.answering(code, known) for code in wanted}


def _ended(day: date, which: Q) -> dict[str, str]:
    """Successors by the codes that had ended by `day`; one that is in force again is not among them."""
    ended = Unit.objects.filter(which, valid_to__lte=day).exclude(successor="")
    ended = ended.exclude(code__in=in_force(day).values("code"))
    return dict(ended.order_by("valid_to").values_list("code", "successor"))


def _below(field: str, codes: Iterable[str]) -> Q:
    """Is the field one of the codes, or below one?"""
    found = Q(**{f"{field}__in": [*codes]})
    for code in codes:
        found |= Q(**{f"{field}__startswith": f"{code}."})
    return found


def name(code: str, day: date, language: str) -> str:
    """The unit's name, as `names` gives it."""
    return names([code], day, language)[code]


def names(codes: Iterable[str], day: date, language: str) -> dict[str, str]:
    """Names by code, of the units that answer for them on `day`; the code itself where there is none."""
    answers = answering(codes, day)
    there = in_force(day).filter(code__in={*answers, *answers.values()})
    known = {row.code: named(row, language) for row in there}
    return {code: known.get(code) or known.get(answer) or code for code, answer in answers.items()}


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
