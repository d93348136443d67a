"""Cards that nobody has, for demonstrations and tests: what a reader would find in and on one."""

from datetime import date

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.names import folded
from doorstep.profiles.profile import MadeUpCard
from doorstep.profiles.vietnam.card_chip import NATIONAL
from doorstep.systems.identity.rules.mrz import Mrz, check_digit, write_mrz

_VALID_YEARS = 10


def fictitious_card(number: str, full_name: str, birth: date, female: bool, issued: date) -> MadeUpCard:  # noqa: FBT001  fills Profile.fictitious_card
    """The card of a made-up person, issued on a day and valid for ten years; the state that signs is the caller's."""
    expires = issued.replace(year=issued.year + _VALID_YEARS, day=min(issued.day, 28))
    surname, _, given = folded(full_name).upper().partition(" ")
    zone = Mrz(
        size="TD1",
        code="ID",
        issuer="VNM",
        number=Masked(number[3:]),
        surname=surname,
        given_names=given,
        nationality="VNM",
        born=birth.strftime("%y%m%d"),
        birth=birth,
        female=female,
        expires=expires,
        optional=Masked(f"{number}<<{check_digit(number)}"),
    )
    sex = "Nữ" if female else "Nam"
    code = f"{number}||{full_name.upper()}|{birth:%d%m%Y}|{sex}|12 Đường Ví Dụ|{issued:%d%m%Y}"
    items = {1: number, 2: full_name, 3: f"{birth:%d/%m/%Y}", 4: sex, 5: "Việt Nam", 12: f"{expires:%d/%m/%Y}"}
    inner = b"".join(_element(0x30, _element(2, bytes([item])) + _element(12, t.encode())) for item, t in items.items())
    return MadeUpCard("VNM", write_mrz(zone), code, {NATIONAL: _element(0x6D, _element(0x30, inner))})


def _element(tag: int, content: bytes) -> bytes:
    """One element of the encoding, shorter than 65536 bytes."""
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x81" + bytes([size]) if size < 256 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + content
