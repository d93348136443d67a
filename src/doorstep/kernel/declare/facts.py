"""Facts: what happened, to be counted. A fact cannot name a person, because no field type could hold one."""

import re
import typing
from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.units import UnitCode

FACTS: dict[str, "FactKind"] = {}

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
    `upcast` turns columns of the version before into this one.
    """

    name: str
    version: int
    columns: Mapping[str, type]
    rollups: tuple[Rollup, ...]
    upcast: Callable[[Columns], Columns] | None

    @property
    def measures(self) -> tuple[str, ...]:
        return tuple(name for name, kind in self.columns.items() if kind in (int, Minor))

    def rollup(self, name: str) -> Rollup:
        return next(rollup for rollup in self.rollups if rollup.name == name)


class Fact(msgspec.Struct, frozen=True):
    """Base of facts: `class StayNotified(Fact, kind="lodging.stay_notified", version=1, rollups=(...))`."""

    day: date
    unit: UnitCode

    KIND: typing.ClassVar[FactKind]

    def __init_subclass__(
        cls,
        *,
        kind: str,
        version: int = 1,
        rollups: tuple[Rollup, ...] = (),
        upcast: Callable[[Columns], Columns] | None = None,
        **options: typing.Any,
    ) -> None:
        super().__init_subclass__(**options)
        if not _KIND.fullmatch(kind):
            raise ValueError(f"{kind!r}: a fact is named system.past_tense")
        if kind in FACTS:
            raise ValueError(f"fact {kind} is declared twice")
        if (version > 1) != (upcast is not None):
            raise ValueError(f"{kind}: version {version} and its upcast from the version before go together")
        hints = typing.get_type_hints(cls)
        fields = {name: hints[name] for name in ("day", "unit", *cls.__annotations__) if name != "KIND"}
        for name, annotation in fields.items():
            if not _countable(annotation):
                raise TypeError(f"{kind}.{name}: a fact may hold day, unit, code, money, int, bool or case key only")
        if "n" in fields:
            raise TypeError(f"{kind}.n is the kernel's measure")
        known = {*fields, "month", "top"}
        for rollup in rollups:
            if not set(rollup.by) <= known:
                raise ValueError(f"{kind}: rollup {rollup.name} names unknown fields")
        cls.KIND = FACTS[kind] = FactKind(kind, version, {**fields, "n": int}, rollups, upcast)


def _countable(annotation: object) -> bool:
    if not isinstance(annotation, type):
        return False
    return annotation in (date, UnitCode, Minor, CaseKey, int, bool) or issubclass(annotation, Code)


def columns_of(facts: typing.Sequence[Fact], n: int = 1) -> Columns:
    """Facts of one kind as columns; all get the same `n`."""
    kind = facts[0].KIND
    columns: Columns = {name: [getattr(f, name) for f in facts] for name in kind.columns if name != "n"}
    columns["day"] = [day.isoformat() for day in columns["day"]]
    columns["n"] = [n] * len(facts)
    return columns
