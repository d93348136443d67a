"""Guests and stays that pass, in both countries; a test changes what it is about."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from doorstep.kernel.values.ids import Masked
from doorstep.profiles import testland, vietnam
from doorstep.profiles.profile import Profile
from doorstep.systems.lodging.country import DocumentType, Sex
from doorstep.systems.lodging.facts import GuestKind
from doorstep.systems.lodging.rules.records import Guest, Stay, StayReason

VIETNAM = vietnam.profile(fictitious=True)
TESTLAND = testland.profile(fictitious=True)

AT = datetime(2024, 5, 21, 14, 0, tzinfo=UTC)
"""21:00 in Ha Noi, half past midnight of the 22nd in Testland."""


def guest(profile: Profile = VIETNAM, *, serial: int = 123, **changes: Any) -> Guest:
    """A domestic guest, woman or man, whose number fits."""
    birth, sex = changes.get("birth", date(1990, 5, 21)), changes.get("sex", Sex.MALE)
    number = profile.fictitious_number(birth, sex is Sex.FEMALE, serial)
    passing = Guest(
        kind=GuestKind.DOMESTIC,
        full_name="Nguyễn Văn Ví Dụ",
        birth=birth,
        sex=sex,
        nationality=profile.lodging.nationality,
        document_type=DocumentType.NATIONAL_ID,
        document_number=Masked(number),
        address="Tổ 1, Phường Ví Dụ",
    )
    return msgspec.structs.replace(passing, **changes)


def foreigner(**changes: Any) -> Guest:
    """A guest from abroad with a passport."""
    passing = Guest(
        kind=GuestKind.FOREIGN,
        full_name="Erika Mustermann",
        birth=date(1984, 8, 12),
        sex=Sex.FEMALE,
        nationality="DE",
        document_type=DocumentType.PASSPORT,
        document_number=Masked("C01X00T47"),
        visa_number="E0000001",
        visa_until=date(2024, 6, 30),
        entry_date=date(2024, 5, 20),
        entry_gate="Nội Bài",
        purpose="Tourism",
    )
    return msgspec.structs.replace(passing, **changes)


def stay(who: Guest | None = None, *, at: datetime = AT, **changes: Any) -> Stay:
    """A stay that began an hour before `at` and lasts two nights."""
    passing = Stay(
        guest=who or guest(),
        arrival=at - timedelta(hours=1),
        expected_departure=(at + timedelta(days=2)).date(),
        reason=StayReason.TOURISM,
        room="101",
    )
    return msgspec.structs.replace(passing, **changes)


def row(**changes: str) -> dict[str, str]:
    """The same domestic guest as a line of an upload; None takes a column away."""
    cells: dict[str, str] = {
        "full_name": "Nguyễn Văn Ví Dụ",
        "birth": "21/05/1990",
        "sex": "Nam",
        "document_number": VIETNAM.fictitious_number(date(1990, 5, 21), False, 123),
        "room": "101",
        "arrival_date": "21/05/2024",
        "arrival_time": "20:00",
        "expected_departure": "23/05/2024",
    } | changes
    return cells
