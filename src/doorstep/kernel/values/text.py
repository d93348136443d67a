"""Texts: message ids in modules that know no language, and what may be said against text that people type."""

import re

from doorstep.kernel.values.reasons import Reason, reason

TEXT_MISSING = reason("kernel.text_missing", "This is missing.", repair="Fill it in.")
TEXT_UNREADABLE = reason(
    "kernel.text_unreadable",
    "This text holds invisible control signs.",
    repair="Delete the text and type it anew.",
)
TEXT_TOO_LONG = reason("kernel.text_too_long", "This text is longer than {limit} characters.", repair="Shorten it.")
TEXT_FORMULA = reason(
    "kernel.text_formula",
    "This text begins like a spreadsheet formula.",
    repair="Begin it with a letter or a digit, not with =, +, -, @ or a tab.",
)

_SAFE = re.compile(
    r"(?![=+\-@])[^\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]*"
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def N_(text: str) -> str:  # noqa: N802  the name that extractors know
    """Marks an English text as a message id; translated where it is shown."""
    return text


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802  likewise
    """The same for a text with a number, which has as many forms as a language needs: English texts for one and for many."""
    return one, many


def check_text(text: str, field: str, limit: int) -> list[Reason]:
    """Against free text: control signs, signs that turn the direction of writing, and beginnings of formulas."""
    if len(text) > limit:
        return [TEXT_TOO_LONG(field, limit=limit)]
    if _SAFE.fullmatch(text):
        return []
    return [TEXT_FORMULA(field) if text.startswith(FORMULA) else TEXT_UNREADABLE(field)]


def check_required(text: str, field: str, limit: int) -> list[Reason]:
    """The same against text that must be there."""
    return check_text(text, field, limit) if text.strip() else [TEXT_MISSING(field)]


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe before the signs that begin one.

    >>> safe_cell("=1+1"), safe_cell("Hoa")
    ("'=1+1", 'Hoa')
    """
    return f"'{text}" if text.startswith(FORMULA) else text
