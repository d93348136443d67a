"""A tiny system's declarations, so that the kernel's tests need no real system."""

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.facts import Columns, Fact, Rollup, fact
from doorstep.kernel.declare.indicators import Direction, Indicator, Kind
from doorstep.kernel.declare.scopes import Actor, Purpose, Role, Scope

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
