"""The way to an outside provider and back: its description, its keys, and its ID token for a code.

Nothing here runs inside a transaction: the provider may be slow. Answers are small, whole and quick, come from the very address
asked, and in production from the public internet alone, unless the operator names the host (DOORSTEP_INSIDE_HOSTS).
"""

import base64
import logging
import socket
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import HTTPException
from ipaddress import IPv6Address, ip_address
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from django.conf import settings
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from doorstep.kernel import wire
from doorstep.kernel.keys import derived
from doorstep.kernel.values.reasons import Refused, refuse
from doorstep.systems.identity.queries.outside import Usable
from doorstep.systems.identity.rules import outside, signing_keys
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.outside import Discovery, Proof

log = logging.getLogger(__name__)

SECONDS = 5.0
MOST = 200_000
"""Bytes of an answer."""
LASTS = 3600.0
"""Seconds that a description and a set of keys are used."""
ASSERTION_LASTS = timedelta(minutes=1)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Away(Exception):  # noqa: N818  an outcome of asking
    """The provider did not answer as it should."""


class Cut(HTTPException):
    """The answer was longer than MOST, or did not come whole."""


class _Kept:
    """By issuer: until when, its description and its keys. One for each process."""

    known: dict[str, tuple[float, Discovery, KeySet]] = {}


def forget() -> None:
    """Ask every provider anew."""
    _Kept.known.clear()


def check_reachable(issuer: str) -> None:
    """Raises Refused unless the issuer answers with its description and keys."""
    refuse(outside.check_issuer(issuer, public=_public()))
    try:
        _known(issuer, fresh=True)
    except Away as away:
        raise Refused(outside.DISCOVERY_UNREADABLE("issuer")) from away


def way_there(provider: Usable, redirect: str, state: str) -> str:
    """The address to which the browser is sent; raises Away."""
    there, _ = _known(provider.issuer)
    return outside.authorization_address(there, provider.reading, provider.client, redirect, derived("outside"), state)


def way_back(provider: Usable, told: Mapping[str, str], redirect: str, state: str, at: datetime) -> Proof | Cause:
    """What the provider proves by the answer that the browser brought, or why that is nothing."""
    try:
        there, keys = _known(provider.issuer)
        if cause := outside.check_answer(told, there, state):
            return cause
        got = _exchange(provider, there, told["code"], redirect, state, at)
        if got is None:
            return Cause.OUTSIDE_CODE
        token, access = got
        if outside.names_unknown_key(token, keys):
            there, keys = _known(provider.issuer, fresh=True)
        nonce = outside.derived_nonce(derived("outside"), state)
        claims = outside.read_id_token(token, keys, issuer=provider.issuer, client=provider.client, nonce=nonce, at=at)
        if isinstance(claims, Cause):
            return claims
        wanted = there.userinfo_endpoint and access and outside.lacks(claims, provider.reading)
        more = _object(_ask("GET", there.userinfo_endpoint, {"Authorization": f"Bearer {access}"})) if wanted else {}
        return outside.proof(claims, more, provider.reading, provider.kind)
    except Away:
        return Cause.OUTSIDE_AWAY


def _known(issuer: str, *, fresh: bool = False) -> tuple[Discovery, KeySet]:
    until, there, keys = _Kept.known.get(issuer, (0.0, None, None))
    if not fresh and there and keys and time.monotonic() < until:
        return there, keys
    there = outside.read_discovery(_ask("GET", outside.description(issuer)), issuer, public=_public())
    if there is None:
        raise _away(issuer, "its description does not fit")
    keys = outside.read_keys(_ask("GET", there.jwks_uri))
    if keys is None:
        raise _away(issuer, "its keys cannot be read")
    _Kept.known[issuer] = time.monotonic() + LASTS, there, keys
    return there, keys


def _exchange(
    provider: Usable, there: Discovery, code: str, redirect: str, state: str, at: datetime
) -> tuple[str, str] | None:
    """ID and access token for a code (Core 3.1.3); None where the provider refuses it."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": outside.derived_verifier(derived("outside"), state),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        if provider.method == outside.METHODS[0]:
            headers["Authorization"] = _basic(provider)
        else:
            form |= _assertion(provider, there, at)
    except JoseError as error:
        raise _away(provider.issuer, "our secret was sealed under another DOORSTEP_SECRET_KEY") from error
    told = _object(_ask("POST", there.token_endpoint, headers, urlencode(form).encode(), refused=b'{"error":""}'))
    if "error" in told:
        return None
    token, access = told.get("id_token"), told.get("access_token", "")
    if not isinstance(token, str) or not isinstance(access, str) or not access.isascii() or not access.isprintable():
        raise _away(provider.issuer, "its token answer is none")
    return token, access


def _basic(provider: Usable) -> str:
    secret = signing_keys.unsealed_text(derived("outside secrets"), provider.secret).decode()
    pair = f"{quote(provider.client, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _assertion(provider: Usable, there: Discovery, at: datetime) -> dict[str, str]:
    now, lasts = int(at.timestamp()), int(ASSERTION_LASTS.total_seconds())
    claims = {
        "iss": provider.client,
        "sub": provider.client,
        "aud": there.token_endpoint,
        "jti": token_urlsafe(16),
        "iat": now,
        "exp": now + lasts,
    }
    key = signing_keys.unsealed(derived("outside secrets"), provider.private)
    return {
        "client_id": provider.client,
        "client_assertion_type": ASSERTION,
        "client_assertion": signing_keys.signed(key, claims),
    }


def _ask(
    method: str,
    address: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    refused: bytes | None = None,
) -> bytes:
    """The content of one answer with status 200; `refused` in its place for 400 and 401. Redirects are not followed."""
    url = urlsplit(address)
    path = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
    try:
        with wire.line(url, SECONDS, _dial) as there:
            there.request(method, path, body, {"Accept": "application/json", **(headers or {})})
            response = there.getresponse()
            content = response.read(MOST + 1)
        if len(content) > MOST or not (response.chunked or response.length == 0):
            raise Cut
    except (OSError, HTTPException, ValueError) as failure:
        raise _away(address, type(failure).__name__) from failure
    if refused is not None and response.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
        return refused
    if response.status != HTTPStatus.OK:
        raise _away(address, f"status {response.status}")
    return content


def _object(content: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Away from error


def _dial(address: tuple[str, int], timeout: float, source: Any = None) -> socket.socket:
    """Connects to the very address that was looked at, so that a name cannot mean another one a moment later."""
    host, port = address
    if not _public() or host in settings.INSIDE_HOSTS:
        return socket.create_connection(address, timeout, source)
    places = [place[0] for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(_is_public(str(place)) for place in places):
        raise OSError("the name leads into a private network")
    return socket.create_connection((str(places[0]), port), timeout, source)


def _is_public(text: str) -> bool:
    place = ip_address(text)
    inner = place.ipv4_mapped or place.sixtofour if isinstance(place, IPv6Address) else None
    return all(one.is_global and not one.is_multicast for one in (place, inner) if one)


def _public() -> bool:
    return bool(settings.MODE == "production")


def _away(address: str, why: str) -> Away:
    """After a line in the log that says what came, not what it said."""
    log.error("%s does not answer as it should: %s", address.partition("?")[0], why)
    return Away()
