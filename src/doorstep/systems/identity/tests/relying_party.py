"""A relying party in tests: its registration, its requests, and how it asks the token endpoint."""

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.systems.identity.actions import parties
from doorstep.systems.identity.actions.parties import Registered, Registration
from doorstep.systems.identity.rules.openid import Claim
from doorstep.systems.identity.tests.builders import AT, NUMBER, PASSWORD

ISSUER = "http://localhost:8000/identity"
BACK = "https://clinic.example/back"
AFTER = "https://clinic.example/bye"
MANAGER = Actor("account:manager", "H38", ("identity.provider",), 2)
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
TOKEN = "/identity/openid/token"
AUTHORIZE = "/identity/openid/authorize"
ENGLISH = {"Accept-Language": "en"}


def registration(**changes: Any) -> Registration:
    values = {
        "name": "Clinic",
        "purpose": "To find your file",
        "redirects": (BACK,),
        "after_logout": (AFTER,),
        "claims": tuple(Claim),
        "method": "client_secret_basic",
    }
    return Registration(**{**values, **changes})


def registered(**changes: Any) -> Registered:
    return parties.register(By(MANAGER, AT), registration(**changes))


def asking(made: Registered, **changes: Any) -> dict[str, str]:
    """The parameters of an authorization request; None takes one away."""
    values = {
        "client_id": str(made.id),
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid profile",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: text for name, text in {**values, **changes}.items() if text is not None}


def sign_in(client: Client, next_: str = "") -> Any:
    return client.post("/identity/sign-in/", {"login": NUMBER, "password": PASSWORD, "next": next_})


def ask(client: Client, told: dict[str, str]) -> Any:
    return client.get(AUTHORIZE, told, headers=ENGLISH)


def agree(client: Client, page: Any, given: tuple[str, ...] = (), answer: str = "yes") -> Any:
    """Answer the question of a page."""
    query = re.search(r'name="query" value="([^"]*)"', page.content.decode())[1].replace("&amp;", "&")
    return client.post("/identity/openid/answer", {"query": query, "given": given, "answer": answer}, headers=ENGLISH)


def back(response: Any) -> dict[str, str]:
    """What the relying party is told, by a redirect or by the page that leads on."""
    if response.status_code == 303:
        address = response.headers["Location"]
    else:
        address = re.search(r'url=([^"]+)"', response.content.decode())[1].replace("&amp;", "&")
    assert address.startswith(BACK), address
    return {name: texts[0] for name, texts in parse_qs(urlsplit(address).query).items()}


def code_for(client: Client, made: Registered, given: tuple[str, ...] = ("name", "birthdate"), **changes: Any) -> str:
    """A code of the person who is signed in, agreeing where asked."""
    answer = ask(client, asking(made, **changes))
    answer = agree(client, answer, given) if answer.status_code == 200 else answer
    return back(answer)["code"]


def basic(made: Registered) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{made.id}:{made.secret}".encode()).decode()}


def tokens(client: Client, made: Registered, shown: str, **changes: Any) -> Any:
    """Exchange the code `shown`."""
    told = {"grant_type": "authorization_code", "code": shown, "redirect_uri": BACK, "code_verifier": VERIFIER}
    told = {name: text for name, text in {**told, **changes}.items() if text is not None}
    return client.post(TOKEN, told, headers=basic(made))


def refreshed(client: Client, made: Registered, token: str) -> Any:
    return client.post(TOKEN, {"grant_type": "refresh_token", "refresh_token": token}, headers=basic(made))


def assertion(made: Registered, key: ECKey, **changes: Any) -> dict[str, str]:
    """`private_key_jwt`."""
    header = {"alg": "ES256", "kid": key.kid}
    now = int(AT.timestamp())
    claims = {"iss": str(made.id), "sub": str(made.id), "aud": ISSUER, "jti": "j1", "iat": now, "exp": now + 60}
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, {**claims, **changes}, key, ["ES256"]),
    }
