"""Machine-readable zones of identity cards (TD1: three lines of 30) and passports (TD3: two lines of 44).

ICAO Doc 9303 parts 3 (common), 4 (TD3) and 5 (TD1). Which country's numbers stand where is its profile's to say.
"""

import re
from datetime import date
from typing import Literal

import msgspec

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.identity.rules.transliteration import components

SHAPE = reason(
    "identity.mrz_shape",
    "These are not the machine-readable lines of an identity card or a passport.",
    repair="Copy them whole, with every < sign: three lines of 30 signs, or two of 44.",
)
CHECK_DIGIT = reason(
    "identity.mrz_check_digit",
    "A sign is wrong here: the check digit does not fit.",
    repair="Compare sign by sign with the document; 0 and O, 1 and I, 5 and S, 8 and B look alike.",
)
CHARACTERS = reason(
    "identity.mrz_characters",
    "Some of these signs cannot stand here.",
    repair="Compare sign by sign with the document; 0 and O, 1 and I, 5 and S, 8 and B look alike.",
)
DATE = reason(
    "identity.mrz_date",
    "No calendar has this date.",
    repair="Compare the six digits with the document: year, month and day, two digits each.",
)
EXPIRED = reason(
    "identity.document_expired",
    "The document is no longer valid.",
    repair="Ask for a document that is valid today.",
)
DIFFERS = reason(
    "identity.document_differs",
    "The document says something else here.",
    repair="Compare with the document, and correct what was stated.",
)

NEVER = 80
"""Expiry dates lie less than 20 years back and at most 80 years ahead: cards without expiry carry a far date."""

_SIGNS = re.compile(r"[A-Za-z0-9<]*", re.ASCII)
_CODE = re.compile(r"[A-Z][A-Z<]")
_STATE = re.compile(r"[A-Z]{1,3}<*")
_NAMES = re.compile(r"[A-Z][A-Z<]*")
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9<]*")
_BORN = re.compile(r"\d{6}|\d{4}<<|\d\d<{4}|<{6}", re.ASCII)
_FEMALE = {"F": True, "M": False, "<": None}


class _Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Where each field stands once the lines are joined; a check digit follows its field directly."""

    length: int
    issuer: slice
    names: slice
    number: slice
    nationality: slice
    born: slice
    sex: int
    expires: slice
    optional: slice
    optional_digit: bool
    optional_2: slice
    composite: int
    composed: tuple[slice, ...]
    lines: tuple[slice, ...]


_LAYOUTS: dict[Literal["TD1", "TD3"], _Layout] = {
    "TD1": _Layout(
        length=90,
        issuer=slice(2, 5),
        names=slice(60, 90),
        number=slice(5, 14),
        nationality=slice(45, 48),
        born=slice(30, 36),
        sex=37,
        expires=slice(38, 44),
        optional=slice(15, 30),
        optional_digit=False,
        optional_2=slice(48, 59),
        composite=59,
        composed=(slice(5, 37), slice(38, 45), slice(48, 59)),
        lines=(slice(0, 30), slice(30, 60), slice(60, 90)),
    ),
    "TD3": _Layout(
        length=88,
        issuer=slice(2, 5),
        names=slice(5, 44),
        number=slice(44, 53),
        nationality=slice(54, 57),
        born=slice(57, 63),
        sex=64,
        expires=slice(65, 71),
        optional=slice(72, 86),
        optional_digit=True,
        optional_2=slice(0, 0),
        composite=87,
        composed=(slice(44, 54), slice(57, 64), slice(65, 87)),
        lines=(slice(0, 44), slice(44, 88)),
    ),
}


class Mrz(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines say. Fillers at the end of a field are gone; inside a number or optional data they stay.

    `code` is the document's kind, `issuer` and `nationality` are codes of 9303-3 section 5 (`VNM`, Germany `D`).
    `born` is the birth date as printed, with fillers for what is unknown; then `birth` is None. The century of `birth`
    is a conclusion: who is older than 100 needs another source. `cut` says that the names fill their field, so that
    their end may be missing. `optional` often holds a personal number.
    """

    size: Literal["TD1", "TD3"]
    code: str
    issuer: str
    number: Masked
    surname: str
    given_names: str = ""
    cut: bool = False
    nationality: str
    born: str
    birth: date | None
    female: bool | None
    expires: date
    optional: Masked = Masked("")
    optional_2: Masked = Masked("")


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody states about a document's holder; what is empty is not compared. `nationality` as in `Mrz`."""

    number: Masked = Masked("")
    full_name: str = ""
    birth: date | None = None
    female: bool | None = None
    nationality: str = ""
    expires: date | None = None


def check_digit(signs: str) -> str:
    """Weights 7, 3, 1 over digits, A = 10 to Z = 35 and < = 0, modulo 10 (9303-3, section 4.9).

    >>> check_digit("D23145890"), check_digit("740812"), check_digit("120415")
    ('7', '2', '9')
    """
    return str(sum((7, 3, 1)[place % 3] * _value(sign) for place, sign in enumerate(signs)) % 10)


def _value(sign: str) -> int:
    return 0 if sign == "<" else int(sign, 36)


def read_mrz(text: str, day: date) -> Mrz | list[Reason]:
    """The zone in a scanned, typed or stored text, or everything against it; `day` (today) decides on centuries.

    Blanks, line ends and the case of letters do not matter.

    >>> lines = "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
    >>> read_mrz(lines, date(2010, 1, 1)).given_names
    'ANNA MARIA'
    """
    flat = "".join(text.split()) if len(text) <= 200 else ""
    size: Literal["TD1", "TD3"] = "TD1" if len(flat) == _LAYOUTS["TD1"].length else "TD3"
    at = _LAYOUTS[size]
    if len(flat) != at.length or not _SIGNS.fullmatch(flat):
        return [SHAPE()]
    flat = flat.upper()
    number, optional, found = _number(flat, at)
    expires = _dated(flat[at.expires], date(day.year + NEVER, 12, 31))
    born = flat[at.born]
    birth = _dated(born, min(day, expires)) if expires and "<" not in born else None
    found += _wrong_signs(flat, at, number)
    found += [CHECK_DIGIT(field) for field, fits in _check_digits(flat, at) if not fits]
    found += [DATE("expires")] if expires is None else []
    found += [DATE("birth")] if expires and not birth and "<" not in born else []
    if found or expires is None:
        return found
    surname, _, given = flat[at.names].rstrip("<").partition("<<")
    return Mrz(
        size=size,
        code=flat[:2].rstrip("<"),
        issuer=flat[at.issuer].rstrip("<"),
        number=Masked(number),
        surname=_words(surname),
        given_names=_words(given),
        cut=flat[at.names][-1] != "<",
        nationality=flat[at.nationality].rstrip("<"),
        born=born,
        birth=birth,
        female=_FEMALE[flat[at.sex]],
        expires=expires,
        optional=Masked(optional),
        optional_2=Masked(flat[at.optional_2].rstrip("<")),
    )


def _number(flat: str, at: _Layout) -> tuple[str, str, list[Reason]]:
    """Number, optional data and what is wrong; a card's number of more than nine signs goes on in the optional data,
    with its check digit and a filler (9303-5, section 4.2.4).
    """
    number, digit, optional = flat[at.number], flat[at.number.stop], flat[at.optional]
    if digit == "<" and not at.optional_digit and optional[0] != "<":
        rest, _, optional = optional.partition("<")
        number, digit = number + rest[:-1], rest[-1]
    wrong = [] if digit == check_digit(number) else [CHECK_DIGIT("number")]
    return number.rstrip("<"), optional.rstrip("<"), wrong


def _wrong_signs(flat: str, at: _Layout, number: str) -> list[Reason]:
    patterns = (
        ("code", _CODE, flat[:2]),
        ("issuer", _STATE, flat[at.issuer]),
        ("names", _NAMES, flat[at.names]),
        ("number", _NUMBER, number),
        ("nationality", _STATE, flat[at.nationality]),
        ("birth", _BORN, flat[at.born]),
    )
    wrong = [CHARACTERS(field) for field, pattern, signs in patterns if not pattern.fullmatch(signs)]
    return wrong if flat[at.sex] in _FEMALE else [*wrong, CHARACTERS("sex")]


def _check_digits(flat: str, at: _Layout) -> list[tuple[str, bool]]:
    optional = flat[at.optional]
    expected = [
        ("birth", flat[at.born], flat[at.born.stop]),
        ("expires", flat[at.expires], flat[at.expires.stop]),
        ("composite", _composed(flat, at), flat[at.composite]),
    ]
    fits = [(field, digit == check_digit(signs)) for field, signs, digit in expected]
    if at.optional_digit:
        digit = flat[at.optional.stop]
        fits.append(("optional", digit == check_digit(optional) or (digit == "<" and not optional.strip("<"))))
    return fits


def _composed(flat: str, at: _Layout) -> str:
    return "".join(flat[part] for part in at.composed)


def _dated(six: str, latest: date) -> date | None:
    """The last day with these digits (YYMMDD) that is not after `latest`; None where no calendar has it."""
    if not re.fullmatch(r"\d{6}", six, re.ASCII):
        return None
    century = latest.year // 100 * 100
    for year in (century + int(six[:2]), century - 100 + int(six[:2])):
        try:
            day = date(year, int(six[2:4]), int(six[4:]))
        except ValueError:  # 29 February in one century, never in the other
            continue
        if day <= latest:
            return day
    return None


def _words(names: str) -> str:
    return " ".join(names.replace("<", " ").split())


def write_mrz(zone: Mrz) -> str:
    """The lines of a zone, joined by line ends; `birth`, where it is known, must be the day that `born` prints.

    Names are transliterated and cut to their field. ValueError for a field that is too long or has signs that cannot
    be written: `read_mrz` takes what comes out.
    """
    at = _LAYOUTS[zone.size]
    signs = ["<"] * at.length
    number, optional = str(zone.number), str(zone.optional)
    if zone.size == "TD1" and len(number) > 9:
        number, optional = number[:9], f"{number[9:]}{check_digit(number)}<{optional}".rstrip("<") + "<"
    else:
        signs[at.number.stop] = check_digit(number.ljust(9, "<"))
    for part, value in (
        (slice(0, 2), zone.code),
        (at.issuer, zone.issuer),
        (at.number, number),
        (at.nationality, zone.nationality),
        (at.born, zone.born),
        (at.expires, zone.expires.strftime("%y%m%d")),
        (at.optional, optional),
        (at.optional_2, str(zone.optional_2)),
        (at.names, _written_names(zone, at.names.stop - at.names.start)),
    ):
        width = part.stop - part.start
        if len(value) > width or not re.fullmatch(r"[A-Z0-9<]*", value):
            raise ValueError(f"a field of {width} signs cannot hold this")
        signs[part] = value.ljust(width, "<")
    signs[at.sex] = "<" if zone.female is None else "F" if zone.female else "M"
    for field in (at.born, at.expires, *([at.optional] if at.optional_digit else [])):
        signs[field.stop] = check_digit("".join(signs[field]))
    signs[at.composite] = check_digit(_composed("".join(signs), at))
    flat = "".join(signs)
    return "\n".join(flat[line] for line in at.lines)


def _written_names(zone: Mrz, width: int) -> str:
    """Surname, two fillers, given names, cut at the end; of given names at least the first letter stays."""
    surname, given = "<".join(components(zone.surname)), "<".join(components(zone.given_names))
    if not given:
        return surname[:width]
    return f"{surname[: width - 3].rstrip('<')}<<{given}"[:width]


def check_valid(zone: Mrz, day: date) -> list[Reason]:
    """Against the use of a document on `day`; it is valid up to and with its day of expiry."""
    return [] if day <= zone.expires else [EXPIRED("expires")]


def check_claim(zone: Mrz, claim: Claim) -> list[Reason]:
    """Where a claim and the zone say different things; an unknown birth date or sex contradicts nothing."""
    birth = claim.birth.strftime("%y%m%d") if claim.birth else zone.born
    pairs = (
        ("number", not claim.number or claim.number == zone.number),
        ("full_name", not claim.full_name or same_name(claim.full_name, zone)),
        ("birth", all(printed in ("<", stated) for printed, stated in zip(zone.born, birth, strict=True))),
        ("sex", None in (claim.female, zone.female) or claim.female is zone.female),
        ("nationality", not claim.nationality or claim.nationality == zone.nationality),
        ("expires", claim.expires is None or claim.expires == zone.expires),
    )
    return [DIFFERS(field) for field, same in pairs if not same]


def same_name(full_name: str, zone: Mrz) -> bool:
    """Whether a name in any Latin spelling and order can be the one in the zone.

    The components must be the same, with Ä as AE or as A throughout; of names that were cut, the zone's last component
    may be the beginning of one, and further ones may be missing.
    """
    printed = f"{zone.surname} {zone.given_names}".split()
    try:
        spellings = [list(components(full_name, bare=bare)) for bare in (False, True)]
    except ValueError:  # letters that a zone cannot hold
        return False
    if not zone.cut:
        return any(sorted(spelling) == sorted(printed) for spelling in spellings)
    return any(_begins(spelling, printed) for spelling in spellings)


def _begins(spelling: list[str], printed: list[str]) -> bool:
    left = list(spelling)
    for part in printed[:-1]:
        if part not in left:
            return False
        left.remove(part)
    return any(part.startswith(printed[-1]) for part in left)
