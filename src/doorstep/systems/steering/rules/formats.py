"""Writes numbers, money, days and periods as a reader of the language does (CLDR), safe to insert into any sentence.

Inserted values are wrapped in first-strong isolates (U+2068, U+2069; UAX #9), so that a Latin name or a signed number
keeps its order inside Arabic text, in a page, a PDF and plain text alike.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_compact_decimal, format_decimal, format_percent
from babel.units import format_unit

from doorstep.kernel.values.period import Period
from doorstep.kernel.values.text import N_
from doorstep.systems.steering.rules.figures import DifferenceUnit, MeasureUnit, Qualifier

_MILLION = 1_000_000
_DIGITS = re.compile("\u2068?([0-9][0-9.,]*(?:\u00a0?%)?)\u2069?")
_DURING = {
    "H1": N_("in the first half of {year}"),
    "H2": N_("in the second half of {year}"),
    "Q": N_("in quarter {quarter} of {year}"),
    "M": N_("in {month}"),
    "Y": N_("in the year {year}"),
}
_NAMED = {
    "H1": N_("First half of {year}"),
    "H2": N_("Second half of {year}"),
    "Q": N_("Quarter {quarter} of {year}"),
    "M": N_("{month}"),
    "Y": N_("Year {year}"),
}
_QUALIFIED = {
    Qualifier.ABOUT: N_("about {value}"),
    Qualifier.MORE_THAN: N_("more than {value}"),
    Qualifier.ESTIMATE: N_("{value} (estimate)"),
}


class Translations(Protocol):
    """What gettext offers in one language: a catalogue, or `django.utils.translation` while the language is active."""

    def gettext(self, message: str, /) -> str: ...

    def ngettext(self, singular: str, plural: str, number: int, /) -> str: ...


class Format:
    """One language's way to write. `names` maps unit codes to the units' names in that language."""

    def __init__(self, language: str, translations: Translations, names: Mapping[str, str], zone: str = "UTC") -> None:
        self.language = language
        self.locale = Locale.parse(language)
        self.rtl = self.locale.text_direction == "rtl"
        self.zone = ZoneInfo(zone)
        self._translations = translations
        self._names = names

    def text(self, message: str, **values: str) -> str:
        """The message in this language with its placeholders filled; raises KeyError when one is not given."""
        text = self._translations.gettext(message)
        return text.format_map({name: isolated(value) for name, value in values.items()})

    def unit(self, code: str) -> str:
        return self._names.get(code, code)

    def number(self, value: Decimal) -> str:
        return str(format_decimal(value, locale=self.locale, decimal_quantization=False))

    def percent(self, value: Decimal) -> str:
        """`value` counts per cent: 42 is written 42%."""
        return str(format_percent(value / 100, locale=self.locale, decimal_quantization=False))

    def quantity(self, value: Decimal, unit: MeasureUnit) -> str:
        """A value as a sentence inserts it: the counted noun stands in the sentence, signs and measures here."""
        if unit is MeasureUnit.PERCENT:
            return self.percent(value)
        if unit is MeasureUnit.BILLION_VND:
            return self.text("{number} billion VND", number=self.number(value))
        if unit is MeasureUnit.MEGAWATT:
            return str(format_unit(value, "power-megawatt", "short", locale=self.locale))
        if abs(value) >= _MILLION and not value % 10_000:
            return str(format_compact_decimal(int(value), format_type="long", locale=self.locale, fraction_digits=2))
        return self.number(value)

    def qualified(self, value: Decimal, unit: MeasureUnit, qualifier: Qualifier) -> str:
        """A value as a cell of a table shows it, with what hedges it."""
        quantity = self.quantity(value, unit)
        return self.text(_QUALIFIED[qualifier], value=quantity) if qualifier in _QUALIFIED else quantity

    def change(self, value: Decimal, change_unit: DifferenceUnit, unit: MeasureUnit) -> str:
        """The size of a change, without a sign."""
        if change_unit is DifferenceUnit.POINTS:
            return self._counted("{number} percentage point", "{number} percentage points", abs(value))
        if change_unit is DifferenceUnit.PLACES:
            return self._counted("{number} place", "{number} places", abs(value))
        return self.percent(abs(value)) if change_unit is DifferenceUnit.PERCENT else self.quantity(abs(value), unit)

    def signed_change(self, value: Decimal, change_unit: DifferenceUnit, unit: MeasureUnit) -> str:
        """A change with its sign; a place in a ranking says better or worse, because less is more there."""
        if change_unit is DifferenceUnit.PLACES and value < 0:
            return self._counted("{number} place better", "{number} places better", -value)
        if change_unit is DifferenceUnit.PLACES and value > 0:
            return self._counted("{number} place worse", "{number} places worse", value)
        return signed(value, self.change(value, change_unit, unit))

    def months(self, months: int) -> str:
        """A length of time, in whole years from one year on."""
        if months >= 12:
            return self._counted("{number} year", "{number} years", Decimal(months // 12))
        return self._counted("{number} month", "{number} months", Decimal(months))

    def scale(self, scale: Decimal) -> str:
        """A simulation's scale as a ratio: 0.001 is written 1:1,000."""
        return f"1:{self.number((1 / scale).quantize(Decimal(1), ROUND_HALF_UP))}"

    def day(self, day: date) -> str:
        return str(format_date(day, "long", locale=self.locale))

    def instant(self, at: datetime) -> str:
        return str(format_datetime(at, "long", tzinfo=self.zone, locale=self.locale))

    def month(self, day: date) -> str:
        """A month's name alone, short."""
        return str(format_date(day, "LLL", locale=self.locale))

    def since(self, day: date, *, same_period: bool) -> str:
        """The day of a baseline, as it stands after "compared with"."""
        if same_period:
            return self.text("the same period of {year}", year=str(day.year))
        if (day.month, day.day) == (12, 31):
            return self.text("the end of {year}", year=str(day.year))
        return self.text("the state of {day}", day=self.day(day))

    def during(self, period: Period) -> str:
        """The period as an adverb: in the first half of 2024."""
        return self._period(_DURING, period)

    def period(self, period: Period) -> str:
        """The period as a title: First half of 2024."""
        return self._period(_NAMED, period)

    def _period(self, messages: Mapping[str, str], period: Period) -> str:
        part = period.label[5:]
        kind = "Y" if not part else part if part[0] == "H" else "Q" if part[0] == "Q" else "M"
        month = str(format_skeleton("yMMMM", period.start, locale=self.locale))
        return self.text(messages[kind], year=period.label[:4], quarter=part[1:], month=month)

    def _counted(self, singular: str, plural: str, value: Decimal) -> str:
        # gettext picks plural forms by whole numbers; a fraction takes the form of large round ones in every language
        number = int(value) if value == value.to_integral_value() else 100
        text = self._translations.ngettext(singular, plural, number)
        return text.format(number=isolated(self.number(value)))


def isolated(text: str) -> str:
    return f"\u2068{text}\u2069"


def signed(value: Decimal, size: str) -> str:
    """`size` with the sign of `value`, which stays before the digits in right-to-left text too."""
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return _DIGITS.sub(lambda found: isolated(f"{sign}{found[1]}"), size, count=1)
