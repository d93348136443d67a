"""Lays out the report's pictures as plain numbers and texts, which an SVG template draws without deciding anything.

Widths are 328 px, what a telephone of 360 px leaves between its margins, so that text of 12 px stays that large. The
drawings' direction is always left to right: in right-to-left languages the layout is mirrored here, and texts carry
their own direction in isolates (UAX #9), because not every renderer takes it from the page.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from doorstep.kernel.values.text import N_
from doorstep.systems.steering.rules.formats import Format

WIDTH = 328
_ROW, _BAR = 40, 14
_COLUMNS_HEIGHT = 120
_STEPS = (
    (Decimal(10) ** 9, N_("in billions")),
    (Decimal(10) ** 6, N_("in millions")),
    (Decimal(10) ** 3, N_("in thousands")),
)


class Palette(msgspec.Struct, frozen=True):
    """Colours and font as SVG attributes; `ink` writes, `accent` fills what counts most."""

    ink: str
    accent: str
    font: str


PAGE = Palette("currentColor", "var(--ds-color-accent-base-default, currentColor)", "inherit")
PAPER = Palette("#1c1c1c", "#0b5394", "Be Vietnam Pro, Noto Kufi Arabic, Amiri")


class Label(msgspec.Struct, frozen=True):
    x: int
    y: int
    anchor: str
    text: str


class Mark(msgspec.Struct, frozen=True):
    """A rectangle with its texts; `style` is value, computed, baseline, target or level-0 to level-5."""

    x: int
    y: int
    width: int
    height: int
    style: str
    labels: tuple[Label, ...]
    hint: str = ""


class Chart(msgspec.Struct, frozen=True):
    """`template` draws it; `title` and `desc` say the same in words."""

    template: str
    id: str
    title: str
    desc: str
    width: int
    height: int
    marks: tuple[Mark, ...]
    palette: Palette


class Bar(msgspec.Struct, frozen=True):
    """`style` as in Mark; `text` is the formatted value."""

    style: str
    label: str
    value: Decimal
    text: str


def bars(chart_id: str, title: str, values: Sequence[Bar], fmt: Format, palette: Palette) -> Chart:
    """Lying bars from zero, each under its name and value; for values of one unit that are not negative."""
    largest = max((bar.value for bar in values), default=Decimal(0)) or Decimal(1)
    marks = []
    for place, bar in enumerate(values):
        top, length = place * _ROW, max(_share(bar.value, largest, WIDTH), 2)
        labels = (
            Label(WIDTH if fmt.rtl else 0, top + 14, "end" if fmt.rtl else "start", _directed(bar.label, fmt)),
            Label(0 if fmt.rtl else WIDTH, top + 14, "start" if fmt.rtl else "end", _directed(bar.text, fmt)),
        )
        marks.append(Mark(WIDTH - length if fmt.rtl else 0, top + 20, length, _BAR, bar.style, labels))
    desc = "; ".join(f"{bar.label}: {bar.text}" for bar in values)
    return Chart("steering/charts/bars.svg", chart_id, title, desc, WIDTH, len(values) * _ROW, tuple(marks), palette)


def months(
    chart_id: str, title: str, values: Sequence[tuple[str, Decimal | None]], fmt: Format, palette: Palette
) -> Chart:
    """Standing columns, first month where reading begins; None is a month without a value."""
    texts, unit = _short([value for _, value in values], fmt)
    largest = max((value for _, value in values if value), default=Decimal(1))
    pitch = WIDTH // max(len(values), 1)
    marks = []
    for place, ((name, value), text) in enumerate(zip(values, texts, strict=True)):
        left = (len(values) - 1 - place if fmt.rtl else place) * pitch
        height = _share(value or Decimal(0), largest, _COLUMNS_HEIGHT)
        top, middle = 18 + _COLUMNS_HEIGHT - height, left + pitch // 2
        labels = (
            Label(middle, top - 5, "middle", text),
            Label(middle, _COLUMNS_HEIGHT + 34, "middle", _directed(name, fmt)),
        )
        marks.append(Mark(left + 3, top, pitch - 6, height, "value", labels))
    desc = "; ".join(f"{name}: {text}" for (name, _), text in zip(values, texts, strict=True))
    title = f"{title} ({unit})" if unit else title
    return Chart(
        "steering/charts/months.svg", chart_id, title, desc, WIDTH, _COLUMNS_HEIGHT + 42, tuple(marks), palette
    )


def tiles(
    chart_id: str,
    title: str,
    values: Mapping[str, Decimal | None],
    places: Mapping[str, tuple[int, int]],
    fmt: Format,
    palette: Palette,
) -> Chart:
    """A map of equal squares, one for each unit of `places` (code: column, row), with code and value printed in it.

    Shades go by fifths of the units in order of value. Geography is not mirrored.
    """
    shown = {code: values.get(code) for code in sorted(places)}
    texts, unit = _short(list(shown.values()), fmt)
    ranked = sorted(value for value in shown.values() if value is not None)
    side = WIDTH // (max((column for column, _ in places.values()), default=0) + 1)
    marks = []
    for (code, value), text in zip(shown.items(), texts, strict=True):
        column, row = places[code]
        level = 0 if value is None else 1 + ranked.index(value) * 5 // len(ranked)
        left, top = column * side + 1, row * side + 1
        labels = (
            Label(left + side // 2 - 1, top + side // 2 - 3, "middle", code),
            Label(left + side // 2 - 1, top + side // 2 + 11, "middle", text),
        )
        hint = f"{fmt.unit(code)}: {text}"
        marks.append(Mark(left, top, side - 2, side - 2, f"level-{level}", labels, hint))
    height = side * (max((row for _, row in places.values()), default=0) + 1)
    desc = "; ".join(mark.hint for mark in marks)
    title = f"{title} ({unit})" if unit else title
    return Chart("steering/charts/tiles.svg", chart_id, title, desc, WIDTH, height, tuple(marks), palette)


def _share(value: Decimal, largest: Decimal, length: int) -> int:
    return int((value * length / largest).quantize(Decimal(1), ROUND_HALF_UP))


def _short(values: Sequence[Decimal | None], fmt: Format) -> tuple[list[str], str]:
    """Numbers of at most four signs, all in one step (thousands, millions), and the step's name."""
    largest = max((abs(value) for value in values if value is not None), default=Decimal(0))
    step, name = next((found for found in _STEPS if largest >= found[0]), (Decimal(1), ""))
    texts = []
    for value in values:
        if value is None:
            texts.append("–")
            continue
        part = value / step
        whole = abs(part) >= 10 or part == part.to_integral_value()
        texts.append(fmt.number(part.quantize(Decimal(1) if whole else Decimal("0.1"), ROUND_HALF_UP)))
    return texts, fmt.text(name) if name else ""


def _directed(text: str, fmt: Format) -> str:
    """Right-to-left text in an isolate of its own direction."""
    return f"\u2067{text}\u2069" if fmt.rtl else text
