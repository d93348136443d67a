"""Lays out the report's pictures as plain numbers and texts, and draws them as SVG.

Widths are 328 px, what a telephone of 360 px leaves between its margins, so that text of 12 px stays that large. The
drawings' direction is always left to right: in right-to-left languages the layout is mirrored here, and texts carry
their own direction in isolates (UAX #9), because not every renderer takes it from the page. Geography stays as it is.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from html import escape

import msgspec

from doorstep.kernel.values.text import N_
from doorstep.systems.steering.rules.formats import Format

WIDTH = 328
_BAR_ROW, _COLUMN_HEIGHT, _TILE_HEIGHT, _CAPTION = 42, 110, 33, 24
_STEPS = (
    (Decimal(10) ** 9, N_("{title}, in billions")),
    (Decimal(10) ** 6, N_("{title}, in millions")),
    (Decimal(10) ** 3, N_("{title}, in thousands")),
)


class Palette(msgspec.Struct, frozen=True):
    """Colours and font as SVG attributes; `ink` writes, `accent` fills what counts most."""

    ink: str
    accent: str
    font: str


PAGE = Palette("currentColor", "var(--ds-color-accent-base-default, currentColor)", "inherit")
PAPER = Palette("#1d2827", "#14605a", "Be Vietnam Pro, Amiri")


class Label(msgspec.Struct, frozen=True):
    x: int
    y: int
    anchor: str
    text: str

    def svg(self, weight: str = "normal") -> str:
        place = f'x="{self.x}" y="{self.y}" text-anchor="{self.anchor}" font-weight="{weight}"'
        return f"<text {place}>{escape(self.text)}</text>"


class Mark(msgspec.Struct, frozen=True):
    """A rectangle with its texts; `hint` is what a pointer or a screen reader gets."""

    x: int
    y: int
    width: int
    height: int
    fill: str
    opacity: str
    stroke: str
    dash: str
    labels: tuple[Label, ...]
    hint: str

    def svg(self) -> str:
        place = f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" rx="2"'
        paint = (
            f'fill="{self.fill}" fill-opacity="{self.opacity}" stroke="{self.stroke}" stroke-dasharray="{self.dash}"'
        )
        labels = "".join(label.svg() for label in self.labels)
        return f"<g><title>{escape(self.hint)}</title><rect {place} {paint}/>{labels}</g>"


class Chart(msgspec.Struct, frozen=True):
    """`title` names it, `desc` says all its values in words; `captions` stand in the picture: what it
    shows, and that it is simulated. `size` is that of its letters, in px.
    """

    kind: str
    id: str
    title: str
    desc: str
    captions: tuple[Label, ...]
    width: int
    height: int
    size: int
    palette: Palette
    marks: tuple[Mark, ...]

    def svg(self) -> str:
        """Markup for a page as well as a file of its own; here and not in a template, whose loops take ten times as long."""
        name, size = escape(self.id), f'width="{self.width}" height="{self.height}"'
        look = f'font-family="{self.palette.font}" font-size="{self.size}" fill="{self.palette.ink}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" {size} role="img"'
            f' aria-labelledby="{name}-title {name}-desc" direction="ltr" {look}>'
            f'<title id="{name}-title">{escape(self.title)}</title><desc id="{name}-desc">{escape(self.desc)}</desc>'
            f"{''.join(caption.svg('600') for caption in self.captions)}{''.join(mark.svg() for mark in self.marks)}</svg>"
        )


class Name(msgspec.Struct, frozen=True):
    """Key and title of the figure that a chart shows; `note` says that it is simulated, or is empty."""

    key: str
    title: str
    note: str


class Bar(msgspec.Struct, frozen=True):
    """`role` is value, computed, baseline or target; `text` the formatted value."""

    role: str
    name: str
    value: Decimal
    text: str


def bars(name: Name, values: Sequence[Bar], fmt: Format, palette: Palette, whole: Decimal | None = None) -> Chart:
    """Lying bars from zero to `whole` or to the longest, each under its name and value; of one unit and not negative.

    Roles differ in outline as well as in shade.
    """
    paint = {
        "value": (palette.accent, "1", palette.accent, "none"),
        "computed": (palette.accent, "0.35", palette.accent, "none"),
        "baseline": (palette.ink, "0.3", palette.ink, "none"),
        "target": ("none", "1", palette.ink, "5 3"),
    }
    largest = max([bar.value for bar in values] + [whole or Decimal(0)]) or Decimal(1)
    marks = []
    for place, bar in enumerate(values):
        top, length = place * _BAR_ROW, max(_share(bar.value, largest, WIDTH - 2), 2)
        ends = (WIDTH, 0) if fmt.rtl else (0, WIDTH)
        labels = (
            Label(ends[0], top + 14, "end" if fmt.rtl else "start", _directed(bar.name, fmt)),
            Label(ends[1], top + 14, "start" if fmt.rtl else "end", _directed(bar.text, fmt)),
        )
        left = WIDTH - 1 - length if fmt.rtl else 1
        marks.append(Mark(left, top + 20, length, 14, *paint[bar.role], labels, f"{bar.name}: {bar.text}"))
    return _chart("bars", name, "", len(values) * _BAR_ROW, fmt, palette, marks)


def months(name: Name, values: Sequence[tuple[str, Decimal | None]], fmt: Format, palette: Palette) -> Chart:
    """Standing columns, first month where reading begins; None is a month without a value."""
    texts, caption = _short([value for _, value in values], fmt.text(N_("Over the months")), fmt)
    largest = max((abs(value) for _, value in values if value), default=Decimal(1))
    pitch = WIDTH // max(len(values), 1)
    marks = []
    for place, ((month, value), text) in enumerate(zip(values, texts, strict=True)):
        left = (len(values) - 1 - place if fmt.rtl else place) * pitch
        height = max(_share(value or Decimal(0), largest, _COLUMN_HEIGHT), 0)
        top, middle = _CAPTION + 18 + _COLUMN_HEIGHT - height, left + pitch // 2
        labels = (
            Label(middle, top - 5, "middle", text),
            Label(middle, _CAPTION + _COLUMN_HEIGHT + 34, "middle", _directed(month, fmt)),
        )
        paint = (palette.accent, "1", "none", "none")
        marks.append(Mark(left + 3, top, pitch - 6, height, *paint, labels, f"{month}: {text}"))
    height = _CAPTION + _COLUMN_HEIGHT + 42
    return _chart("months", name, caption, height, fmt, palette, marks)


def tiles(
    name: Name,
    values: Mapping[str, Decimal | None],
    places: Mapping[str, tuple[int, int]],
    fmt: Format,
    palette: Palette,
) -> Chart:
    """A map of equal tiles, one for each unit of `places` (code: column, row), with code and value printed in it.

    Shades go by fifths of the units in order of value; the text stays readable on the darkest.
    """
    shown = {code: values.get(code) for code in sorted(places)}
    texts, caption = _short(list(shown.values()), fmt.text(N_("By unit")), fmt)
    ranked = sorted(value for value in shown.values() if value is not None)
    side = WIDTH // (1 + max((column for column, _ in places.values()), default=0))
    marks = []
    for (code, value), text in zip(shown.items(), texts, strict=True):
        column, row = places[code]
        fifth = 0 if value is None else 1 + ranked.index(value) * 5 // len(ranked)
        left, top = column * side + 1, _CAPTION + row * _TILE_HEIGHT + 1
        middle = left + side // 2 - 1
        labels = (Label(middle, top + 13, "middle", code), Label(middle, top + 27, "middle", text))
        paint = (palette.accent, f"0.{fifth * 8:02}", palette.ink, "none" if value is not None else "2 2")
        marks.append(Mark(left, top, side - 2, _TILE_HEIGHT - 2, *paint, labels, f"{fmt.unit(code)}: {text}"))
    height = _CAPTION + _TILE_HEIGHT * (1 + max((row for _, row in places.values()), default=0))
    return _chart("tiles", name, caption, height, fmt, palette, marks)


def _chart(
    kind: str, name: Name, caption: str, height: int, fmt: Format, palette: Palette, marks: Sequence[Mark]
) -> Chart:
    edge, anchor = (WIDTH, "end") if fmt.rtl else (0, "start")
    captions = ((caption, 15), (name.note, height + 12))
    return Chart(
        kind=kind,
        id=f"{name.key.replace('.', '-')}-{kind}",
        title=f"{name.title}: {caption}" if caption else name.title,
        desc="; ".join([mark.hint for mark in marks] + [name.note] * bool(name.note)),
        captions=tuple(Label(edge, y, anchor, _directed(text, fmt)) for text, y in captions if text),
        width=WIDTH,
        height=height + 18 * bool(name.note),
        size=14 if fmt.rtl else 12,  # Arabic letters are smaller at the same size
        palette=palette,
        marks=tuple(marks),
    )


def _share(value: Decimal, largest: Decimal, length: int) -> int:
    return int((value * length / largest).quantize(Decimal(1), ROUND_HALF_UP))


def _short(values: Sequence[Decimal | None], title: str, fmt: Format) -> tuple[list[str], str]:
    """Numbers of at most four signs, all in one step (ones, thousands, millions), and the title with that step."""
    largest = max((abs(value) for value in values if value is not None), default=Decimal(0))
    step, message = next((found for found in _STEPS if largest >= found[0]), (Decimal(1), ""))
    texts = []
    for value in values:
        part = Decimal(0) if value is None else value / step
        whole = abs(part) >= 10 or part == part.to_integral_value()
        part = part.quantize(Decimal(1) if whole else Decimal("0.1"), ROUND_HALF_UP)
        texts.append("–" if value is None else fmt.number(part))
    return texts, fmt.text(message, title=title) if message else title


def _directed(text: str, fmt: Format) -> str:
    """Right-to-left text in an isolate of its own direction."""
    return f"\u2067{text}\u2069" if fmt.rtl else text
