"""Names in the letters A to Z of machine-readable zones: ICAO Doc 9303-3, section 4.6 and table 6.A."""

import re
import unicodedata

LONGEST = 500
"""Longer names are refused before Unicode looks at them: composing long runs of marks takes quadratic time."""

# Table 6.A where more than a mark falls away. Ä, Å, Ö and Ü may be written without their E or A as well. All other
# letters of the table, and those of Vietnamese, which it lacks, become their base letter.
_PLAIN = dict(zip("ÐĐĦĿŁŊŦ", "DDHLLNT", strict=True))
_LETTERS = {
    "Ä": "AE",
    "Å": "AA",
    "Ö": "OE",
    "Ü": "UE",
    "Æ": "AE",
    "Ø": "OE",
    "Œ": "OE",
    "Ĳ": "IJ",
    "Þ": "TH",
    "ẞ": "SS",
    **_PLAIN,
}
_BETWEEN = re.compile(r"[\s,\-\u2010-\u2015]+")  # a hyphen, blank or comma parts components


def components(name: str, *, bare: bool = False) -> tuple[str, ...]:
    """The components of a name in A to Z; apostrophes and other punctuation fall away, `bare` turns Ä into A, not AE.

    ValueError for letters of other scripts, for digits, and for more than 500 characters.

    >>> components("Nguyễn Thị Đỗ-Quyên"), components("D'Artagnan Müller", bare=True)
    (('NGUYEN', 'THI', 'DO', 'QUYEN'), ('DARTAGNAN', 'MULLER'))
    """
    if len(name) > LONGEST:
        raise ValueError("no name is that long")
    words = _BETWEEN.split(unicodedata.normalize("NFC", name).upper())
    written = ("".join(_written(sign, bare=bare) for sign in word) for word in words)
    return tuple(word for word in written if word)


def _written(sign: str, *, bare: bool) -> str:
    base = unicodedata.normalize("NFD", sign)[0]
    if sign in _LETTERS and not bare:
        return _LETTERS[sign]
    if "A" <= base <= "Z":
        return base
    if base in _LETTERS:
        return _LETTERS[base]
    if unicodedata.category(sign)[0] in "PSM" or sign == "\u02bc":  # a letter apostrophe
        return ""
    raise ValueError(f"U+{ord(sign):04X} has no letter of A to Z")
