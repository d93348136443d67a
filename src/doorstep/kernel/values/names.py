"""Names of people: which are names, in letters of any script, and the plain words by which they are looked for."""

import re
import unicodedata
from functools import lru_cache

from doorstep.kernel.values.reasons import Reason, reason

MISSING = reason("kernel.name_missing", "The name is missing.", repair="Write the name as it stands on the document.")
TOO_LONG = reason("kernel.name_too_long", "The name is longer than {limit} characters.", repair="Shorten the name.")
CHARACTER = reason(
    "kernel.name_character",
    "A name cannot hold this character: {character}.",
    repair="Write the name with letters, spaces, hyphens, apostrophes and dots only, beginning with a letter.",
)
NOT_COMPOSED = reason(
    "kernel.name_not_composed",
    "The accents of the name are stored apart from its letters.",
    repair="Type the name anew; programs normalise it to Unicode NFC before they send it.",
)

LONGEST = 150

# Without combining marks these ranges hold nothing that NFC would change, so one match settles nearly every name.
_LATIN = re.compile(r"['’]?[A-Za-zÀ-ÖØ-öø-ʯḀ-ỿ][A-Za-zÀ-ÖØ-öø-ʯḀ-ỿ '’.\-]*")
_BETWEEN = " '’.-"
_JOINERS = "\u200c\u200d"  # part of the spelling of Persian, Urdu and Indic names

_BARE = dict[int, str | None](
    {
        ord(letter): bare
        for letter, bare in zip("đðøłħıæœþ", ["d", "d", "o", "l", "h", "i", "ae", "oe", "th"], strict=True)
    }
    | {ord(letter): bare for letter, bare in zip("ىیةٱک", "ييهاك", strict=True)}
    | dict.fromkeys(map(ord, "\u0640\u0621"))
)
"""Letters that Unicode does not take apart: Latin ones; Arabic alef maksura and Persian yeh, teh marbuta, alef wasla,
Persian kaf; tatweel and hamza on the line go. Hamza above and below a letter are marks, which go anyway."""


def check_name(name: str, field: str = "full_name") -> list[Reason]:
    """Reasons against a name: letters of any script; no digits, pictures or invisible signs that turn text around.

    >>> check_name("Nguyễn Thị Ánh"), check_name("محمد")
    ([], [])
    >>> [one.code for one in check_name("Minh 7")]
    ['kernel.name_character']
    """
    if len(name) <= LONGEST and _LATIN.fullmatch(name):
        return []
    if not name.strip():
        return [MISSING(field)]
    if len(name) > LONGEST:
        return [TOO_LONG(field, limit=LONGEST)]
    first = len(name) - len(name.lstrip("'’"))  # 't Hooft
    for place, character in enumerate(name[first:] or name):
        category = unicodedata.category(character)[0]
        inside = place > 0 and (category == "M" or character in _BETWEEN or character in _JOINERS)
        if category != "L" and not inside:
            return [CHARACTER(field, character=f"U+{ord(character):04X}")]
    return [] if unicodedata.is_normalized("NFC", name) else [NOT_COMPOSED(field)]


def is_latin(name: str) -> bool:
    """Letters of the Latin script, with whatever marks; an accent may have no composed form with its letter."""
    return all(
        unicodedata.category(character)[0] != "L" or unicodedata.name(character, "").startswith(("LATIN", "MODIFIER"))
        for character in name
    )


def folded(text: str) -> str:
    """For comparing words: lower case, without marks and signs, one blank between words.

    >>> folded("  Họ_và  TÊN "), folded("Straße"), folded("الأَسْماءُ")
    ('ho va ten', 'strasse', 'الاسما')
    """
    return " ".join(word for part in text.split() for word in _words(part))


def search_words(name: str) -> tuple[str, ...]:
    """The words of a name as it is looked for: folded, each once, in order of the alphabet, whatever order it had.

    >>> search_words("Nguyễn Đình Ánh") == search_words("ANH NGUYEN dinh")
    True
    """
    return tuple(sorted({word for part in name.split() for word in _words(part)}))


@lru_cache(maxsize=1 << 16)
def _words(part: str) -> tuple[str, ...]:
    """The folded words of text without blanks; few different ones make up most names."""
    plain = unicodedata.normalize("NFKD", part.casefold()).casefold().translate(_BARE)
    kept = []
    for sign in plain:
        if sign.isalnum():
            kept.append(sign)
        elif unicodedata.category(sign) not in {"Mn", "Mc", "Me", "Cf"}:
            kept.append(" ")
    return tuple("".join(kept).split())
