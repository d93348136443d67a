"""Machine-readable zones, by the specimens of ICAO Doc 9303 and by properties."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.rules.mrz import (
    Claim,
    Mrz,
    check_claim,
    check_digit,
    check_valid,
    read_mrz,
    same_name,
    write_mrz,
)
from doorstep.systems.identity.simulation.zones import DAY, zone

THEN = date(2010, 1, 1)
CARD = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
PASSPORT = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
LONG_NUMBER = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"


def fields(text, day=THEN):
    """What is said against a text, as pairs of a code's last part and a field."""
    read = read_mrz(text, day)
    return [(one.code.removeprefix("identity.mrz_"), one.field) for one in read] if isinstance(read, list) else []


@pytest.mark.parametrize(
    ("signs", "digit"), [("D23145890", "7"), ("740812", "2"), ("120415", "9"), ("520727", "3"), ("AB2134<<<", "5")]
)
def test_check_digits_of_the_standard(signs, digit):
    assert check_digit(signs) == digit


def test_the_specimen_card():
    assert read_mrz(CARD, THEN) == Mrz(
        size="TD1",
        code="I",
        issuer="UTO",
        number=Masked("D23145890"),
        surname="ERIKSSON",
        given_names="ANNA MARIA",
        nationality="UTO",
        born="740812",
        birth=date(1974, 8, 12),
        female=True,
        expires=date(2012, 4, 15),
    )


def test_the_specimen_passport():
    read = read_mrz(PASSPORT, THEN)
    assert (read.size, read.code, read.number, read.optional) == ("TD3", "P", "L898902C3", "ZE184226B")
    assert (read.surname, read.given_names, read.birth) == ("ERIKSSON", "ANNA MARIA", date(1974, 8, 12))


def test_a_cards_number_may_go_on_in_the_optional_data():
    read = read_mrz(LONG_NUMBER, date(1994, 1, 1))
    assert (read.number, read.optional, read.birth) == ("D23145890734", "", date(1934, 7, 12))
    wrong = LONG_NUMBER.replace("<7349<", "<7348<")
    assert fields(wrong, date(1994, 1, 1)) == [("check_digit", "number"), ("check_digit", "composite")]


@pytest.mark.parametrize("text", [CARD, PASSPORT, LONG_NUMBER])
def test_what_was_read_is_written_again(text):
    assert write_mrz(read_mrz(text, THEN)) == text


def test_blanks_case_and_line_ends_do_not_matter():
    assert read_mrz(f"  {CARD.lower()} \r\n".replace("\n", "\r\n"), THEN) == read_mrz(CARD, THEN)
    assert read_mrz(" ".join(PASSPORT), THEN) == read_mrz(PASSPORT, THEN)


def changed(text, place, sign):
    flat = text.replace("\n", "")
    return flat[:place] + sign + flat[place + 1 :]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("shape", "")]),
        (CARD[:-1], [("shape", "")]),
        (CARD + "<", [("shape", "")]),
        (CARD * 40, [("shape", "")]),
        (changed(CARD, 3, "Ü"), [("shape", "")]),
        (changed(CARD, 3, "ß"), [("shape", "")]),
        (changed(CARD, 3, "٣"), [("shape", "")]),
        (changed(CARD, 0, "1"), [("characters", "code")]),
        (changed(CARD, 2, "<"), [("characters", "issuer")]),
        (changed(CARD, 61, "0"), [("characters", "names")]),
        (changed(CARD, 60, "<"), [("characters", "names")]),
        (changed(CARD, 45, "9"), [("characters", "nationality")]),
        (changed(CARD, 37, "X"), [("characters", "sex")]),
        (changed(CARD, 14, "8"), [("check_digit", "number"), ("check_digit", "composite")]),
        (changed(CARD, 36, "3"), [("check_digit", "birth"), ("check_digit", "composite")]),
        (changed(CARD, 44, "<"), [("check_digit", "expires"), ("check_digit", "composite")]),
        (changed(CARD, 59, "5"), [("check_digit", "composite")]),
        (changed(PASSPORT, 86, "0"), [("check_digit", "composite"), ("check_digit", "optional")]),
        (changed(PASSPORT, 87, "<"), [("check_digit", "composite")]),
    ],
)
def test_what_is_wrong_comes_back_with_its_field(text, found):
    assert fields(text) == found


def dated(born="740812", expires=date(2030, 4, 15)):
    """A written zone with the digits of a birth date as they are."""
    return write_mrz(zone(born=born, expires=expires))


@pytest.mark.parametrize("born", ["741312", "740832", "740012", "750229", "74<<12", "<<0812"])
def test_no_calendar_has_such_a_birth_date(born):
    codes = [("characters", "birth")] if "<" in born else [("date", "birth")]
    assert fields(dated(born), DAY) == codes


@pytest.mark.parametrize(("born", "kept"), [("7408<<", "7408<<"), ("74<<<<", "74<<<<"), ("<<<<<<", "<<<<<<")])
def test_a_birth_date_may_be_known_in_part(born, kept):
    read = read_mrz(dated(born), DAY)
    assert (read.birth, read.born) == (None, kept)


@pytest.mark.parametrize(
    ("born", "day", "birth"),
    [
        ("240601", date(2024, 6, 1), date(2024, 6, 1)),
        ("240602", date(2024, 6, 1), date(1924, 6, 2)),
        ("000229", date(2024, 6, 1), date(2000, 2, 29)),
        ("240229", date(2024, 2, 28), date(1924, 2, 29)),
        ("991231", date(2000, 1, 1), date(1999, 12, 31)),
    ],
)
def test_a_birth_lies_in_the_hundred_years_up_to_today(born, day, birth):
    assert read_mrz(dated(born), day).birth == birth


def test_nobody_is_born_after_the_document_expired():
    assert read_mrz(dated("150101", date(2014, 5, 1)), date(2024, 6, 1)).birth == date(1915, 1, 1)


@pytest.mark.parametrize(
    ("expires", "day"),
    [
        (date(2005, 1, 1), date(2024, 6, 1)),
        (date(2099, 12, 31), date(2024, 6, 1)),  # cards that never expire
        (date(2104, 12, 31), date(2024, 6, 1)),
        (date(2012, 4, 15), date(2010, 1, 1)),
    ],
)
def test_the_century_of_an_expiry(expires, day):
    assert read_mrz(dated(expires=expires), day).expires == expires


LETTERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=8)
NAMES = st.lists(LETTERS, min_size=1, max_size=3).map(" ".join)
NUMBERS = st.from_regex(r"[A-Z0-9]{1,9}", fullmatch=True)


@st.composite
def zones(draw):
    size = draw(st.sampled_from(["TD1", "TD3"]))
    birth = draw(st.dates(date(1930, 1, 1), DAY))
    return zone(
        size=size,
        code=draw(st.sampled_from(["I", "ID", "P", "PM"])),
        issuer=draw(st.sampled_from(["UTO", "D", "VNM"])),
        number=draw(NUMBERS if size == "TD3" else NUMBERS | st.from_regex(r"[A-Z0-9]{10,20}", fullmatch=True)),
        surname=draw(LETTERS),
        given_names=draw(LETTERS | st.just("")),
        nationality=draw(st.sampled_from(["UTO", "D", "XXA"])),
        born=birth.strftime("%y%m%d"),
        birth=birth,
        female=draw(st.sampled_from([True, False, None])),
        expires=draw(st.dates(DAY, date(2099, 12, 31))),
        optional_2="" if size == "TD3" else draw(st.from_regex(r"[A-Z0-9]{0,11}", fullmatch=True)),
    )


@given(zones())
def test_every_zone_survives_writing_and_reading(written):
    assert read_mrz(write_mrz(written), DAY) == written


@given(st.sampled_from([CARD, PASSPORT]), st.data())
def test_one_wrong_digit_is_always_found(text, data):
    flat = text.replace("\n", "")
    place = data.draw(st.sampled_from([n for n, sign in enumerate(flat) if sign.isdigit()]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != flat[place]]))
    assert isinstance(read_mrz(changed(text, place, digit), THEN), list)


@given(st.text() | st.text("ABC019<", min_size=88, max_size=90), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_any_text_is_a_zone_or_reasons(text, day):
    read = read_mrz(text, day)
    assert isinstance(read, Mrz) or (read and all(isinstance(one, Reason) for one in read))


def test_numbers_hide_themselves():
    shown = repr(read_mrz(PASSPORT, THEN))
    assert "L898902C3" not in shown
    assert "ZE184226B" not in shown


@pytest.mark.parametrize(
    ("surname", "given", "line", "cut"),
    [
        ("Nguyễn", "Thị Ánh", "NGUYEN<<THI<ANH<<<<<<<<<<<<<<<", False),
        ("Nguyễn", "", "NGUYEN<<<<<<<<<<<<<<<<<<<<<<<<", False),
        ("Nguyễn Phúc Tôn Nữ", "Thị Kim Ánh Tuyết", "NGUYEN<PHUC<TON<NU<<THI<KIM<AN", True),
        ("A" * 40, "Bo", f"{'A' * 27}<<B", True),
        ("A" * 40, "", "A" * 30, True),
    ],
)
def test_names_are_transliterated_and_cut(surname, given, line, cut):
    written = write_mrz(zone(surname=surname, given_names=given))
    assert written.splitlines()[2] == line
    assert read_mrz(written, DAY).cut is cut


@pytest.mark.parametrize(
    "changes", [{"number": "L898902C31", "size": "TD3"}, {"issuer": "UTOP"}, {"code": "١"}, {"surname": "محمد"}]
)
def test_what_has_no_place_is_not_written(changes):
    with pytest.raises(ValueError):
        write_mrz(zone(**changes))


def test_a_document_is_valid_up_to_its_last_day():
    assert check_valid(zone(expires=DAY), DAY) == []
    assert [one.code for one in check_valid(zone(expires=DAY), date(2024, 6, 2))] == ["identity.document_expired"]


@pytest.mark.parametrize(
    ("claim", "against"),
    [
        ({}, []),
        ({"number": "D23145890", "full_name": "Anna Maria Eriksson", "birth": date(1974, 8, 12)}, []),
        ({"female": True, "nationality": "UTO", "expires": date(2030, 4, 15)}, []),
        ({"number": "D23145891"}, ["number"]),
        ({"full_name": "Anna Eriksson"}, ["full_name"]),
        ({"birth": date(1974, 8, 13)}, ["birth"]),
        ({"female": False, "nationality": "D", "expires": DAY}, ["sex", "nationality", "expires"]),
    ],
)
def test_a_claim_is_compared(claim, against):
    assert [one.field for one in check_claim(zone(), Claim(**claim))] == against


def test_what_is_unknown_contradicts_nothing():
    unknown = zone(born="7408<<", birth=None, female=None)
    assert check_claim(unknown, Claim(birth=date(1974, 8, 30), female=False)) == []
    assert [one.field for one in check_claim(unknown, Claim(birth=date(1974, 9, 1)))] == ["birth"]


@pytest.mark.parametrize(
    ("name", "surname", "given", "same"),
    [
        ("Erika Müller", "MUELLER", "ERIKA", True),
        ("Erika Müller", "MULLER", "ERIKA", True),
        ("Mueller Erika", "MUELLER", "ERIKA", True),
        ("Nguyễn Văn Ví Dụ", "NGUYEN", "VAN VI DU", True),
        ("Nguyễn Văn Ví", "NGUYEN", "VAN VI DU", False),
        ("Nguyễn Nguyễn", "NGUYEN", "", False),
        ("محمد", "MUHAMMAD", "", False),
        ("x" * 501, "X", "", False),
    ],
)
def test_names_are_the_same_in_any_order_and_spelling(name, surname, given, same):
    assert same_name(name, zone(surname=surname, given_names=given)) is same


def test_a_cut_name_is_the_beginning():
    cut = zone(surname="NGUYEN PHUC TON NU", given_names="THI KIM AN", cut=True)
    assert same_name("Nguyễn Phúc Tôn Nữ Thị Kim Ánh Tuyết", cut)
    assert not same_name("Nguyễn Phúc Tôn Nữ Thị Hoa Ánh Tuyết", cut)
    assert not same_name("Nguyễn Phúc Tôn Nữ Thị Kim Hoa", cut)
