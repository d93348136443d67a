"""Numbers, money, days and instants as the reader's language writes them (CLDR, by Babel).

Two choices beyond CLDR: English is British English, whose days come before months and whose clock has 24 hours, as in
the other languages; Arabic keeps western digits, as the official reports do, and puts a left-to-right mark before each
number, so that signs, ranges and percent signs stay with their digits in text that runs from right to left.

Each function takes `language` (default: the reader's) and gives plain text; `isolated` makes it safe HTML.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, dates
from babel import numbers as cldr
from django.conf import settings
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.period import Period

LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\u200e", "\u200f"

Number = int | Decimal


def isolated(text: str) -> SafeString:
    """`<bdi>`: the text around cannot reorder it, and it cannot reorder the text around."""
    return format_html("<bdi>{}</bdi>", text)


def number(value: Number, *, decimals: int | None = None, language: str | None = None) -> str:
    """`decimals` None shows what there is; otherwise exactly so many, rounded half to even."""
    locale = _locale(language)
    return _marked(cldr.format_decimal(_rounded(value, decimals), _parsed_pattern("#,##0", decimals), locale), locale)


def percent(value: Number, *, decimals: int | None = None, language: str | None = None) -> str:
    """Of a value in percent: 42 is 42 %."""
    locale = _locale(language)
    pattern = _parsed_pattern(locale.percent_formats[None].pattern, decimals)
    return _marked(cldr.format_percent(_rounded(value, decimals) / 100, pattern, locale), locale)


def compact(value: Number, *, decimals: int = 2, language: str | None = None) -> str:
    """In words of thousands, millions and so on, with at most `decimals`: 16.39 million."""
    locale = _locale(language)
    text = cldr.format_compact_decimal(value, format_type="long", locale=locale, fraction_digits=decimals)
    return _phrase(_marked(text, locale), language)


def money(amount: Money, *, language: str | None = None) -> str:
    """With the currency's own decimals, whatever CLDR thinks."""
    locale = _locale(language)
    pattern = locale.currency_formats["standard"].pattern.split(";")[0]
    pattern = pattern.replace("#,##0.00", _pattern("#,##0", amount.currency.decimals))
    value, code = amount.decimal(), amount.currency.code
    if not _right_to_left(locale):
        return cldr.format_currency(value, code, pattern, locale, currency_digits=False)
    # Arabic begins with a right-to-left mark, which places the currency; the sign stays with the digits.
    text = cldr.format_currency(abs(value), code, pattern, locale, currency_digits=False).lstrip(RIGHT_TO_LEFT)
    return f"{RIGHT_TO_LEFT}{LEFT_TO_RIGHT + '-' if value < 0 else ''}{text}"


def day(value: date, *, style: str = "long", language: str | None = None) -> str:
    """A legal day: `long` (5 June 2024), `full` with its weekday, `short` in digits for tables."""
    locale = _locale(language)
    if style == "short":
        return dates.format_skeleton("yMd", value, locale=locale)
    return dates.format_date(value, style, locale)


def instant(value: datetime, *, style: str = "long", language: str | None = None) -> str:
    """An aware instant in the profile's zone, to the minute."""
    locale = _locale(language)
    if value.tzinfo is None:
        raise ValueError("an instant has a time zone")
    local = value.astimezone(ZoneInfo(settings.TIME_ZONE))
    pair = str(dates.get_datetime_format("long", locale=locale))
    return pair.replace("{0}", clock(value, language=language)).replace(
        "{1}", day(local.date(), style=style, language=language)
    )


def clock(value: datetime, *, language: str | None = None) -> str:
    """The time of an aware instant in the profile's zone: 23:05."""
    local = value.astimezone(ZoneInfo(settings.TIME_ZONE))
    return dates.format_skeleton("Hm", local, locale=_locale(language))


def month(value: date, *, language: str | None = None) -> str:
    """The month that the day lies in, with its year."""
    return dates.format_skeleton("yMMMM", value, locale=_locale(language))


def period(value: Period, *, language: str | None = None) -> str:
    """A half-year, quarter, month or year by its name."""
    year, _, part = value.label.partition("-")
    with _in(language):
        match part[:1], part[1:]:
            case "H", "1":
                return translation.gettext("first half of {year}").format(year=year)
            case "H", _:
                return translation.gettext("second half of {year}").format(year=year)
            case "Q", quarter:
                return translation.gettext("quarter {quarter} of {year}").format(quarter=quarter, year=year)
            case "", _:
                return year
            case _:
                return month(value.start, language=language)


def masked(value: Masked) -> str:
    """A person's identifier with all but its last characters hidden."""
    return value.masked


@cache
def _parsed(language: str) -> Locale:
    return Locale.parse("en_GB" if language == "en" else language)


def _locale(language: str | None) -> Locale:
    return _parsed(language or translation.get_language() or settings.LANGUAGE_CODE)


@contextmanager
def _in(language: str | None) -> Iterator[None]:
    with translation.override(language or translation.get_language()):
        yield


def _pattern(whole: str, decimals: int | None) -> str:
    shown = ".#########" if decimals is None else "." + "0" * decimals if decimals else ""
    return whole.replace("#,##0", "#,##0" + shown)


@cache
def _parsed_pattern(whole: str, decimals: int | None) -> cldr.NumberPattern:
    return cldr.parse_pattern(_pattern(whole, decimals))


def _rounded(value: Number, decimals: int | None) -> Decimal:
    """Half to even; what rounds to nothing is 0, not -0."""
    return (Decimal(value) if decimals is None else round(Decimal(value), decimals)) + 0


def _right_to_left(locale: Locale) -> bool:
    return locale.character_order == "right-to-left"


def _phrase(text: str, language: str | None) -> str:
    """A number with words: the words decide the direction, not the mark before the number."""
    return RIGHT_TO_LEFT + text if _right_to_left(_locale(language)) else text


def _marked(text: str, locale: Locale) -> str:
    return LEFT_TO_RIGHT + text if _right_to_left(locale) else text
