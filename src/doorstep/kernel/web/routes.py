"""Every route says who may use it; a guard test reads the mark `doorstep_access` and fails on a route without one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirectBase
from django.urls import reverse

from doorstep.kernel.declare.scopes import Actor, Scope
from doorstep.kernel.values.reasons import LEVEL_TOO_LOW, NOT_SIGNED_IN, NotAllowed
from doorstep.kernel.web.actors import actor_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class SeeOther(HttpResponseRedirectBase):
    """303: after a form was taken, the browser fetches another page (RFC 9110, 15.4.4)."""

    status_code = 303


class Public(msgspec.Struct, frozen=True):
    """For everybody, signed in or not."""


class SignedIn(msgspec.Struct, frozen=True):
    """For whoever is signed in, about nobody but themselves."""


PUBLIC: Final = Public()
SIGNED_IN: Final = SignedIn()
Access = Scope | Public | SignedIn


def may_enter(actor: Actor | None, access: Access) -> bool:
    """Whether the page is for this actor, None for a stranger."""
    return access == PUBLIC or (actor is not None and (not isinstance(access, Scope) or actor.may(access)))


class Entry(msgspec.Struct, frozen=True):
    """A line of the menu, shown to those who may follow it: a system lists its own in `menu` of its `apps.py`.

    `url` is a URL name without arguments, `text` and `group` English message ids in N_(); a group's entries stand
    together, and without one they are the system's.
    """

    access: Access
    url: str
    text: str
    group: str = ""


def page(access: Access) -> Callable[[View[P]], View[P]]:
    """Marks a page. Nobody signed in, or not surely enough: 303 to the sign-in page and back; without the scope: 403."""
    return _guard(access, _to_sign_in)


def endpoint(access: Access) -> Callable[[View[P]], View[P]]:
    """Marks an address that programs use: 401 or 403 as problem+json, no redirects."""
    return _guard(access, _unauthorized)


def _guard(access: Access, stranger: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[View[P]], View[P]]:
    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not isinstance(access, Public):
                actor = actor_of(request)
                if actor is None or (isinstance(access, Scope) and actor.holds(access) and not actor.may(access)):
                    return stranger(request)
                if isinstance(access, Scope):
                    actor.need(access)
            return view(request, *args, **kwargs)

        marked: Any = guarded
        marked.doorstep_access = access
        return marked  # type: ignore[no-any-return]

    return declare


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("HX-Request"):  # a fragment cannot hold the sign-in page: the whole page goes there
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("sign_in")})
    back = "?" + urlencode({"next": request.get_full_path()}) if request.method == "GET" else ""
    return SeeOther(reverse("sign_in") + back)


def _unauthorized(request: HttpRequest) -> HttpResponseBase:
    raise NotAllowed(LEVEL_TOO_LOW() if actor_of(request) else NOT_SIGNED_IN())
