"""Vietnamese identity cards beyond the standard: the first line's two numbers, and data group 13."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.reasons import Reason
from doorstep.profiles.vietnam.card_chip import (
    NationalData,
    ZoneHolder,
    check_chip,
    read_holder,
    read_national,
)
from doorstep.profiles.vietnam.card_qr import CardQr, read_card
from doorstep.profiles.vietnam.personal_number import PersonalNumbers, fictitious_number
from doorstep.systems.identity.rules.mrz import check_digit, read_mrz, write_mrz
from doorstep.systems.identity.simulation.documents import tlv
from doorstep.systems.identity.simulation.zones import zone
from doorstep.systems.identity.tests.mutations import LENGTHS, misread, mutated, run

DAY = date(2024, 5, 21)
NUMBERS = PersonalNumbers({"010"}, fictitious=True)
NUMBER = "010090000123"
LINES = "IDVNM0900001233010090000123<<6\n9005215M3005213VNM<<<<<<<<<<<6\nNGUYEN<<VAN<VI<DU<<<<<<<<<<<<<"


def card(pin=NUMBER, **changes):
    """The zone of a made-up card, as it is written."""
    passing = {
        "issuer": "VNM",
        "number": pin[3:],
        "surname": "NGUYEN",
        "given_names": "VAN VI DU",
        "nationality": "VNM",
        "born": "900521",
        "birth": date(1990, 5, 21),
        "female": False,
        "expires": date(2030, 5, 21),
        "optional": f"{pin}<<{check_digit(pin)}",
    }
    return zone(**{**passing, **changes})


def told(found):
    return [(one.code.removeprefix("vietnam."), one.field) for one in found] if isinstance(found, list) else found


def test_a_cards_lines_name_its_holder():
    read = read_mrz(LINES, DAY)
    assert write_mrz(card()) == LINES
    assert read_holder(read, DAY, NUMBERS) == ZoneHolder(number=NUMBER, birth=date(1990, 5, 21), female=False)


def test_the_numbers_check_digit_may_be_missing():
    assert read_holder(card(optional=NUMBER), DAY, NUMBERS).number == NUMBER


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"issuer": "UTO"}, [("zone_not_a_card", "")]),
        ({"code": "P"}, [("zone_not_a_card", "")]),
        ({"size": "TD3"}, [("zone_not_a_card", "")]),
        ({"optional": ""}, [("zone_not_a_card", "")]),
        ({"optional": "01009000012A"}, [("zone_not_a_card", "")]),
        ({"optional": "010090000124"}, [("zone_numbers", "number")]),
        ({"number": "090000124"}, [("zone_numbers", "number")]),
        ({"optional": f"{NUMBER}<<5"}, [("zone_numbers", "number")]),
        ({"born": "910521", "birth": date(1991, 5, 21)}, [("personal_number_birth", "number")]),
        ({"female": True}, [("personal_number_sex", "number")]),
        ({"born": "910521", "birth": date(1991, 5, 21), "female": True}, [("personal_number_birth", "number"), ("personal_number_sex", "number")]),
    ],
)  # fmt: skip
def test_lines_that_contradict_themselves(changes, found):
    assert told(read_holder(card(**changes), DAY, NUMBERS)) == found


def test_whose_number_nobody_has():
    assert told(read_holder(card("003090000123"), DAY, NUMBERS)) == [("personal_number_area", "number")]
    made_up = card("900090000123")
    assert read_holder(made_up, DAY, NUMBERS).number == "900090000123"
    assert told(read_holder(made_up, DAY, PersonalNumbers({"010"}, fictitious=False))) == [
        ("personal_number_fictitious", "number")
    ]


def test_the_number_tells_the_century_of_a_birth():
    old, young = card("010024000123", born="240520"), card("010224000123", born="240520")
    assert read_mrz(write_mrz(old), DAY).birth == read_mrz(write_mrz(young), DAY).birth == date(2024, 5, 20)
    assert read_holder(read_mrz(write_mrz(old), DAY), DAY, NUMBERS).birth == date(1924, 5, 20)
    assert read_holder(read_mrz(write_mrz(young), DAY), DAY, NUMBERS).birth == date(2024, 5, 20)
    leap = card("010000000123", born="000229", birth=date(2000, 2, 29))
    assert told(read_holder(leap, DAY, NUMBERS)) == [("personal_number_birth", "number")]


@pytest.mark.parametrize(("born", "fits"), [("90<<<<", True), ("<<<<<<", True), ("91<<<<", False)])
def test_a_birth_known_in_part(born, fits):
    read = read_holder(card(born=born, birth=None), DAY, NUMBERS)
    assert (read.birth is None) if fits else told(read) == [("personal_number_birth", "number")]


@given(st.dates(date(1925, 1, 1), DAY), st.booleans(), st.integers(0, 99_999_999))
def test_made_up_people_have_cards_that_agree(birth, female, serial):
    number = fictitious_number(birth, female, serial)
    made = card(number, born=birth.strftime("%y%m%d"), female=female)
    assert read_holder(read_mrz(write_mrz(made), DAY), DAY, NUMBERS) == ZoneHolder(
        number=number, birth=birth, female=female
    )


def item(number, *texts):
    """An item of data group 13; several texts stand in sequences of their own."""
    values = [tlv(0x0C, text.encode()) for text in texts]
    content = values[0] if len(values) == 1 else b"".join(tlv(0x30, value) for value in values)
    return tlv(0x30, tlv(0x02, bytes([number])) + content)


ITEMS = {
    1: [NUMBER],
    2: ["Nguye\u0302\u0303n Văn Ví Dụ"],
    3: ["21/05/1990"],
    4: ["Nam"],
    5: ["Việt Nam"],
    6: ["Kinh"],
    7: ["Không"],
    8: ["Lào Cai"],
    9: ["Tổ 1, Phường Ví Dụ, Lào Cai"],
    10: ["Nốt ruồi"],
    11: ["15/04/2021"],
    12: ["21/05/2030"],
    13: ["Nguyễn Văn Cha", "Trần Thị Mẹ"],
    14: ["Lê Thị Vợ"],
    16: ["012345678"],
}


def national(**changes):
    """EF.DG13 with all items; `i7=["..."]` changes one, None takes it away."""
    items = {**ITEMS, **{int(name[1:]): texts for name, texts in changes.items()}}
    return tlv(0x6D, tlv(0x30, b"".join(item(number, *texts) for number, texts in items.items() if texts)))


def test_the_national_data_are_read():
    assert read_national(national()) == NationalData(
        number=NUMBER,
        full_name="Nguyễn Văn Ví Dụ",
        birth=date(1990, 5, 21),
        female=False,
        nationality="Việt Nam",
        ethnicity="Kinh",
        religion="Không",
        origin="Lào Cai",
        residence="Tổ 1, Phường Ví Dụ, Lào Cai",
        features="Nốt ruồi",
        issued=date(2021, 4, 15),
        expires=date(2030, 5, 21),
        father="Nguyễn Văn Cha",
        mother="Trần Thị Mẹ",
        old_number="012345678",
        rest={14: ("Lê Thị Vợ",)},
    )


def test_what_a_card_leaves_out_is_empty():
    read = read_national(
        national(i6=None, i11=None, i12=["Không thời hạn"], i13=["Nguyễn Văn Cha"], i14=None, i16=None)
    )
    assert (read.ethnicity, read.issued, read.expires, read.father, read.mother) == (
        "",
        None,
        None,
        "Nguyễn Văn Cha",
        "",
    )
    assert (read.old_number, read.rest) == ("", {})


@pytest.mark.parametrize(
    "file",
    {
        "nothing": b"",
        "another group": b"\x6e" + national()[1:],
        "trailing bytes": national() + b"\x00",
        "no items": tlv(0x6D, b""),
        "an item twice": tlv(0x6D, national()[4:] * 2),
        "no number": national(i1=None),
        "a short number": national(i1=["01009000012"]),
        "digits of another script": national(i1=["٠١٠٠٩٠٠٠٠١٢٣"]),
        "no name": national(i2=None),
        "no birth": national(i3=["21/13/1990"]),
        "no sex": national(i4=["M"]),
        "no text": tlv(0x6D, tlv(0x30, tlv(0x02, b"\x01") + tlv(0x0C, b"\xff"))),
        "a long text": national(i9=["x" * 1001]),
        "a large file": national(i9=["x" * 17_000]),
    }.values(),
)
def test_what_is_no_national_data(file):
    assert read_national(file) == Reason("vietnam.chip_national_unreadable", "dg13")


def test_items_may_stand_deeper_or_carry_other_kinds_of_text():
    number = tlv(0x30, tlv(0x02, b"\x01") + tlv(0x13, NUMBER.encode()))
    others = b"".join(item(n, *ITEMS[n]) for n in (2, 3, 4))
    assert read_national(tlv(0x6D, tlv(0x30, tlv(0xA0, number) + tlv(0x31, others)))).number == NUMBER


def test_chip_and_lines_must_agree():
    holder = read_holder(card(), DAY, NUMBERS)
    assert check_chip(card(), holder, read_national(national())) == []
    assert check_chip(card(), holder, read_national(national(i12=["Không thời hạn"]))) == []
    other = national(i1=["010090000124"], i2=["Nguyễn Văn A"], i3=["21/05/1991"], i4=["Nữ"], i12=["22/05/2030"])
    assert told(check_chip(card(), holder, read_national(other))) == [
        ("chip_differs", field) for field in ("number", "full_name", "birth", "sex", "expires")
    ]


def test_numbers_hide_themselves():
    shown = repr(read_national(national())) + repr(read_holder(card(), DAY, NUMBERS))
    assert NUMBER not in shown
    assert "012345678" not in shown


CODE = f"{NUMBER}||NGUYỄN VĂN A|21051990|Nam|Tổ 1, Lào Cai|15042021"


def test_no_code_is_longer_than_a_qr_code_can_be():
    assert isinstance(read_card(CODE + "|" + "x" * (2952 - len(CODE)), DAY, NUMBERS), CardQr)
    assert told(read_card(CODE + "|" + "x" * (2953 - len(CODE)), DAY, NUMBERS)) == [("card_unreadable", "")]
    marks = "\u0316\u0301" * 500_000  # composing these would take hours
    assert told(read_card(CODE + marks, DAY, NUMBERS)) == [("card_unreadable", "")]


def any_code(chance: Random) -> str:
    read = read_card(misread(CODE, "|019NamữA ", chance), DAY, NUMBERS)
    assert isinstance(read, CardQr) or read
    return "read" if isinstance(read, CardQr) else read[0].code


def any_national_data(chance: Random) -> str:
    read = read_national(mutated(national(), chance))
    assert isinstance(read, NationalData | Reason)
    return "read" if isinstance(read, NationalData) else read.code


def any_holder(chance: Random) -> str:
    """A zone that is well formed and written for somebody else."""
    number = misread(NUMBER, "019", chance)[:12]
    made = card(born=misread("900521", "01<", chance)[:6], optional=number, female=chance.choice((True, False, None)))
    holder = read_holder(made, DAY, NUMBERS)
    assert isinstance(holder, ZoneHolder) or holder
    return "read" if isinstance(holder, ZoneHolder) else holder[0].code


@LENGTHS
def test_any_code_and_chip_is_read_or_has_reasons(count):
    told = run((any_code, any_national_data, any_holder), count)
    assert told["any_code: read"]
    assert told["any_national_data: read"]
