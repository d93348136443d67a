"""Writes values, changes, days and periods as a sentence of the report inserts them, safe in any direction of writing.

Inserted values are wrapped in first-strong isolates (U+2068, U+2069; UAX #9), so that a Latin name or a signed number
keeps its order inside Arabic text, in a page, a PDF and plain text alike.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from babel import Locale
from babel.dates import format_date

from doorstep.kernel.values.period import Period
from doorstep.kernel.values.text import N_, NN_
from doorstep.systems.steering.rules.figures import DifferenceUnit, MeasureUnit, Qualifier

_OTHER = 100
"""A whole number with the plural form that fractions take, in every language."""
_DIGITS = re.compile("\u2068?([0-9][0-9.,]*(?:\u00a0?%)?)\u2069?")
_DURING = {
    "H1": N_("in the first half of {year}"),
    "H2": N_("in the second half of {year}"),
    "Q": N_("in quarter {quarter} of {year}"),
    "M": N_("in {month}"),
    "Y": N_("in the year {year}"),
}
_QUALIFIED = {
    Qualifier.ABOUT: N_("about {value}"),
    Qualifier.MORE_THAN: N_("more than {value}"),
    Qualifier.ESTIMATE: N_("{value} (estimate)"),
}


_COUNTED = {
    MeasureUnit.LOCALITIES: NN_("province or centrally run city", "provinces and centrally run cities"),
    MeasureUnit.HOUSEHOLDS: NN_("household", "households"),
    MeasureUnit.SUBSCRIBERS: NN_("subscriber", "subscribers"),
    MeasureUnit.CENTRES: NN_("data centre", "data centres"),
    MeasureUnit.SERVICES: NN_("public service", "public services"),
    MeasureUnit.ACCOUNTS: NN_("account", "accounts"),
    MeasureUnit.DOSSIERS: NN_("dossier", "dossiers"),
    MeasureUnit.TRANSACTIONS: NN_("transaction", "transactions"),
    MeasureUnit.REGISTRANTS: NN_("business or household business", "businesses and household businesses"),
    MeasureUnit.INVOICES: NN_("invoice", "invoices"),
    MeasureUnit.PEOPLE: NN_("person", "people"),
    MeasureUnit.LOOK_UPS: NN_("look-up", "look-ups"),
    MeasureUnit.KIOSKS: NN_("kiosk", "kiosks"),
    MeasureUnit.ESTABLISHMENTS: NN_("lodging establishment", "lodging establishments"),
    MeasureUnit.NOTIFICATIONS: NN_("notification", "notifications"),
    MeasureUnit.RECORDS: NN_("record", "records"),
}


class Numbers(Protocol):
    """What a language does to numbers and days: the module `doorstep.kernel.web.numbers`."""

    def number(self, value: int | Decimal, *, language: str) -> str: ...
    def percent(self, value: int | Decimal, *, language: str) -> str: ...
    def compact(self, value: int | Decimal, *, language: str) -> str: ...
    def day(self, value: date, *, language: str) -> str: ...
    def instant(self, value: datetime, *, language: str) -> str: ...
    def month(self, value: date, *, language: str) -> str: ...
    def period(self, value: Period, *, language: str) -> str: ...


class Translations(Protocol):
    """What gettext says in the language of the report: `django.utils.translation` while that language is active."""

    def gettext(self, message: str, /) -> str: ...
    def ngettext(self, singular: str, plural: str, number: int, /) -> str: ...


class Format:
    """One language's way to write. `names` maps unit codes to the units' names in that language."""

    def __init__(self, language: str, numbers: Numbers, translations: Translations, names: Mapping[str, str]) -> None:
        self.language = language
        self.rtl = Locale.parse(language).text_direction == "rtl"
        self._numbers = numbers
        self._gettext = translations.gettext
        self._ngettext = translations.ngettext
        self._names = names

    def text(self, message: str, **values: str) -> str:
        """The message in this language with its placeholders filled; raises KeyError when one is not given."""
        text = self._gettext(message)
        return text.format_map({name: isolated(value) for name, value in values.items()})

    def plural(self, forms: tuple[str, str], number: Decimal, /, **values: str) -> str:
        """One of the forms, as `number` takes it in this language, with its placeholders filled."""
        text = self._ngettext(*forms, _whole(abs(number)))
        return text.format_map({name: isolated(value) for name, value in values.items()})

    def measure(self, unit: MeasureUnit, number: Decimal | None) -> str:
        """What is counted, as it stands behind the number; as a word alone where there is none."""
        if number is None or unit not in _COUNTED:
            return self.text(unit.text)
        return self.plural(_COUNTED[unit], number)

    def unit(self, code: str) -> str:
        return self._names.get(code, code)

    def number(self, value: int | Decimal) -> str:
        return _bare(self._numbers.number(value, language=self.language))

    def percent(self, value: Decimal) -> str:
        """`value` counts per cent: 42 is written 42%."""
        return _bare(self._numbers.percent(value, language=self.language))

    def quantity(self, value: Decimal, unit: MeasureUnit) -> str:
        """A value as a sentence inserts it: the counted noun stands in the sentence, signs and measures here."""
        if unit is MeasureUnit.PERCENT:
            return self.percent(value)
        if unit is MeasureUnit.BILLION_VND:
            return self.text(N_("{number} billion VND"), number=self.number(value))
        if unit is MeasureUnit.MEGAWATT:
            return self.text(N_("{number} MW"), number=self.number(value))
        if abs(value) >= 1_000_000 and not value % 10_000:  # printed "75.7 million", not to the last digit
            return _bare(self._numbers.compact(int(value), language=self.language))
        return self.number(value)

    def qualified(self, value: Decimal, unit: MeasureUnit, qualifier: Qualifier) -> str:
        """A value as a cell of a table shows it, with what hedges it."""
        quantity = self.quantity(value, unit)
        return self.text(_QUALIFIED[qualifier], value=quantity) if qualifier in _QUALIFIED else quantity

    def change(self, value: Decimal, change_unit: DifferenceUnit, unit: MeasureUnit) -> str:
        """The size of a change, without a sign."""
        size = abs(value)
        if change_unit is DifferenceUnit.POINTS:
            return self._counted(NN_("{number} percentage point", "{number} percentage points"), size)
        if change_unit is DifferenceUnit.PLACES:
            return self._counted(NN_("{number} place", "{number} places"), size)
        return self.percent(size) if change_unit is DifferenceUnit.PERCENT else self.quantity(size, unit)

    def signed_change(self, value: Decimal, change_unit: DifferenceUnit, unit: MeasureUnit) -> str:
        """A change with its sign; a place in a ranking says better or worse, because less is more there."""
        if change_unit is DifferenceUnit.PLACES and value < 0:
            return self._counted(NN_("{number} place better", "{number} places better"), -value)
        if change_unit is DifferenceUnit.PLACES and value > 0:
            return self._counted(NN_("{number} place worse", "{number} places worse"), value)
        return signed(value, self.change(value, change_unit, unit))

    def length(self, months: int) -> str:
        """A length of time, in whole years from one year on."""
        if years := months // 12:
            return self._counted(NN_("{number} year", "{number} years"), Decimal(years))
        return self._counted(NN_("{number} month", "{number} months"), Decimal(months))

    def scale(self, scale: Decimal) -> str:
        """A simulation's scale as a ratio: 0.001 is written 1:1,000."""
        return f"1:{self.number((1 / scale).quantize(Decimal(1), ROUND_HALF_UP))}"

    def day(self, day: date) -> str:
        return _bare(self._numbers.day(day, language=self.language))

    def instant(self, at: datetime) -> str:
        return _bare(self._numbers.instant(at, language=self.language))

    def month(self, day: date) -> str:
        """A month's name alone, short."""
        return format_date(day, "LLL", locale=self.language)

    def since(self, day: date, *, same_period: bool) -> str:
        """The day of a baseline, as it stands after "compared with"."""
        if same_period:
            return self.text(N_("the same period of {year}"), year=str(day.year))
        if (day.month, day.day) == (12, 31):
            return self.text(N_("the end of {year}"), year=str(day.year))
        return self.text(N_("the state of {day}"), day=self.day(day))

    def period(self, period: Period) -> str:
        return _bare(self._numbers.period(period, language=self.language))

    def during(self, period: Period) -> str:
        """The period as an adverb: in the first half of 2024."""
        year, _, part = period.label.partition("-")
        kind = part if part in _DURING else "Q" if part.startswith("Q") else "M" if part else "Y"
        month = _bare(self._numbers.month(period.start, language=self.language))
        return self.text(_DURING[kind], year=year, quarter=part[1:], month=month)

    def _counted(self, forms: tuple[str, str], value: Decimal) -> str:
        return self.plural(forms, value, number=self.number(value))


def isolated(text: str) -> str:
    return f"\u2068{text}\u2069"


def plain(text: str) -> str:
    """Without isolates, for a text all in one language that becomes a document's title."""
    return text.translate({0x2068: None, 0x2069: None})


def signed(value: Decimal, size: str) -> str:
    """`size` with the sign of `value`, which stays before the digits in right-to-left text too."""
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    text, found = _DIGITS.subn(lambda digits: isolated(f"{sign}{digits[1]}"), size, count=1)
    return text if found else f"{sign} {size}"


def _whole(value: Decimal) -> int:
    """The whole number whose plural form the value takes."""
    return int(value) if value == value.to_integral_value() else _OTHER


def _bare(text: str) -> str:
    """Without direction marks: the isolate around it says the same, and inside one they might turn it around."""
    return text.replace("\u200e", "").replace("\u200f", "")
