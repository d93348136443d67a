"""Indicators: named formulas over facts, in words that a reader of the report understands."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.facts import FactKind

INDICATORS: dict[str, "Indicator"] = {}

Formula = Callable[[Any], Any]
"""Takes an Ibis table of facts (or of their rollup), gives an additive scalar expression: `lambda t: t.n.sum()`."""


class Kind(Code):
    """`flow` sums what happened within the period, `stock` all that happened up to its end."""

    FLOW = "flow", "Within the period"
    STOCK = "stock", "Up to the end of the period"


class Direction(Code):
    HIGHER = "higher", "Higher is better"
    LOWER = "lower", "Lower is better"


class Cell(msgspec.Struct, frozen=True, order=True):
    """What an indicator adds up to in one unit and one month (its first day); only a rate has a denominator."""

    unit: str
    month: date
    numerator: int
    denominator: int | None = None


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """All texts are English message ids.

    `numerator` and `denominator` are formulas over `fact`, by way of its rollup `rollup`; a rate has both and is
    their quotient times `factor`, never a mean of rates. `smallest` is the smallest count that may be published.
    """

    key: str
    question: str
    counts: str
    excludes: str
    measure_unit: str
    direction: Direction
    kind: Kind
    fact: FactKind
    rollup: str
    numerator: Formula
    denominator: Formula | None = None
    factor: Decimal = Decimal(1)
    smallest: int = 0
    owner: str

    def __post_init__(self) -> None:
        self.fact.rollup(self.rollup)
        if INDICATORS.setdefault(self.key, self) is not self:
            raise ValueError(f"indicator {self.key} is declared twice")

    def value(self, numerator: int, denominator: int | None) -> Decimal | None:
        """The figure; None where a rate has nothing to divide by."""
        if self.denominator is None:
            return Decimal(numerator) * self.factor
        return Decimal(numerator) * self.factor / denominator if denominator else None
