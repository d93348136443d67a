"""The OpenID Provider's addresses for programs: discovery, keys, pushed requests, tokens, who it is, and their end."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, wraps
from typing import Any

from authlib.oauth2 import OAuth2Error
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from doorstep.kernel.access import look
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.limits import Limit, spend
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import TooMany
from doorstep.kernel.web.addresses import address_of
from doorstep.kernel.web.api import reply
from doorstep.kernel.web.problems import read
from doorstep.kernel.web.routes import PUBLIC, endpoint
from doorstep.systems.identity.actions import openid as actions
from doorstep.systems.identity.actions.authorization_server import Client, Request, authenticate
from doorstep.systems.identity.actions.openid import Fault
from doorstep.systems.identity.permissions import FOR_RELYING_PARTY
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.rules import openid as rules
from doorstep.systems.identity.rules.signing_keys import SignKey

CLOCK = Actor("task:identity", roles=("identity.clock",), via="task")
FAILURES = Limit("identity.client_failures", 60, timedelta(minutes=10))
AGAIN_AFTER = 5
"""Seconds after which a program may ask again where the database did not answer."""


def _for_client(view: Callable[[Request, Client], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A view of what came in and of the client that proved to have sent it.

    Wrong proofs count by address, and above `FAILURES` they are answered with 429. A right one is let in whatever was guessed, since
    others may share the address of who guesses.
    """

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        asked = Request(request.POST.dict(), timezone.now(), lists=dict(request.POST.lists()), headers=request.headers)
        if any(len(texts) > 1 for texts in asked.payload.datalist.values()):
            return _error(400, "invalid_request", "A parameter stands there twice.")
        proofs = (request.headers.get("Authorization"), *map(asked.form.get, ("client_secret", "client_assertion")))
        if sum(map(bool, proofs)) > 1:  # RFC 6749, 5.2
            return _error(400, "invalid_request", "The client proves in two ways who it is.")
        try:
            client = authenticate(asked)
        except OAuth2Error as error:
            spend(FAILURES, address_of(request), asked.at)
            return _answer(*error())
        if asked.form.get("client_id", client.get_client_id()) != client.get_client_id():
            return _error(400, "invalid_request", "The client_id is another client's.")
        return view(asked, client)

    return answered


@endpoint(PUBLIC)
@require_safe
@cache_control(public=True, max_age=3600)
def configuration(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view
    """What this provider can do (OpenID Connect Discovery 1.0, RFC 8414)."""
    issuer = queries.issuer()
    places = {
        "authorization_endpoint": "authorize",
        "token_endpoint": "token",
        "userinfo_endpoint": "userinfo",
        "jwks_uri": "keys",
        "pushed_authorization_request_endpoint": "par",
        "revocation_endpoint": "revoke",
        "introspection_endpoint": "introspect",
        "end_session_endpoint": "logout",
    }
    ways = {
        f"{place}_endpoint_auth_methods_supported": rules.METHODS for place in ("token", "revocation", "introspection")
    }
    algorithms = {
        f"{name}_signing_alg_values_supported": rules.ALGORITHMS for name in ("id_token", "token_endpoint_auth")
    }
    return reply(
        {
            "issuer": issuer,
            **{name: f"{issuer}/openid/{place}" for name, place in places.items()},
            **ways,
            **algorithms,
            "scopes_supported": list(rules.SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(rules.GRANTS),
            "subject_types_supported": ["pairwise"],
            "acr_values_supported": [rules.acr(level, issuer) for level in (1, 2)],
            "claim_types_supported": ["normal"],
            "claims_supported": ["sub", "auth_time", "acr", "amr", *rules.Claim],
            "claims_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "authorization_response_iss_parameter_supported": True,
            "ui_locales_supported": [code for code, _ in settings.LANGUAGES],
        }
    )


@endpoint(PUBLIC)
@require_safe
@cache_control(public=True, max_age=3600)
def keys(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view
    """The public keys, as a JSON Web Key Set (RFC 7517)."""
    now = timezone.now()
    for algorithm in rules.ALGORITHMS:
        signing_key(algorithm, now)
    return reply(queries.published(now).as_dict(private=False))


@endpoint(PUBLIC)
@require_POST
@_for_client
def token(asked: Request, client: Client) -> HttpResponse:
    """Code or refresh token in, tokens out (RFC 6749, 3.2)."""
    asked.key = signing_key(client.row.algorithm, asked.at)
    return _answer(*actions.exchange(_by(client, asked.at), asked))


@endpoint(PUBLIC)
@require_POST
@_for_client
def push(asked: Request, client: Client) -> HttpResponse:
    """Takes the parameters of an authorization request from the relying party itself (RFC 9126)."""
    told = {name: text for name, text in asked.form.items() if not name.startswith("client_assertion")}
    told.pop("client_secret", None)
    told.setdefault("client_id", client.get_client_id())
    if "request_uri" in told:
        return _error(400, "invalid_request", "A pushed request is whole.")
    try:
        actions.asked({name: [text] for name, text in told.items()}, asked.at, pushing=True)
    except Fault as fault:
        return _error(400, fault.error, fault.description)
    address = actions.push(_by(client, asked.at), told, client)
    return _answer(201, {"request_uri": address, "expires_in": int(rules.PUSHED_KEPT.total_seconds())}, ())


@endpoint(PUBLIC)
@require_http_methods(["GET", "POST"])
def userinfo(request: HttpRequest) -> HttpResponse:
    """Who the person of an access token is, as far as the person consented (Core 5.3)."""
    now, shown = timezone.now(), request.POST.getlist("access_token")
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        shown.append(text)
    if len(shown) > 1:  # RFC 6750, 2
        return _answer(400, {"error": "invalid_request"}, (("WWW-Authenticate", 'Bearer error="invalid_request"'),))
    issued = actions.grant_of(shown[0].strip(), now) if shown else None
    if issued is None:
        told = 'Bearer error="invalid_token", error_description="The access token is not valid any more."'
        return _answer(401, {"error": "invalid_token"}, (("WWW-Authenticate", told if shown else "Bearer"),))
    by = _by(Client(issued.grant.party), now)
    return _answer(200, look(by.actor, FOR_RELYING_PARTY, now, queries.userinfo, issued.grant.id).claims, ())


@endpoint(PUBLIC)
@require_POST
@_for_client
def revoke(asked: Request, client: Client) -> HttpResponse:
    """A token that nobody needs any more (RFC 7009)."""
    if not asked.form.get("token"):
        return _error(400, "invalid_request", "The token is missing.")
    actions.revoke_token(_by(client, asked.at), asked.form["token"], client)
    return _answer(200, {}, ())


@endpoint(PUBLIC)
@require_POST
@_for_client
def introspect(asked: Request, client: Client) -> HttpResponse:
    """What a token is worth (RFC 7662)."""
    if not asked.form.get("token"):
        return _error(400, "invalid_request", "The token is missing.")
    return _answer(200, actions.introspect(asked.form["token"], client, asked.at), ())


def programs(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: what only programs ask is answered before sessions, languages, form tokens and compression, which it does without.

    Only what stands before it in the settings applies: a form token in particular is not asked for.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        view = _views().get(request.path)
        if view is None:
            return get_response(request)
        request.get_host()  # raises for a host that is not ours, as CommonMiddleware does
        form = request.method == "POST" and request.content_type
        unmeasured = form and not request.headers.get("Content-Length")
        try:
            response: HttpResponse = _unmeasured() if unmeasured else view(request)
        except (TooMany, OperationalError, InterfaceError) as failure:
            response = _failed(failure)
        response.headers["Content-Length"] = str(len(response.content))
        return response

    return middleware


@cache
def _views() -> dict[str, Any]:
    places = {"configuration": configuration, "keys": keys, "par": push, "token": token, "userinfo": userinfo}
    places |= {"revoke": revoke, "introspect": introspect}
    return {reverse(f"identity:openid_{name}"): view for name, view in places.items()}


def signing_key(algorithm: str, at: datetime) -> SignKey | None:
    """The key whose turn it is; the first ones are made when they are first needed."""
    found = queries.signing_key(algorithm, at)
    if found is None:
        actions.turn_keys(By(CLOCK, at))
        queries.forget_keys()  # after the commit: what was read before it lacks the new ones
        found = queries.signing_key(algorithm, at)
    return found


def _by(client: Client, at: datetime) -> By:
    return By(Actor(f"client:{client.row.id}", client.row.unit, ("identity.relying_party",), via="openid"), at)


def _error(status: int, error: str, description: str) -> HttpResponse:
    return _answer(status, {"error": error, "error_description": description}, ())


def _unmeasured() -> HttpResponse:
    """A form came of which nothing was read: Django reads as many bytes as Content-Length says."""
    return _error(411, "invalid_request", "Say in Content-Length how much you send.")


def _failed(failure: Exception) -> HttpResponse:
    """What did not work though nothing is wrong with what was asked; the database is not needed to say so."""
    refused, status = read(failure)
    response = _error(status, "temporarily_unavailable", "This does not work just now: ask again later.")
    response.headers["Retry-After"] = str(refused.extra.get("retry_after", AGAIN_AFTER))
    return response


def _answer(status: int, body: Mapping[str, Any], headers: Sequence[tuple[str, str]]) -> HttpResponse:
    response = reply(body, status)
    for name, text in headers:
        if name.lower() != "content-type":
            response.headers[name] = text
    response.headers["Cache-Control"] = "no-store"
    return response
