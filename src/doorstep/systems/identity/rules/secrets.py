"""Passwords, passcodes and one-time codes: what they must be, and how they are kept (Argon2id, RFC 9106; OWASP's 19 MiB, 2 passes)."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from threading import BoundedSemaphore

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from doorstep.kernel.values.reasons import Reason, Unavailable, reason
from doorstep.kernel.values.text import N_
from doorstep.systems.identity.country import SecretRow

PASSWORD_LENGTH = reason(
    "identity.password_length",
    "A password has from {shortest} to {longest} characters.",
    repair="Choose one of that length.",
)
PASSWORD_KINDS = reason(
    "identity.password_kinds",
    "The password lacks a kind of character that the rules ask for.",
    repair="Use at least one digit, one capital letter, one small letter and one other sign, unless fewer kinds are named.",
)
PASSWORD_NAMES = reason(
    "identity.password_names", "The password holds your number or name.", repair="Choose one that nobody could guess."
)
PASSCODE_SHAPE = reason(
    "identity.passcode_shape", "A passcode has {digits} digits.", repair="Choose that many digits, nothing else."
)
PASSCODE_EASY = reason(
    "identity.passcode_easy",
    "This passcode is easy to guess.",
    repair="Avoid one digit repeated, rows such as 123456, and your birth date.",
)

TOO_BUSY = reason(
    "identity.too_busy",
    "Very many people are signing in at this moment.",
    repair="Try it again in a few seconds. A passkey works at once.",
)

CODE_DIGITS = 6
KINDS = {
    "digit": N_("a digit"),
    "upper": N_("a capital letter"),
    "lower": N_("a small letter"),
    "special": N_("another sign"),
}
"""What a password may have to hold, as people read it."""
_KINDS: dict[str, Callable[[str], bool]] = {
    "digit": str.isdigit,
    "upper": str.isupper,
    "lower": str.islower,
    "special": lambda character: not character.isalnum(),
}
_MEMORY_KIB, _PASSES = 19_456, 2
AT_ONCE, WAITING = 2, 3
"""So many secrets are hashed at once in a process, and so many wait; the other threads go on answering pages."""
_seats, _cores = BoundedSemaphore(AT_ONCE + WAITING), BoundedSemaphore(AT_ONCE)


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _seats.acquire(blocking=False):
        raise Unavailable(TOO_BUSY())
    try:
        with _cores:
            yield
    finally:
        _seats.release()


def check_password(text: str, row: SecretRow, *, names: tuple[str, ...] = ()) -> list[Reason]:
    """Against a new password; `names` (number, words of the name) must not stand in it, from four characters on."""
    found = []
    if not row.shortest <= len(text) <= row.longest:
        found.append(PASSWORD_LENGTH("password", shortest=row.shortest, longest=row.longest))
    if not all(any(_KINDS[kind](character) for character in text) for kind in row.kinds):
        found.append(PASSWORD_KINDS("password"))
    folded = text.casefold()
    if any(len(name) >= 4 and name.casefold() in folded for name in names):
        found.append(PASSWORD_NAMES("password"))
    return found


def check_passcode(text: str, row: SecretRow, *, birth: date | None = None) -> list[Reason]:
    """Against a new passcode: digits only, no repetition, no row up or down, no birth date in any usual order."""
    if not (text.isascii() and text.isdigit() and len(text) == row.passcode_digits):
        return [PASSCODE_SHAPE("passcode", digits=row.passcode_digits)]
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(text)}
    dates = {birth.strftime(form) for form in ("%d%m%y", "%m%d%y", "%y%m%d", "%d%m", "%m%d", "%Y")} if birth else set()
    return [PASSCODE_EASY("passcode")] if steps in ({0}, {1}, {9}) or text in dates else []


def hashed(secret: str) -> str:
    """The Argon2id string that is kept in a secret's place; takes some 20 ms of a core on purpose.

    Raises Unavailable where too many wait already.
    """
    kdf = Argon2id(salt=secrets.token_bytes(16), length=32, iterations=_PASSES, lanes=1, memory_cost=_MEMORY_KIB)
    with _in_turn():
        return kdf.derive_phc_encoded(secret.encode())


NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""What is checked where there is no account, so that the answer takes as long."""


def matches(secret: str, kept: str) -> bool:
    """Whether the secret is the one kept; an empty `kept` matches nothing and takes as long.

    Raises Unavailable where too many wait already.
    """
    try:
        with _in_turn():
            Argon2id.verify_phc_encoded(secret.encode(), kept or NOBODYS)
    except InvalidKey:
        return False
    return bool(kept)


def new_code() -> str:
    """A one-time code of six random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def code_digest(key: bytes, subject: str, purpose: str, code: str) -> bytes:
    """What is kept of a one-time code: keyed, since so few digits could be tried out from a plain digest."""
    return hmac.digest(key, f"{subject}\0{purpose}\0{code}".encode(), hashlib.sha256)
