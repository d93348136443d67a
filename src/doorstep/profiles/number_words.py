"""Amounts in words, as receipts need them: Vietnamese, English and German here, Arabic beside; each profile names its currency.

One spelling for each number. Numbers are whole, from 0 to below 10^21.
"""

from collections.abc import Callable

import msgspec

from doorstep.kernel.values.money import Money

LIMIT = 10**21


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """How one language says an amount: `whole` counts the currency's unit, `part` its smallest one, `between` joins both."""

    whole: Callable[[int], str]
    part: Callable[[int], str] | None = None
    between: str = ""


def amount_in_words(amount: Money, wording: Wording) -> str:
    """The amount, its first letter a capital where the script has any. ValueError below 0 and from 10^21."""
    if amount.minor < 0:
        raise ValueError("an amount in words is not negative")
    whole, part = divmod(amount.minor, 10**amount.currency.decimals)
    if whole >= LIMIT:
        raise ValueError("larger than any receipt")
    said = [wording.whole(whole)] if whole or not part else []
    if part and wording.part:
        said.append(wording.part(part))
    text = wording.between.join(said)
    return text[0].upper() + text[1:]


def groups(number: int) -> list[int]:
    """Three digits each, the lowest first.

    >>> groups(1_002_003)
    [3, 2, 1]
    """
    found = []
    while number:
        number, low = divmod(number, 1000)
        found.append(low)
    return found


# Vietnamese

_VI = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_VI_SCALES = ("", "nghìn", "triệu")


def vietnamese(number: int) -> str:
    """By the standard of the north (nghìn, linh): mốt, tư and lăm after mươi, "không trăm" inside a number.

    >>> vietnamese(21_004_105)
    'hai mươi mốt triệu không trăm linh bốn nghìn một trăm linh năm'
    """
    return _vi_billions(number) if number else _VI[0]


def _vi_billions(number: int, *, inside: bool = False) -> str:
    """Above tỷ (10^9) the scales begin again: nghìn tỷ, triệu tỷ, tỷ tỷ."""
    billions, rest = divmod(number, 10**9)
    said = [_vi_billions(billions, inside=inside), "tỷ"] if billions else []
    for place, group in reversed(list(enumerate(groups(rest)))):
        if group:
            said += [_vi_group(group, inside=inside or bool(said)), _VI_SCALES[place]]
    return " ".join(word for word in said if word)


def _vi_group(group: int, *, inside: bool) -> str:
    hundreds, tens, ones = group // 100, group // 10 % 10, group % 10
    said = [_VI[hundreds], "trăm"] if hundreds or inside else []
    if tens:
        said += ["mười"] if tens == 1 else [_VI[tens], "mươi"]
    elif said and ones:
        said.append("linh")
    if ones:
        special = {1: "mốt", 4: "tư", 5: "lăm"} if tens > 1 else {5: "lăm"} if tens else {}
        said.append(special.get(ones, _VI[ones]))
    return " ".join(said)


# English

_EN = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_EN_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_EN_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion")


def english(number: int) -> str:
    """British, with "and" before what is below a hundred; short scale.

    >>> english(1_180_021)
    'one million one hundred and eighty thousand and twenty-one'
    """
    if not number:
        return _EN[0]
    said: list[str] = []
    for place, group in reversed(list(enumerate(groups(number)))):
        if group:
            said += [*(["and"] if said and not place and group < 100 else []), _en_group(group), _EN_SCALES[place]]
    return " ".join(word for word in said if word)


def _en_group(group: int) -> str:
    hundreds, rest = divmod(group, 100)
    said = [_EN[hundreds], "hundred"] if hundreds else []
    if said and rest:
        said.append("and")
    if rest >= 20:
        said.append("-".join([_EN_TENS[rest // 10], *([_EN[rest % 10]] if rest % 10 else [])]))
    elif rest:
        said.append(_EN[rest])
    return " ".join(said)


# German

_DE = (
    *("null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
    *("dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"),
)
_DE_TENS = ("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_DE_SCALES = (
    *(("Million", "Millionen"), ("Milliarde", "Milliarden"), ("Billion", "Billionen")),
    *(("Billiarde", "Billiarden"), ("Trillion", "Trillionen")),
)


def german(number: int, one: str = "eins") -> str:
    """Long scale; below a million one word. `one` is the word for 1 by itself (ein, eine before a noun).

    >>> german(2_001_101)
    'zwei Millionen eintausendeinhunderteins'
    """
    if not number:
        return _DE[0]
    if number == 1:
        return one
    millions, rest = divmod(number, 10**6)
    said = []
    for place, group in reversed(list(enumerate(groups(millions)))):
        if group:
            singular, plural = _DE_SCALES[place]
            said.append(f"eine {singular}" if group == 1 else f"{_de_group(group, end='e')} {plural}")
    thousands, ones = divmod(rest, 1000)
    last = (f"{_de_group(thousands)}tausend" if thousands else "") + _de_group(ones, end="s")
    return " ".join([*said, *([last] if last else [])])


def _de_group(group: int, end: str = "") -> str:
    """`end` is what "ein" takes at the end: "s" by itself, "e" before Millionen, nothing before tausend."""
    hundreds, rest = divmod(group, 100)
    said = f"{_DE[hundreds]}hundert" if hundreds else ""
    if rest == 1:
        return f"{said}ein{end}"
    if rest < 20:
        return said + (_DE[rest] if rest else "")
    ones = f"{_DE[rest % 10]}und" if rest % 10 else ""
    return f"{said}{ones}{_DE_TENS[rest // 10]}"
