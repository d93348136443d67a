"""Testland's working days: free on Friday and Saturday, in a zone half an hour off that moves its clocks by half an hour."""

from datetime import date
from zoneinfo import ZoneInfo

from doorstep.kernel.values.text import N_
from doorstep.profiles.calendar import Calendar, SpecialDay, special_days

ZONE = ZoneInfo("Australia/Lord_Howe")

CALENDAR = Calendar(
    zone=ZONE,
    weekend=frozenset({4, 5}),
    special=special_days(
        SpecialDay(
            day=date(2024, 2, 29),
            name=N_("Day of the Leap"),
            source="Invented for tests",
            certainty="invented",
        ),
        SpecialDay(
            day=date(2024, 3, 1),
            name=N_("Working Friday after the Day of the Leap"),
            works=True,
            source="Invented for tests",
            certainty="invented",
        ),
    ),
)
