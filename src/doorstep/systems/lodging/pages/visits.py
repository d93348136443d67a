"""How a view begins: who acts, when, in which house; and how it goes on when an action refuses."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import NOT_FOUND, NotAllowed, NotFound, Refused
from doorstep.kernel.web.actors import actor_of
from doorstep.kernel.web.forms import add_reasons
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.country import Country
from doorstep.systems.lodging.forms.fields import Form
from doorstep.systems.lodging.queries.rows import House

REFUSED = 422
MORE = {"upload", "notices", "register", "months", "rooms", "keepers"}
"""Pages behind "More" in the menu of a house."""


def enter(request: HttpRequest) -> By:
    """Who acts in a guarded view, now."""
    return By(cast("Actor", actor_of(request)), timezone.now())


def enter_house(request: HttpRequest, code: str) -> tuple[By, House]:
    """The same, with a house that the actor keeps; NotFound for any other."""
    by = enter(request)
    return by, queries.keeper.kept_house(by.actor, code)


def in_house(
    request: HttpRequest, template: str, house: House, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of a house, with its menu; the template's name marks the entry."""
    place = {"house": house, "place": template, "unit_name": unit_name(house.unit), "more": template in MORE}
    return render(request, f"lodging/{template}.html", {**place, **context}, status=status)


def tried(form: Form, act: Callable[[], object]) -> bool:
    """Does it, unless the form has errors already; what the action refuses stands in the form afterwards."""
    if not form.is_valid():
        return False
    try:
        act()
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        add_reasons(form, refused.reasons)
        return False
    return True


def country() -> Country:
    return law(Country, "lodging")


def due_now(by: By, house: House) -> datetime:
    """By when whoever arrives now is notified in time, citizen or not: the earlier of the two deadlines."""
    return min(country().due(by.at, foreign, house.remote).by for foreign in (False, True))


def language() -> str:
    return get_language() or "en"


def unit_name(code: str) -> str:
    return units.name(code, country().day(timezone.now()), language())


def money(minor: int) -> Money:
    """An amount in minor units of the profile's currency."""
    return Money(minor, profile().currency)


def read_uuid(text: str) -> UUID:
    """An id from an address; NotFound for anything else."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(NOT_FOUND()) from None
