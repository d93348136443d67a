"""The letters of machine-readable zones: table 6.A of ICAO Doc 9303-3, and what it lacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.systems.identity.rules.transliteration import components

TABLE = {
    "A": "ÀÁÂÃĀĂĄ",
    "AA": "Å",
    "AE": "ÄÆ",
    "C": "ÇĆĈĊČ",
    "D": "ÐĎĐ",
    "E": "ÈÉÊËĒĔĖĘĚ",
    "G": "ĜĞĠĢ",
    "H": "ĤĦ",
    "I": "ÌÍÎÏĨĪĬĮİı",
    "IJ": "Ĳ",
    "J": "Ĵ",
    "K": "Ķ",
    "L": "ĹĻĽĿŁ",
    "N": "ÑŃŅŇŊ",
    "O": "ÒÓÔÕŌŎŐ",
    "OE": "ÖØŒ",
    "R": "ŔŖŘ",
    "S": "ŚŜŞŠ",
    "SS": "ẞß",
    "T": "ŢŤŦ",
    "TH": "Þ",
    "U": "ÙÚÛŨŪŬŮŰŲ",
    "UE": "Ü",
    "W": "Ŵ",
    "Y": "ÝŶŸ",
    "Z": "ŹŻŽ",
}
VIETNAMESE = {
    "A": "ẠẢẤẦẨẪẬẮẰẲẴẶ",
    "E": "ẸẺẼẾỀỂỄỆ",
    "I": "ỈỊ",
    "O": "ƠỌỎỐỒỔỖỘỚỜỞỠỢ",
    "U": "ƯỤỦỨỪỬỮỰ",
    "Y": "ỲỴỶỸ",
}


@pytest.mark.parametrize("rows", [TABLE, VIETNAMESE], ids=["9303-3", "Vietnamese"])
def test_every_letter_in_both_cases(rows):
    for written, letters in rows.items():
        for letter in (*letters, *letters.lower()):
            if not letter.isalpha():  # the lower case of İ is i and a dot
                continue
            assert components(letter) == (written,), letter


@pytest.mark.parametrize(
    ("name", "bare"), [("Ä", "A"), ("å", "A"), ("ö", "O"), ("Ü", "U"), ("Ø", "OE"), ("ß", "SS"), ("Đ", "D")]
)
def test_four_letters_may_be_bare(name, bare):
    assert components(name, bare=True) == (bare,)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("D'Artagnan", ["DARTAGNAN"]),
        ("D’Artagnan", ["DARTAGNAN"]),
        ("Marie-Elise", ["MARIE", "ELISE"]),
        ("Eriksson, Anna Maria", ["ERIKSSON", "ANNA", "MARIA"]),
        ("Jr. (Ngo)", ["JR", "NGO"]),
        ("Nguye\u0302\u0303n", ["NGUYEN"]),
        ("Ǿ", ["OE"]),
        ("  ", []),
        ("'", []),
    ],
)
def test_marks_between_letters(name, written):
    assert components(name) == tuple(written)


@pytest.mark.parametrize("name", ["محمد", "王伟", "Иван", "R2D2", "Ə", "A" * 501])
def test_what_has_no_latin_letters_is_refused(name):
    with pytest.raises(ValueError):
        components(name)


@given(st.text(max_size=500))
def test_only_letters_come_out(name):
    try:
        written = components(name)
    except ValueError:
        return
    assert all(word.isascii() and word.isalpha() and word.isupper() for word in written)
