"""The dong in words of four languages: vectors, and readers of our own that find the number again."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.money import Currency, Money
from doorstep.profiles.vietnam.currency import CURRENCY
from doorstep.profiles.vietnam.payments import in_words

NUMBERS = st.one_of(st.integers(0, 10**6), st.integers(0, 2**62))


def said(number: int, language: str) -> str:
    return in_words(Money(number, CURRENCY), language)


VECTORS = {
    "vi": {
        0: "Không đồng",
        1: "Một đồng",
        5: "Năm đồng",
        10: "Mười đồng",
        11: "Mười một đồng",
        14: "Mười bốn đồng",
        15: "Mười lăm đồng",
        20: "Hai mươi đồng",
        21: "Hai mươi mốt đồng",
        24: "Hai mươi tư đồng",
        25: "Hai mươi lăm đồng",
        101: "Một trăm linh một đồng",
        104: "Một trăm linh bốn đồng",
        105: "Một trăm linh năm đồng",
        110: "Một trăm mười đồng",
        121: "Một trăm hai mươi mốt đồng",
        1_000: "Một nghìn đồng",
        1_001: "Một nghìn không trăm linh một đồng",
        1_021: "Một nghìn không trăm hai mươi mốt đồng",
        180_000: "Một trăm tám mươi nghìn đồng",
        1_000_005: "Một triệu không trăm linh năm đồng",
        1_005_000: "Một triệu không trăm linh năm nghìn đồng",
        10**9: "Một tỷ đồng",
        10**9 + 5 * 10**6: "Một tỷ không trăm linh năm triệu đồng",
        14_528 * 10**9: "Mười bốn nghìn năm trăm hai mươi tám tỷ đồng",
        10**18: "Một tỷ tỷ đồng",
    },
    "en": {
        0: "Zero dong",
        1: "One dong",
        13: "Thirteen dong",
        21: "Twenty-one dong",
        100: "One hundred dong",
        101: "One hundred and one dong",
        1_005: "One thousand and five dong",
        1_500: "One thousand five hundred dong",
        180_000: "One hundred and eighty thousand dong",
        1_101_021: "One million one hundred and one thousand and twenty-one dong",
        10**18: "One quintillion dong",
    },
    "de": {
        0: "Null Dong",
        1: "Ein Dong",
        21: "Einundzwanzig Dong",
        101: "Einhunderteins Dong",
        1_001: "Eintausendeins Dong",
        16: "Sechzehn Dong",
        17: "Siebzehn Dong",
        36: "Sechsunddreißig Dong",
        180_000: "Einhundertachtzigtausend Dong",
        101_000: "Einhunderteintausend Dong",
        10**6: "Eine Million Dong",
        101 * 10**6: "Einhunderteine Millionen Dong",
        2_000_001: "Zwei Millionen eins Dong",
        10**9: "Eine Milliarde Dong",
        10**18: "Eine Trillion Dong",
    },
    "ar": {
        0: "صفر دونغ",
        1: "دونغ واحد",
        2: "دونغان",
        3: "ثلاثة دونغات",
        8: "ثمانية دونغات",
        10: "عشرة دونغات",
        11: "أحد عشر دونغًا",
        12: "اثنا عشر دونغًا",
        21: "واحد وعشرون دونغًا",
        99: "تسعة وتسعون دونغًا",
        100: "مئة دونغ",
        101: "مئة دونغ ودونغ واحد",
        102: "مئة دونغ ودونغان",
        103: "مئة وثلاثة دونغات",
        111: "مئة وأحد عشر دونغًا",
        200: "مئتا دونغ",
        205: "مئتان وخمسة دونغات",
        1_000: "ألف دونغ",
        2_000: "ألفا دونغ",
        2_500: "ألفان وخمسمئة دونغ",
        3_000: "ثلاثة آلاف دونغ",
        11_000: "أحد عشر ألف دونغ",
        11_500: "أحد عشر ألفًا وخمسمئة دونغ",
        180_000: "مئة وثمانون ألف دونغ",
        200_000: "مئتا ألف دونغ",
        2_000_000: "مليونا دونغ",
        28_800_000: "ثمانية وعشرون مليونًا وثمانمئة ألف دونغ",
        14_528 * 10**9: "أربعة عشر تريليونًا وخمسمئة وثمانية وعشرون مليار دونغ",
    },
}


@pytest.mark.parametrize(
    ("language", "number", "words"), [(name, *pair) for name, known in VECTORS.items() for pair in known.items()]
)
def test_vectors(language, number, words):
    assert said(number, language) == words


# Vietnamese, as people spell it anywhere in the country

SPELLINGS = {
    "lẻ": "linh",
    "ngàn": "nghìn",
    "tỉ": "tỷ",
    "tư": "bốn",
    "bẩy": "bảy",
    "mốt": "một",
    "lăm": "năm",
    "nhăm": "năm",
}
VI = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def read_vietnamese(text: str) -> int:
    total = group = ones = 0
    for written in text.lower().removesuffix(" đồng").split():
        word = SPELLINGS.get(written, written)
        if word in VI:
            ones = VI.index(word)
        elif word == "trăm":
            group, ones = ones * 100, 0
        elif word in ("mươi", "mười"):
            group, ones = group + (ones or 1) * 10, 0
        elif word == "tỷ":
            total, group, ones = (total + group + ones) * 10**9, 0, 0
        elif word != "linh":
            total, group, ones = total + (group + ones) * {"nghìn": 1000, "triệu": 10**6}[word], 0, 0
    return total + group + ones


@given(NUMBERS)
def test_vietnamese_says_the_number(number):
    billions, rest = divmod(number, 10**9)
    text = said(number, "vi")
    assert re.fullmatch(r"\S+( \S+)* đồng", text)
    head, found, tail = text.rpartition(" tỷ")
    read = read_vietnamese(head) * 10**9 * bool(found) + read_vietnamese(tail if found else text)
    assert read == number == billions * 10**9 + rest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Một trăm linh một", "một trăm lẻ một"),
        ("Hai mươi tư nghìn", "hai mươi bốn ngàn"),
        ("Một tỷ", "một tỉ"),
        ("Bảy mươi lăm", "bẩy mươi nhăm"),
    ],
)
def test_vietnamese_has_several_spellings(one, other):
    assert read_vietnamese(one) == read_vietnamese(other)


EN = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
EN_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
EN_SCALES = ["thousand", "million", "billion", "trillion", "quadrillion", "quintillion"]


def read_english(text: str) -> int:
    total = group = 0
    for word in re.split(r"[ -]", text.lower().removesuffix(" dong")):
        if word in EN:
            group += EN.index(word)
        elif word in EN_TENS:
            group += 10 * (EN_TENS.index(word) + 2)
        elif word == "hundred":
            group *= 100
        elif word != "and":
            total, group = total + group * 1000 ** (EN_SCALES.index(word) + 1), 0
    return total + group


@given(NUMBERS)
def test_english_says_the_number(number):
    assert read_english(said(number, "en")) == number


DE = [
    "null",
    "ein",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
]
DE_TENS = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
DE_SCALES = ["Million", "Milliard", "Billion", "Billiard", "Trillion"]


def read_german_group(text: str) -> int:
    head, hundred, rest = text.rpartition("hundert")
    below = {"": 0, "eins": 1, "eine": 1, **{word: value for value, word in enumerate(DE)}}
    below |= {word: 10 * value for value, word in enumerate(DE_TENS, 2)}
    below |= {f"{DE[one]}und{word}": 10 * ten + one for ten, word in enumerate(DE_TENS, 2) for one in range(1, 10)}
    return (DE.index(head) * 100 if hundred else 0) + below[rest]


def read_german(text: str) -> int:
    total, words = 0, (text[0].lower() + text[1:]).removesuffix(" Dong").split()
    while len(words) > 1:
        group, scale, *words = words
        total += read_german_group(group) * 10**6 * 1000 ** DE_SCALES.index(re.sub("(en?|e)$", "", scale))
    for last in words:
        thousands, found, rest = last.rpartition("tausend")
        total += read_german_group(thousands) * 1000 * bool(found) + read_german_group(rest)
    return total


@given(NUMBERS)
def test_german_says_the_number(number):
    assert read_german(said(number, "de")) == number


AR = {
    "صفر": 0,
    "واحد": 1,
    "أحد": 1,
    "اثنان": 2,
    "اثنا": 2,
    "ثلاثة": 3,
    "أربعة": 4,
    "خمسة": 5,
    "ستة": 6,
    "سبعة": 7,
    "ثمانية": 8,
    "تسعة": 9,
    "عشرة": 10,
    "عشر": 10,
    "عشرون": 20,
    "ثلاثون": 30,
    "أربعون": 40,
    "خمسون": 50,
    "ستون": 60,
    "سبعون": 70,
    "ثمانون": 80,
    "تسعون": 90,
    "مئة": 100,
    "مئتان": 200,
    "مئتا": 200,
    "ثلاثمئة": 300,
    "أربعمئة": 400,
    "خمسمئة": 500,
    "ستمئة": 600,
    "سبعمئة": 700,
    "ثمانمئة": 800,
    "تسعمئة": 900,
}
AR_SCALES = ["ألف", "مليون", "مليار", "تريليون", "كوادريليون", "كوينتليون"]
AR_PLURALS = {"آلاف": 1, "ملايين": 2, "مليارات": 3, "تريليونات": 4, "كوادريليونات": 5, "كوينتليونات": 6}


def read_arabic(text: str) -> int:
    total = group = 0
    for written in text.split():
        word = written if written == "واحد" else re.sub("^و", "", written)
        dual = re.fullmatch(f"({'|'.join(AR_SCALES)})(ان|ا)", word)
        stem = re.sub("ًا$", "", word)
        if word in AR:
            group += AR[word]
        elif dual:
            total += 2 * 1000 ** (AR_SCALES.index(dual[1]) + 1)
        elif stem in AR_SCALES or word in AR_PLURALS:
            place = AR_PLURALS.get(word) or AR_SCALES.index(stem) + 1
            total, group = total + (group or 1) * 1000**place, 0
        elif word == "دونغان":
            group += 2
        else:
            assert stem in ("دونغ", "دونغات")
    return total + group


@given(NUMBERS)
def test_arabic_says_the_number(number):
    assert read_arabic(said(number, "ar")) == number


@given(NUMBERS)
def test_the_counted_noun_follows_the_last_two_digits(number):
    last, rest = said(number, "ar").split()[-1], number % 100
    expected = "دونغ" if not rest else {1: "واحد", 2: "دونغان"}.get(rest, "دونغات" if rest <= 10 else "دونغًا")
    assert re.sub("^و(?!احد)", "", last) == expected


@pytest.mark.parametrize("number", [-1, 10**21])
def test_what_no_receipt_says_is_an_error(number):
    with pytest.raises(ValueError, match=r"negative|larger"):
        said(number, "vi")


def test_other_money_is_an_error():
    with pytest.raises(ValueError, match="dong"):
        in_words(Money(1, Currency("XTS", 3)), "en")
