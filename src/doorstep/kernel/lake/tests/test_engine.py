"""Rollups and facts give the same figures, which are those of plain addition; and each snapshot as it was known then."""

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

import msgspec
import pytest

from doorstep.kernel.declare.facts import FACTS, CaseKey, Fact, Minor, Rollup, fact
from doorstep.kernel.declare.indicators import INDICATORS, Cell, Direction, Indicator, Kind
from doorstep.kernel.lake import files, seal
from doorstep.kernel.lake.engine import Engine, segments, snapshot
from doorstep.kernel.lake.models import Pin, Segment
from doorstep.kernel.store.models import FactBatch
from doorstep.kernel.testing.tryout import COUNT, Colour, Happened

pytestmark = pytest.mark.django_db

with patch.dict(FACTS):

    @fact(
        "tryout.paid",
        rollups=(Rollup("top_month", ("top", "month")), Rollup("top_month_late", ("top", "month", "late", "colour"))),
    )
    class Paid(Fact, frozen=True):
        """Money moved."""

        colour: Colour
        late: bool
        amount: Minor
        pieces: int
        case: CaseKey


def indicator(name: str, rollup: str, numerator, denominator=None) -> Indicator:
    with patch.dict(INDICATORS):
        return Indicator(
            key=f"tryout.{name}",
            question=name,
            counts=name,
            excludes="",
            measure_unit="things",
            direction=Direction.HIGHER,
            kind=Kind.FLOW,
            fact=Paid.KIND,
            rollup=rollup,
            numerator=numerator,
            denominator=denominator,
            factor=Decimal(100) if denominator else Decimal(1),
            owner="tryout",
        )


PLAIN = [
    (indicator("payments", "top_month", lambda t: t.n.sum()), lambda f: f["n"], None),
    (indicator("amount", "top_month", lambda t: t.amount.sum()), lambda f: f["amount"], None),
    (
        indicator("on_time", "top_month_late", lambda t: t.late.ifelse(0, t.n).sum(), lambda t: t.n.sum()),
        lambda f: 0 if f["late"] else f["n"],
        lambda f: f["n"],
    ),
    (
        indicator(
            "red",
            "top_month_late",
            lambda t: (t.colour == "red").ifelse(t.pieces, 0).sum(),
            lambda t: t.pieces.sum(),
        ),
        lambda f: f["pieces"] if f["colour"] == "red" else 0,
        lambda f: f["pieces"],
    ),
]
"""Each indicator, and what a fact adds to its numerator and denominator, in plain Python beside the formula."""
ALL = [one for one, _, _ in PLAIN]


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    monkeypatch.setitem(FACTS, Paid.KIND.name, Paid.KIND)


@pytest.fixture
def engine():
    made = Engine()
    yield made
    made.close()


def some_facts(chance: random.Random, known: list[dict]) -> list[dict]:
    """A batch of up to 40 facts in a few units and months; one in five takes back one that is known."""
    made = []
    for _ in range(chance.randint(1, 40)):
        if known and chance.random() < 0.2:
            taken = known[chance.randrange(len(known))]
            made.append(taken | {measure: -taken[measure] for measure in ("amount", "pieces", "n")})
            continue
        day = date(2023, 12, 1) + timedelta(days=chance.randrange(120))
        made.append(
            {
                "day": day.isoformat(),
                "unit": chance.choice(["H26", "H26.1", "H38", "H38.901.02", "H3", "G22"]),
                "colour": chance.choice(["red", "blue"]),
                "late": chance.random() < 0.3,
                "amount": chance.randrange(-(10**12), 10**15),
                "pieces": chance.randrange(5),
                "case": chance.randrange(-(2**63), 2**63),
                "n": 1,
            }
        )
    return made


def put(facts: list[dict]) -> None:
    columns = {name: [one[name] for one in facts] for name in Paid.KIND.columns}
    FactBatch.objects.create(
        kind=Paid.KIND.name,
        version=1,
        recorded=date(2024, 7, 1),
        rows=len(facts),
        columns=msgspec.msgpack.encode(columns),
    )


def added(facts: list[dict], by: str = "top") -> dict[str, list[Cell]]:
    """The cells as anybody would add them."""
    found = {}
    for one, numerator, denominator in PLAIN:
        sums: dict[str, Counter] = {"n": Counter(), "d": Counter()}
        for row in facts:
            unit = row["unit"] if by == "unit" else row["unit"].split(".")[0]
            place = unit, date.fromisoformat(row["day"]).replace(day=1)
            sums["n"][place] += numerator(row)
            sums["d"][place] += denominator(row) if denominator else 0
        cells = [Cell(*place, sums["n"][place], sums["d"][place] if denominator else None) for place in sums["n"]]
        found[one.key] = sorted(cell for cell in cells if cell.numerator or cell.denominator)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_rollup_facts_and_plain_addition_agree_at_every_snapshot(home, engine, monkeypatch, seed):
    monkeypatch.setattr(seal, "MERGE_FROM", 4)
    chance = random.Random(seed)
    facts: list[dict] = []
    known_then = {0: added([])}
    for _ in range(6):
        for _ in range(chance.randint(1, 3)):
            batch = some_facts(chance, facts)
            put(batch)
            facts += batch
        size = seal.seal().size
        Pin.objects.create(size=size, why="known then")
        known_then[size] = added(facts)
    assert Segment.objects.exclude(merged=None).exists(), "segments were merged meanwhile"
    for size, expected in known_then.items():
        assert engine.evaluate(ALL, size, "rollup") == expected
        assert engine.evaluate(ALL, size, "facts") == expected
    assert engine.evaluate(ALL, size, "facts", by="unit") == added(facts, by="unit")


def test_nothing_sealed_is_nothing_counted(home, engine):
    put(some_facts(random.Random(1), []))
    assert snapshot() == 0
    for source in ("rollup", "facts"):
        assert engine.evaluate([*ALL, COUNT], 0, source) == {one.key: [] for one in [*ALL, COUNT]}


def test_what_was_taken_back_whole_leaves_no_cell(home, engine):
    facts = some_facts(random.Random(7), [])
    put(facts)
    put([one | {measure: -one[measure] for measure in ("amount", "pieces", "n")} for one in facts])
    seal.seal()
    for source in ("rollup", "facts"):
        assert engine.evaluate(ALL, snapshot(), source) == {one.key: [] for one in ALL}


def test_the_same_facts_in_another_order_give_the_same_cells(home, engine):
    facts = some_facts(random.Random(3), []) + some_facts(random.Random(4), [])
    put(facts)
    first = seal.seal().size
    put(facts[::-1])
    seal.seal()
    once, twice = (engine.evaluate(ALL[:1], size, "facts")["tryout.payments"] for size in (first, snapshot()))
    assert [(c.unit, c.month, 2 * c.numerator) for c in once] == [(c.unit, c.month, c.numerator) for c in twice]


def test_kinds_do_not_mix(home, engine):
    put(some_facts(random.Random(5), []))
    columns = {"day": ["2024-01-05"], "unit": ["H26.1"], "colour": ["red"], "late": [True], "n": [1]}
    FactBatch.objects.create(
        kind=Happened.KIND.name,
        version=1,
        recorded=date(2024, 1, 5),
        rows=1,
        columns=msgspec.msgpack.encode(columns),
    )
    size = seal.seal().size
    assert engine.evaluate([COUNT], size, "rollup")[COUNT.key] == [Cell("H26", date(2024, 1, 1), 1, None)]
    assert {one.kind for one in segments(Happened.KIND, size)} == {Happened.KIND.name}


def test_the_rollups_are_what_is_read_and_not_the_facts(home, engine):
    put(some_facts(random.Random(6), []))
    size = seal.seal().size
    expected = engine.evaluate(ALL, size, "rollup")
    for one in Segment.objects.all():
        (files.root() / one.path).unlink()
    assert engine.evaluate(ALL, size, "rollup") == expected
