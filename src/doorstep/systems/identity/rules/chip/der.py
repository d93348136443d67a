"""Distinguished encoding (ITU-T X.690): files of a chip are checked whole before any parser reads a byte of them."""

from collections.abc import Iterator
from typing import NamedTuple

from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.rules.chip.findings import NOT_DER, TOO_LARGE

PARSER_ERRORS = (ValueError, TypeError, KeyError, IndexError)
"""What asn1crypto raises for well-encoded values of the wrong kind; found by fuzzing (IndexError: empty bit strings)."""

MOST_DEPTH = 24
MOST_ELEMENTS = 200_000
_SEQUENCE, _SET = 0x30, 0x31
_CONSTRUCTED, _UNIVERSAL = 0x20, 0x40


class Element(NamedTuple):
    """One element: its tag as written (`0x5F1F`), its content, and the whole of it."""

    tag: int
    content: bytes
    whole: bytes


def check_der(data: bytes, field: str, most: int) -> Reason | None:
    """Why `data` is not exactly one element of at most `most` bytes in definite, shortest lengths, nested at most 24
    deep, with nothing behind it. `field` names the file in the reason.

    Strings in pieces, which only the basic encoding has, are refused too. Contents of primitive elements are not read.
    """
    if len(data) > most:
        return TOO_LARGE(field, most=most)
    try:
        _walk(data)
    except ValueError:
        return NOT_DER(field)
    return None


def elements(content: bytes) -> list[Element]:
    """The elements of a constructed element's content, or of data that `check_der` has passed."""
    return list(_elements(content))


def _elements(content: bytes) -> Iterator[Element]:
    at = 0
    while at < len(content):
        start, end = _header(content, at, len(content))
        tag_end = at + (2 if content[at] & 0x1F == 0x1F else 1)
        yield Element(int.from_bytes(content[at:tag_end]), content[start:end], content[at:end])
        at = end


def _walk(data: bytes) -> None:
    ends, at = [len(data)], 0
    for _ in range(MOST_ELEMENTS):
        start, end = _header(data, at, ends[-1])
        if at == 0 and end != len(data):
            raise ValueError("something follows")
        constructed = data[at] & _CONSTRUCTED
        if constructed and data[at] < _UNIVERSAL and data[at] not in (_SEQUENCE, _SET):
            raise ValueError("a string in pieces")
        if constructed:
            ends.append(end)
        at = start if constructed else end
        if len(ends) > MOST_DEPTH:
            raise ValueError("nested too deep")
        while ends and at == ends[-1]:
            ends.pop()
        if not ends:
            return
    raise ValueError("too many elements")


def _header(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Start and end of the content of the element at `at`, which must end by `end`."""
    if end - at < 2 or data[at] == 0:
        raise ValueError("no element")
    tagged = data[at] & 0x1F == 0x1F
    if tagged and not 0x1F <= data[at + 1] < 0x80:  # one more byte reaches every tag that documents use
        raise ValueError("no tag of this kind")
    at += 2 if tagged else 1
    if at >= end:
        raise ValueError("no length")
    length, start = data[at], at + 1
    if length >= 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[at + 1 : start])
        if not at + 1 < start <= min(at + 5, end) or length < 0x80 or not data[at + 1]:
            raise ValueError("an indefinite, long or wasteful length")
    if start + length > end:
        raise ValueError("longer than what it stands in")
    return start, start + length
