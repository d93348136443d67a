"""The published figures and the languages, for tests of steering's rules; no database."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import msgspec
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from doorstep.kernel.declare.indicators import INDICATORS, Cell, Direction, Indicator, Kind
from doorstep.kernel.testing.tryout import Happened
from doorstep.kernel.values.period import Period
from doorstep.kernel.web import numbers
from doorstep.systems.steering.rules.figures import SubmittedFigure
from doorstep.systems.steering.rules.formats import Format
from doorstep.systems.steering.rules.report import Computation, Report, build_report
from doorstep.systems.steering.rules.rows import Answering, read_figures

VECTORS = Path(__file__).parent / "vectors"
PUBLISHED = (VECTORS / "published-2024-h1.csv").read_bytes()
LANGUAGES = ("vi", "en", "de", "ar")
UNITS = {"G14": "Information and Communications", "G22": "Government Office", "H26": "Ha Noi", "H38": "Lao Cai"}
ANSWERING = Answering(UNITS, "G22")
PERIOD = Period.parse("2024-H1")
MADE = datetime(2024, 7, 10, 7, tzinfo=UTC)
TILES = {"H26": (1, 1), "H38": (0, 0), "H63": (0, 1)}


def published() -> list[SubmittedFigure]:
    figures, reasons = read_figures(PUBLISHED, ANSWERING)
    assert reasons == []
    return [*figures.values()]


def figure(of: str = "lodging.notifications", /, **changes: object) -> SubmittedFigure:
    """A published figure with some cells changed."""
    return msgspec.structs.replace(next(one for one in published() if one.key == of), **changes)


@cache
def fmt(language: str) -> Format:
    """The language's way to write, with translations read from the `.po` files as they stand."""
    translations: NullTranslations = NullTranslations()
    for package in [Path(__file__).parents[1], Path(numbers.__file__).parents[1]] if language != "en" else []:
        binary = BytesIO()
        with (package / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
            write_mo(binary, read_po(file))
        binary.seek(0)
        translations.add_fallback(GNUTranslations(binary))
    return Format(language, numbers, translations, UNITS)


def indicator(key: str, kind: Kind = Kind.FLOW, *, rate: bool = False, smallest: int = 0) -> Indicator:
    """An indicator whose formulas are never run here, declared for this one use."""
    with patch.dict(INDICATORS, clear=True):
        return Indicator(
            key=key,
            question="How many visits were there?",
            counts="A visit.",
            excludes="",
            measure_unit="percent" if rate else "notifications",
            direction=Direction.HIGHER,
            kind=kind,
            fact=Happened.KIND,
            rollup="top_month",
            numerator=lambda table: table.n.sum(),
            denominator=(lambda table: table.n.sum()) if rate else None,
            factor=Decimal(100 if rate else 1),
            smallest=smallest,
            owner="lodging",
        )


def cells(*rows: tuple[str, int, int] | tuple[str, int, int, int]) -> list[Cell]:
    """Cells from unit, month (0 the last of 2023) and numbers."""
    return [Cell(unit, date(2024, month, 1) if month else date(2023, 12, 1), *rest) for unit, month, *rest in rows]


def report(**changes: object) -> Report:
    """The half-year report of the published figures, with stays computed at the scale 1:1000."""
    computed = {
        "lodging.notifications": Computation(
            indicator("lodging.notifications", Kind.STOCK), cells(("H38", 0, 700), ("H38", 1, 79), ("H26", 6, 8000))
        )
    }
    built = build_report(
        PERIOD, published(), computed, UNITS, made_at=MADE, simulated_scale=Decimal("0.001"), **changes
    )
    assert isinstance(built, Report)
    return built
