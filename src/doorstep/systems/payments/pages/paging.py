"""Lists that go on: a page of rows from a place in the address, and links to the next page and the first."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.http import HttpRequest

from doorstep.kernel.web.visits import further

Row = TypeVar("Row")


def onward(
    request: HttpRequest,
    rows: Sequence[Row],
    size: int,
    key: Callable[[Row], object] = lambda row: row.id,  # type: ignore[attr-defined]
) -> dict[str, Any]:
    """What `c-pagination` needs: the way to the rows after these, where they fill a page, and to the first ones."""
    return {
        "older": further(request, key(rows[-1])) if len(rows) == size else "",
        "first": further(request) if request.GET.get("after") else "",
    }
