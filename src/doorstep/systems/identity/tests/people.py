"""Persons, places and registrars for the tests of the register; a test changes what it is about."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject, Unit
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.profiles import testland, vietnam
from doorstep.profiles.profile import Profile
from doorstep.systems.identity import models
from doorstep.systems.identity.actions import register
from doorstep.systems.identity.contract import OrganisationKind, Sex
from doorstep.systems.identity.rules.register import Body, Cause, Home, Record

VIETNAM = vietnam.profile(fictitious=True)
TESTLAND = testland.profile(fictitious=True)
AT = datetime(2024, 3, 1, 3, tzinfo=UTC)
DAY = date(2024, 3, 1)
HERE, THERE, ELSEWHERE = "H38.901", "H38.902", "H26.901"
SOURCE = "Decision 12/2024"


def registrar(unit: str = "H38", subject: str = "registrar") -> Actor:
    return Actor(subject, unit, ("identity.registrar",), level=2)


BY = By(registrar(), AT)


def record(serial: int = 1, profile: Profile = VIETNAM, **changes: Any) -> Record:
    """A man or woman, born on 21 May 1990, whose number fits."""
    birth, sex = changes.get("birth", date(1990, 5, 21)), changes.get("sex", Sex.MALE)
    passing = {
        "number": Masked(profile.fictitious_number(birth, sex is Sex.FEMALE, serial)),
        "full_name": "Nguyễn Văn Ví Dụ",
        "birth": birth,
        "sex": sex,
        "nationality": profile.identity.nationality,
    }
    return Record(**{**passing, **changes})


def home(unit: str = HERE, **changes: Any) -> Home:
    return Home(**{"unit": unit, "address": "12 Đường Ví Dụ", "valid_from": date(2020, 1, 1), **changes})


def body(**changes: Any) -> Body:
    """A household business with the tax code that the made-up ones begin with."""
    passing = {
        "tax_code": tax_code(1),
        "kind": OrganisationKind.HOUSEHOLD_BUSINESS,
        "name": "Hộ kinh doanh Ví Dụ",
        "representative": record().number,
        "unit": HERE,
        "address": "12 Đường Ví Dụ",
        "active_from": date(2021, 1, 1),
    }
    return Body(**{**passing, **changes})


def tax_code(serial: int) -> str:
    """A code that checks, and that nobody has."""
    from doorstep.profiles.vietnam.tax_code import check_digit

    nine = next(nine for nine in (f"9{serial:06}{end:02}" for end in range(99)) if check_digit(nine))
    return nine + check_digit(nine)


def places() -> None:
    """Two communes in one province, one in another."""
    for code in ("H38", HERE, THERE, "H26", ELSEWHERE):
        kind = "commune" if "." in code else "province"
        values = {"kind": kind, "parent": code.rpartition(".")[0], "names": {"en": f"Place {code}"}}
        Unit.objects.get_or_create(
            code=code, valid_from=date(2000, 1, 1), defaults={**values, "source": "test", "certainty": "invented"}
        )


def enter(serial: int = 1, unit: str = HERE, by: By | None = None, **changes: Any) -> models.Person:
    """Registers the person through the action."""
    places()
    told = record(serial, **changes)
    at_home = home(unit, valid_from=max(told.birth, date(2020, 1, 1)))
    by = by or By(registrar(""), AT)
    done = register.register_person(by, told, at_home, Cause.ENTRY, SOURCE, confirmed=True)
    return models.Person.objects.get(id=done.id)


def replaced(before: Record, **changes: Any) -> Record:
    return msgspec.structs.replace(before, **changes)


def key(number: str) -> str:
    return f"national_id:VN:{number}"


def journal(action: str) -> list[tuple[set[str], str]]:
    """Subjects and fields of each entry of the action, in order."""
    found = []
    for entry in JournalEntry.objects.filter(action=f"identity.{action}").order_by("id"):
        subjects = JournalSubject.objects.filter(id=entry.id).values_list("subject", flat=True)
        assert len(subjects) == len(set(subjects))
        found.append((set(subjects), entry.fields))
    return found


def codes(reasons: Any) -> list[tuple[str, str]]:
    """Code without the system, and field, of each reason."""
    return [(one.code.partition(".")[2], one.field) for one in reasons]
