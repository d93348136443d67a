"""Viet Nam's personal numbers: what twelve digits say about a person, and which numbers nobody can have.

Decree 137/2015 art. 13 and Circular 07/2016: three digits for the province of birth registration (Decision 124/2004),
one for century and sex, two for the year of birth, six serial; no check digit. A valid shape never proves existence.
"""

import re
from collections.abc import Collection
from datetime import date

import msgspec

from doorstep.kernel.values.reasons import Reason, reason

MALFORMED = reason(
    "vietnam.personal_number_malformed",
    "A personal number has 12 digits.",
    repair="Copy all 12 digits from the card; in a spreadsheet format the column as text, so that zeros in front stay.",
)
AREA_UNKNOWN = reason(
    "vietnam.personal_number_area",
    "No province has numbers that begin with {prefix}.",
    repair="Compare the first three digits with the card.",
)
FICTITIOUS = reason(
    "vietnam.personal_number_fictitious",
    "This is a made-up number for demonstrations.",
    repair="Copy the number of a real document.",
)
BORN_LATER = reason(
    "vietnam.personal_number_future",
    "By this number the person would be born in {year}.",
    repair="Compare the fourth to sixth digits with the card.",
)
BIRTH_DIFFERS = reason(
    "vietnam.personal_number_birth",
    "The number and the birth date name different years of birth.",
    repair="Compare both with the card and correct the one that differs.",
)
SEX_DIFFERS = reason(
    "vietnam.personal_number_sex",
    "The number and the sex do not go together.",
    repair="Compare both with the card and correct the one that differs.",
)
OLD_MALFORMED = reason(
    "vietnam.old_number_malformed", "An old identity card number has 9 digits.", repair="Copy all 9 digits."
)
PHONE_MALFORMED = reason(
    "vietnam.phone_malformed",
    "This is no phone number.",
    repair="Write it as 0912 345 678, or with + and the country code in front.",
)
PHONE_FICTITIOUS = reason(
    "vietnam.phone_fictitious",
    "This is a made-up phone number for demonstrations.",
    repair="Enter the guest's real number, or leave the field empty.",
)

_TWELVE = re.compile(r"\d{12}", re.ASCII)
_NINE = re.compile(r"\d{9}", re.ASCII)
_PHONE = re.compile(r"0\d{8,10}|\+[1-9]\d{6,14}", re.ASCII)  # national; ITU-T E.164
_SPACING = str.maketrans("", "", " .-()")


class PersonalNumber(msgspec.Struct, frozen=True):
    """What a number says: `prefix` of the province of birth registration, sex, year of birth. The serial stays out."""

    prefix: str
    female: bool
    birth_year: int

    @property
    def fictitious(self) -> bool:
        """No area has 900 and up: demonstrations and tests use them."""
        return self.prefix >= "900"


class PersonalNumbers(msgspec.Struct, frozen=True):
    """Reads numbers whose first three digits are among `prefixes`.

    Codes of countries, for births registered abroad, are not published in our sources: an installation that has the
    list adds them. `fictitious` takes made-up numbers too.
    """

    prefixes: Collection[str]
    fictitious: bool

    def read(self, text: str, day: date, field: str = "personal_number") -> PersonalNumber | Reason:
        """The number's parts, or why nobody has that number on `day` (today).

        >>> PersonalNumbers({"010"}, False).read("010090000123", date(2024, 5, 1))
        PersonalNumber(prefix='010', female=False, birth_year=1990)
        """
        if not _TWELVE.fullmatch(text):
            return MALFORMED(field)
        century = ord(text[3]) - 48
        number = PersonalNumber(text[:3], century % 2 == 1, 1900 + century // 2 * 100 + int(text[4:6]))
        if number.fictitious:
            if not self.fictitious:
                return FICTITIOUS(field)
        elif number.prefix not in self.prefixes:
            return AREA_UNKNOWN(field, prefix=number.prefix)
        if number.birth_year > day.year:
            return BORN_LATER(field, year=str(number.birth_year))
        return number

    def check(
        self, text: str, day: date, *, birth: date, female: bool | None, field: str = "personal_number"
    ) -> list[Reason]:
        """Reasons against the number itself or beside birth date and sex; `female` None leaves the sex unchecked."""
        number = self.read(text, day, field)
        if isinstance(number, Reason):
            return [number]
        found: list[Reason] = []
        if number.birth_year != birth.year:
            found.append(BIRTH_DIFFERS(field))
        if female is not None and number.female is not female:
            found.append(SEX_DIFFERS(field))
        return found


def check_old_number(text: str, field: str) -> list[Reason]:
    """Against the number of an old paper card (CMND): 9 digits without structure."""
    return [] if _NINE.fullmatch(text) else [OLD_MALFORMED(field)]


def check_phone(text: str, *, fictitious: bool, field: str = "phone") -> list[Reason]:
    """Against a phone number, blanks and dots aside. No number begins with 0000: demonstrations use those."""
    plain = text.translate(_SPACING)
    if not _PHONE.fullmatch(plain):
        return [PHONE_MALFORMED(field)]
    return [PHONE_FICTITIOUS(field)] if plain.startswith("0000") and not fictitious else []


def phone_is_fictitious(text: str) -> bool:
    """Whether it is one of the numbers that demonstrations use.

    >>> phone_is_fictitious("0000 123 456"), phone_is_fictitious("0912 345 678")
    (True, False)
    """
    return bool(check_phone(text, fictitious=False)) and not check_phone(text, fictitious=True)


def fictitious_number(birth: date, female: bool, serial: int) -> str:  # noqa: FBT001  fills Profile.fictitious_number
    """A well-formed number that nobody has; `serial` below 100 million. Years 1900 to 2399.

    >>> fictitious_number(date(1990, 5, 21), False, 123)
    '900090000123'
    """
    century = (birth.year - 1900) // 100 * 2 + female
    return f"{900 + serial // 1_000_000:03}{century}{birth.year % 100:02}{serial % 1_000_000:06}"


def fictitious_phone(serial: int) -> str:
    """A phone number that nobody has.

    >>> fictitious_phone(123)
    '0000000123'
    """
    return f"0000{serial:06}"
