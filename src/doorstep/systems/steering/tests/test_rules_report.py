"""The report is a pure function: the same figures and cells give the same bytes, and the first difference is named."""

import csv
import io
import random
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.declare.indicators import Kind
from doorstep.kernel.values.period import Period
from doorstep.kernel.values.reasons import Reason
from doorstep.systems.steering.rules.catalogue import CHAPTERS, EXPLAINED
from doorstep.systems.steering.rules.exports import to_csv
from doorstep.systems.steering.rules.figures import Qualifier
from doorstep.systems.steering.rules.report import (
    Computation,
    Computed,
    Evidence,
    Report,
    Segment,
    build_report,
    check_begun,
    first_difference,
    from_json,
    says_the_same,
    to_json,
)
from doorstep.systems.steering.rules.view import report_view
from doorstep.systems.steering.tests.builders import (
    MADE,
    PERIOD,
    UNITS,
    cells,
    figure,
    fmt,
    indicator,
    published,
    report,
)

STAYS = cells(("H38", 0, 700), ("H38", 1, 79), ("H26", 1, 1000), ("H26", 6, 7000), ("H26.901", 6, 5), ("H38", 7, 99))


def computed(*rows: object, kind: Kind = Kind.FLOW, rate: bool = False, smallest: int = 0, unit: str = "") -> Computed:
    """What the report makes of cells."""
    one = Computation(indicator("lodging.notifications", kind, rate=rate, smallest=smallest), rows)
    built = build_report(PERIOD, published(), {"lodging.notifications": one}, UNITS, made_at=MADE, unit=unit)
    assert isinstance(built, Report)
    return next(line.computed for line in built.lines() if line.computed)


def values(counts: dict[str, object]) -> dict[str, object]:
    return {key: count.value for key, count in counts.items()}


def test_all_figures_stand_in_the_order_of_the_source() -> None:
    keys = [line.key for line in report().lines()]
    assert keys == [key for chapter in CHAPTERS for key in chapter.figures if key != "lodging.on_time_rate"]
    assert set(keys) <= set(EXPLAINED)


def test_a_figure_of_no_chapter_stands_at_the_end() -> None:
    built = build_report(PERIOD, [*published(), figure(key="new.figure")], {}, UNITS, made_at=MADE)
    assert built.sections[-1].code == "other"
    assert [line.key for line in built.sections[-1].lines] == ["new.figure"]


def test_the_json_is_canonical_and_comes_back_the_same() -> None:
    one = report(evidence=Evidence(3, "localhost\n3\n", (Segment("lodging.stay_notified", "a.parquet", 7, "ab", 2),)))
    assert from_json(to_json(one)) == one
    assert to_json(from_json(to_json(one))) == to_json(one)
    keys = list(msgspec.json.decode(to_json(one)))
    assert keys == sorted(keys)
    assert b'"value":"72.98"' in to_json(one)


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(shuffler: random.Random) -> None:
    figures, rows = published(), list(STAYS)
    shuffler.shuffle(figures)
    shuffler.shuffle(rows)
    one = Computation(indicator("lodging.notifications"), rows)
    same = Computation(indicator("lodging.notifications"), STAYS)
    built = [
        build_report(PERIOD, which, {"lodging.notifications": computation}, UNITS, made_at=MADE)
        for which, computation in ((figures, one), (published(), same))
    ]
    assert to_json(built[0]) == to_json(built[1])


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", to_json(report())[:-9], to_json(report()).replace(b'"2024-H1"', b'"2024-H9"')],
)
def test_other_bytes_are_no_report(content: bytes) -> None:
    found = from_json(content)
    assert isinstance(found, Reason)
    assert found.code == "steering.report_unreadable"


def test_a_changed_byte_is_found_where_it_stands() -> None:
    true, false = to_json(report()), to_json(report()).replace(b'"value":"93388"', b'"value":"93389"')
    path, one, other = first_difference(msgspec.json.decode(false), msgspec.json.decode(true))
    assert path.startswith("/sections/8/lines/0/")
    assert (one, other) == ("93389", "93388")
    assert first_difference(msgspec.json.decode(true), msgspec.json.decode(true)) is None


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ({"a": 1}, {"a": True}, "/a"),
        ({"a": [1]}, {"a": [1, 2]}, "/a/1"),
        ({"a": None}, {"a": {}}, "/a"),
        ({"a": 1, "b": 2}, {"b": 2}, "/a"),
        (1, "1", ""),
    ],
)
def test_differences_of_kind_length_and_keys(one: object, other: object, path: str) -> None:
    assert first_difference(one, other)[0] == path


def test_a_period_without_figures_is_a_reason() -> None:
    found = build_report(Period.parse("2031-H1"), published(), {}, UNITS, made_at=MADE)
    assert isinstance(found, Reason)
    assert (found.code, found.given) == ("steering.period_empty", {"period": "2031-H1"})
    silent = {"lodging.notifications": Computation(indicator("lodging.notifications"), ())}
    assert isinstance(build_report(Period.parse("2031-H1"), published(), silent, UNITS, made_at=MADE), Reason)


def test_figures_of_another_day_stay_out() -> None:
    assert isinstance(build_report(Period.parse("2024-Q1"), published(), {}, UNITS, made_at=MADE), Reason)


def test_without_facts_the_submitted_figure_still_stands() -> None:
    silent = {"lodging.notifications": Computation(indicator("lodging.notifications"), ())}
    built = build_report(PERIOD, published(), silent, UNITS, made_at=MADE)
    line = next(line for line in built.lines() if line.key == "lodging.notifications")
    assert line.submitted == figure()
    assert (line.computed.records, line.computed.total.value, line.difference) == (False, None, None)
    assert line.sentences == ("plain", "submitted", "computed.none")


def test_a_computed_figure_stands_without_a_submitted_one() -> None:
    one = {"lodging.on_time_rate": Computation(indicator("lodging.on_time_rate", rate=True), cells(("H38", 1, 9, 10)))}
    built = build_report(PERIOD, [], one, UNITS, made_at=MADE)
    (line,) = built.lines()
    assert (line.submitted, line.computed.total.value) == (None, Decimal(90))
    assert line.sentences == ("computed.alone",)


def test_a_flow_counts_within_the_period_and_a_stock_up_to_its_end() -> None:
    flow, stock = computed(*STAYS), computed(*STAYS, kind=Kind.STOCK)
    assert (flow.total.value, stock.total.value) == (8084, 8784)
    assert values(flow.by_unit) == {"H26": 8005, "H38": 79}
    assert values(stock.by_unit) == {"H26": 8005, "H38": 779}
    assert [flow.by_month[f"2024-0{month}"].numerator for month in range(1, 7)] == [1079, 0, 0, 0, 0, 7005]
    assert [stock.by_month[f"2024-0{month}"].value for month in range(1, 7)] == [1779, 1779, 1779, 1779, 1779, 8784]


def test_of_a_period_that_goes_on_the_months_to_come_are_left_out() -> None:
    stays = {"lodging.notifications": Computation(indicator("lodging.notifications", Kind.STOCK), STAYS)}
    built = build_report(PERIOD, [], stays, UNITS, made_at=MADE, until=date(2024, 3, 1))
    assert list(next(iter(built.lines())).computed.by_month) == ["2024-01", "2024-02", "2024-03"]
    assert b'"until":"2024-03-01"' in to_json(built)
    assert from_json(to_json(built)) == built
    assert b'"until"' not in to_json(report())
    assert check_begun(PERIOD, date(2024, 1, 1)) == []
    assert [one.code for one in check_begun(PERIOD, date(2023, 12, 31))] == ["steering.period_ahead"]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_it_says_how_far_it_goes(language: str) -> None:
    day = date(2024, 3, 1)
    shown = report_view(report(until=day), fmt(language), {})
    assert fmt(language).day(day) in shown.heading.open
    assert shown.note.startswith(shown.heading.open)
    assert report_view(report(), fmt(language), {}).heading.open == ""
    assert all(
        row["until"] == "2024-03-01" for row in csv.DictReader(io.StringIO(to_csv(report(until=day), fmt(language))))
    )


def test_a_period_that_is_over_says_more_than_one_that_was_open() -> None:
    first, second, over = report(until=date(2024, 3, 1)), report(until=date(2024, 3, 9)), report()
    assert says_the_same(first, second)
    assert not says_the_same(first, msgspec.structs.replace(first, until=None))
    assert says_the_same(over, over)


def test_rates_are_quotients_of_sums_never_means_of_rates() -> None:
    rate = computed(*cells(("H26", 1, 1, 100), ("H38", 2, 1, 1)), rate=True)
    assert (rate.total.numerator, rate.total.denominator, rate.total.value) == (2, 101, Decimal("1.9802"))
    assert values(rate.by_unit) == {"H26": 1, "H38": 100}


def test_a_unit_s_report_opens_one_level_down_and_leaves_national_figures_out() -> None:
    one = {"lodging.notifications": Computation(indicator("lodging.notifications"), STAYS)}
    built = build_report(PERIOD, published(), one, UNITS, made_at=MADE, unit="H26")
    assert [line.key for line in built.lines()] == ["health.kiosks", "lodging.notifications"]
    line = list(built.lines())[1]
    assert (line.submitted, line.difference) == (None, None)
    assert values(line.computed.by_unit) == {"H26": 8000, "H26.901": 5}
    unknown = build_report(PERIOD, published(), one, UNITS, made_at=MADE, unit="H99")
    assert unknown.code == "steering.unknown_unit"


def test_small_counts_are_withheld_and_never_alone() -> None:
    rows = cells(("H26", 1, 900), ("H38", 1, 3), ("H63", 1, 40), ("H01", 1, 70))
    kept = computed(*rows, smallest=10)
    assert values(kept.by_unit) == {"H26": 900, "H38": None, "H63": None, "H01": 70}
    assert [key for key, count in kept.by_unit.items() if count.withheld] == ["H38", "H63"]
    assert kept.total.value == 1013
    alone = computed(*cells(("H38", 1, 3)), smallest=10)
    assert (alone.total.withheld, alone.total.value, alone.total.numerator) == (True, None, None)


def test_the_scale_brings_the_computed_value_to_the_submitted_one_s() -> None:
    line = next(line for line in report().lines() if line.computed)
    assert (line.computed.total.value, line.difference.comparable, line.difference.absolute) == (8779, 8779000, 278)
    assert line.sentences == ("plain", "submitted", "computed.scaled")


@pytest.mark.parametrize("language", ["vi", "ar"])
def test_the_csv_has_a_row_for_each_figure_and_says_that_it_is_simulated(language: str) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(report(), fmt(language)))))
    assert len(rows) == 36
    stays = next(row for row in rows if row["key"] == "lodging.notifications")
    assert (stays["value"], stays["computed"], stays["computed_at_scale_one"], stays["difference"]) == (
        "8778722",
        "8779",
        "8779000",
        "278",
    )
    assert stays["title"] == fmt(language).text("Stay notifications")
    assert all("1:1" in row["notice"] and row["simulated_scale"] == "0.001" for row in rows)
    assert {row["qualifier"] for row in rows} == set(Qualifier)
