"""Every figure is said in whole sentences in four languages, hedged as its source hedges it."""

import json
from datetime import date
from decimal import Decimal
from string import Formatter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.kernel.values.period import Period
from doorstep.systems.steering.rules.figures import DifferenceUnit, FigureScope, MeasureUnit, Qualifier, SubmittedFigure
from doorstep.systems.steering.rules.formats import plain, signed
from doorstep.systems.steering.rules.report import Report, build_report
from doorstep.systems.steering.rules.sentences import GENERAL, SENTENCES, message
from doorstep.systems.steering.rules.view import figure_view, line_view
from doorstep.systems.steering.tests.builders import (
    LANGUAGES,
    MADE,
    PERIOD,
    UNITS,
    VECTORS,
    figure,
    fmt,
    published,
    report,
)

EXPECTED = json.loads((VECTORS / "sentences.json").read_text())


def said(one: SubmittedFigure, language: str, period: Period = PERIOD) -> str:
    """The running text of a figure, without isolates."""
    built = build_report(period, [one], {}, UNITS, made_at=MADE)
    assert isinstance(built, Report)
    (line,) = built.lines()
    return plain(" ".join(line_view(built, line, fmt(language), {}).sentences))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", [one.key for one in published()])
def test_published_figures_in_words(key: str, language: str) -> None:
    assert said(figure(key), language) == EXPECTED[key][language]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "more than 8,280"), ("vi", "hơn 8.280"), ("de", "mehr als 8.280"), ("ar", "أكثر من 8,280")],
)
def test_the_hedge_stays(language: str, words: str) -> None:
    assert words in said(figure("benefits.amount_paid"), language)


def test_a_fall_is_not_called_an_increase() -> None:
    text = said(figure("ipv6.rate", value=Decimal(58), difference=Decimal(-1)), "en")
    assert text == (
        "IPv6 adoption reached 58%. Change compared with the end of 2023: −1 percentage point. "
        "Submitted by Information and Communications."
    )


def test_an_unchanged_figure_is_not_called_an_increase() -> None:
    text = said(figure("ipv6.rate", value=Decimal(59), difference=Decimal(0)), "en")
    assert "Change compared with the end of 2023: ±0 percentage points." in text


@pytest.mark.parametrize(
    ("change", "words"),
    [(-1, "an improvement by 1 place"), (-3, "an improvement by 3 places"), (2, "2 places worse"), (0, "±0 places")],
)
def test_fewer_places_are_better(change: int, words: str) -> None:
    one = figure("ipv6.world_rank", difference=Decimal(change), baseline=Decimal(8 - change))
    assert words in said(one, "en")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 نقطة مئوية"),
        (1, "1 نقطة مئوية"),
        (2, "2 نقطة مئوية"),
        (8, "8 نقاط مئوية"),
        (25, "25 نقطة مئوية"),
        ("2.6", "2.6 نقطة مئوية"),
    ],
)
def test_arabic_counts_by_its_six_forms(number: str | int, words: str) -> None:
    points = fmt("ar").change(Decimal(number), DifferenceUnit.POINTS, MeasureUnit.PERCENT)
    assert plain(points) == words


@pytest.mark.parametrize(
    ("number", "language", "words"),
    [
        *(
            (1, "en", "data centre"),
            (2, "en", "data centres"),
            (1, "de", "Rechenzentrum"),
            (5, "vi", "trung tâm dữ liệu"),
        ),
        *(
            (1, "ar", "مركز بيانات"),
            (7, "ar", "مراكز بيانات"),
            (16_390_000, "ar", "مركز بيانات"),
            ("1.5", "en", "data centres"),
        ),
    ],
)
def test_what_is_counted_agrees_with_its_number(number: str | int, language: str, words: str) -> None:
    built = build_report(PERIOD, [figure("datacenter.added", value=Decimal(number))], {}, UNITS, made_at=MADE)
    (line,) = built.lines()
    assert line_view(built, line, fmt(language), {}).measure == words
    assert fmt(language).text("data centres") in dict(figure_view(built, line.key, fmt(language), {}).facts).values()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", list(MeasureUnit))
def test_every_unit_of_measure_has_its_forms(unit: MeasureUnit, language: str) -> None:
    for number in (0, 1, 2, 3, 11, 100):
        assert fmt(language).measure(unit, Decimal(number))
    assert fmt(language).measure(unit, None) == fmt(language).text(unit.text)


def test_a_hedge_without_a_sentence_of_its_own_falls_back_on_the_general_one() -> None:
    text = said(figure("portal.accounts", qualifier=Qualifier.ESTIMATE), "en")
    assert text == "Accounts on the national portal: 16.39 million, as an estimate. Submitted by Government Office."


def test_a_figure_that_nobody_described_goes_by_its_own_name() -> None:
    text = said(figure("portal.accounts", key="new.figure", name="Robots at counters"), "de")
    assert text == "Robots at counters: 16,39 Millionen. Eingereicht von: Government Office."


def test_a_missing_denominator_does_not_break_the_sentence() -> None:
    text = said(figure("benefits.localities", denominator=None), "en")
    assert text.startswith("Localities paying social benefits into accounts: 63.")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": Decimal(72)}, "This meets the target of 72%."),
        ({"target": Decimal(80)}, "This falls short of the target of 80% by 8 percentage points."),
        (
            {"target": Decimal(80), "target_due": date(2025, 12, 31)},
            "This falls short of the target of 80%, due on 31 December 2025, by 8 percentage points.",
        ),
        (
            {"target_due": date(2024, 9, 30)},
            "This exceeds the target of 60% by 12 percentage points, 3 months early.",
        ),
    ],
)
def test_distance_to_the_target(changes: dict[str, object], words: str) -> None:
    assert words in said(figure("benefits.urban_account_rate", **changes), "en")


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("2024-H2", "in the second half of 2024"),
        ("2024-Q2", "in quarter 2 of 2024"),
        ("2024-06", "in June 2024"),
        ("2024", "in the year 2024"),
    ],
)
def test_periods_by_name(label: str, words: str) -> None:
    period = Period.parse(label)
    last = date.fromordinal(period.end.toordinal() - 1)
    assert words in said(figure("fiber.households_added", as_of=last), "en", period)


def test_a_baseline_of_another_day_is_named() -> None:
    assert "compared with the state of 31 March 2024" in said(
        figure("ipv6.rate", baseline_as_of=date(2024, 3, 31)), "en"
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Computed from simulated records at the scale 1:1,000: 8,779, which stands for 8,779,000; "),
        ("en", "; difference from the submitted figure: +278, or ±0%."),
        ("ar", "المحسوب من سجلات محاكاة بمقياس 1:1,000 هو 8,779، أي ما يعادل 8,779,000؛"),
    ],
)
def test_a_computed_figure_stands_beside_the_submitted_one(language: str, words: str) -> None:
    built = report()
    line = next(line for line in built.lines() if line.computed)
    text = plain(" ".join(line_view(built, line, fmt(language), {}).sentences))
    assert words in text
    assert EXPECTED[line.key][language].removesuffix(".") in text


def test_signs_stay_with_their_digits() -> None:
    million = fmt("ar").signed_change(Decimal(416_800_000), DifferenceUnit.SAME, MeasureUnit.INVOICES)
    assert million == "\u2068+416.8\u2069 مليون"
    assert signed(Decimal(-1), "مرتبة واحدة") == "− مرتبة واحدة"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_name_the_same_values(language: str) -> None:
    for text in [*GENERAL.values(), *(text for own in SENTENCES.values() for text in own.values())]:
        translated = fmt(language)._gettext(text)
        assert translated != text or language == "en" or text == "{title}: {value}."
        assert _names(translated) == _names(text)


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


NUMBERS = st.none() | st.decimals(-(10**9), 10**9, places=1)


@settings(max_examples=150)
@given(
    language=st.sampled_from(LANGUAGES),
    key=st.sampled_from([one.key for one in published()]),
    value=NUMBERS,
    difference=NUMBERS,
    baseline=NUMBERS,
    target=NUMBERS,
    unit=st.sampled_from(list(MeasureUnit)),
    change_unit=st.sampled_from(list(DifferenceUnit)),
    qualifiers=st.tuples(st.sampled_from(list(Qualifier)), st.sampled_from(list(Qualifier))),
    denominator=st.none() | st.just(63),
    area=st.sampled_from(["", "H26"]),
    due=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_any_figure_can_be_said(language, key, value, difference, baseline, target, unit, change_unit, qualifiers,
                                denominator, area, due) -> None:  # fmt: skip
    one = figure(
        key,
        value=value if value is not None or qualifiers[0] is Qualifier.FIRST else Decimal(1),
        difference=difference,
        baseline=baseline,
        baseline_as_of=None if baseline is difference is None else date(2023, 12, 31),
        target=target,
        measure_unit=unit,
        difference_unit=change_unit,
        qualifier=qualifiers[0],
        difference_qualifier=Qualifier.NONE if qualifiers[1] is Qualifier.FIRST else qualifiers[1],
        denominator=denominator,
        scope=FigureScope.UNIT if area else FigureScope.NATIONAL,
        area=area,
        target_due=due,
    )
    built = build_report(PERIOD, [one], {}, UNITS, made_at=MADE)
    assert isinstance(built, Report)
    (line,) = built.lines()
    view = line_view(built, line, fmt(language), {})
    for text in (*view.sentences, view.value, view.change, view.target, view.baseline):
        assert text.count("\u2068") == text.count("\u2069")
        assert "{" not in text
    assert all(message(key, sentence) for sentence in line.sentences)
    assert msgspec.to_builtins(view)
