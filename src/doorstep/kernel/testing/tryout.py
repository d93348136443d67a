"""A tiny system's declarations, so that the kernel's tests need no real system."""

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.facts import Columns, Fact, Rollup, fact
from doorstep.kernel.declare.indicators import Direction, Indicator, Kind
from doorstep.kernel.declare.messages import Message, Question, message, question
from doorstep.kernel.declare.scopes import Actor, Purpose, Role, Scope
from doorstep.kernel.values.units import UnitCode

DO_IT = Scope("tryout.thing.do", "Try things out")
READ_IT = Scope("tryout.thing.read", "See what was tried")
TRIER = Role("tryout.trier", "Trier", (DO_IT, READ_IT))
TRYING = Purpose("tryout.trying", "Trying things out")


class Colour(Code):
    RED = "red", "Red"
    BLUE = "blue", "Blue"


@fact("tryout.happened", rollups=(Rollup("top_month", ("top", "month")),))
class Happened(Fact, frozen=True):
    """Something was tried."""

    colour: Colour
    late: bool


def _with_colour(columns: Columns) -> Columns:
    return {**columns, "colour": ["red"] * len(columns["n"])}


@fact("tryout.grew", rollups=(Rollup("top_month", ("top", "month")),), upcasts=(_with_colour,))
class Grew(Fact, frozen=True):
    """In version 1 it had no colour."""

    colour: Colour


COUNT = Indicator(
    key="tryout.count",
    question="How many things were tried?",
    counts="each thing",
    excludes="things taken back",
    measure_unit="things",
    direction=Direction.HIGHER,
    kind=Kind.FLOW,
    fact=Happened.KIND,
    rollup="top_month",
    numerator=lambda t: t.n.sum(),
    owner="tryout",
)

ACTOR = Actor("trier", roles=("tryout.trier",))


@message("tryout.tried")
class Tried(Message, frozen=True):
    """Something of a subject was tried, for the `number`th time."""

    number: int
    colour: Colour = Colour.RED


class Weight(msgspec.Struct, frozen=True):
    """What a thing weighs, and where."""

    grams: int
    unit: UnitCode


@question("tryout.weight", scope=READ_IT, answer=list[Weight | None])
class Weigh(Question, frozen=True):
    """What do these things weigh? None for one that is not there."""

    things: list[str]

    def subjects(self) -> list[str]:
        return [f"thing:{one}" for one in self.things]
