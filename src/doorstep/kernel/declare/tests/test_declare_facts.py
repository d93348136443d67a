"""A fact cannot name a person: no field type could hold one, and what is declared wrongly fails at import."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.declare import facts as declared
from doorstep.kernel.declare.codes import CODES, Code
from doorstep.kernel.declare.facts import CaseKey, Columns, Fact, FactKind, Minor, Rollup, columns_of, fact
from doorstep.kernel.testing.tryout import Colour, Grew, Happened
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.units import UnitCode


@pytest.fixture(autouse=True)
def facts(monkeypatch) -> dict[str, FactKind]:
    """The declarations so far; those of the test are forgotten."""
    monkeypatch.setattr(declared, "FACTS", dict(declared.FACTS))
    return declared.FACTS


def fact_of(**fields: Any) -> type[Fact]:
    return msgspec.defstruct("Tried", list(fields.items()), bases=(Fact,), frozen=True)


@pytest.mark.parametrize(
    "annotation",
    [
        *(str, float, datetime, time, Decimal, bytes, object, Any, dict, list, list[int], tuple[int, ...], Masked),
        *(Money, int | None, Colour | None, str | int, Literal["red"], int | str),
        *(type("Text", (str,), {}), type("Name", (UnitCode,), {}), type("Count", (int,), {}), type("Day", (date,), {})),
    ],
)
def test_a_field_that_could_hold_a_person_is_refused(annotation: Any, facts):
    before = dict(facts)
    with pytest.raises(TypeError, match=r"tryout\.tried\.field: a fact may hold"):
        fact("tryout.tried")(fact_of(field=annotation))
    assert facts == before, "nothing is left half declared"


@pytest.mark.parametrize("annotation", [date, UnitCode, Minor, CaseKey, int, bool, Colour])
def test_what_can_be_counted_is_taken(annotation: type, facts):
    kind = fact("tryout.tried")(fact_of(field=annotation)).KIND
    assert facts["tryout.tried"] is kind
    assert list(kind.columns) == ["day", "unit", "field", "n"]
    assert kind.columns["field"] is annotation
    assert kind.measures == (("field", "n") if annotation in (int, Minor) else ("n",))


def test_the_measure_n_is_every_fact_s_own_and_nobody_declares_it():
    with pytest.raises(TypeError, match=r"tryout\.tried\.n"):
        fact("tryout.tried")(fact_of(n=int))


@pytest.mark.parametrize(
    "name",
    ["tried", "Tryout.tried", "tryout.Tried", "tryout.", ".tried", "tryout.tried.v2", "tryout tried", "try_out.x"],
)
def test_a_name_is_a_system_and_what_happened(name: str):
    with pytest.raises(ValueError, match=r"system\.past_tense"):
        fact(name)(fact_of())


def test_a_name_is_declared_once():
    fact("tryout.tried")(fact_of())
    with pytest.raises(ValueError, match="once"):
        fact("tryout.tried")(fact_of())
    with pytest.raises(ValueError, match="once"):
        fact(Happened.KIND.name)(fact_of())


@pytest.mark.parametrize("field", ["shape", "n", "recorded", "", "Colour"])
def test_a_rollup_names_fields_of_the_fact_only(field: str, facts):
    with pytest.raises(ValueError, match="rollup top_month names unknown fields"):
        fact("tryout.tried", rollups=(Rollup("top_month", ("top", field)),))(fact_of(colour=Colour))
    assert "tryout.tried" not in facts


@pytest.mark.parametrize("measure", [int, Minor])
def test_a_rollup_folds_by_no_measure(measure: type):
    with pytest.raises(ValueError, match="folds by a measure"):
        fact("tryout.tried", rollups=(Rollup("top_month", ("top", "amount")),))(fact_of(amount=measure))


def test_rollups_are_found_by_name():
    rollups = (Rollup("top_month", ("top", "month")), Rollup("by_colour", ("unit", "day", "colour")))
    kind = fact("tryout.tried", rollups=rollups)(fact_of(colour=Colour)).KIND
    assert kind.rollup("by_colour") is rollups[1]
    with pytest.raises(ValueError, match=r"tryout\.tried has no rollup by_shape"):
        kind.rollup("by_shape")


def test_two_rollups_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two rollups have one name"):
        fact("tryout.tried", rollups=(Rollup("top_month", ("top",)), Rollup("top_month", ("month",))))(fact_of())


def test_upcasts_lead_step_by_step_to_the_newest():
    def second(columns: Columns) -> Columns:
        return {**columns, "colour": ["red"] * len(columns["n"])}

    def third(columns: Columns) -> Columns:
        return {**columns, "late": [colour == "blue" for colour in columns["colour"]]}

    kind = fact("tryout.tried", upcasts=(second, third))(fact_of(colour=Colour, late=bool)).KIND
    assert kind.version == 3
    first = {"day": ["2024-01-01"] * 2, "unit": ["H26", "H38"], "n": [1, 1]}
    assert kind.newest(1, first) == {**first, "colour": ["red", "red"], "late": [False, False]}
    older = {**first, "colour": ["red", "blue"]}
    assert kind.newest(2, older) == {**older, "late": [False, True]}
    newest = {**older, "late": [True, True]}
    assert kind.newest(3, newest) is newest
    assert Grew.KIND.version == 2


@given(
    st.lists(
        st.builds(
            Happened,
            day=st.dates(),
            unit=st.sampled_from(["H26", "H38.901"]).map(UnitCode),
            colour=st.sampled_from(Colour),
            late=st.booleans(),
        ),
        min_size=1,
    ),
    st.sampled_from([1, -1]),
)
def test_facts_as_columns_say_the_same(facts_: list[Happened], n: int):
    columns = columns_of(facts_, n)
    assert tuple(columns) == tuple(Happened.KIND.columns)
    rows = zip(*columns.values(), strict=True)
    assert [Happened(date.fromisoformat(day), unit, colour, late) for day, unit, colour, late, _ in rows] == facts_
    assert columns["n"] == [n] * len(facts_)


def test_a_code_list_is_closed_and_speaks(monkeypatch):
    monkeypatch.setattr("doorstep.kernel.declare.codes.CODES", dict(CODES))

    class Size(Code):
        SMALL = "small", "Small"
        LARGE = "large", "Large"

    assert [*Size] == ["small", "large"]
    assert (Size("large"), Size("large").text) == (Size.LARGE, "Large")
    assert f"{Size.SMALL}" == "small"
    with pytest.raises(ValueError, match="medium"):
        Size("medium")
    assert Colour in CODES.values()
    assert msgspec.json.decode(b'"small"', type=Size) is Size.SMALL
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'"Small"', type=Size)
