"""One mapper from failures to answers: problem+json (RFC 9457) for programs, an error page with a way out for people."""

import logging
import sys
import traceback
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypedDict

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation

from doorstep.kernel.values.reasons import (
    DATABASE_AWAY,
    NOT_SIGNED_IN,
    NotAllowed,
    Reason,
    ReasonKind,
    Refused,
    reason,
)
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import wording

log = logging.getLogger(__name__)

NO_PAGE = reason(
    "kernel.no_page", "There is nothing at this address.", repair="Check the address, or begin at the home page."
)
FORBIDDEN = reason(
    "kernel.forbidden", "You may not open this.", repair="Sign in with the role that it belongs to, or go back."
)
UNREADABLE = reason(
    "kernel.unreadable",
    "Your browser sent something that we cannot read.",
    repair="Go back, load the page again and retry.",
)
TOO_MUCH = reason("kernel.too_much", "You sent more than this page takes.", repair="Send it in several smaller parts.")
FORM_EXPIRED = reason(
    "kernel.form_expired",
    "The form was open too long, or your browser keeps no cookies. Nothing was saved.",
    repair="Go back, load the page again and send the form once more.",
)
FAILED = reason(
    "kernel.failed",
    "Something went wrong on our side.",
    repair="Try again in a minute. Look first whether your last entry was saved.",
)

READ_AS: tuple[tuple[tuple[type[Exception], ...], ReasonKind, int], ...] = (
    ((OperationalError, InterfaceError), DATABASE_AWAY, 503),
    ((Http404,), NO_PAGE, 404),
    ((PermissionDenied,), FORBIDDEN, 403),
    ((RequestDataTooBig,), TOO_MUCH, 413),
    ((SuspiciousOperation, BadRequest, MultiPartParserError), UNREADABLE, 400),
)
EXPECTED = (Refused, OperationalError, InterfaceError)
TITLES = {
    400: N_("We could not read that"),
    401: N_("Please sign in"),
    403: N_("Not for you to open"),
    404: N_("We could not find that"),
    409: N_("That was already done differently"),
    412: N_("Somebody changed this in the meantime"),
    413: N_("That was too much at once"),
    422: N_("That could not be done"),
    429: N_("That was too often"),
    500: N_("We made a mistake"),
    503: N_("Not available just now"),
}


def problem(request: HttpRequest, failure: BaseException | type[BaseException]) -> HttpResponse:
    """The answer to a failure, in the reader's language."""
    refused, status = read(failure() if isinstance(failure, type) else failure)
    # Some failures come before or beside LocaleMiddleware; the thread may still hold another reader's language.
    with translation.override(translation.get_language_from_request(request)):
        title = translation.gettext(TITLES.get(status, TITLES[422]))
        answer = _told if request.path.startswith("/api/") or request.content_type == "application/json" else _page
        response = answer(request, status, title, refused)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(refused.extra["retry_after"])
    return response


class ReasonTold(TypedDict):
    """A reason as it stands in problem+json and in the outcomes of a batch."""

    code: str
    text: str
    repair: str
    field: str
    line: int | None


class ProblemTold(TypedDict):
    """A refusal or failure as programs read it."""

    type: str
    title: str
    status: int
    reasons: list[ReasonTold]


def described(one: Reason) -> ReasonTold:
    """A reason in the reader's language."""
    return {
        "code": one.code,
        "text": wording.text(one),
        "repair": wording.repair(one),
        "field": one.field,
        "line": one.line,
    }


class ProblemMiddleware:
    """Answers what a view raises on purpose, before Django calls it an error, and what no view is to see."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # No text of ours holds a NUL, and PostgreSQL takes none: neither the session nor a view need fear one.
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in "".join((request.path, *request.COOKIES.values())):
            return problem(request, BadRequest())
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: object) -> HttpResponse | None:
        """The same for a form, once the CSRF check has read it; a view that it leaves alone reads its own body."""
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        told = (text for _, texts in request.POST.lists() for text in texts)
        return problem(request, BadRequest()) if any("\0" in text for text in told) else None

    def process_exception(self, request: HttpRequest, failure: Exception) -> HttpResponse | None:
        return problem(request, failure) if isinstance(failure, EXPECTED) else None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return problem(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return problem(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return problem(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: called while the exception is handled, also for one of a middleware (no session: no database)."""
    return problem(request, sys.exception() or RuntimeError())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    """A form came without a token that fits the cookie."""
    return problem(request, NotAllowed(FORM_EXPIRED()))


def read(failure: BaseException) -> tuple[Refused, int]:
    """The reasons and the HTTP status; what is our fault is logged."""
    if isinstance(failure, Refused):
        away = any(one.code == NOT_SIGNED_IN.code for one in failure.reasons)
        return failure, 401 if away else failure.status
    found = ((kind, status) for kinds, kind, status in READ_AS if isinstance(failure, kinds))
    kind, status = next(found, (FAILED, 500))
    if status >= 500:
        _log(failure)
    return Refused(kind()), status


def _log(failure: BaseException) -> None:
    """Where it happened and what kind it is; not its message, which may quote a person's record."""
    cause = failure.__cause__
    log.error(
        "%s (%s)\n%s",
        type(failure).__name__,
        getattr(cause, "sqlstate", None) or type(cause).__name__,
        "".join(traceback.format_tb(failure.__traceback__)),
    )


def _told(_request: HttpRequest, status: int, title: str, refused: Refused) -> HttpResponse:
    reasons = [described(one) for one in refused.reasons]
    body = {"type": "about:blank", "title": title, "status": status, "reasons": reasons, **refused.extra}
    response = JsonResponse(
        body, status=status, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
    )
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _page(request: HttpRequest, status: int, title: str, refused: Refused) -> HttpResponse:
    told = [(wording.html_place(one), wording.html_text(one), wording.html_repair(one)) for one in refused.reasons]
    return render(request, "kernel/problem.html", {"status": status, "title": title, "told": told}, status=status)
