"""What only programs ask of the OpenID Provider is answered without the pages' machinery, and failures are told to programs."""

from base64 import b64encode

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from doorstep.kernel.store.limits import spend
from doorstep.systems.identity.pages import openid as pages
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.tests.builders import AT
from doorstep.systems.identity.tests.relying_party import TOKEN, basic, registered

pytestmark = pytest.mark.usefixtures("clock")

KEYS, DISCOVERY, USERINFO = (
    "/identity/openid/keys",
    "/identity/.well-known/openid-configuration",
    "/identity/openid/userinfo",
)
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def keys_of_this_test():
    queries.forget_keys()


def guess(client: Client):
    return client.post(TOKEN, {}, headers={"Authorization": "Basic " + b64encode(b"x:y").decode()})


def test_sessions_form_tokens_languages_and_compression_are_left_out():
    client = Client(enforce_csrf_checks=True)
    assert guess(client).status_code == 401
    answer = client.get(KEYS, headers={"Accept-Encoding": "gzip"})
    assert not hasattr(answer.wsgi_request, "session")
    assert not {"Vary", "Content-Encoding", "Content-Language"} & {*answer.headers}
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_another_host_is_not_ours(client: Client):
    assert client.get(DISCOVERY, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("place", [KEYS, DISCOVERY])
def test_public_documents_are_answered_to_head_and_may_be_kept(client: Client, place: str):
    assert client.head(place).status_code == 200
    assert "max-age=3600" in client.get(place).headers["Cache-Control"]
    assert client.post(place, {}).status_code == 405


def test_nobody_keeps_what_a_relying_party_is_told(client: Client):
    refused = client.post(TOKEN, {}, headers=basic(registered()))
    for answer in (refused, guess(client), client.get(USERINFO)):
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("failure", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_told_to_the_program(
    client: Client, monkeypatch, django_assert_num_queries, failure
):
    def away(_asked):
        raise failure

    monkeypatch.setattr(pages, "authenticate", away)
    with django_assert_num_queries(0):
        answer = guess(client)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == ("5", "no-store")


def test_who_guesses_too_often_is_told_when_to_come_back_and_a_right_secret_is_let_in(client: Client):
    made = registered()
    for _ in range(pages.FAILURES.times):
        spend(pages.FAILURES, "127.0.0.1", AT)
    answer = guess(client)
    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
    assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == ("10", "no-store")
    assert client.post(TOKEN, {}, headers=basic(made)).status_code == 400


@pytest.mark.parametrize("shown", [b"\xff\xfe:x", b"no colon", b"a:\xff", b"a:%ff", b""])
def test_a_header_that_cannot_be_read_is_asked_for_again(client: Client, shown: bytes):
    answer = client.post(TOKEN, {}, headers={"Authorization": "Basic " + b64encode(shown).decode()})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_form_of_unknown_length_is_not_taken_for_an_empty_one(client: Client):
    answer = client.generic("POST", TOKEN, CONTENT_TYPE=FORM, headers=basic(registered()))
    assert (answer.status_code, answer.json()["error"]) == (411, "invalid_request")
    answer = client.generic("POST", USERINFO, headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert client.get(KEYS, CONTENT_TYPE=FORM).status_code == 200


@pytest.mark.parametrize("body", ["access_token=a&access_token=b", "access_token=a"])
def test_an_access_token_is_shown_in_one_way(client: Client, body: str):
    headers = {} if "&" in body else {"Authorization": "Bearer b"}
    answer = client.post(USERINFO, body, content_type=FORM, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_request"'
