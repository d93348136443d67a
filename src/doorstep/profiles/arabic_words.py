"""Amounts in Arabic words: the counted noun's number, case and gender follow the last two digits.

Written forms of the nominative, without vowel signs but for the tanwin of the counted noun; numbers from 0 to below 10^21.
"""

import msgspec

from doorstep.profiles.number_words import groups

_MASCULINE = ("", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة")
"""With a masculine noun: from 3 on the number takes the other gender's ending."""

_FEMININE = ("", "واحدة", "اثنتان", "ثلاث", "أربع", "خمس", "ست", "سبع", "ثماني", "تسع", "عشر")
_TENS = ("", "", "عشرون", "ثلاثون", "أربعون", "خمسون", "ستون", "سبعون", "ثمانون", "تسعون")
_HUNDREDS = ("", "مئة", "مئتان", "ثلاثمئة", "أربعمئة", "خمسمئة", "ستمئة", "سبعمئة", "ثمانمئة", "تسعمئة")


class Noun(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted: one, two (and two before a genitive), 3 to 10, 11 to 99 (accusative); hundreds take `one`."""

    one: str
    two: str
    two_of: str = ""
    few: str
    many: str
    feminine: bool = False


def _scale(one: str, few: str) -> Noun:
    return Noun(one=one, two=f"{one}ان", two_of=f"{one}ا", few=few, many=f"{one}ًا")


_SCALES = (
    _scale("ألف", "آلاف"),
    _scale("مليون", "ملايين"),
    _scale("مليار", "مليارات"),
    _scale("تريليون", "تريليونات"),
    _scale("كوادريليون", "كوادريليونات"),
    _scale("كوينتليون", "كوينتليونات"),
)


def arabic(number: int, noun: Noun) -> str:
    """So many of `noun`.

    >>> arabic(1, Noun(one="كتاب", two="كتابان", few="كتب", many="كتابًا"))
    'كتاب واحد'
    """
    if not number:
        return f"صفر {noun.one}"
    rest = number % 100
    if rest in (1, 2):
        single = noun.two if rest == 2 else f"{noun.one} {(_FEMININE if noun.feminine else _MASCULINE)[1]}"
        return _and([*([arabic(number - rest, noun)] if number > rest else []), single])
    low, *high = groups(number)
    scaled = [(scale, group) for scale, group in zip(_SCALES, high, strict=False) if group][::-1]
    if low:
        return _and([*(_counted(group, scale) for scale, group in scaled), _counted(low, noun)])
    *before, (scale, group) = scaled
    return _and([*(_counted(group, scale) for scale, group in before), f"{_counted(group, scale, of=True)} {noun.one}"])


def _counted(group: int, noun: Noun, *, of: bool = False) -> str:
    """1 to 999 of a noun; `of`: another noun follows in the genitive."""
    hundreds, rest = divmod(group, 100)
    if rest > 2:
        form = noun.few if rest <= 10 else noun.one if of else noun.many
        return f"{_and([_HUNDREDS[hundreds], _below_hundred(rest, feminine=noun.feminine)])} {form}"
    single = ("", noun.one, noun.two_of if of else noun.two)[rest]
    return _and([f"{'مئتا' if hundreds == 2 else _HUNDREDS[hundreds]} {noun.one}" if hundreds else "", single])


def _below_hundred(number: int, *, feminine: bool) -> str:
    """3 to 99 as they stand before what is counted."""
    ones, tens = number % 10, number // 10
    words = _FEMININE if feminine else _MASCULINE
    if number <= 10:
        return words[number]
    if tens == 1:
        first = {1: "إحدى", 2: "اثنتا"} if feminine else {1: "أحد", 2: "اثنا"}
        return f"{first.get(ones, words[ones])} {'عشرة' if feminine else 'عشر'}"
    first = {1: "إحدى", 8: "ثمانٍ"} if feminine else {}
    return _and([first.get(ones, words[ones]), _TENS[tens]])


def _and(parts: list[str]) -> str:
    return " و".join(part for part in parts if part)
