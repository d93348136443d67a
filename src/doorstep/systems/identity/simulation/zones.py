"""A made-up card's zone that passes; a test changes what it is about."""

from datetime import date
from typing import Any

from doorstep.kernel.values.ids import Masked
from doorstep.systems.identity.rules.mrz import Mrz

DAY = date(2024, 6, 1)


def zone(**changes: Any) -> Mrz:
    """The zone of a made-up card."""
    passing = {
        "size": "TD1",
        "code": "ID",
        "issuer": "UTO",
        "number": Masked("D23145890"),
        "surname": "ERIKSSON",
        "given_names": "ANNA MARIA",
        "nationality": "UTO",
        "born": "740812",
        "birth": date(1974, 8, 12),
        "female": True,
        "expires": date(2030, 4, 15),
    }
    return Mrz(**{**passing, **changes})
