"""What Vietnamese identity cards say beyond the standard: the personal number in the zone, and data group 13.

How the first line carries the number, and the items of data group 13, are general knowledge and what programs that read
such cards expect; no official description was found. The chip's standard part is `identity.rules.chip`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.profiles.vietnam.card_qr import FEMALE, read_day
from doorstep.profiles.vietnam.personal_number import BIRTH_DIFFERS, SEX_DIFFERS, PersonalNumbers
from doorstep.systems.identity.rules.chip.der import Element, check_der, elements
from doorstep.systems.identity.rules.mrz import Mrz, check_digit, same_name

NOT_OURS = reason(
    "vietnam.zone_not_a_card",
    "These are not the lines of a Vietnamese identity card.",
    repair="Copy the three lines from the back of the card; they begin with IDVNM.",
)
NUMBERS_DIFFER = reason(
    "vietnam.zone_numbers",
    "The two numbers in the first line do not belong together.",
    repair="Compare the first line with the card: the first number ends like the second one.",
)
NATIONAL_UNREADABLE = reason(
    "vietnam.chip_national_unreadable",
    "The chip's national data cannot be read.",
    repair="Read the chip again; if it stays so, type the particulars from the card.",
)
CHIP_DIFFERS = reason(
    "vietnam.chip_differs",
    "The chip's national data and the card's lines say different things here.",
    repair="Do not rely on the document, and have it examined.",
)

NATIONAL = 13
"""The data group of the national data."""

LARGEST = 16 * 1024
LONGEST_TEXT = 1000
_GROUP, _INTEGER, _TEXTS, _BRANCH = 0x6D, 0x02, (0x0C, 0x13, 0x16), 0x20
_OPTIONAL = re.compile(r"(\d{12})(?:<<(\d))?", re.ASCII)


class ZoneHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the lines name: the personal number, and the birth date with the century that the number tells."""

    number: Masked
    birth: date | None
    female: bool | None


class NationalData(msgspec.Struct, frozen=True, kw_only=True):
    """Data group 13. What the card leaves out is empty; `rest` holds items whose meaning is not known, unread."""

    number: Masked
    full_name: str
    birth: date
    female: bool
    nationality: str = ""
    ethnicity: str = ""
    religion: str = ""
    origin: str = ""
    residence: str = ""
    features: str = ""
    issued: date | None = None
    expires: date | None = None
    father: str = ""
    mother: str = ""
    old_number: Masked = Masked("")
    rest: Mapping[int, tuple[str, ...]] = {}


def read_holder(zone: Mrz, day: date, numbers: PersonalNumbers) -> ZoneHolder | list[Reason]:
    """The holder by the lines, or everything against them; `day` is today.

    The document number is the last nine digits of the personal number, which stands whole in the optional data of the
    first line, on cards with its check digit at the end of the line.
    """
    found = _OPTIONAL.fullmatch(zone.optional)
    if (zone.size, zone.code, zone.issuer) != ("TD1", "ID", "VNM") or not found:
        return [NOT_OURS()]
    twelve = found[1]
    if zone.number != twelve[3:] or (found[2] and found[2] != check_digit(twelve)):
        return [NUMBERS_DIFFER("number")]
    number = numbers.read(twelve, day, "number")
    if isinstance(number, Reason):
        return [number]
    against = []
    birth = _in_year(zone.birth, number.birth_year) if zone.birth else None
    if zone.born[:2] not in ("<<", f"{number.birth_year % 100:02}") or (zone.birth and not birth):
        against.append(BIRTH_DIFFERS("number"))
    if zone.female is not None and zone.female is not number.female:
        against.append(SEX_DIFFERS("number"))
    return against or ZoneHolder(number=Masked(twelve), birth=birth, female=zone.female)


def _in_year(day: date, year: int) -> date | None:
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return None


def read_national(file: bytes) -> NationalData | Reason:
    """EF.DG13, or why it cannot be read; whether it is genuine, passive authentication tells."""
    items = _items(file)
    if items is None:
        return NATIONAL_UNREADABLE("dg13")
    text = {number: texts[0] for number, texts in items.items() if texts}
    birth, female = read_day(text.get(3, "").replace("/", "")), FEMALE.get(text.get(4, "").lower())
    if not re.fullmatch(r"\d{12}", text.get(1, ""), re.ASCII) or not text.get(2) or birth is None or female is None:
        return NATIONAL_UNREADABLE("dg13")
    parents = (*items.get(13, ()), "", "")
    return NationalData(
        number=Masked(text[1]),
        full_name=text[2],
        birth=birth,
        female=female,
        nationality=text.get(5, ""),
        ethnicity=text.get(6, ""),
        religion=text.get(7, ""),
        origin=text.get(8, ""),
        residence=text.get(9, ""),
        features=text.get(10, ""),
        issued=read_day(text.get(11, "").replace("/", "")),
        expires=read_day(text.get(12, "").replace("/", "")),  # in words on cards that do not expire
        father=parents[0],
        mother=parents[1],
        old_number=Masked(text.get(16, "")),
        rest={number: texts for number, texts in items.items() if number not in range(1, 14) and number != 16},
    )


def check_chip(zone: Mrz, holder: ZoneHolder, national: NationalData) -> list[Reason]:
    """Where the chip's national data and its lines say different things."""
    pairs = (
        ("number", holder.number == national.number),
        ("full_name", same_name(national.full_name, zone)),
        ("birth", holder.birth in (None, national.birth)),
        ("sex", holder.female in (None, national.female)),
        ("expires", national.expires in (None, zone.expires)),
    )
    return [CHIP_DIFFERS(field) for field, same in pairs if not same]


def _items(file: bytes) -> dict[int, tuple[str, ...]] | None:
    """The texts of each item, by its number; None for what is not encoded so, or has an item twice."""
    if check_der(file, "dg13", LARGEST):
        return None
    (outer,) = elements(file)
    found = list(_numbered(elements(outer.content))) if outer.tag == _GROUP else []
    try:
        read = {number: tuple(_texts(values)) for number, values in found}
    except ValueError:  # no UTF-8, or longer than any line of a card
        return None
    return read if len(read) == len(found) else None


def _numbered(branch: Sequence[Element]) -> Iterator[tuple[int, Sequence[Element]]]:
    """Sequences that begin with a small integer, wherever they stand, with what follows in them."""
    for element in branch:
        if element.whole[0] & _BRANCH:
            inner = elements(element.content)
            if len(inner) > 1 and inner[0].tag == _INTEGER and len(inner[0].content) == 1:
                yield inner[0].content[0], inner[1:]
            else:
                yield from _numbered(inner)


def _texts(branch: Sequence[Element]) -> Iterator[str]:
    for element in branch:
        if element.tag in _TEXTS:
            text = element.content.decode()
            if len(text) > LONGEST_TEXT:
                raise ValueError("no line of a card is that long")
            yield unicodedata.normalize("NFC", text).strip()
        elif element.whole[0] & _BRANCH:
            yield from _texts(elements(element.content))
