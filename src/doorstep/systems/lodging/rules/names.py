"""Which names a notice may hold: those that the police unit's documents can print, or with a Latin spelling beside."""

import re

from doorstep.kernel.values import names
from doorstep.kernel.values.reasons import Reason, reason

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

_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff '’.\u200c\\-]*")


def check_name(name: str, name_latin: str, field: str = "full_name") -> list[Reason]:
    """Reasons against a name and its Latin spelling, which a name needs that is neither Latin nor Arabic throughout.

    >>> check_name("Nguyễn Thị Ánh", ""), check_name("محمد", "")
    ([], [])
    >>> [r.code for r in check_name("王伟", "")]
    ['lodging.name_needs_latin']
    """
    found = names.check_name(name, field)
    if name_latin:
        bad = names.check_name(name_latin, "name_latin")
        return [*found, *(bad or ([] if names.is_latin(name_latin) else [NOT_LATIN("name_latin")]))]
    if not found and not name.isascii() and not names.is_latin(name) and not _ARABIC.fullmatch(name):
        return [NEEDS_LATIN("name_latin")]
    return found
