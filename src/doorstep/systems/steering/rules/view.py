"""Puts a report into the words and numbers of one language, for the page, the PDF and the CSV file alike.

Templates only loop over what stands here.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

import msgspec

from doorstep.kernel.declare.indicators import Indicator
from doorstep.kernel.values.text import N_, NN_
from doorstep.systems.steering.rules import charts, wording
from doorstep.systems.steering.rules.catalogue import CHAPTERS, EXPLAINED, OTHER
from doorstep.systems.steering.rules.charts import Bar, Chart, Palette
from doorstep.systems.steering.rules.comparison import compare
from doorstep.systems.steering.rules.figures import FigureScope, MeasureUnit, SubmittedFigure
from doorstep.systems.steering.rules.formats import Format, plain
from doorstep.systems.steering.rules.report import Computed, Count, Line, Report
from doorstep.systems.steering.rules.sentences import message

Tiles = Mapping[str, tuple[int, int]]
"""Column and row of each unit on the tile map, by code."""

_SIMULATED = N_(
    "Simulated: the computed figures come from simulated records at the scale {scale}. They show how the system works "
    "and say nothing about real people or places."
)
_WORDS = {
    "title": N_("Figure"),
    "scope": N_("Scope"),
    "value": N_("Value"),
    "measure": N_("Unit of measure"),
    "baseline": N_("Baseline"),
    "change": N_("Change since the baseline"),
    "target": N_("Target"),
    "computed": N_("Computed from the records"),
    "difference": N_("Computed minus submitted"),
    "origin": N_("Origin"),
    "contents": N_("Contents"),
    "question": N_("The question"),
    "counts": N_("What counts"),
    "excludes": N_("What does not count"),
    "formula": N_("Formula"),
    "numerator": N_("Numerator"),
    "denominator": N_("Denominator"),
    "unit": N_("Unit"),
    "by_unit": N_("By unit"),
    "by_month": N_("Over the months"),
    "month": N_("Month"),
    "facts": N_("In detail"),
    "evidence": N_("What it rests on"),
    "segments": N_("Sealed segments"),
    "map": N_("Units on the maps"),
    "segment": N_("Segment"),
    "rows": N_("Rows"),
    "fingerprint": N_("SHA-256"),
    "checkpoint": N_("Signed checkpoint of the evidence log"),
    "note": N_("Note from the source, in its own words"),
    "back": N_("Back to the report"),
}


_SAID = (MeasureUnit.PERCENT, MeasureUnit.BILLION_VND, MeasureUnit.MEGAWATT)
"""Units of measure that stand beside the value itself."""


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What stands over every page of a report. `notice` is empty unless the records are simulated, `open` unless the
    period was not over, `about` unless the report is one unit's; `words` are the labels of the templates.
    """

    language: str
    direction: str
    title: str
    notice: str
    open: str
    about: str
    made: str
    evidence: str
    words: dict[str, str]


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `sentences` is running text; the rest are cells of a table, empty where nothing applies."""

    key: str
    title: str
    scope: str
    sentences: tuple[str, ...]
    value: str
    measure: str
    baseline: str
    change: str
    target: str
    computed: str
    difference: str
    origin: str
    charts: tuple[Chart, ...]


class FigureRow(msgspec.Struct, frozen=True, kw_only=True):
    """A submitted figure in a list: the cells that it would have in a report's table, and who answers for it."""

    title: str
    scope: str
    day: date
    value: str
    measure: str
    baseline: str
    change: str
    target: str
    owner: str


class SectionView(msgspec.Struct, frozen=True):
    """`table` names the table that says the same."""

    code: str
    title: str
    table: str
    lines: tuple[LineView, ...]


class ReportView(msgspec.Struct, frozen=True):
    """`note`, `reference` and `page_of` stand on every sheet of paper; `units` are code and name of those on its maps."""

    heading: Heading
    sections: tuple[SectionView, ...]
    units: tuple[tuple[str, str], ...]
    note: str
    reference: str
    page_of: str


class Part(msgspec.Struct, frozen=True):
    """A unit's or a month's share of a computed figure; `code` is the unit's, as on the map."""

    name: str
    code: str
    numerator: str
    denominator: str
    value: str


class FigureView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything behind one figure. `facts` are pairs of heading and text; `segments` are path, rows and SHA-256.

    `ratio` says whether its parts have denominators; `evidence` how many segments these are.
    """

    heading: Heading
    line: LineView
    question: str
    counts: str
    excludes: str
    formula: str
    facts: tuple[tuple[str, str], ...]
    ratio: bool
    units: tuple[Part, ...]
    months: tuple[Part, ...]
    evidence: str
    segments: tuple[tuple[str, str, str], ...]
    checkpoint: str
    note: str


def report_view(report: Report, fmt: Format, tiles: Tiles, palette: Palette = charts.PAGE) -> ReportView:
    """The whole report in the language of `fmt`; `tiles` places units on the map, the others stand in tables alone."""
    titles = {chapter.code: chapter.title for chapter in (*CHAPTERS, OTHER)}
    sections = []
    for section in report.sections:
        title = fmt.text(titles[section.code])
        lines = tuple(line_view(report, line, fmt, tiles, palette) for line in section.lines)
        sections.append(SectionView(section.code, title, fmt.text(N_("{section}: in a table"), section=title), lines))
    head = heading(report, fmt)
    page_of = fmt.text(N_("Page {page} of {pages}"), page="{page}", pages="{pages}")
    mapped = any(chart.kind == "tiles" for section in sections for line in section.lines for chart in line.charts)
    units = tuple((code, fmt.unit(code)) for code in sorted(tiles)) if mapped else ()
    note = " ".join(filter(None, (head.open, head.notice)))
    return ReportView(head, tuple(sections), units, note, f"{report.period.label} {report.unit}", page_of)


def line_view(report: Report, line: Line, fmt: Format, tiles: Tiles, palette: Palette = charts.PAGE) -> LineView:
    """One figure of the report."""
    said, figure = wording.placeholders(report, line, fmt), line.submitted
    area = figure.area if figure else report.unit
    scope = FigureScope.NATIONAL if figure is None else figure.scope
    return LineView(
        key=line.key,
        title=said["title"],
        scope=fmt.unit(area) if area else fmt.text(scope.text),
        sentences=tuple(fmt.text(message(line.key, sentence), **said) for sentence in line.sentences),
        value=wording.value_cell(line, said, fmt),
        measure=_measure(line, fmt),
        baseline=wording.baseline_cell(line, said, fmt),
        change=wording.change_cell(line, said, fmt),
        target=wording.target_cell(line, said, fmt),
        computed=said.get("computed", ""),
        difference=said.get("difference", ""),
        origin=wording.origin(line, said, fmt),
        charts=_charts(line, said, fmt, tiles, palette),
    )


def figure_row(figure: SubmittedFigure, fmt: Format) -> FigureRow:
    """A submitted figure outside any report."""
    line = Line(figure.key, figure, compare(figure), None, None, ())
    said = wording.submitted_values(line, fmt)
    return FigureRow(
        title=wording.title(line, fmt),
        scope=fmt.unit(figure.area) if figure.area else fmt.text(figure.scope.text),
        day=figure.as_of,
        value=wording.value_cell(line, said, fmt),
        measure=_measure(line, fmt),
        baseline=wording.baseline_cell(line, said, fmt),
        change=wording.change_cell(line, said, fmt),
        target=wording.target_cell(line, said, fmt),
        owner=said["owner"],
    )


def figure_view(
    report: Report,
    key: str,
    fmt: Format,
    tiles: Tiles,
    indicator: Indicator | None = None,
    palette: Palette = charts.PAGE,
) -> FigureView | None:
    """Everything behind one figure of the report; None when the report does not have it.

    `indicator` is the running system's declaration; its words stand before those of the catalogue.
    """
    line = next((line for line in report.lines() if line.key == key), None)
    if line is None:
        return None
    view = line_view(report, line, fmt, tiles, palette)
    explained = indicator or EXPLAINED.get(key)
    computed, evidence = line.computed, report.evidence
    segments = [s for s in evidence.segments if computed and s.fact == computed.fact] if evidence else []
    return FigureView(
        heading=heading(report, fmt),
        line=view,
        question=fmt.text(explained.question) if explained else view.title,
        counts=fmt.text(explained.counts) if explained else "",
        excludes=fmt.text(explained.excludes) if explained and explained.excludes else "",
        formula=_formula(line, fmt),
        facts=_details(line, view, fmt),
        ratio=computed is not None and computed.total.denominator is not None,
        units=_parts(computed, computed.by_unit, fmt, fmt.unit, units=True) if computed else (),
        months=_parts(computed, computed.by_month, fmt, lambda month: _month(month, fmt)) if computed else (),
        evidence=_rests_on(len(segments), evidence.size, fmt) if evidence else "",
        segments=tuple((s.path, fmt.number(s.rows), s.sha256) for s in segments),
        checkpoint=evidence.checkpoint if evidence and segments else "",
        note=line.submitted.note if line.submitted else "",
    )


def _measure(line: Line, fmt: Format) -> str:
    """What the value of a line counts, as it stands behind it."""
    unit, figure = wording.measure_unit(line), line.submitted
    if unit is None or unit in _SAID:
        return ""
    if figure is None or figure.denominator is None:
        return fmt.measure(unit, figure.value if figure else None)
    return fmt.measure(unit, Decimal(figure.denominator))


def _rests_on(segments: int, size: int, fmt: Format) -> str:
    forms = NN_(
        "It rests on {segments} sealed segment, proved by the evidence log at size {size}.",
        "It rests on {segments} sealed segments, proved by the evidence log at size {size}.",
    )
    return fmt.plural(forms, Decimal(segments), segments=fmt.number(segments), size=fmt.number(size))


def heading(report: Report, fmt: Format) -> Heading:
    scale, evidence, about, until = report.simulated_scale, "", "", ""
    if report.evidence:
        forms = NN_(
            "The computed figures rest on {segments} sealed segment, proved by the evidence log at size {size}.",
            "The computed figures rest on {segments} sealed segments, proved by the evidence log at size {size}.",
        )
        segments, size = len(report.evidence.segments), report.evidence.size
        evidence = fmt.plural(forms, Decimal(segments), segments=fmt.number(segments), size=fmt.number(size))
    if report.unit:
        about = fmt.text(N_("This report is about {unit} alone."), unit=fmt.unit(report.unit))
    if report.until:
        until = fmt.text(N_("The period is not over: this report goes until {day}."), day=fmt.day(report.until))
    return Heading(
        language=fmt.language,
        direction="rtl" if fmt.rtl else "ltr",
        title=plain(fmt.text(N_("Digital transformation report: {period}"), period=fmt.period(report.period))),
        notice=fmt.text(_SIMULATED, scale=fmt.scale(scale)) if scale is not None else "",
        open=until,
        about=about,
        made=fmt.text(N_("Made on {instant}."), instant=fmt.instant(report.made_at)),
        evidence=evidence,
        words={name: fmt.text(text) for name, text in _WORDS.items()},
    )


def _formula(line: Line, fmt: Format) -> str:
    computed = line.computed
    if computed is None:
        owner = fmt.unit(line.submitted.submitted_by) if line.submitted else ""
        return fmt.text(N_("No formula computes this figure yet: {owner} submits it."), owner=owner)
    text = (
        N_("The numbers of facts {fact} are added up ({kind}).")
        if computed.total.denominator is None
        else N_("Numerator and denominator are added up over the facts {fact} ({kind}), then divided.")
    )
    return fmt.text(text, fact=computed.fact, kind=fmt.text(computed.kind.text))


def _details(line: Line, view: LineView, fmt: Format) -> tuple[tuple[str, str], ...]:
    figure, computed, measured = line.submitted, line.computed, wording.measure_unit(line)
    pairs = [
        (N_("Value"), view.value),
        (N_("Unit of measure"), fmt.text(measured.text) if measured and measured not in _SAID else ""),
        (N_("Scope"), view.scope),
        (N_("As of"), fmt.day(figure.as_of) if figure else ""),
        (N_("How it is counted over time"), fmt.text(figure.kind.text) if figure else ""),
        (N_("Direction"), fmt.text(figure.direction.text) if figure else ""),
        (N_("Baseline"), view.baseline),
        (N_("Change since the baseline"), view.change),
        (N_("Target"), view.target),
        (N_("Target due"), fmt.day(figure.target_due) if figure and figure.target_due else ""),
        (N_("Origin"), view.origin),
        (N_("Source"), figure.source if figure else ""),
        (N_("Numerator"), wording.whole(computed.total.numerator, fmt) if computed else ""),
        (N_("Denominator"), wording.whole(computed.total.denominator, fmt) if computed else ""),
        (N_("Computed from the records"), view.computed),
        (N_("Computed minus submitted"), view.difference),
    ]
    return tuple((fmt.text(heading), text) for heading, text in pairs if text)


def _month(month: str, fmt: Format) -> str:
    return fmt.month(date.fromisoformat(f"{month}-01"))


def _parts(
    computed: Computed,
    counts: Mapping[str, Count],
    fmt: Format,
    name: Callable[[str], str],
    *,
    units: bool = False,
) -> tuple[Part, ...]:
    """Units with the largest first, months in their order."""
    unit = next((unit for unit in MeasureUnit if unit == computed.measure_unit), None)
    rows = list(counts.items())
    if units:
        rows.sort(key=lambda row: (row[1].value is None, -(row[1].value or 0), row[0]))
    return tuple(
        Part(
            name(key),
            key if units else "",
            wording.whole(count.numerator, fmt),
            wording.whole(count.denominator, fmt),
            wording.computed_text(count, unit, fmt),
        )
        for key, count in rows
    )


def _charts(line: Line, said: Mapping[str, str], fmt: Format, tiles: Tiles, palette: Palette) -> tuple[Chart, ...]:
    computed, drawn = line.computed, []
    note = fmt.text(N_("Simulated records, scale {scale}"), scale=said["scale"]) if "scale" in said and computed else ""
    name, rows = charts.Name(line.key, said["title"], note), _bars(line, said, fmt)
    if len(rows) > 1:
        drawn.append(charts.bars(name, rows, fmt, palette, _full(line)))
    if computed and computed.records:
        by_month = [(_month(month, fmt), count.value) for month, count in computed.by_month.items()]
        drawn.append(charts.months(name, by_month, fmt, palette))
        values = {code: count.value for code, count in computed.by_unit.items()}
        if set(values) & set(tiles):
            drawn.append(charts.tiles(name, values, tiles, fmt, palette))
    return tuple(drawn)


def _full(line: Line) -> Decimal | None:
    """Where a bar is full: at 100 per cent, at 63 of 63."""
    figure = line.submitted
    if figure and figure.measure_unit is MeasureUnit.PERCENT:
        return Decimal(100)
    return Decimal(figure.denominator) if figure and figure.denominator else None


def _bars(line: Line, said: Mapping[str, str], fmt: Format) -> list[Bar]:
    """Value, what is computed, baseline and target; nothing for ranks, where the longer bar would be the worse."""
    figure, compared, apart = line.submitted, line.comparison, line.difference
    if figure is None or compared is None or figure.value is None or figure.measure_unit is MeasureUnit.RANK:
        return []
    rows = [Bar("value", fmt.day(figure.as_of), figure.value, wording.value_cell(line, said, fmt))]
    if apart:
        rows.append(Bar("computed", fmt.text(N_("Computed")), apart.comparable, said["comparable"]))
    if compared.baseline is not None and compared.baseline_as_of:
        rows.append(Bar("baseline", fmt.day(compared.baseline_as_of), compared.baseline, said["baseline"]))
    if compared.target is not None:
        rows.append(Bar("target", fmt.text(N_("Target")), compared.target, said["target"]))
    return rows if all(row.value >= 0 for row in rows) else []
