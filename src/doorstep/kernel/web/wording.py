"""A reason in the reader's language: as plain text for programs, as safe HTML with isolated values for pages."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.notices import NOTICES
from doorstep.kernel.declare.scopes import SCOPES
from doorstep.kernel.values.reasons import REASONS, Reason
from doorstep.kernel.web import numbers


def text(reason: Reason) -> str:
    """What is wrong."""
    return gettext(REASONS[reason.code].text).format_map(_shown(reason, str))


def repair(reason: Reason) -> str:
    """What to do about it."""
    return gettext(REASONS[reason.code].repair).format_map(_shown(reason, str))


def html_text(reason: Reason) -> SafeString:
    return _html(REASONS[reason.code].text, reason)


def html_repair(reason: Reason) -> SafeString:
    return _html(REASONS[reason.code].repair, reason)


def html_place(reason: Reason) -> SafeString:
    """The line that the reason speaks of; empty where it speaks of the whole."""
    if reason.line is None:
        return SafeString()
    return format_html(gettext("Line {line}:"), line=numbers.isolated(numbers.number(reason.line)))


def told(kind: str, given: Mapping[str, Any], *, around: str = "\u2068{}\u2069") -> tuple[str, str]:
    """A notice's title and text in the current language, its values isolated (UAX 9) or as `around` says."""
    # A notice written by an older version may lack a value that the text has by now.
    shown = defaultdict(lambda: "…", {name: around.format(_given(value)) for name, value in given.items()})
    return gettext(NOTICES[kind].title).format_map(shown), gettext(NOTICES[kind].text).format_map(shown)


def _given(value: Any) -> str:
    """A value of a notice as `notices.notify` kept it."""
    match value:
        case {"text": message_id}:
            return gettext(message_id)
        case {"day": day}:
            return numbers.day(date.fromisoformat(day))
        case {"instant": instant}:
            return numbers.instant(datetime.fromisoformat(instant))
    return _value(value)


def _html(message_id: str, reason: Reason) -> SafeString:
    shown = _shown(reason, numbers.isolated)
    return format_html(gettext(message_id), **shown) if shown else escape(gettext(message_id))


def _shown(reason: Reason, wrap: Callable[[str], str]) -> Mapping[str, str]:
    return {name: wrap(_value(value)) for name, value in reason.given.items()}


def _value(value: str | int) -> str:
    """Numbers by the reader's CLDR (years and codes are given as text), codes and scopes by their text."""
    if isinstance(value, int):
        return numbers.number(value)
    if isinstance(value, Code):
        return gettext(value.text)
    return gettext(SCOPES[value].text) if value in SCOPES else value
