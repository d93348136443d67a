"""A made-up hospital that people sign in to with their e-ID: the relying party of a demo, in a process of its own.

    GET  /          the button, or who is signed in here and what the hospital learned
    POST /sign-in   off to Doorstep: OpenID Connect with code, PKCE, state and nonce
    GET  /back      the answer: the code for tokens (private_key_jwt), the ID token checked, userinfo asked
    POST /leave     signs out here and there

Of Doorstep it knows what any hospital would: the issuer, its own number, its own key. What it learns ends with the process.
"""

import base64
import hashlib
import json
import sys
import time
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

import msgspec
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from doorstep.kernel.values.text import N_
from doorstep.site.cli import Stop
from doorstep.site.stand_in import settings_of_demo, until_stopped

COOKIE = "hospital"  # cookies of localhost are shared by all ports
MOST_VISITS = 1000
LABELS = {"sub": N_("Under which you are known to us alone"), "acr": N_("How surely you signed in")}
WANTED = {"userinfo": {"name": {"essential": True}, "personal_administrative_number": None}}
PAGE = """<!doctype html><html lang="{language}" dir="{way}"><head><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 1.125rem/1.5 sans-serif; max-inline-size: 36rem; margin: 2rem auto; padding-inline: 1rem; overflow-wrap: anywhere }}
button {{ font: inherit; padding: .6rem 1.2rem }} dt {{ font-weight: bold }}</style></head>
<body><header><p><bdi lang="vi"><b>{name}</b></bdi> · {about}</p></header><main>{main}</main></body></html>"""
BUTTON = """<form method="post" action="{path}"><button>{text}</button></form>"""


class Visit(msgspec.Struct):
    """What the hospital keeps of a browser: what it sent along, and whom it got to know."""

    state: str
    nonce: str
    verifier: str
    id_token: str = ""
    claims: Mapping[str, Any] = {}


class Wrong(Exception):  # noqa: N818  an answer to the visitor
    """The visitor cannot be signed in; the sentence says why."""


class Hospital(ThreadingHTTPServer):
    """At `address` (http://localhost:PORT), known to `issuer` as `client_id`; `texts` are the names of claims."""

    daemon_threads = True

    def __init__(
        self, issuer: str, *, address: str, name: str, client_id: str, key: dict[str, Any], texts: Mapping[str, str]
    ) -> None:
        super().__init__(("127.0.0.1", urlsplit(address).port or 80), _Handler)
        self.issuer, self.address, self.name, self.client_id, self.texts = (
            issuer,
            address,
            name,
            client_id,
            {**LABELS, **texts},
        )
        self.key = ECKey.import_key(key)
        self.visits: dict[str, Visit] = {}

    def keep(self, visit: Visit) -> str:
        """Returns the cookie; the oldest visits are forgotten."""
        while len(self.visits) >= MOST_VISITS:
            self.visits.pop(next(iter(self.visits)))
        cookie = token_urlsafe()
        self.visits[cookie] = visit
        return cookie

    def places(self) -> dict[str, Any]:
        """Where the issuer does what (OpenID Connect Discovery)."""
        found = call(f"{self.issuer}/.well-known/openid-configuration")
        if found["issuer"] != self.issuer:
            raise Wrong(gettext("The e-ID service calls itself by another name."))
        return found

    def asking(self, visit: Visit) -> str:
        """The address that the visitor is sent to."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(visit.verifier.encode()).digest()).rstrip(b"=").decode()
        told = {
            "client_id": self.client_id,
            "redirect_uri": f"{self.address}/back",
            "response_type": "code",
            "scope": "openid profile",
            "claims": json.dumps(WANTED),
            "state": visit.state,
            "nonce": visit.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.places()['authorization_endpoint']}?{urlencode(told)}"

    def learned(self, visit: Visit, told: Mapping[str, str]) -> Visit:
        """Who the visitor is, by the answer `told`; Wrong where it is not the answer to this visit."""
        if told.get("state") != visit.state or told.get("iss") != self.issuer:
            raise Wrong(gettext("This answer does not belong to this visit."))
        if "error" in told:
            raise Wrong(gettext("You were not signed in ({why}), and we learned nothing.").format(why=told["error"]))
        places = self.places()
        tokens = call(places["token_endpoint"], self._exchange(told.get("code", ""), visit))
        keys = KeySet.import_key_set(call(places["jwks_uri"]))  # type: ignore[arg-type]
        claims = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims
        wanted = {"iss": self.issuer, "aud": self.client_id, "nonce": visit.nonce}
        needed: dict[str, Any] = {name: {"essential": True, "value": value} for name, value in wanted.items()}
        needed |= {name: {"essential": True} for name in ("sub", "exp", "iat")}
        jwt.JWTClaimsRegistry(**needed).validate(claims)
        info = call(places["userinfo_endpoint"], bearer=tokens["access_token"])
        if info["sub"] != claims["sub"]:
            raise Wrong(gettext("The e-ID service speaks of two people."))
        return Visit(visit.state, visit.nonce, "", tokens["id_token"], {**info, "acr": claims["acr"]})

    def leaving(self, visit: Visit) -> str:
        """Where the visitor goes to sign out of Doorstep, too."""
        told = {"id_token_hint": visit.id_token, "post_logout_redirect_uri": f"{self.address}/"}
        return f"{self.places()['end_session_endpoint']}?{urlencode(told)}"

    def _exchange(self, code: str, visit: Visit) -> dict[str, str]:
        now = int(time.time())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": self.issuer, "jti": token_urlsafe(), "iat": now}
        header = {"alg": "ES256", "kid": self.key.kid}
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self.address}/back",
            "code_verifier": visit.verifier,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(header, {**claims, "exp": now + 60}, self.key, ["ES256"]),
        }


class _Handler(BaseHTTPRequestHandler):
    server: Hospital
    server_version = "Doorstep-hospital-stand-in"
    timeout = 20

    def do_GET(self) -> None:
        self._do({"/": self._home, "/back": self._back})

    def do_POST(self) -> None:
        self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 10_000))
        self._do({"/sign-in": self._sign_in, "/leave": self._leave})

    def _do(self, acts: Mapping[str, Any]) -> None:
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        self.cookie = cookies[COOKIE].value if COOKIE in cookies else ""
        visitor = (
            HttpRequest()
        )  # Doorstep's way to choose a language: its cookie, which comes here too, then the browser's
        visitor.META["HTTP_ACCEPT_LANGUAGE"] = self.headers.get("Accept-Language", "")
        visitor.COOKIES = {name: one.value for name, one in cookies.items()}
        with translation.override(translation.get_language_from_request(visitor)):
            try:
                acts.get(urlsplit(self.path).path, self._nothing)()
            except Wrong as wrong:
                self._refuse(str(wrong), HTTPStatus.FORBIDDEN)
            except (OSError, ValueError, KeyError, JoseError) as error:
                text = gettext("The e-ID service did not answer as it should ({why}).")
                self._refuse(text.format(why=type(error).__name__), HTTPStatus.BAD_GATEWAY)

    def _refuse(self, why: str, status: HTTPStatus) -> None:
        title = escape(gettext("Not signed in"))
        self._show(f"<h1>{title}</h1><p>{escape(why)}</p>{_sign_in()}", status)

    def _home(self) -> None:
        visit = self.server.visits.get(self.cookie)
        if visit is None or not visit.claims:
            title, text = escape(gettext("Welcome")), escape(gettext("Sign in, and we find your file."))
            self._show(f"<h1>{title}</h1><p>{text}</p>{_sign_in()}")
            return
        rows = (
            f"<dt>{escape(gettext(self.server.texts.get(name, name)))}</dt><dd><bdi>{escape(_plain(value))}</bdi></dd>"
            for name, value in visit.claims.items()
        )
        leave = BUTTON.format(path="/leave", text=escape(gettext("Sign out")))
        name = escape(str(visit.claims.get("name", "")))
        title, text = gettext("Welcome, <bdi>%(name)s</bdi>") % {"name": name}, gettext("This is what we learned:")
        self._show(f"<h1>{title}</h1><p>{escape(text)}</p><dl>{''.join(rows)}</dl>{leave}")

    def _sign_in(self) -> None:
        visit = Visit(token_urlsafe(), token_urlsafe(), token_urlsafe(48))
        self._go(self.server.asking(visit), self.server.keep(visit))

    def _back(self) -> None:
        visit = self.server.visits.pop(self.cookie, None)
        if visit is None or visit.claims:
            raise Wrong(gettext("Nobody began to sign in here."))
        told = dict(parse_qsl(urlsplit(self.path).query))
        self._go("/", self.server.keep(self.server.learned(visit, told)))

    def _leave(self) -> None:
        visit = self.server.visits.pop(self.cookie, None)
        self._go(self.server.leaving(visit) if visit else "/")

    def _nothing(self) -> None:
        title = escape(gettext("Nothing here"))
        self._show(f"<h1>{title}</h1>", HTTPStatus.NOT_FOUND)

    def _go(self, address: str, cookie: str = "") -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", address)
        if cookie:
            self.send_header("Set-Cookie", f"{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _show(self, main: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        told = {
            "name": escape(self.server.name),
            "about": escape(gettext("a made-up hospital of a demonstration")),
            "language": translation.get_language(),
            "way": "rtl" if translation.get_language_bidi() else "ltr",
        }
        content = PAGE.format(main=main, **told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """A log would hold codes."""


def call(address: str, told: Mapping[str, str] | None = None, *, bearer: str = "") -> dict[str, Any]:
    """The JSON answer of the e-ID service; Wrong where it refuses."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    request = Request(address, urlencode(told).encode() if told else None, headers)  # noqa: S310  the issuer's
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)  # type: ignore[no-any-return]
    except HTTPError as error:
        with error:
            raise Wrong(gettext("The e-ID service refused ({code}).").format(code=error.code)) from error


def _sign_in() -> str:
    return BUTTON.format(path="/sign-in", text=escape(gettext("Sign in with e-ID")))


def _plain(value: object) -> str:
    return str(value.get("formatted", "")) if isinstance(value, dict) else str(value)


def serve() -> int:
    """Until it is stopped; refuses in production and where there is no demo. The exit code of the command."""
    none = "The hospital is made up and belongs to a demo. There is none here: `doorstep demo` makes one."
    if "identity" not in settings_of_demo(none).SYSTEMS:
        raise Stop(none)
    from doorstep.systems.identity.queries.openid import issuer  # noqa: PLC0415  only where identity runs
    from doorstep.systems.identity.rules.openid import Claim  # noqa: PLC0415
    from doorstep.systems.identity.simulation.demo import hospital  # noqa: PLC0415

    told = hospital()
    if told is None:
        raise Stop(none)
    try:
        server = Hospital(issuer(), texts={claim.value: claim.text for claim in Claim}, **told)
    except OSError as error:
        raise Stop(f"{told['address']} cannot be opened: {error.strerror}. Stop what runs there.") from error
    return until_stopped(server, f"A made-up hospital where people sign in with their e-ID: {server.address}")


if __name__ == "__main__":
    sys.exit(serve())
