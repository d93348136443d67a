"""Nationalities as ISO 3166-1 alpha-2 codes, from CLDR by Babel, and the three-letter codes that passports print."""

from babel import Locale
from babel.core import get_global

# CLDR also lists groups, outlying parts and test codes that ISO 3166-1 does not assign. XK stays: Kosovo's passports.
_NO_COUNTRY = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}

NATIONALITIES = frozenset(
    code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
)

_BY_THREE: dict[str, str] = {
    three: two[0]
    for three, two in get_global("territory_aliases").items()
    if len(three) == 3 and three.isalpha() and len(two) == 1 and two[0] in NATIONALITIES
} | {"D": "DE", "RKS": "XK", "XKX": "XK"}  # ICAO 9303-3: Germany prints D; Kosovo RKS or XKX


def read_nationality(text: str) -> str:
    """The alpha-2 code of an alpha-2 or alpha-3 one in any case; anything else comes back as it is.

    >>> read_nationality("deu"), read_nationality("VN"), read_nationality("??")
    ('DE', 'VN', '??')
    """
    code = text.upper()
    return _BY_THREE.get(code, code)
