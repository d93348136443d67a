"""What is paid for, in the reader's words."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import get_language, gettext

from doorstep.systems.payments.contract import WORDS
from doorstep.systems.payments.rules.orders import DECLARED


def said(words: Mapping[str, str], otherwise: str = "") -> str:
    """An order's or a line's words in the current language, else in the country's, else in any; `otherwise` without words.

    Those of a system that does not run here any more are not known: then its code is all there is.
    """
    if DECLARED in words:
        found = WORDS.get(words[DECLARED], words[DECLARED])
        if isinstance(found, str):
            return gettext(found)
        words = found
    texts = (words.get(language or "") for language in (get_language(), settings.LANGUAGE_CODE))
    return next(filter(None, [*texts, *words.values()]), otherwise)
