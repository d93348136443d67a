"""Who acts in this request: the session names an Actor; there are no user accounts in the kernel."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

import msgspec
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.utils import timezone

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.scopes import Actor

_ACTOR = "actor"
_NAME = "name"
_SIGNED = "signed"
DEVICE_KEPT = 200
"""Characters of the browser's description of itself."""


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


class Acting(msgspec.Struct, frozen=True):
    """For whom somebody acts by mandate: a name, as what, and the URL name at which it stops."""

    name: str
    kind: Code
    stop: str


def acting_of(request: HttpRequest) -> Acting | None:
    """Set by the system that keeps mandates, on each request under one."""
    return cast("Acting | None", getattr(request, "acting", None))


def actor_of(request: HttpRequest) -> Actor | None:
    """The actor of the request, None when nobody is signed in or the failure came before it was known."""
    return cast("Actor | None", getattr(request, "actor", None))


def name_of(request: HttpRequest) -> str:
    """The signed-in person's name, as the page greets them; never written anywhere else."""
    return cast("str", _session(request).get(_NAME, "")) if actor_of(request) else ""


class Signed(msgspec.Struct, frozen=True):
    """When (aware UTC) and by which means somebody signed in: authentication methods of RFC 8176, such as "pin"."""

    at: datetime
    methods: tuple[str, ...] = ()


def sign_in(
    request: HttpRequest, actor: Actor, *, name: str = "", methods: Sequence[str] = (), at: datetime | None = None
) -> None:
    """The session becomes the actor's, under a new key and CSRF token; what an earlier actor kept is gone."""
    session = _session(request)
    session.flush()
    at = at or timezone.now()
    session["device"] = request.headers.get("User-Agent", "")[:DEVICE_KEPT]
    session["began"] = at.isoformat()
    session[_SIGNED] = msgspec.to_builtins(Signed(at, tuple(methods)))
    _act_as(request, actor, name)


def become(request: HttpRequest, actor: Actor, *, name: str) -> None:
    """The same person goes on as another actor: in another office, for a principal, at a higher level."""
    _session(request).cycle_key()
    _act_as(request, actor, name)


def _act_as(request: HttpRequest, actor: Actor, name: str) -> None:
    session = _session(request)
    session[_ACTOR] = msgspec.to_builtins(actor)
    session[_NAME] = name
    rotate_token(request)
    request.actor = actor  # type: ignore[attr-defined]


def signed_of(request: HttpRequest) -> Signed | None:
    """How the person of this session signed in; None when nobody did."""
    kept = _session(request).get(_SIGNED) if actor_of(request) else None
    return msgspec.convert(kept, Signed) if kept else None


def sign_out(request: HttpRequest) -> None:
    """Forgets the session in the database and in the browser."""
    _session(request).flush()
    request.actor = None  # type: ignore[attr-defined]


def _session(request: HttpRequest) -> SessionBase:
    return request.session
