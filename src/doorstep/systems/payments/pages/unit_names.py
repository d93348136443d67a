"""Names of units in the reader's language."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext

from doorstep.kernel.store import units
from doorstep.kernel.web.visits import language


def unit_names(codes: Iterable[str], day: date) -> dict[str, str]:
    """By code; "" is the whole country."""
    return {"": gettext("The whole country"), **units.names({code for code in codes if code}, day, language())}
