"""Template filters: values as the reader's language writes them, isolated from the text around."""

from datetime import date, datetime

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.period import Period
from doorstep.kernel.web import numbers

register = template.Library()


@register.filter
def number(value: numbers.Number, decimals: int | None = None) -> SafeString:
    return numbers.isolated(numbers.number(value, decimals=decimals))


@register.filter
def percent(value: numbers.Number, decimals: int | None = None) -> SafeString:
    """Of a value in percent: `{{ 42|percent }}` is 42 %."""
    return numbers.isolated(numbers.percent(value, decimals=decimals))


@register.filter
def money(value: Money) -> SafeString:
    return numbers.isolated(numbers.money(value))


@register.filter
def day(value: date, style: str = "long") -> SafeString:
    """`long`, `full` with the weekday, `short` for tables."""
    return numbers.isolated(numbers.day(value, style=style))


@register.filter
def instant(value: datetime, style: str = "long") -> SafeString:
    return numbers.isolated(numbers.instant(value, style=style))


@register.filter
def clock(value: datetime) -> SafeString:
    return numbers.isolated(numbers.clock(value))


@register.filter
def month(value: date) -> SafeString:
    return numbers.isolated(numbers.month(value))


@register.filter
def period(value: Period) -> SafeString:
    return numbers.isolated(numbers.period(value))


@register.filter
def masked(value: Masked) -> SafeString:
    return numbers.isolated(numbers.masked(value))


@register.filter
def wording(value: Code) -> str:
    """The text of a member of a closed list."""
    return gettext(value.text)
