"""Where the bank is, as the operator says it."""

from pathlib import Path

from doorstep.kernel.wire import Place, places


class BankPlace(Place, frozen=True):
    """A bank or a gateway: `token` is the file with our keys, `theirs` that with its own (JSON Web Key Sets)."""

    theirs: Path


def bank_place(text: str) -> BankPlace:
    """What `DOORSTEP_BANK` says: `https://host/ our-keys its-keys`. Raises ValueError with a sentence for the operator.

    >>> bank_place("https://bank.example.org/v1/ /etc/doorstep/our.jwks /etc/doorstep/bank.jwks").theirs.name
    'bank.jwks'
    """
    parts = text.split()
    if len(parts) != 3:
        raise ValueError(f"{text!r}: write https://host/ our-keys its-keys, two files with JSON Web Keys.")
    place = places(f"bank={parts[0]} {parts[1]}")["bank"]
    return BankPlace(place.url, place.token, Path(parts[2]))
