"""How a view begins: who acts, and when; and how it goes on when an action refuses."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

import msgspec
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused
from doorstep.kernel.web.actors import actor_of
from doorstep.kernel.web.forms import add_reasons

REFUSED = 422
Row = TypeVar("Row", bound=Any)


def enter(request: HttpRequest) -> By:
    """Who acts in a guarded view, now."""
    return By(cast("Actor", actor_of(request)), timezone.now())


def tried(form: BaseForm, act: Callable[[], object]) -> bool:
    """Does it, unless the form has errors already; what the action refuses stands in the form afterwards.

    That somebody may not, or that there is no such record, is an answer of its own, unless it is about one of the fields.
    """
    if not form.is_valid():
        return False
    try:
        act()
    except Refused as refused:
        if isinstance(refused, NotFound | NotAllowed) and not {one.field for one in refused.reasons} & {*form.fields}:
            raise
        add_reasons(form, refused.reasons)
        return False
    return True


def language() -> str:
    return get_language() or "en"


def named(rows: Iterable[Row], day: date) -> list[Row]:
    """Rows of a page, which are structs: each `unit` is its name on `day` instead of its code; "" stays."""
    found = list(rows)
    names = units.names({row.unit for row in found if row.unit}, day, language())
    return [msgspec.structs.replace(row, unit=names.get(row.unit, "")) for row in found]


def further(request: HttpRequest, after: object = "") -> str:
    """The page's own filter, after a place in the list or from its beginning."""
    kept = {name: text for name, text in request.GET.items() if name != "after" and text}
    return "?" + urlencode({**kept, "after": after} if after else kept)
