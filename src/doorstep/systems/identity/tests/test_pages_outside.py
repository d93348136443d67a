"""Signing in with an outside e-ID: the way there and back, and every tampering of a provider on the way."""

import base64
import hashlib
import hmac
import json
import re
from datetime import date

import msgspec
import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey

from doorstep.kernel.store.models import FactBatch, JournalEntry
from doorstep.kernel.values.ids import Masked
from doorstep.systems.identity.actions import outside as actions
from doorstep.systems.identity.actions import outside_tokens
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.models import (
    Account,
    Eid,
    EidChange,
    OutsideProvider,
    OutsideReading,
    Person,
    RefusedSignIn,
)
from doorstep.systems.identity.queries import outside as queries
from doorstep.systems.identity.tests.builders import AT, NUMBER, account, eid, person
from doorstep.systems.identity.tests.people import TESTLAND, VIETNAM, places
from doorstep.systems.identity.tests.relying_party import ENGLISH
from doorstep.systems.identity.tests.stand_in import (
    SECRET,
    away,
    back,
    form_of,
    registered,
    rsa,
    rsa_of,
    serving,
)

pytestmark = pytest.mark.usefixtures("clock")
DESCRIPTION = "/op/.well-known/openid-configuration"
TOKEN = "/op/token?part=1"


@pytest.fixture
def there():
    outside_tokens.forget()
    queries.forget_offered()
    with serving() as provider:
        yield provider
    outside_tokens.forget()
    queries.forget_offered()


def refused(answer, cause: str) -> str:
    """The page names a reference, under which the help desk finds the cause, and says nothing else."""
    assert answer.status_code == 422, answer.headers
    page = answer.content.decode()
    row = RefusedSignIn.objects.order_by("-at", "reference").get(
        reference=re.search(r"<bdi>((?:[0-9A-Z]{4}-){4}[0-9A-Z])</bdi>", page)[1]
    )
    assert row.cause == cause
    assert cause not in page
    assert NUMBER not in page
    assert answer.wsgi_request.actor is None
    return page


def test_an_outside_eid_signs_in_and_goes_on(client: Client, there):
    account()
    provider = registered(there)
    page = client.get("/identity/sign-in/?next=/identity/devices/", headers=ENGLISH).content.decode()
    assert f'href="/identity/sign-in/outside/{provider}/?next=%2Fidentity%2Fdevices%2F"' in page
    assert "Sign in with <bdi>Lamp e-ID</bdi>" in page
    asked = away(client, there, provider, "/identity/devices/")
    assert asked["client_id"] == there.client
    assert asked["redirect_uri"] == f"http://localhost:8000/identity/sign-in/outside/{provider}/back/"
    assert asked["acr_values"] == "urn:example:high urn:example:low"
    assert set(json.loads(asked["claims"])["id_token"]) == {"national_number", "name", "birthdate"}
    answer = back(client, asked)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/identity/devices/")
    assert answer.wsgi_request.actor.level == 2
    assert answer.wsgi_request.session["signed"]["methods"] == ("pin", "otp")
    form, (_, headers, _) = form_of(there), next(one for one in there.asked if one[0] == TOKEN)
    assert form["code"] == "c1"
    assert form["redirect_uri"] == asked["redirect_uri"]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
    assert asked["code_challenge"] == challenge.rstrip(b"=").decode()
    assert (
        headers["Authorization"] == "Basic " + base64.b64encode(b"doorstep%20here:a%20secret%2Fwith%3Asigns").decode()
    )
    assert JournalEntry.objects.get(action="identity.sign_in").detail == f"signed in outside {provider}"
    row = OutsideProvider.objects.get()
    assert SECRET not in row.secret


@pytest.mark.parametrize(
    ("acr", "own", "level"),
    [("high", Level.TWO, 2), ("low", Level.TWO, 1), ("high", Level.ONE, 1)],
)
def test_the_level_is_the_lower_of_both(client: Client, there, acr: str, own: Level, level: int):
    account(eid(level=own.value))
    there.claims["acr"] = f"urn:example:{acr}"
    asked = away(client, there, registered(there))
    assert back(client, asked).wsgi_request.actor.level == level


def test_claims_may_come_from_userinfo(client: Client, there):
    account()
    there.claims = dict.fromkeys(there.told)
    asked = away(client, there, registered(there))
    assert back(client, asked).status_code == 303
    path, headers, _ = there.asked[-1]
    assert (path, headers["Authorization"]) == ("/op/userinfo", "Bearer a")
    there.said["/op/userinfo"] = json.dumps({"sub": "sub-2", **there.told}).encode()
    other = Client()
    refused(back(other, away(other, there, OutsideProvider.objects.get().id)), "outside_claim")


@pytest.mark.parametrize("alg", ["RS256", "PS256"])
def test_other_algorithms(client: Client, there, alg: str):
    account()
    there.key = rsa(alg)
    there.published, there.header = [there.key.as_dict(private=False)], {"alg": alg}
    assert back(client, away(client, there, registered(there))).status_code == 303


def test_a_key_of_ours_instead_of_a_secret(client: Client, there):
    account()
    provider = registered(there, method="private_key_jwt", secret=Masked(""))
    assert back(client, away(client, there, provider)).status_code == 303
    row = OutsideProvider.objects.get()
    assert "d" not in row.public
    claims = jwt.decode(form_of(there)["client_assertion"], ECKey.import_key(row.public), algorithms=["ES256"]).claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == (there.client, there.client, f"{there.issuer}/token?part=1")
    assert claims["exp"] - AT.timestamp() == 60


def test_keys_that_turn_are_fetched_once(client: Client, there):
    account()
    provider = registered(there)
    asked = away(client, there, provider)
    old = there.key
    there.key = ECKey.generate_key("P-256", {"kid": "k2", "use": "sig", "alg": "ES256"})
    there.published.append(there.key.as_dict(private=False))
    assert back(client, asked).status_code == 303
    assert sum(path == "/op/keys" for path, _, _ in there.asked) == 2
    there.key = ECKey.generate_key("P-256", {"kid": "k3", "use": "sig", "alg": "ES256"})
    other = Client()
    refused(back(other, away(other, there, provider)), "outside_signature")
    assert sum(path == "/op/keys" for path, _, _ in there.asked) == 3
    assert old.kid == "k1"


def alg_none(there) -> bytes:
    token = there.id_token().split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return json.dumps({"id_token": f"{head}.{token[1]}.", "access_token": "a"}).encode()


def hs256(there) -> bytes:
    """Signed with the public key's text as if it were a shared secret."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1"}').rstrip(b"=").decode()
    signed = f"{head}.{there.id_token().split('.')[1]}"
    mark = hmac.digest(there.key.as_pem(private=False), signed.encode(), hashlib.sha256)
    token = f"{signed}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"
    return json.dumps({"id_token": token, "access_token": "a"}).encode()


def another_key(there) -> bytes:
    there.key = ECKey.generate_key("P-256", {"kid": "k1"})
    return json.dumps({"id_token": there.id_token(), "access_token": "a"}).encode()


def bent(there) -> bytes:
    token = there.id_token()
    return json.dumps({"id_token": token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB")}).encode()


@pytest.mark.parametrize("forge", [alg_none, hs256, another_key, bent])
def test_a_forged_signature_is_refused(client: Client, there, forge):
    account()
    asked = away(client, there, registered(there))
    there.said[TOKEN] = forge(there)
    refused(back(client, asked), "outside_signature")


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"nonce": "another"}, "outside_nonce"),
        ({"nonce": None}, "outside_nonce"),
        ({"nonce": "\ud800"}, "outside_nonce"),
        ({"iss": "https://other.example"}, "outside_issuer"),
        ({"aud": "somebody"}, "outside_audience"),
        ({"aud": ["doorstep here", "somebody"]}, "outside_audience"),
        ({"aud": []}, "outside_audience"),
        ({"azp": "somebody"}, "outside_audience"),
        ({"exp": int(AT.timestamp()) - 61}, "outside_time"),
        ({"exp": "tomorrow"}, "outside_time"),
        ({"exp": float("nan")}, "outside_time"),
        ({"iat": int(AT.timestamp()) + 3600}, "outside_time"),
        ({"nbf": int(AT.timestamp()) + 3600}, "outside_time"),
        ({"acr": "urn:example:unknown"}, "outside_level"),
        ({"acr": ["urn:example:high"]}, "outside_level"),
        ({"acr": None}, "outside_level"),
        ({"sub": None}, "outside_claim"),
        ({"national_number": {"a": 1}}, "outside_claim"),
        ({"name": "x" * 301}, "outside_claim"),
        ({"national_number": "900090009999"}, "outside_person"),
        ({"name": "Trần Thị Ví Dụ"}, "outside_person"),
        ({"birthdate": "1990-05-22"}, "outside_person"),
    ],
)
def test_a_token_that_says_something_else_is_refused(client: Client, there, claims: dict, cause: str):
    account()
    asked = away(client, there, registered(there))
    there.claims = claims
    refused(back(client, asked), cause)


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ({TOKEN: (400, {}, b'{"error":"invalid_grant"}', 0)}, "outside_code"),
        ({TOKEN: (401, {}, b"", 0)}, "outside_code"),
        ({TOKEN: (500, {}, b"", 0)}, "outside_away"),
        ({TOKEN: (302, {"Location": "https://evil.example/"}, b"", 0)}, "outside_away"),
        ({TOKEN: b"[]"}, "outside_away"),
        ({TOKEN: b'{"id_token": 3}'}, "outside_away"),
        ({TOKEN: b'{"id_token": "a.b.c"}'}, "outside_signature"),
        ({TOKEN: b'{"id_token": "' + b"a" * 300_000 + b'"}'}, "outside_away"),
        ({TOKEN: b"[" * 100_000}, "outside_away"),
        ({TOKEN: (200, {"Content-Length": "100"}, b"{}", 0)}, "outside_away"),
    ],
)
def test_a_token_endpoint_that_is_none(client: Client, there, said: dict, cause: str, caplog):
    account()
    asked = away(client, there, registered(there))
    there.said = said
    refused(back(client, asked), cause)
    assert SECRET not in caplog.text
    assert "c1" not in caplog.text


def test_a_slow_provider_is_cut(client: Client, there, monkeypatch):
    account()
    asked = away(client, there, registered(there))
    monkeypatch.setattr(outside_tokens, "SECONDS", 0.3)
    there.said[TOKEN] = (200, {}, b"{}", 1.0)
    refused(back(client, asked), "outside_away")


DESCRIPTIONS = {
    "another issuer": {"issuer": "https://other.example"},
    "no keys": {"jwks_uri": ""},
    "a file": {"token_endpoint": "file:///etc/passwd"},
    "in clear text": {"authorization_endpoint": "http://other.example/authorize"},
}


@pytest.mark.parametrize("changes", DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_a_description_that_does_not_fit(client: Client, there, changes: dict):
    provider = registered(there)
    there.said[DESCRIPTION] = json.dumps(there.description(**changes)).encode()
    refused(client.get(f"/identity/sign-in/outside/{provider}/", headers=ENGLISH), "outside_away")


@pytest.mark.parametrize(
    "said",
    [
        b'{"issuer": "' + b"x" * 300_000 + b'"}',
        b"[]",
        b"\xff",
        (302, {"Location": "/op/keys"}, b"", 0),
        (404, {}, b"", 0),
    ],
    ids=["oversized", "list", "no text", "redirect", "nothing"],
)
@pytest.mark.parametrize("place", [DESCRIPTION, "/op/keys"])
def test_a_description_or_keys_that_are_none(client: Client, there, place: str, said):
    provider = registered(there)
    there.said[place] = said
    answer = client.get(f"/identity/sign-in/outside/{provider}/", headers=ENGLISH)
    refused(answer, "outside_away")


def test_weak_and_strange_keys_sign_nothing(client: Client, there):
    account()
    there.key = rsa_of(1024)
    there.published = [there.key.as_dict(private=False), {"kty": "oct", "k": "AAAA", "kid": "k1"}, 7, {"kty": "EC"}]
    there.header = {"alg": "RS256"}
    refused(back(client, away(client, there, registered(there))), "outside_signature")


def test_an_answer_must_be_to_this_browsers_question(client: Client, there):
    account()
    provider = registered(there)
    asked = away(client, there, provider)
    refused(back(Client(), asked), "outside_state")
    refused(back(client, asked, state="another"), "outside_state")
    asked = away(client, there, provider)
    refused(back(client, asked, state="ä"), "outside_state")
    other = registered(there, client="second")
    refused(back(client, {**asked, "redirect_uri": f"/identity/sign-in/outside/{other}/back/"}), "outside_state")


def test_an_answer_holds_once_and_for_minutes(client: Client, there, monkeypatch):
    account()
    provider = registered(there)
    asked = away(client, there, provider)
    cookie = client.cookies["outside"].value
    assert back(client, asked).status_code == 303
    other = Client()
    other.cookies["outside"] = cookie
    refused(back(other, asked), "outside_state")
    asked = away(other, there, provider)
    monkeypatch.setattr("time.time", lambda: AT.timestamp() + 10**9)
    refused(back(other, asked), "outside_state")


def test_the_answer_names_the_provider_where_it_says_so(client: Client, there):
    account()
    there.said[DESCRIPTION] = json.dumps(
        there.description(authorization_response_iss_parameter_supported=True)
    ).encode()
    provider = registered(there)
    refused(back(client, away(client, there, provider)), "outside_issuer")
    refused(back(client, away(client, there, provider), iss="https://other.example"), "outside_issuer")
    assert back(client, away(client, there, provider), iss=there.issuer).status_code == 303


def test_a_provider_that_says_no(client: Client, there):
    asked = away(client, there, registered(there))
    refused(back(client, asked, code=None, error="access_denied"), "outside_no")


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda: Eid.objects.update(locked=AT, state="locked"), "locked"),
        (lambda: Account.objects.update(closed=AT), "locked"),
        (lambda: Eid.objects.update(revoked=AT), "not_active"),
        (lambda: Person.objects.update(died=date(2024, 2, 1)), "dead"),
        (lambda: Eid.objects.update(unit="H26.901"), "outside_area"),
        (lambda: OutsideProvider.objects.update(ended=AT), "outside_off"),
        (lambda: OutsideProvider.objects.update(enabled_to=AT.date()), "outside_off"),
        (lambda: OutsideReading.objects.update(confirmed=None), "outside_off"),
    ],
)
def test_whoever_may_not_is_refused_as_everywhere(client: Client, there, change, cause: str):
    account()
    asked = away(client, there, registered(there))
    change()
    refused(back(client, asked), cause)


def test_without_an_account_the_country_says_no(client: Client, there):
    person()
    page = refused(back(client, away(client, there, registered(there))), "outside_no_account")
    assert "you have no account here" in page
    assert not Account.objects.exists()


@pytest.fixture
def opens(monkeypatch):
    """A country in which an outside e-ID of level 2 opens an account."""
    country = msgspec.structs.replace(VIETNAM.identity, outside=TESTLAND.identity.outside)
    monkeypatch.setattr(actions, "law", lambda *_: country)


@pytest.mark.usefixtures("opens")
def test_where_the_country_allows_it_an_account_is_opened(client: Client, there):
    places()
    person()
    provider = registered(there)
    there.claims["acr"] = "urn:example:low"
    refused(back(client, away(client, there, provider)), "outside_no_account")
    there.claims = {}
    answer = back(client, away(client, there, provider))
    assert answer.wsgi_request.actor.level == 2
    made = Eid.objects.get()
    assert (made.state, made.level, made.unit) == ("activated", Level.TWO.value, "H38.901")
    assert list(EidChange.objects.order_by("version").values_list("change", flat=True)) == ["collect", "activate"]
    assert Account.objects.get().password == ""
    assert sum(FactBatch.objects.filter(kind="identity.eid_counted").values_list("rows", flat=True)) == 2
    again = Client()
    assert back(again, away(again, there, provider)).wsgi_request.actor.subject == Account.objects.get().subject
    assert Eid.objects.count() == 1


@pytest.mark.usefixtures("opens")
@pytest.mark.parametrize(
    ("birth", "unit", "cause"),
    [(date(2015, 5, 21), "H38.901", "outside_no_account"), (date(1990, 5, 21), "H38", "outside_no_account")],
)
def test_no_account_for_minors_and_people_of_nowhere(client: Client, there, birth: date, unit: str, cause: str):
    places()
    person(birth=birth, unit=unit)
    there.told["birthdate"] = birth.isoformat()
    refused(back(client, away(client, there, registered(there))), cause)
    assert not Eid.objects.exists()


@pytest.mark.usefixtures("opens")
@pytest.mark.parametrize(("state", "cause"), [("notified", ""), ("collected", "not_active"), ("revoked", "not_active")])
def test_an_eid_that_waits_is_activated(client: Client, there, state: str, cause: str):
    places()
    eid(state=state, activated=None)
    answer = back(client, away(client, there, registered(there)))
    if cause:
        refused(answer, cause)
    else:
        assert answer.wsgi_request.actor.level == 2
        assert Eid.objects.get().state == "activated"


def test_in_production_only_https_and_only_the_public_internet(there, settings, caplog):
    provider = registered(there)
    usable = queries.usable(provider, AT.date())
    settings.MODE = "production"
    with pytest.raises(outside_tokens.Away):
        outside_tokens.way_there(usable, "https://here.example/back/", "s")
    assert "OSError" in caplog.text
    assert not there.asked
    with pytest.raises(actions.Refused, match="outside_issuer"):
        outside_tokens.check_reachable(there.issuer)
    settings.INSIDE_HOSTS = ["localhost"]
    with pytest.raises(outside_tokens.Away):
        outside_tokens.way_there(usable, "https://here.example/back/", "s")
    assert there.asked, "the operator named this host"  # but it describes itself with plain http


@pytest.mark.parametrize(
    "place",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.1",
        "fd00::1",
        "fe80::1",
        "2002:7f00:1::",
        "224.0.0.1",
        "0.0.0.0",  # noqa: S104  not bound to
        "100.64.0.1",
    ],
)
def test_private_places(place: str, monkeypatch):
    monkeypatch.setattr(outside_tokens, "_public", lambda: True)
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("93.184.216.34", 1)), (0, 0, 0, "", (place, 1))]
    )
    with pytest.raises(OSError, match="private network"):
        outside_tokens._dial(("name.example", 443), 1)
