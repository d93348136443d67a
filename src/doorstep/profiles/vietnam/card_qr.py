"""The QR on Vietnamese identity cards: seven fields parted by bars, unsigned, so never a proof by itself."""

import re
import unicodedata
from datetime import date

import msgspec

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.profiles.vietnam.identity import PersonalNumbers, check_old_number

NO_CARD = reason(
    "vietnam.card_unreadable",
    "This is not the code of an identity card.",
    repair="Scan the QR code on the front of the card again, or type the particulars.",
)
NAME_MISSING = reason(
    "vietnam.card_name_missing", "The card's code holds no name.", repair="Type the particulars from the card."
)
DATE_UNREADABLE = reason(
    "vietnam.card_date_unreadable",
    "The card's code holds an impossible date.",
    repair="Scan again; if it stays so, type the particulars and look closely at the card.",
)
SEX_UNKNOWN = reason(
    "vietnam.card_sex_unknown",
    "The card's code holds neither Nam nor Nữ for the sex.",
    repair="Scan again; if it stays so, type the particulars and look closely at the card.",
)
ISSUED_IMPOSSIBLE = reason(
    "vietnam.card_issued_impossible",
    "By its code the card was issued before birth or after today.",
    repair="Type the particulars and look closely at the card.",
)

LONGEST = 2953
"""No QR code holds more (ISO/IEC 18004, version 40-L). Unicode would take quadratic time over long runs of marks."""

FEMALE = {"nam": False, "nữ": True}

_DAY = re.compile(r"(\d{2})(\d{2})(\d{4})", re.ASCII)


class CardQr(msgspec.Struct, frozen=True):
    """What the code says; `rest` keeps the fields that cards issued since July 2024 add, unread."""

    number: Masked
    old_number: Masked
    full_name: str
    birth: date
    female: bool
    address: str
    issued: date
    rest: tuple[str, ...]


def read_card(text: str, day: date, numbers: PersonalNumbers) -> CardQr | list[Reason]:
    """The card in a scanned or pasted code, or everything against it; `day` is today. Text is composed to NFC.

    >>> code = "010090000123||NGUYỄN VĂN A|21051990|Nam|Tổ 1, Lào Cai|15042021"
    >>> read_card(code, date(2024, 5, 1), PersonalNumbers({"010"}, False)).birth
    datetime.date(1990, 5, 21)
    """
    if len(text) > LONGEST:
        return [NO_CARD()]
    fields = [field.strip() for field in unicodedata.normalize("NFC", text).strip().split("|")]
    if len(fields) < 7:
        return [NO_CARD()]
    number, old_number, name, born, sex, address, issue, *rest = fields
    birth, issued, female = read_day(born), read_day(issue), FEMALE.get(sex.lower())
    found = check_old_number(old_number, "old_number") if old_number else []
    if not name:
        found.append(NAME_MISSING("full_name"))
    if female is None:
        found.append(SEX_UNKNOWN("sex"))
    found += [DATE_UNREADABLE(field) for field, read in (("birth", birth), ("issued", issued)) if read is None]
    if birth and issued and not birth <= issued <= day:
        found.append(ISSUED_IMPOSSIBLE("issued"))
    if birth:
        found += numbers.check(number, day, birth=birth, female=female, field="number")
    if found or birth is None or issued is None or female is None:
        return found
    return CardQr(Masked(number), Masked(old_number), name, birth, female, address, issued, tuple(rest))


def read_day(text: str) -> date | None:
    """A date as the cards write it, `ddMMyyyy`; None for anything else."""
    found = _DAY.fullmatch(text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        return None
