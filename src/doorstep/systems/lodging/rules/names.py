"""Which names are names: letters of any script; no digits, pictures or invisible signs that turn text around."""

import re
import unicodedata

from doorstep.kernel.values.reasons import Reason, reason

MISSING = reason("lodging.name_missing", "The name is missing.", repair="Write the name as it stands on the document.")
TOO_LONG = reason("lodging.name_too_long", "The name is longer than {limit} characters.", repair="Shorten the name.")
CHARACTER = reason(
    "lodging.name_character",
    "A name cannot hold this character: {character}.",
    repair="Write the name with letters, spaces, hyphens, apostrophes and dots only, beginning with a letter.",
)
NOT_COMPOSED = reason(
    "lodging.name_not_composed",
    "The accents of the name are stored apart from its letters.",
    repair="Type the name anew; programs normalise it to Unicode NFC before they send it.",
)
NEEDS_LATIN = reason(
    "lodging.name_needs_latin",
    "The name is in a script that the police unit's documents cannot print.",
    repair="Add the Latin spelling, as in the lines of letters and < signs at the foot of the passport's page.",
)
NOT_LATIN = reason(
    "lodging.name_not_latin",
    "This spelling has letters that are not Latin.",
    repair="Copy the spelling from the lines of letters and < signs at the foot of the passport's page.",
)

LONGEST = 150

# Without combining marks these ranges hold nothing that NFC would change, so one match settles nearly every name.
_LATIN = re.compile(r"['’]?[A-Za-zÀ-ÖØ-öø-ʯḀ-ỿ][A-Za-zÀ-ÖØ-öø-ʯḀ-ỿ '’.\-]*")
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff '’.\u200c\\-]*")
_BETWEEN = " '’.-"
_JOINERS = "\u200c\u200d"  # part of the spelling of Persian, Urdu and Indic names


def check_name(name: str, name_latin: str, field: str = "full_name") -> list[Reason]:
    """Reasons against a name and its Latin spelling, which a name needs that is neither Latin nor Arabic throughout.

    >>> check_name("Nguyễn Thị Ánh", ""), check_name("محمد", "")
    ([], [])
    >>> [r.code for r in check_name("王伟", "")]
    ['lodging.name_needs_latin']
    """
    if not name_latin and len(name) <= LONGEST and _LATIN.fullmatch(name):
        return []
    found = _spelling(name, field)
    if name_latin and (bad := _spelling(name_latin, "name_latin")):
        return [*found, *bad]
    if name_latin and not _is_latin(name_latin):
        return [*found, NOT_LATIN("name_latin")]
    if not found and not name_latin and not _is_latin(name) and not _ARABIC.fullmatch(name):
        return [NEEDS_LATIN("name_latin")]
    return found


def _spelling(name: str, field: str) -> list[Reason]:
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


def _is_latin(name: str) -> bool:
    """Letters of the Latin script, with whatever marks; an accent may have no composed form with its letter."""
    return all(
        unicodedata.category(character)[0] != "L" or unicodedata.name(character, "").startswith(("LATIN", "MODIFIER"))
        for character in name
    )
