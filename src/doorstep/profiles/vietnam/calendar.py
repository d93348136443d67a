"""Viet Nam's working days: Monday to Friday, the public holidays of 2024, and the Saturday worked for one of them."""

from datetime import date
from zoneinfo import ZoneInfo

from doorstep.kernel.values.text import N_
from doorstep.profiles.calendar import Calendar, SpecialDay, special_days

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

_SOURCE = "Public holidays of 2024 as widely announced; not looked up in the decision"


def _row(month: int, day: int, name: str, *, works: bool = False) -> SpecialDay:
    return SpecialDay(day=date(2024, month, day), name=name, works=works, source=_SOURCE, certainty="general-knowledge")


CALENDAR = Calendar(
    zone=ZONE,
    weekend=frozenset({5, 6}),
    special=special_days(
        _row(1, 1, N_("New Year's Day")),
        *(_row(2, day, N_("Lunar New Year (Tet)")) for day in range(8, 15)),
        _row(4, 18, N_("Commemoration of the Hung Kings")),
        _row(4, 29, N_("Day off in exchange for Saturday 4 May")),
        _row(4, 30, N_("Reunification Day")),
        _row(5, 1, N_("Labour Day")),
        _row(5, 4, N_("Working Saturday in exchange for Monday 29 April"), works=True),
        _row(9, 2, N_("National Day")),
        _row(9, 3, N_("National Day")),
    ),
)
