"""Pictures fit a telephone, print their numbers, mirror for Arabic, and are well-formed whatever the names are."""

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.systems.steering.rules import charts
from doorstep.systems.steering.rules.charts import WIDTH, Bar, Chart, Name
from doorstep.systems.steering.rules.view import figure_view, report_view
from doorstep.systems.steering.tests.builders import LANGUAGES, TILES, fmt, report

NAME = Name("lodging.notifications", "Stay notifications", "")
BARS = [
    Bar("value", "30 June 2024", Decimal(72), "72%"),
    Bar("baseline", "31 December 2023", Decimal(64), "64%"),
    Bar("target", "Target", Decimal(60), "60%"),
]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: Chart) -> ET.Element:
    return ET.fromstring(chart.svg())  # noqa: S314  our own drawing


def all_charts(language: str) -> list[Chart]:
    view = report_view(report(), fmt(language), TILES)
    return [chart for section in view.sections for line in section.lines for chart in line.charts]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_of_the_report_is_well_formed_and_fits(language: str) -> None:
    found = all_charts(language)
    assert {chart.id.rpartition("-")[2] for chart in found} == {"bars", "months", "tiles"}
    assert len({chart.id for chart in found}) == len(found)
    for chart in found:
        svg = drawn(chart)
        assert svg.get("role") == "img"
        assert svg.findtext(f"{SVG}title") == chart.title
        assert svg.findtext(f"{SVG}desc") == chart.desc
        assert int(svg.get("font-size", "0")) >= 12
        for rect in svg.iter(f"{SVG}rect"):
            x, y, width, height = (int(rect.get(name, "-1")) for name in ("x", "y", "width", "height"))
            assert 0 <= x <= x + width <= WIDTH
            assert 0 <= y <= y + height <= chart.height
        for text in svg.iter(f"{SVG}text"):
            assert 0 < int(text.get("y", "0")) <= chart.height
            assert text.text


def test_simulated_charts_say_so() -> None:
    simulated = [chart for chart in all_charts("de") if chart.id.startswith("lodging")]
    assert len(simulated) == 3
    for chart in simulated:
        assert chart.captions[-1].text == "Simulierte Datensätze, Maßstab \u20681:1.000\u2069"
        assert "Simulierte" in chart.desc
    assert not any("Simulierte" in chart.desc for chart in all_charts("de") if chart not in simulated)


def test_bars_share_one_scale_and_differ_in_more_than_colour() -> None:
    value, baseline, target = charts.bars(NAME, BARS, fmt("en"), charts.PAPER, Decimal(100)).marks
    assert (value.width, baseline.width, target.width) == (235, 209, 196)
    assert len({(mark.opacity, mark.dash) for mark in (value, baseline, target)}) == 3


def test_bars_and_months_are_mirrored_for_arabic_and_the_map_is_not() -> None:
    left, right = (charts.bars(NAME, BARS, fmt(language), charts.PAGE).marks[1] for language in ("en", "ar"))
    assert right.x == WIDTH - left.x - left.width
    assert (left.labels[0].anchor, right.labels[0].anchor) == ("start", "end")
    assert right.labels[0].text.startswith("\u2067")
    months = [("1", Decimal(1)), ("2", Decimal(2))]
    assert [mark.x for mark in charts.months(NAME, months, fmt("en"), charts.PAGE).marks] == [3, 167]
    assert [mark.x for mark in charts.months(NAME, months, fmt("ar"), charts.PAGE).marks] == [167, 3]
    maps = [charts.tiles(NAME, {"H38": Decimal(1)}, TILES, fmt(language), charts.PAGE) for language in ("en", "ar")]
    assert [mark.x for mark in maps[0].marks] == [mark.x for mark in maps[1].marks]


def test_the_map_prints_every_unit_its_value_and_what_is_missing() -> None:
    shown = charts.tiles(NAME, {"H26": Decimal(12_345), "H38": Decimal(400)}, TILES, fmt("en"), charts.PAGE)
    assert [tuple(label.text for label in mark.labels) for mark in shown.marks] == [
        ("H26", "12"),
        ("H38", "0.4"),
        ("H63", "–"),
    ]
    assert shown.title == "Stay notifications: \u2068By unit\u2069, in thousands"
    assert shown.desc == "Ha Noi: 12; Lao Cai: 0.4; H63: –"
    assert [mark.dash for mark in shown.marks] == ["none", "none", "2 2"]
    assert shown.marks[0].opacity > shown.marks[1].opacity > shown.marks[2].opacity


@given(
    names=st.lists(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20), min_size=1, max_size=6),
    value=st.decimals(0, 10**15, places=2),
    language=st.sampled_from(LANGUAGES),
)
def test_any_names_and_values_give_well_formed_pictures(names: list[str], value: Decimal, language: str) -> None:
    name = Name("a.b", names[0], names[0])
    one = charts.bars(name, [Bar("value", label, value, label) for label in names], fmt(language), charts.PAPER)
    other = charts.months(name, [(label, value) for label in names], fmt(language), charts.PAPER)
    third = charts.tiles(name, {"H26": value}, TILES, fmt(language), charts.PAPER)
    for chart in (one, other, third):
        assert drawn(chart).findtext(f"{SVG}title")


def test_empty_charts_are_drawn_empty() -> None:
    assert charts.bars(NAME, [], fmt("en"), charts.PAGE).marks == ()
    assert charts.months(NAME, [], fmt("en"), charts.PAGE).marks == ()
    assert charts.tiles(NAME, {}, {}, fmt("en"), charts.PAGE).marks == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_behind_a_figure(language: str) -> None:
    view = figure_view(report(), "lodging.notifications", fmt(language), TILES)
    assert view is not None
    assert [(part.name, part.code) for part in view.units] == [("Ha Noi", "H26"), ("Lao Cai", "H38")]
    assert not view.ratio
    assert [part.numerator for part in view.months][-1] == fmt(language).number(8779)
    assert len(view.facts) >= 10
    assert figure_view(report(), "no.figure", fmt(language), TILES) is None
