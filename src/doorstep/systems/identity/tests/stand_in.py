"""A stand-in for an outside OpenID Provider: right in everything, until a test changes what it says."""

import json
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID

from django.test import Client
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.systems.identity.actions import outside as actions
from doorstep.systems.identity.actions.outside import Registration, Wish
from doorstep.systems.identity.models import OutsideReading
from doorstep.systems.identity.rules.outside import Kind
from doorstep.systems.identity.tests.builders import AT, NUMBER
from doorstep.systems.identity.tests.relying_party import ENGLISH

MANAGER = Actor("account:manager", "H38", ("identity.provider", "identity.administrator"), 2)
SECOND = Actor("account:second", "H38", ("identity.provider", "identity.administrator"), 2)
SECRET = "a secret/with:signs"
PEOPLE = "number=national_number\nname=name\nbirth=birthdate"
LEVELS = "urn:example:low=1\nurn:example:high=2"
STAFF = "login=preferred_username\nname=name"


class StandIn:
    """`claims` change the ID token, `said` what is answered at a path: bytes, or (status, headers, bytes, pause)."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://localhost:{port}/op"
        self.key: Any = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"})
        self.published = [self.key.as_dict(private=False)]
        self.claims: dict[str, Any] = {}
        self.told = {"national_number": NUMBER, "name": "Nguyễn Văn Ví Dụ", "birthdate": "1990-05-21"}
        self.said: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self.nonce = ""
        self.client = "doorstep here"
        self.header: dict[str, Any] = {}

    def description(self, **changes: Any) -> dict[str, Any]:
        places = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token?part=1",
            "jwks_uri": "keys",
            "userinfo_endpoint": "userinfo",
        }
        return {
            "issuer": self.issuer,
            **{name: f"{self.issuer}/{place}" for name, place in places.items()},
            "claims_parameter_supported": True,
            **changes,
        }

    def id_token(self) -> str:
        now = int(AT.timestamp())
        claims = {
            "iss": self.issuer,
            "sub": "sub-1",
            "aud": self.client,
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 300,
            "acr": "urn:example:high",
            "amr": ["pin", "otp", "unheard"],
            **self.told,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "ES256", "kid": self.key.kid, **self.header}
        return jws.serialize_compact(header, json.dumps(kept).encode(), self.key, [header["alg"]])

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes, float]:
        found = self.said.get(path)
        if isinstance(found, tuple):
            return found
        if found is None:
            found = {
                "/op/.well-known/openid-configuration": self.description,
                "/op/keys": lambda: {"keys": self.published},
                "/op/token?part=1": lambda: {"id_token": self.id_token(), "access_token": "a", "token_type": "Bearer"},
                "/op/userinfo": lambda: {"sub": "sub-1", **self.told},
            }[path]()
        return 200, {}, found if isinstance(found, bytes) else json.dumps(found).encode(), 0


@contextmanager
def serving() -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            there.asked.append((self.path, dict(self.headers), body))
            status, headers, content, pause = there.answer(self.path)
            time.sleep(pause)
            self.send_response(status)
            for name, text in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                self.close_connection = True  # the asker hung up, as it should

        do_POST = do_GET  # noqa: N815  the server calls it so

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        there = StandIn(server.server_address[1])
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield there
        server.shutdown()
        thread.join()


def rsa_of(bits: int) -> RSAKey:
    """A key that nobody should use; the library warns of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return RSAKey.generate_key(bits, {"kid": "k1"})


def rsa(alg: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": alg})


def registration(there: StandIn, kind: Kind = Kind.EID, **changes: Any) -> Registration:
    eid = kind is Kind.EID
    values = {
        "kind": kind,
        "name": "Lamp e-ID" if eid else "Lamp staff",
        "issuer": there.issuer,
        "client": there.client,
        "method": "client_secret_basic",
        "secret": Masked(SECRET),
        "enabled_from": AT.date(),
        "wish": Wish(PEOPLE if eid else STAFF, LEVELS, "Letter 7", AT.date()),
    }
    return Registration(**{**values, **changes})


def registered(there: StandIn, kind: Kind = Kind.EID, by: Actor = MANAGER, **changes: Any) -> UUID:
    """A provider whose reading a second person confirmed."""
    made = actions.register_provider(By(by, AT), registration(there, kind, **changes))
    reading = OutsideReading.objects.get(provider=made)
    actions.confirm_reading(By(SECOND, AT), reading.id)
    return made


def away(client: Client, there: StandIn, provider: UUID, next_: str = "") -> dict[str, str]:
    """What the browser is sent to the provider with, which remembers the nonce."""
    answer = client.get(f"/identity/sign-in/outside/{provider}/", {"next": next_} if next_ else {}, headers=ENGLISH)
    assert answer.status_code == 303, answer.content.decode()
    return arrived(there, answer.headers["Location"])


def arrived(there: StandIn, address: str) -> dict[str, str]:
    assert address.startswith(f"{there.issuer}/authorize?")
    asked = dict(parse_qsl(urlsplit(address).query))
    there.nonce = asked["nonce"]
    return asked


def back(client: Client, asked: dict[str, str], **changes: Any) -> Any:
    """The browser returns with a code."""
    told = {"code": "c1", "state": asked["state"], **changes}
    path = urlsplit(asked["redirect_uri"]).path
    return client.get(path, {name: text for name, text in told.items() if text is not None}, headers=ENGLISH)


def form_of(there: StandIn) -> dict[str, str]:
    """What the token endpoint was told last."""
    body = next(body for path, _, body in reversed(there.asked) if path.startswith("/op/token"))
    return {name: texts[0] for name, texts in parse_qs(body).items()}
