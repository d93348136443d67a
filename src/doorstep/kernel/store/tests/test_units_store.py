"""The table of units answers by day: what is in force, what lies below, what it is called."""

import random
from datetime import date, timedelta

import pytest

from doorstep.kernel.store import units
from doorstep.kernel.store.models import Unit
from doorstep.kernel.values import unit_tree
from doorstep.kernel.values.unit_tree import UnitRow
from doorstep.kernel.values.units import UnitCode

pytestmark = pytest.mark.django_db

BEGAN, RENAMED, ENDED, TODAY = date(2020, 1, 1), date(2022, 1, 1), date(2023, 1, 1), date(2024, 1, 1)
DAY = timedelta(days=1)


def row(code: str, kind: str = "commune", **changes: object) -> UnitRow:
    names = {"vi": f"Tên {code}", "en": f"Name {code}"}
    given = {"names": names, "valid_from": BEGAN, "source": "made up", "certainty": "invented"}
    return UnitRow(code=UnitCode(code), kind=kind, **{**given, **changes})


@pytest.fixture(autouse=True)
def _tree() -> None:
    Unit.objects.all().delete()
    rows = [
        row("X1", "province", valid_to=RENAMED, names={"en": "Old One"}),
        row("X1", "province", valid_from=RENAMED, names={"vi": "Một", "en": "One", "ar": ""}),
        row("X1.A", "district"),
        row("X1.A.1"),
        row("X1.A.1.N", "neighbourhood"),
        row("X1.B"),
        row("X1.B.N", "neighbourhood", valid_to=ENDED),
        row("X1.C", valid_to=ENDED, successor="X1.B"),
        row("X1.D", valid_from=TODAY + DAY),
        row("X1.E", "district"),
        row("X1.E.1", valid_to=ENDED),
        row("X2", "province", names={"vi": "Hai"}),
    ]
    assert units.load(rows) == len(rows)


@pytest.mark.parametrize(
    ("code", "day", "there"),
    [
        ("X1.B", BEGAN - DAY, False),
        ("X1.B", BEGAN, True),
        ("X1.C", ENDED - DAY, True),
        ("X1.C", ENDED, False),
        ("X1.D", TODAY, False),
        ("X1.D", TODAY + DAY, True),
        ("X1.D", date(2999, 12, 31), True),
    ],
)
def test_a_unit_is_in_force_from_its_first_day_up_to_but_without_its_last(code, day, there):
    assert units.in_force(day).filter(code=code).exists() is there


@pytest.mark.parametrize("day", [BEGAN, RENAMED - DAY, RENAMED, TODAY])
def test_one_row_of_a_code_at_a_time(day):
    assert units.in_force(day).filter(code="X1").count() == 1


@pytest.mark.parametrize(
    ("code", "day", "is_one"),
    [
        ("X1.B", TODAY, True),
        ("X1.B", ENDED - DAY, True),  # neighbourhoods below make it no less a commune
        ("X1.A.1", TODAY, True),
        ("X1.A", TODAY, False),  # a commune lies below
        ("X1.E", ENDED - DAY, False),
        ("X1.E", ENDED, True),  # the commune below is gone
        ("X1.A.1.N", TODAY, False),
        ("X1", TODAY, False),
        ("X2", TODAY, False),  # of the first level, though nothing lies below
        ("X1.C", ENDED, False),
        ("X1.D", TODAY, False),
        ("X9", TODAY, False),
        ("", TODAY, False),
    ],
)
def test_a_commune_lies_below_the_first_level_and_has_neighbourhoods_at_most(code, day, is_one):
    assert units.is_commune(code, day) is is_one


def test_below_are_the_children_of_the_day_in_order_of_code():
    assert [unit.code for unit in units.below("", TODAY)] == ["X1", "X2"]
    assert [unit.code for unit in units.below("X1", TODAY)] == ["X1.A", "X1.B", "X1.E"]
    assert [unit.code for unit in units.below("X1", ENDED - DAY)] == ["X1.A", "X1.B", "X1.C", "X1.E"]
    assert units.below("X9", TODAY) == []


@pytest.mark.parametrize(
    ("code", "day", "language", "said"),
    [
        ("X1", TODAY, "vi", "Một"),
        ("X1", TODAY, "en", "One"),
        ("X1", TODAY, "de", "One"),
        ("X1", TODAY, "ar", "One"),  # an empty name is none
        ("X1", RENAMED - DAY, "vi", "Old One"),
        ("X2", TODAY, "de", "Hai"),
        ("X9", TODAY, "vi", "X9"),
        ("X1.C", TODAY, "vi", "Tên X1.B"),  # which took it over
        ("X1.E.1", TODAY, "vi", "X1.E.1"),  # which nobody did
    ],
)
def test_a_name_falls_back_to_english_then_to_any_then_to_the_code(code, day, language, said):
    assert units.name(code, day, language) == said


@pytest.mark.parametrize(
    ("unit", "day", "codes"),
    [
        ("X1.B", ENDED, ["X1.B", "X1.B.N", "X1.C"]),
        ("X1.B", ENDED - DAY, ["X1.B", "X1.B.N"]),
        ("X1.C", ENDED, []),
        ("X1.C", ENDED - DAY, ["X1.C"]),
        ("X2", RENAMED, ["X2"]),
        ("X2", TODAY, ["X1.E", "X1.E.1", "X2", "X3", "X3.1"]),  # X3 by way of X1.E
        ("X1", TODAY, ["X1", *(f"X1.{rest}" for rest in ("A", "A.1", "A.1.N", "B", "B.N", "C", "D"))]),
        ("X9", TODAY, []),
    ],
)
def test_a_unit_answers_for_what_it_took_over(unit, day, codes):
    ended = {"valid_to": TODAY}
    merged = [row("X1.E", "district", **ended, successor="X2"), row("X3", "province", **ended, successor="X1.E")]
    units.load([*merged, row("X3.1")], restate=True)
    everything = set(Unit.objects.values_list("code", flat=True))
    assert sorted(set(Unit.objects.filter(units.within(unit, day, "code")).values_list("code", flat=True))) == codes
    answers = units.answering(everything, day)
    assert sorted(code for code, answer in answers.items() if UnitCode(answer).within(unit)) == codes


CODES = ["A", "B", "C", *(f"{a}.{b}" for a in "ABC" for b in "123"), "A.1.1", "A.2.1", "B.1.1", "C.1.1", "C.3.1"]


def test_what_is_asked_of_the_table_is_what_the_whole_tree_says():
    """However units merged, parts of them went elsewhere and came back."""
    chance = random.Random(3)
    for _ in range(30):
        Unit.objects.all().delete()
        gone = {code: chance.choice(["", *CODES, *CODES]) for code in CODES if chance.random() < 0.35}
        units.load(row(code, valid_to=ENDED if code in gone else None, successor=gone.get(code, "")) for code in CODES)
        ended = {code: who for code, who in gone.items() if who}
        answers = {code: unit_tree.answering(code, ended) for code in CODES}
        assert units.answering(CODES, TODAY) == answers
        unit = chance.choice(CODES)
        found = set(Unit.objects.filter(units.within(unit, TODAY, "code")).values_list("code", flat=True))
        assert found == {code for code, answer in answers.items() if unit in unit_tree.lineage(answer)}


def test_the_nation_answers_for_everything():
    assert Unit.objects.filter(units.within("", TODAY, "code")).count() == Unit.objects.count()


def test_names_are_those_of_the_units_that_answer():
    named = units.names(["X1", "X1.C", "X1.C.7", "X9"], TODAY, "vi")
    assert named == {"X1": "Một", "X1.C": "Tên X1.B", "X1.C.7": "Tên X1.B", "X9": "X9"}
    assert units.names([], TODAY, "vi") == {}


def table() -> list[dict[str, object]]:
    return list(Unit.objects.order_by("code", "valid_from").values())


def test_loading_again_changes_nothing_and_takes_what_is_new():
    before = table()
    again = [row("X1.B"), row("X2", "province", names={"vi": "Hai"}), row("X3", "province")]
    assert units.load(again) == 1
    assert units.load(again) == 0
    assert [one for one in table() if one["code"] != "X3"] == before


def test_names_follow_and_a_language_that_is_not_named_keeps_its_own():
    assert units.load([row("X1", "province", valid_from=RENAMED, names={"vi": "Một mới", "de": "Eins"})]) == 0
    said = {language: units.name("X1", TODAY, language) for language in ("vi", "en", "de")}
    assert said == {"vi": "Một mới", "en": "One", "de": "Eins"}
    assert units.name("X1", RENAMED - DAY, "vi") == "Old One", "the row before is another one"


def test_nothing_to_load():
    assert units.load([]) == 0


def test_what_is_stored_is_what_the_rules_of_the_tree_read_back():
    stored = units.rows()
    assert [(one.code, one.valid_from) for one in stored] == sorted((one.code, one.valid_from) for one in stored)
    assert row("X1.C", valid_to=ENDED, successor="X1.B") in stored
    assert {one.parent for one in stored} == {"", "X1", "X1.A", "X1.A.1", "X1.B", "X1.E"}
