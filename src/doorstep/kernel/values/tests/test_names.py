"""Words by which people are looked for: the same whatever marks, case and order they were typed in."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.names import check_name, folded, is_latin, search_words

NAMES = st.lists(
    st.sampled_from(["Nguyễn", "Đặng", "Ánh", "O'Connor", "Müller-Lüdenscheidt", "ÅSE", "محمّد", "عَلَاء", "王伟", "देवी"]),
    min_size=1,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("nguyen van a", "NGUYỄN VĂN A"),
        ("a van nguyen", "Nguyễn Văn A"),
        ("dang dinh duc", "Đặng Đình Đức"),
        ("strasse", "Straße"),
        ("lukasz zolc", "Łukasz Żółć"),
        ("istanbul", "İSTANBUL"),
        ("H'HEN NIE", "H’Hen Niê"),
        ("احمد", "أحمد"),
        ("اسماعيل", "إسماعيل"),
        ("امنه", "آمنة"),
        ("موسي", "موسى"),
        ("رووف", "رؤوف"),
        ("محمد", "مُحَمَّد"),
        ("محمد", "مـحـمـد"),
        ("ميرزا", "می\u200cرزا"),
        ("anh", "Anh Anh"),
    ],
)
def test_a_name_is_found_however_it_is_typed(typed, kept):
    assert search_words(typed) == search_words(kept) != ()


@pytest.mark.parametrize(("one", "other"), [("Hoa", "Hòa Bình"), ("An", "Anh"), ("محمد", "محمود"), ("王伟", "王芳")])
def test_other_names_stay_other_names(one, other):
    assert search_words(one) != search_words(other)


@given(NAMES, st.randoms())
def test_order_case_and_marks_make_no_difference(words, chance):
    shuffled = list(words)
    chance.shuffle(shuffled)
    bare = unicodedata.normalize("NFD", " ".join(shuffled)).upper()
    assert search_words(bare) == search_words(" ".join(words))


@given(st.text(max_size=40))
def test_folding_again_changes_nothing_and_leaves_words_only(text):
    once = folded(text)
    assert folded(once) == once
    assert all(sign.isalnum() or sign == " " for sign in once)
    assert search_words(text) == tuple(sorted(set(once.split())))


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_has_one_reason(text):
    assert len(check_name(text)) <= 1


def test_which_letters_are_latin():
    assert is_latin("Łukasz Kaʻiulani J\u030cana")
    assert not is_latin("Wang 伟")
