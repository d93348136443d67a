"""Loading again renames the units that are there, so that an installation gets the names of a later version."""

from datetime import date

import msgspec
import pytest

from doorstep.kernel.store import units
from doorstep.kernel.store.models import Unit
from doorstep.kernel.values.unit_tree import UnitRow
from doorstep.kernel.values.units import UnitCode

pytestmark = pytest.mark.django_db

BEGAN, RENAMED = date(2020, 1, 1), date(2022, 1, 1)


def row(names: dict[str, str], valid_from: date = BEGAN, valid_to: date | None = None, kind: str = "city") -> UnitRow:
    return UnitRow(
        code=UnitCode("X1"),
        kind=kind,
        names=names,
        valid_from=valid_from,
        valid_to=valid_to,
        source="made up",
        certainty="invented",
    )


@pytest.fixture(autouse=True)
def _one_city() -> None:
    Unit.objects.all().delete()
    assert units.load([row({"vi": "Một", "en": "One"}, valid_to=RENAMED), row({"en": "Only"}, RENAMED)]) == 2


def test_names_follow_in_each_period_of_its_own() -> None:
    assert units.load([row({"vi": "Một", "en": "The One", "de": "Eins"})]) == 0
    assert units.name("X1", BEGAN, "de") == "Eins"
    assert units.name("X1", BEGAN, "en") == "The One"
    assert units.name("X1", RENAMED, "de") == "Only"


def test_a_language_that_is_not_named_keeps_its_name() -> None:
    units.load([row({"en": "The One"})])
    assert Unit.objects.get(valid_from=BEGAN).names == {"vi": "Một", "en": "The One"}


def test_nothing_but_names_follows() -> None:
    units.load([row({"de": "Eins"}, kind="province")])
    there = Unit.objects.get(valid_from=BEGAN)
    assert (there.kind, there.valid_to) == ("city", RENAMED)


def test_an_imported_merger_ends_a_unit_and_the_profile_does_not_undo_it() -> None:
    merged = msgspec.structs.replace(row({"en": "Only"}, RENAMED), valid_to=date(2025, 7, 1), successor="X2")
    assert units.load([merged], restate=True) == 0
    units.load([row({"en": "Only"}, RENAMED)])
    assert not units.in_force(date(2025, 7, 1)).filter(code="X1").exists()
    assert units.in_force(date(2025, 6, 30)).get(code="X1").successor == "X2"
