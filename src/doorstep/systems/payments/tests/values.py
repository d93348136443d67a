"""Values of payments for tests, without tables; money in minor units."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.rules.orders import Asked, Line

AT = datetime(2024, 3, 1, 3, tzinfo=UTC)
UNIT = "H38"
ASKER = "service:dossiers"
PAYER = "national_id:XT:900001"
PURPOSE = {"en": "Permit for building a house", "vi": "Giấy phép xây dựng nhà ở"}


def asked(**changes: Any) -> Asked:
    """A fee of 500 and a charge of 250."""
    passing: dict[str, Any] = {
        "order": uuid4(),
        "asker": ASKER,
        "subject": "dossier:1",
        "unit": UNIT,
        "payer": PAYER,
        "purpose": PURPOSE,
        "lines": (Line("permit", FeeKind.FEE, 500, {"en": "Permit"}), Line("stamp", FeeKind.CHARGE, 250)),
        "until": AT + timedelta(days=7),
    }
    return Asked(**{**passing, **changes})
