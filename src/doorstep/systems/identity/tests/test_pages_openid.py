"""The OpenID Provider from the first redirect to the last token, and every tampering on the way."""

import json
from base64 import b64encode
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.store.writing import By
from doorstep.systems.identity.actions import openid as actions
from doorstep.systems.identity.actions import parties
from doorstep.systems.identity.actions.authorization_server import client_of
from doorstep.systems.identity.models import Account, Grant, Person, RelyingParty
from doorstep.systems.identity.pages.openid import CLOCK
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.rules.openid import Claim
from doorstep.systems.identity.tests.builders import AT, NUMBER, account
from doorstep.systems.identity.tests.relying_party import (
    AFTER,
    AUTHORIZE,
    BACK,
    ENGLISH,
    ISSUER,
    MANAGER,
    TOKEN,
    agree,
    ask,
    asking,
    assertion,
    back,
    basic,
    code_for,
    refreshed,
    registered,
    registration,
    sign_in,
    tokens,
)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(autouse=True)
def keys_of_this_test():
    queries.forget_keys()


@pytest.fixture
def signed_in(client: Client) -> Client:
    account()
    sign_in(client)
    return client


def read(client: Client, token: str) -> dict:
    keys = KeySet.import_key_set(client.get("/identity/openid/keys").json())
    return jwt.decode(token, keys, algorithms=["ES256", "RS256"]).claims


def later(monkeypatch: pytest.MonkeyPatch, **passed: float) -> None:
    monkeypatch.setattr(timezone, "now", lambda: AT + timedelta(**passed))


def test_the_question_is_in_the_language_of_the_person(signed_in: Client):
    page = signed_in.get(AUTHORIZE, asking(registered()), headers={"Accept-Language": "de"}).content.decode()
    assert "Männlich" in page
    assert "21. Mai 1990" in page


def test_a_person_signs_in_agrees_and_the_party_learns_who(client: Client):
    account()
    made = registered()
    away = ask(client, asking(made))
    assert (away.status_code, away.headers["Location"][:14]) == (303, "/sign-in?next=")
    onward = sign_in(client, client.get(away.headers["Location"], follow=True).context["next"])
    page = client.get(onward.headers["Location"], headers=ENGLISH)
    assert "To find your file" in page.content.decode()
    told = back(agree(client, page, ("name",)))
    assert told["state"] == "s1"
    assert told["iss"] == ISSUER
    got = tokens(client, made, told["code"]).json()
    assert got["token_type"] == "Bearer"
    assert "refresh_token" not in got
    claims = read(client, got["id_token"])
    assert {k: claims[k] for k in ("iss", "aud", "nonce", "acr", "amr")} == {
        "iss": ISSUER,
        "aud": str(made.id),
        "nonce": "n1",
        "acr": f"{ISSUER}/level/1",
        "amr": ["pwd"],
    }
    assert claims["exp"] - claims["iat"] == 600
    info = client.get("/identity/openid/userinfo", headers={"Authorization": f"Bearer {got['access_token']}"}).json()
    assert info == {"sub": claims["sub"], "name": "Nguyễn Văn Ví Dụ"}
    assert Account.objects.get().subject not in json.dumps([claims, info])


def test_the_journal_says_which_party_learned_what(signed_in: Client):
    made = registered()
    got = tokens(signed_in, made, code_for(signed_in, made)).json()
    signed_in.get("/identity/openid/userinfo", headers={"Authorization": f"Bearer {got['access_token']}"})
    entries = JournalEntry.objects.filter(actor=f"client:{made.id}")
    assert {entry.action for entry in entries} == {"identity.exchange", "identity.look.userinfo"}
    assert JournalSubject.objects.filter(id__in=[e.id for e in entries]).count() == 2
    assert signed_in.get("/identity/journal/", headers=ENGLISH).content.decode().count("Clinic") == 2


def test_who_agreed_once_is_not_asked_again_until_taking_it_back(signed_in: Client):
    made = registered()
    code_for(signed_in, made)
    assert ask(signed_in, asking(made)).status_code == 303
    assert ask(signed_in, asking(made, scope="openid email")).status_code == 200  # something new
    got = tokens(signed_in, made, code_for(signed_in, made)).json()
    assert "Clinic" in signed_in.get("/identity/connections/", headers=ENGLISH).content.decode()
    signed_in.post(f"/identity/connections/{made.id}/withdraw/")
    assert ask(signed_in, asking(made)).status_code == 200
    shown = {"Authorization": f"Bearer {got['access_token']}"}
    assert signed_in.get("/identity/openid/userinfo", headers=shown).status_code == 401
    assert back(ask(signed_in, asking(made, prompt="none")))["error"] == "consent_required"


def test_a_request_begun_before_somebody_signed_in_is_not_signed_in_for(client: Client, monkeypatch):
    """At a shared device: whoever prepared the request would use another's session where a new sign-in is wanted."""
    account()
    made = registered()
    for told in ({"prompt": "login"}, {"max_age": "60"}):
        monkeypatch.setattr(timezone, "now", lambda: AT)
        begun = client.get(ask(Client(), asking(made, **told)).headers["Location"], follow=True).context["next"]
        later(monkeypatch, minutes=1)
        sign_in(client)
        later(monkeypatch, minutes=10)
        assert client.get(begun).status_code == 200
        later(monkeypatch, minutes=17)
        assert client.get(begun).headers["Location"].startswith("/sign-in?")


def test_who_agrees_to_less_takes_the_rest_back(signed_in: Client):
    made = registered()
    first = tokens(signed_in, made, code_for(signed_in, made, ("name", "birthdate"))).json()
    page = ask(signed_in, asking(made, prompt="consent"))
    second = tokens(signed_in, made, back(agree(signed_in, page, ("birthdate",)))["code"]).json()
    shown = [
        signed_in.get("/identity/openid/userinfo", headers={"Authorization": f"Bearer {one['access_token']}"})
        for one in (first, second)
    ]
    assert [one.status_code for one in shown] == [401, 200]
    assert "name" not in shown[1].json()


@pytest.mark.django_db(transaction=True)
def test_another_purpose_is_another_question(signed_in: Client):
    made = registered()
    code_for(signed_in, made)
    parties.change(By(MANAGER, AT), made.id, registration(purpose="To send you advertisements"))
    page = ask(signed_in, asking(made))
    assert "To send you advertisements" in page.content.decode()
    assert back(ask(signed_in, asking(made, prompt="none")))["error"] == "consent_required"
    agree(signed_in, page, ("name",))
    assert ask(signed_in, asking(made)).status_code == 303
    assert ask(signed_in, asking(made, scope="openid email")).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_what_a_party_may_not_learn_any_more_it_does_not_learn_from_earlier_tokens(signed_in: Client):
    made = registered()
    got = tokens(signed_in, made, code_for(signed_in, made, ("name", "birthdate"))).json()
    parties.change(By(MANAGER, AT), made.id, registration(claims=(Claim.BIRTHDATE,)))
    info = signed_in.get("/identity/openid/userinfo", headers={"Authorization": f"Bearer {got['access_token']}"})
    assert {*info.json()} == {"sub", "birthdate"}


def test_two_parties_know_the_same_person_under_different_identifiers(signed_in: Client):
    one, other = registered(), registered(redirects=("https://bank.example/back",))
    subs = []
    for made, address in ((one, BACK), (other, "https://bank.example/back")):
        answer = agree(signed_in, ask(signed_in, asking(made, redirect_uri=address)))
        code = answer.content.decode().split("code=")[1].split("&")[0]
        subs.append(read(signed_in, tokens(signed_in, made, code, redirect_uri=address).json()["id_token"])["sub"])
    assert subs[0] != subs[1]


def test_saying_no_goes_back_with_nothing(signed_in: Client):
    made = registered()
    told = back(agree(signed_in, ask(signed_in, asking(made)), answer="no"))
    assert (told["error"], told["state"]) == ("access_denied", "s1")
    assert not Grant.objects.exists()


def test_an_essential_claim_and_one_for_the_id_token(signed_in: Client):
    made = registered()
    wanted = {"userinfo": {"name": {"essential": True}}, "id_token": {"personal_administrative_number": None}}
    page = ask(signed_in, asking(made, scope="openid", claims=json.dumps(wanted)))
    code = back(agree(signed_in, page, ("personal_administrative_number",)))["code"]
    claims = read(signed_in, tokens(signed_in, made, code).json()["id_token"])
    assert claims["personal_administrative_number"] == Person.objects.get().number
    assert Grant.objects.get().claims == ["name", "personal_administrative_number"]


def test_a_party_may_want_one_person_alone(signed_in: Client):
    made = registered()
    sub = read(signed_in, tokens(signed_in, made, code_for(signed_in, made)).json()["id_token"])["sub"]
    for wanted, error in ((sub, None), ("somebody-else", "login_required"), (7, "login_required")):
        claims = json.dumps({"id_token": {"sub": {"value": wanted}}, "unknown": 1})
        assert back(ask(signed_in, asking(made, claims=claims, prompt="none"))).get("error") == error


def test_a_party_learns_nothing_that_it_is_not_registered_for(signed_in: Client):
    made = registered(claims=())
    assert tokens(signed_in, made, code_for(signed_in, made)).json()["id_token"]
    assert Grant.objects.get().claims == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"claims": "[" * 5000}, "invalid_request"),
        ({"request": "ey"}, "request_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"claims": '{"id_token": 1}'}, "invalid_request"),
        ({"state": "s1", "nonce": "n" * 3000}, "invalid_request"),
        (
            {"claims": '{"id_token": {"acr": {"essential": true, "values": ["urn:other"]}}}'},
            "unmet_authentication_requirements",
        ),
        (
            {
                "claims": json.dumps({"id_token": {"acr": {"essential": True, "value": f"{ISSUER}/level/2"}}}),
                "prompt": "none",
            },
            "login_required",
        ),
    ],
)
def test_a_wrong_request_is_told_to_the_party(signed_in: Client, changes: dict, error: str):
    told = back(ask(signed_in, asking(registered(), **changes)))
    assert told["error"] == error
    assert told["state"] == "s1"
    assert told["iss"] == ISSUER


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": "01900000-0000-7000-8000-000000000000"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": BACK + "/more"},
        {"redirect_uri": None},
        {"request_uri": "https://evil.example/request"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:guessed"},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_certain(signed_in: Client, changes: dict):
    answer = ask(signed_in, asking(registered(), **changes))
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert 'http-equiv="refresh"' not in answer.content.decode()


def test_the_same_parameter_twice_is_refused(signed_in: Client):
    made = registered()
    query = "&".join(f"{k}={v}" for k, v in asking(made, scope="openid").items())
    assert signed_in.get(f"{AUTHORIZE}?{query}&redirect_uri=https://evil.example/").status_code == 400
    answer = signed_in.post(
        TOKEN, "grant_type=a&grant_type=b", "application/x-www-form-urlencoded", headers=basic(made)
    )
    assert answer.json()["error"] == "invalid_request"


def test_prompt_login_asks_again_and_only_once(signed_in: Client):
    made = registered()
    away = ask(signed_in, asking(made, prompt="login"))
    assert away.headers["Location"].startswith("/sign-in?next=")
    onward = sign_in(signed_in, signed_in.get(away.headers["Location"], follow=True).context["next"])
    assert signed_in.get(onward.headers["Location"]).status_code == 200
    forged = ask(signed_in, asking(made, prompt="login", signed_in_after="1:forged"))
    assert forged.headers["Location"].startswith("/sign-in?next=")


def test_max_age_asks_again_when_it_was_long_ago(signed_in: Client, monkeypatch: pytest.MonkeyPatch):
    made = registered()
    later(monkeypatch, minutes=10)
    assert ask(signed_in, asking(made, max_age="3600")).status_code == 200
    assert ask(signed_in, asking(made, max_age="60")).status_code == 303
    assert back(ask(signed_in, asking(made, max_age="60", prompt="none")))["error"] == "login_required"


def test_a_higher_level_that_is_only_preferred_asks_once_and_takes_what_comes(signed_in: Client):
    made = registered()
    away = ask(signed_in, asking(made, acr_values=f"{ISSUER}/level/2"))
    onward = sign_in(signed_in, signed_in.get(away.headers["Location"], follow=True).context["next"])
    assert signed_in.get(onward.headers["Location"]).status_code == 200


def test_a_needed_level_that_the_person_does_not_reach_is_said(signed_in: Client):
    made = registered()
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": [f"{ISSUER}/level/2"]}}})
    away = ask(signed_in, asking(made, claims=claims))
    onward = sign_in(signed_in, signed_in.get(away.headers["Location"], follow=True).context["next"])
    assert back(signed_in.get(onward.headers["Location"]))["error"] == "unmet_authentication_requirements"


def test_an_id_token_hint_must_be_of_this_person(signed_in: Client):
    made = registered()
    token = tokens(signed_in, made, code_for(signed_in, made)).json()["id_token"]
    assert "code" in back(ask(signed_in, asking(made, id_token_hint=token, prompt="none")))
    for hint in (token[:-4] + "AAAA", "x", "a.b.c"):
        assert back(ask(signed_in, asking(made, id_token_hint=hint, prompt="none")))["error"] == "login_required"


def test_a_code_holds_once_and_its_second_use_ends_what_came_of_the_first(signed_in: Client):
    made = registered()
    code = code_for(signed_in, made, ("offline_access",), scope="openid offline_access")
    got = tokens(signed_in, made, code).json()
    assert tokens(signed_in, made, code).json()["error"] == "invalid_grant"
    assert refreshed(signed_in, made, got["refresh_token"]).json()["error"] == "invalid_grant"
    shown = {"Authorization": f"Bearer {got['access_token']}"}
    assert signed_in.get("/identity/openid/userinfo", headers=shown).status_code == 401
    told = JournalEntry.objects.get(detail__contains="used twice")
    assert JournalSubject.objects.get(id=told.id).subject.endswith(NUMBER)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": None},
        {"redirect_uri": "https://clinic.example/other"},
        {"redirect_uri": None},
        {"code": "cAAAA"},
        {"code": None},
        {"grant_type": "password"},
        {"grant_type": None},
    ],
)
def test_a_wrong_exchange_gives_nothing(signed_in: Client, changes: dict):
    made = registered()
    answer = tokens(signed_in, made, code_for(signed_in, made), **changes)
    assert answer.status_code == 400
    assert set(answer.json()) <= {"error", "error_description"}


def test_a_code_is_for_its_party_alone(signed_in: Client):
    made, other = registered(), registered(name="Other")
    assert tokens(signed_in, other, code_for(signed_in, made)).json()["error"] == "invalid_grant"


def test_a_code_is_over_after_a_minute(signed_in: Client, monkeypatch: pytest.MonkeyPatch):
    made = registered()
    code = code_for(signed_in, made)
    later(monkeypatch, seconds=61)
    assert tokens(signed_in, made, code).json()["error"] == "invalid_grant"


def test_a_refresh_token_turns_and_an_old_one_ends_all(signed_in: Client):
    made = registered()
    first = tokens(
        signed_in, made, code_for(signed_in, made, ("offline_access",), scope="openid offline_access")
    ).json()
    second = refreshed(signed_in, made, first["refresh_token"]).json()
    assert read(signed_in, second["id_token"]).get("nonce") is None
    assert refreshed(signed_in, made, first["refresh_token"]).json()["error"] == "invalid_grant"
    assert refreshed(signed_in, made, second["refresh_token"]).json()["error"] == "invalid_grant"
    assert Grant.objects.count() == 1


def test_refreshing_ends_with_the_account_and_with_the_month(signed_in: Client, monkeypatch: pytest.MonkeyPatch):
    made = registered()
    codes = [code_for(signed_in, made, ("offline_access",), scope="openid offline_access") for _ in range(2)]
    got = [tokens(signed_in, made, code).json()["refresh_token"] for code in codes]
    later(monkeypatch, days=31)
    assert refreshed(signed_in, made, got[1]).json()["error"] == "invalid_grant"
    later(monkeypatch, days=1)
    Account.objects.update(locked=AT)
    assert "error" in refreshed(signed_in, made, got[0]).json()


def test_private_key_jwt_once_for_us_and_not_for_long(signed_in: Client):
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    other = ECKey.generate_key("P-256", {"kid": "k1"})
    keys = json.dumps({"keys": [key.as_dict(private=False)]})
    made = registered(method="private_key_jwt", keys=keys)
    code = code_for(signed_in, made)
    told = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": "v" * 43}
    for wrong in (
        assertion(made, other),
        assertion(made, key, aud="https://other.example"),
        assertion(made, key, exp=int(AT.timestamp()) - 120),
        assertion(made, key, exp=int(AT.timestamp()) + 4000),
        assertion(made, key, nbf=int(AT.timestamp()) + 600),
        assertion(made, key, iss="somebody"),
        assertion(made, key, sub="somebody", iss="somebody"),
        assertion(made, key, jti=None),
        {**assertion(made, key), "client_assertion": "a.b.c"},
        {**assertion(made, key), "client_assertion": "eyJhbGciOiJub25lIn0.e30."},
    ):
        answer = signed_in.post(TOKEN, {**told, **wrong})
        assert answer.json()["error"] == "invalid_client", wrong
    good = assertion(made, key)
    assert signed_in.post(TOKEN, {**told, **good}).json()["id_token"]
    assert signed_in.post(TOKEN, {**told, **good}).json()["error"] == "invalid_client"


@pytest.mark.django_db(transaction=True)
def test_a_secret_holds_beside_its_successor_for_a_week(signed_in: Client, monkeypatch: pytest.MonkeyPatch):
    made = registered()
    renewed = parties.renew_secret(By(MANAGER, AT), made.id)
    for one in (made, renewed):
        assert tokens(signed_in, one, "c").json()["error"] == "invalid_grant"
    later(monkeypatch, days=8)
    answers = [tokens(signed_in, one, "c") for one in (made, renewed)]
    assert [answer.status_code for answer in answers] == [401, 400]
    assert answers[0].headers["WWW-Authenticate"].startswith("Basic")
    later(monkeypatch, days=366)
    assert tokens(signed_in, renewed, "c").status_code == 401


def test_a_party_proves_in_one_way_that_it_is_itself(signed_in: Client):
    made, other = registered(), registered(name="Other")
    code = code_for(signed_in, made)
    told = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": "v" * 43}
    for wrong in ({"client_secret": made.secret}, {"client_id": str(other.id)}, {"client_assertion": "a.b.c"}):
        answer = signed_in.post(TOKEN, {**told, **wrong}, headers=basic(made))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert signed_in.post(TOKEN, {**told, "client_id": str(made.id)}, headers=basic(made)).json()["id_token"]


@pytest.mark.parametrize("spelled", ["{}-", "{{{}}}", "urn:uuid:{}", "{}" + "-" * 99])
def test_a_client_id_is_spelled_as_it_was_given(client: Client, spelled: str):
    made = registered()
    shown = b64encode(f"{spelled.format(made.id)}:{made.secret}".encode()).decode()
    assert client.post(TOKEN, {}, headers={"Authorization": f"Basic {shown}"}).status_code == 401
    assert client_of(spelled.format(made.id)) is None


def test_pushed_requests_are_used_once(signed_in: Client):
    made = registered(pushed_only=True)
    assert back(ask(signed_in, asking(made)))["error"] == "invalid_request"
    pushed = signed_in.post("/identity/openid/par", asking(made), headers=basic(made))
    assert (pushed.status_code, pushed.json()["expires_in"]) == (201, 600)
    told = {"client_id": str(made.id), "request_uri": pushed.json()["request_uri"]}
    code = back(agree(signed_in, ask(signed_in, told), ("name",)))["code"]
    assert tokens(signed_in, made, code).json()["id_token"]
    assert ask(signed_in, told).status_code == 400
    other = registered(name="Other")
    pushed = signed_in.post("/identity/openid/par", asking(made), headers=basic(made)).json()
    told = {"client_id": str(other.id), "request_uri": pushed["request_uri"]}
    assert ask(signed_in, told).status_code == 400


def test_a_wrong_pushed_request_is_told_at_once(signed_in: Client):
    made, other = registered(), registered(name="Other")
    for told in (
        asking(made, redirect_uri="https://evil.example/"),
        asking(made, request_uri="urn:x"),
        asking(other),
        asking(made, scope=""),
    ):
        answer = signed_in.post("/identity/openid/par", told, headers=basic(made))
        assert answer.status_code == 400
        assert "error" in answer.json()


def test_introspection_and_revocation_are_for_the_own_tokens(signed_in: Client):
    made, other = registered(), registered(name="Other")
    token = tokens(signed_in, made, code_for(signed_in, made)).json()["access_token"]

    def worth(party) -> dict:
        return signed_in.post("/identity/openid/introspect", {"token": token}, headers=basic(party)).json()

    assert worth(made)["active"] is True
    assert worth(made)["client_id"] == str(made.id)
    assert worth(other) == {"active": False}
    signed_in.post("/identity/openid/revoke", {"token": token}, headers=basic(other))
    assert worth(made)["active"] is True
    assert signed_in.post("/identity/openid/revoke", {"token": token}, headers=basic(made)).json() == {}
    assert worth(made) == {"active": False}
    revoked = JournalEntry.objects.get(action="identity.revoke_token", detail="revoked")
    assert JournalSubject.objects.get(id=revoked.id).subject == f"national_id:VN:{NUMBER}"
    assert signed_in.post("/identity/openid/introspect", {}, headers=basic(made)).status_code == 400


def test_introspection_knows_refresh_tokens_and_which_is_the_last(signed_in: Client):
    made = registered()
    code = code_for(signed_in, made, ("offline_access",), scope="openid offline_access")
    first = tokens(signed_in, made, code).json()["refresh_token"]
    second = refreshed(signed_in, made, first).json()["refresh_token"]

    def worth(token: str) -> dict:
        return signed_in.post("/identity/openid/introspect", {"token": token}, headers=basic(made)).json()

    assert worth(first) == {"active": False}
    assert worth(second)["exp"] == int((AT + timedelta(days=30)).timestamp())
    assert "token_type" not in worth(second)
    Account.objects.update(locked=AT)
    assert worth(second) == {"active": False}


def test_userinfo_wants_a_token_that_holds(signed_in: Client, monkeypatch: pytest.MonkeyPatch):
    made = registered()
    got = tokens(signed_in, made, code_for(signed_in, made)).json()
    where = "/identity/openid/userinfo"
    assert signed_in.get(where).headers["WWW-Authenticate"] == "Bearer"
    for wrong in ("x", got["access_token"][:-3] + "AAA", "r" + got["access_token"][1:], got["id_token"]):
        answer = signed_in.get(where, headers={"Authorization": f"Bearer {wrong}"})
        assert answer.status_code == 401
        assert "invalid_token" in answer.headers["WWW-Authenticate"]
    later(monkeypatch, minutes=11)
    assert signed_in.get(where, headers={"Authorization": f"Bearer {got['access_token']}"}).status_code == 401


def test_signing_out_by_a_party_that_proves_it(signed_in: Client):
    made = registered()
    token = tokens(signed_in, made, code_for(signed_in, made)).json()["id_token"]
    told = {"post_logout_redirect_uri": AFTER, "state": "x", "client_id": str(made.id)}
    asked = signed_in.get("/identity/openid/logout", told, headers=ENGLISH)
    assert asked.status_code == 200
    assert "Stay signed in" in asked.content.decode()
    out = signed_in.get("/identity/openid/logout", {**told, "id_token_hint": token})
    assert out.headers["Location"] == f"{AFTER}?state=x"
    assert signed_in.get("/").wsgi_request.actor is None
    assert Grant.objects.get().ended


def test_signing_out_never_leads_elsewhere(signed_in: Client):
    made = registered()
    told = {"post_logout_redirect_uri": "https://evil.example/", "client_id": str(made.id)}
    asked = signed_in.get("/identity/openid/logout", told, headers=ENGLISH)
    assert (
        "evil.example"
        not in signed_in.post("/identity/openid/leave", {"query": asked.context["told"]}).content.decode()
    )
    assert signed_in.get("/").wsgi_request.actor is None


def test_rs256_and_keys_that_turn(signed_in: Client, monkeypatch: pytest.MonkeyPatch):
    made = registered(algorithm="RS256")
    token = tokens(signed_in, made, code_for(signed_in, made)).json()["id_token"]
    assert len(signed_in.get("/identity/openid/keys").json()["keys"]) == 2
    for days, published in ((84, 4), (92, 4), (98, 2)):
        later(monkeypatch, days=days)
        actions.turn_keys(By(CLOCK, timezone.now()))
        queries.forget_keys()
        assert len(signed_in.get("/identity/openid/keys").json()["keys"]) == published
        if days < 97:
            assert read(signed_in, token)["aud"] == str(made.id)
    assert not any("d" in key for key in signed_in.get("/identity/openid/keys").json()["keys"])


def test_what_is_over_is_deleted(signed_in: Client):
    made = registered()
    for _ in range(3):
        code_for(signed_in, made)
    signed_in.post("/identity/openid/par", asking(made), headers=basic(made))
    assert actions.forget_grants(By(CLOCK, AT + timedelta(minutes=12))) == 4


@pytest.mark.django_db(transaction=True)
def test_a_manager_registers_changes_and_ends(client: Client):
    made = registered()
    with pytest.raises(parties.NotFound):
        parties.end_party(By(MANAGER.__class__("account:other", "H01", ("identity.provider",), 2), AT), made.id)
    parties.change(By(MANAGER, AT), made.id, registration(name="Clinic 2"))
    parties.end_party(By(MANAGER, AT), made.id)
    assert (RelyingParty.objects.get().name, RelyingParty.objects.get().ended) == ("Clinic 2", AT)
    account()
    sign_in(client)
    assert ask(client, asking(made)).status_code == 400
    assert tokens(client, made, "c").status_code == 401


def test_discovery_says_what_is_there(client: Client):
    told = client.get("/identity/.well-known/openid-configuration").json()
    assert told["issuer"] == ISSUER
    for name, address in told.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert client.get(address.removeprefix("http://localhost:8000")).status_code in {200, 400, 401, 405}, name


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": 'https://x.example/"'},
        {"response_type": '"'},
        {"nonce": "a\0b"},
        {"ui_locales": "\0"},
        {"scope": "openid \0"},
        {"id_token_hint": f"{'W' * 9}.{'W1tb' * 9000}.x"},
    ],
)
def test_nonsense_in_a_request_is_no_fault_of_ours(signed_in: Client, changes: dict):
    made = registered()
    assert ask(signed_in, asking(made, **changes)).status_code < 500
    pushed = signed_in.post("/identity/openid/par", asking(made, **changes), headers=basic(made))
    assert pushed.status_code in {201, 400}


@pytest.mark.parametrize("place", ["token", "par", "revoke", "introspect"])
def test_nonsense_as_a_proof_is_no_proof(client: Client, place: str):
    deep = b64encode(b"[" * 100_000).decode()
    shown = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": f"eyJhbGciOiJFUzI1NiJ9.{deep}.eA",
    }
    for told, headers in ((shown, {}), ({}, {"Authorization": "Basic /////w=="})):
        answer = client.post(f"/identity/openid/{place}", told, headers=headers)
        assert (answer.status_code, answer.json()["error"]) in {(400, "invalid_client"), (401, "invalid_client")}


def test_a_grant_that_nobody_knows_is_not_written_down(client: Client):
    made = registered()
    assert client.post(TOKEN, {"grant_type": "Nguyễn\0"}, headers=basic(made)).status_code == 400
    assert JournalEntry.objects.get(action="identity.exchange").detail == "another grant refused"
