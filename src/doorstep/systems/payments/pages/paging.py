"""Lists that go on: a page of rows from a place in the address, and links to the next page and the first."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest

from doorstep.kernel.values.ids import read_uuid

Row = TypeVar("Row")


def onward(
    request: HttpRequest,
    rows: Sequence[Row],
    size: int,
    key: Callable[[Row], object] = lambda row: row.id,  # type: ignore[attr-defined]
    name: str = "after",
) -> dict[str, Any]:
    """What `c-pagination` needs: the way to the rows after these, where they fill a page, and to the first ones.

    `name` is what the address calls the place in this list.
    """
    return {
        "older": _address(request, name, key(rows[-1])) if len(rows) == size else "",
        "first": _address(request, name) if request.GET.get(name) else "",
    }


def place(request: HttpRequest, name: str) -> UUID | None:
    """After which row the page of a list begins, None for the first one; NotFound for what is no id."""
    text = request.GET.get(name)
    return read_uuid(text) if text else None


def _address(request: HttpRequest, name: str, after: object = "") -> str:
    kept = {one: text for one, text in request.GET.items() if one != name and text}
    return "?" + urlencode({**kept, name: after} if after else kept)
