"""Who acts in this request: the session names an Actor; there are no user accounts in the kernel."""

from collections.abc import Callable
from typing import cast

import msgspec
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token

from doorstep.kernel.declare.scopes import Actor

_ACTOR = "actor"
_NAME = "name"


def actor_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Sets `request.actor`; a request without a session cookie costs no query."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.actor = None  # type: ignore[attr-defined]  # stays when the session cannot be read
        kept = _session(request).get(_ACTOR)
        request.actor = msgspec.convert(kept, Actor) if kept else None  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def actor_of(request: HttpRequest) -> Actor | None:
    """The actor of the request, None when nobody is signed in or the failure came before it was known."""
    return cast("Actor | None", getattr(request, "actor", None))


def name_of(request: HttpRequest) -> str:
    """The signed-in person's name, as the page greets them; never written anywhere else."""
    return cast("str", _session(request).get(_NAME, "")) if actor_of(request) else ""


def sign_in(request: HttpRequest, actor: Actor, *, name: str = "") -> None:
    """The session becomes the actor's, under a new key and CSRF token; what an earlier actor kept is gone."""
    session = _session(request)
    session.flush()
    session[_ACTOR] = msgspec.to_builtins(actor)
    session[_NAME] = name
    rotate_token(request)
    request.actor = actor  # type: ignore[attr-defined]


def sign_out(request: HttpRequest) -> None:
    """Forgets the session in the database and in the browser."""
    _session(request).flush()
    request.actor = None  # type: ignore[attr-defined]


def _session(request: HttpRequest) -> SessionBase:
    return request.session
