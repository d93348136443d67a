"""How a view of a house begins, and what its pages share."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from doorstep.kernel.country import law, profile
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.money import Money
from doorstep.kernel.web.visits import enter, language
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.queries.rows import House

MORE = {"upload", "notices", "register", "months", "rooms", "keepers"}
"""Pages behind "More" in the menu of a house."""


def enter_house(request: HttpRequest, code: str) -> tuple[By, House]:
    """Who acts, now, and a house that the actor keeps; NotFound for any other."""
    by = enter(request)
    return by, queries.keeper.kept_house(by.actor, code)


def in_house(
    request: HttpRequest, template: str, house: House, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of a house, with its menu; the template's name marks the entry."""
    place = {"house": house, "place": template, "unit_name": unit_name(house.unit), "more": template in MORE}
    return render(request, f"lodging/{template}.html", {**place, **context}, status=status)


def country() -> Country:
    return law(Country, "lodging")


def due_now(by: By, house: House) -> datetime:
    """By when whoever arrives now is notified in time, citizen or not: the earlier of the two deadlines."""
    return min(country().due(by.at, foreign, house.remote).by for foreign in (False, True))


def unit_name(code: str) -> str:
    return units.name(code, country().day(timezone.now()), language())


def money(minor: int) -> Money:
    """An amount in minor units of the profile's currency."""
    return Money(minor, profile().currency)
