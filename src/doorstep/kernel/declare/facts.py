"""Facts: what happened, to be counted. A fact cannot name a person, because no field type could hold one."""

import re
import typing
from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.units import UnitCode

FACTS: dict[str, "FactKind"] = {}
F = typing.TypeVar("F", bound="Fact")

_KIND = re.compile(r"[a-z]+\.[a-z_]+")

Columns = dict[str, list[typing.Any]]
"""Facts of one kind, by column: ISO days, codes and unit codes as strings, the rest as integers and booleans."""


class CaseKey(int):
    """A one-way keyed 64-bit number that tells two cases apart and leads back to neither."""


class Minor(int):
    """An amount in minor units of the profile's currency."""


class Rollup(msgspec.Struct, frozen=True):
    """Facts of a kind folded by `by`, measures summed.

    `by` names code fields, or `month` or `day` of the day, or `top` (the unit's first level) or `unit`.
    """

    name: str
    by: tuple[str, ...]


class FactKind(msgspec.Struct, frozen=True):
    """A declared fact. `columns` maps each field to its type, in the order of the fields.

    Every kind has `day`, `unit` and, last, the measure `n`: 1, or -1 when it takes back one with the same dimensions.
    `upcasts` lead from version 1 to 2, from 2 to 3 and so on; readers see the newest version only.
    """

    name: str
    version: int
    columns: Mapping[str, type]
    rollups: tuple[Rollup, ...]
    upcasts: tuple[Callable[[Columns], Columns], ...]

    @property
    def measures(self) -> tuple[str, ...]:
        return tuple(name for name, kind in self.columns.items() if kind in (int, Minor))

    def newest(self, version: int, columns: Columns) -> Columns:
        """Columns of an older `version`, upcast step by step."""
        for upcast in self.upcasts[version - 1 :]:
            columns = upcast(columns)
        return columns

    def rollup(self, name: str) -> Rollup:
        """Raises ValueError for one that the fact does not name."""
        for rollup in self.rollups:
            if rollup.name == name:
                return rollup
        raise ValueError(f"{self.name} has no rollup {name}")


class Fact(msgspec.Struct, frozen=True):
    """Base of facts; each is declared with `@fact`."""

    day: date
    unit: UnitCode

    KIND: typing.ClassVar[FactKind]


def fact(
    name: str, *, rollups: tuple[Rollup, ...] = (), upcasts: tuple[Callable[[Columns], Columns], ...] = ()
) -> Callable[[type[F]], type[F]]:
    """Declare a fact `system.past_tense`; its version is one more than its upcasts.

    Raises TypeError for a field that could name a person, ValueError for a wrong or repeated name or rollup.
    """

    def declare(cls: type[F]) -> type[F]:
        if not _KIND.fullmatch(name) or name in FACTS:
            raise ValueError(f"{name!r}: a fact is named system.past_tense, once")
        hints = typing.get_type_hints(cls)
        fields = {field: hints[field] for field in cls.__struct_fields__}
        for field, annotation in fields.items():
            if field == "n" or not _countable(annotation):
                raise TypeError(f"{name}.{field}: a fact may hold day, unit, code, money, int, bool or case key only")
        kind = FactKind(name, len(upcasts) + 1, {**fields, "n": int}, rollups, upcasts)
        for rollup in rollups:
            if not set(rollup.by) <= {*fields, "month", "top"} - {*kind.measures}:
                raise ValueError(f"{name}: rollup {rollup.name} names unknown fields, or folds by a measure")
        if len({rollup.name for rollup in rollups}) < len(rollups):
            raise ValueError(f"{name}: two rollups have one name")
        cls.KIND = FACTS[name] = kind
        return cls

    return declare


def _countable(annotation: object) -> bool:
    if not isinstance(annotation, type):
        return False
    return annotation in (date, UnitCode, Minor, CaseKey, int, bool) or issubclass(annotation, Code)


def columns_of(facts: typing.Sequence[Fact], n: int = 1) -> Columns:
    """Facts of one kind as columns; all get the same `n`."""
    kind = facts[0].KIND
    columns: Columns = {name: [getattr(f, name) for f in facts] for name in kind.columns if name != "n"}
    columns["day"] = [day.isoformat() for day in columns["day"]]
    for name in kind.measures:
        if name != "n":  # a Minor is an int, but not to those who encode it
            columns[name] = [int(value) for value in columns[name]]
    columns["n"] = [n] * len(facts)
    return columns
