"""Pages of the notices: each person's inbox, and the mail room's letters."""

from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel import documents, notices
from doorstep.kernel.access import look
from doorstep.kernel.declare.notices import NOTICES
from doorstep.kernel.declare.scopes import LETTERS, PRINT_LETTERS
from doorstep.kernel.store import units
from doorstep.kernel.web import numbers, wording
from doorstep.kernel.web.layout import simulated_scale
from doorstep.kernel.web.routes import SIGNED_IN, SeeOther, page
from doorstep.kernel.web.visits import enter


@page(SIGNED_IN)
@require_GET
def inbox(request: HttpRequest, before: UUID | None = None) -> HttpResponse:
    """The reader's own notices, newest first, or those older than one of them."""
    rows = notices.inbox(enter(request).actor, before)
    told = [(row, NOTICES[row.kind].link, *wording.told(row.kind, row.given)) for row in rows[: notices.PAGE]]
    older = reverse("inbox", args=[told[-1][0].id]) if len(rows) > notices.PAGE else ""
    return render(request, "kernel/inbox.html", {"told": told, "older": older, "before": before})


@page(SIGNED_IN)
@require_POST
def read(request: HttpRequest, only: UUID | None = None) -> HttpResponse:
    """Marks one notice as read, or all."""
    by = enter(request)
    notices.mark_read(by.actor, by.at, only)
    return SeeOther(reverse("inbox"))


@page(PRINT_LETTERS)
@require_http_methods(["GET", "POST"])
def letters(request: HttpRequest) -> HttpResponse:
    """What waits to be printed; a POST says that those listed went to the post."""
    by = enter(request)
    if request.method == "GET":
        rows = look(by.actor, LETTERS, by.at, notices.letters, by.day)
        told = [(row, gettext(NOTICES[row.kind].title)) for row in rows]
        return render(request, "kernel/letters.html", {"letters": told})
    try:
        ids = [UUID(text) for text in request.POST.getlist("id")]
    except ValueError:
        raise BadRequest from None
    notices.letters_sent(by, ids)
    return SeeOther(reverse("letters"))


@page(PRINT_LETTERS)
@require_GET
def letters_pdf(request: HttpRequest) -> HttpResponse:
    """The same letters, a page each, in the language of whoever gets it and with the address for a window envelope."""
    by = enter(request)
    sheets = [_sheet(row) for row in look(by.actor, LETTERS, by.at, notices.letters, by.day)]
    data = {"title": gettext("Letters"), "letters": sheets}
    made = documents.pdf(documents.PAGES / "letter.typ", data, translation.get_language() or "en", at=by.at)
    return HttpResponse(made, content_type="application/pdf")


def _sheet(row: notices.NoticeRow) -> dict[str, Any]:
    day = timezone.localtime(row.at).date()
    with translation.override(row.language):
        title, text = wording.told(row.kind, row.given)
        scale = simulated_scale()
        note = gettext("Made from simulated records at a scale of {scale}.").format(scale=numbers.number(scale or 0))
        return {
            "language": row.language,
            "right_to_left": row.language in documents.RIGHT_TO_LEFT,
            "sender": documents.covered(units.name(row.unit, day, row.language)) if row.unit else "",
            "address": [f"\u2068{documents.covered(line)}\u2069" for line in row.address],
            "day": numbers.day(day),
            "title": documents.covered(title),
            "text": documents.covered(text),
            "note": note if scale else "",
        }
