"""Identifiers: UUIDv7 inside, short references with a check character for people, identifiers that mask themselves."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from uuid import UUID

from doorstep.kernel.values.reasons import NOT_FOUND, NotFound

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_READ_AS = str.maketrans("ILO", "110")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7s(at: datetime, count: int) -> Iterator[UUID]:
    """`count` UUIDv7 (RFC 9562) of the instant `at`, ascending within the call, so that batches fill an index in order.

    The 74 bits beside time, version and variant are cut into `count` equal ranges, and each takes a random one of its
    own range.
    """
    stamp = _milliseconds(at) << 80 | 0x7 << 76 | 0x2 << 62
    width = (1 << 74) // max(count, 1)
    noise = token_bytes(10 * count)
    for index in range(count):
        low = index * width + int.from_bytes(noise[10 * index : 10 * index + 10]) % width
        yield UUID(int=stamp | low >> 62 << 64 | low & (1 << 62) - 1)


def uuid7(at: datetime) -> UUID:
    """One UUIDv7 of the instant `at`."""
    return next(uuid7s(at, 1))


def first_uuid7(at: datetime) -> UUID:
    """The smallest UUIDv7 of the instant: the bound of a month partition."""
    return UUID(int=_milliseconds(at) << 80)


def instant_of(number: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond.

    >>> instant_of(uuid7(datetime(2024, 5, 21, 14, tzinfo=UTC)))
    datetime.datetime(2024, 5, 21, 14, 0, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + timedelta(milliseconds=number.int >> 80)


def _milliseconds(at: datetime) -> int:
    """Since 1970, cut off; in whole numbers, since a float of seconds loses one now and then."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def reference(number: int | None = None) -> str:
    """A public code with 80 random bits (or those of `number`) and a check character, in groups of four.

    >>> reference(1)
    '0000-0000-0000-0001-G'
    """
    value = int.from_bytes(token_bytes(10)) if number is None else number
    digits = [value >> shift & 31 for shift in range(75, -1, -5)]
    text = "".join(_ALPHABET[digit] for digit in digits)
    return "-".join([text[i : i + 4] for i in range(0, 16, 4)] + [_check(digits)])


def read_reference(text: str) -> str | None:
    """The reference as it is stored, from what a person typed (case, spaces, O for 0); None when it does not check."""
    typed = "".join(text.split()).replace("-", "").upper().translate(_READ_AS)
    if len(typed) != 17 or any(character not in _ALPHABET for character in typed):
        return None
    digits = [_ALPHABET.index(character) for character in typed[:16]]
    if _check(digits) != typed[16]:
        return None
    return "-".join([typed[i : i + 4] for i in range(0, 16, 4)] + [typed[16]])


def _check(digits: list[int]) -> str:
    """Weighted sum modulo the prime 31: finds a wrong character and two swapped ones, but for 0 against Z."""
    return _ALPHABET[sum(place * digit for place, digit in enumerate(digits, 1)) % 31]


def read_uuid(text: str) -> UUID:
    """An id from an address or a form; NotFound for anything else."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(NOT_FOUND()) from None


def person_key(kind: str, country: str, number: str) -> str:
    """The key under which the journal finds a person: kind of document, issuing country, number without blanks.

    >>> person_key("national_id", "VN", "010 090 000 123")
    'national_id:VN:010090000123'
    """
    return f"{kind}:{country}:{''.join(number.split()).upper()}"


class Masked(str):
    """A person's identifier: whole as a string, masked in `repr`, so that logs and tracebacks do not spell it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.masked}>"

    @property
    def masked(self) -> str:
        return "•" * max(len(self) - 3, 1) + self[-3:] if len(self) > 4 else "••••"
