"""What may be used once at the OpenID Provider is used once, however many come at the same time."""

import json

import pytest
from django.test import Client as Browser
from django.utils import timezone
from joserfc.jwk import ECKey

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.web.actors import Signed
from doorstep.systems.identity.actions import openid as actions
from doorstep.systems.identity.models import Grant, PushedRequest
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.tests.builders import AT, account
from doorstep.systems.identity.tests.relying_party import (
    TOKEN,
    asking,
    assertion,
    basic,
    code_for,
    refreshed,
    registered,
    sign_in,
    tokens,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


@pytest.fixture
def browser() -> Browser:
    queries.forget_keys()
    account()
    browser = Browser()
    sign_in(browser)
    browser.get("/identity/openid/keys")
    return browser


def test_one_code_gives_tokens_once_and_the_grant_ends(browser: Browser):
    made = registered()
    code = code_for(browser, made)
    outcomes = at_once(*[lambda: tokens(Browser(), made, code).status_code] * 4)
    assert sorted(outcomes) == [200, 400, 400, 400]
    assert Grant.objects.get().ended


def test_one_refresh_token_is_used_once_and_the_grant_ends(browser: Browser):
    made = registered()
    code = code_for(browser, made, ("offline_access",), scope="openid offline_access")
    token = tokens(browser, made, code).json()["refresh_token"]
    outcomes = at_once(*[lambda: refreshed(Browser(), made, token).status_code] * 4)
    assert sorted(outcomes) == [200, 400, 400, 400]
    assert Grant.objects.get().ended


def test_one_assertion_proves_a_client_once():
    key = ECKey.generate_key("P-256", {"kid": "k"})
    made = registered(method="private_key_jwt", keys=json.dumps({"keys": [key.as_dict(private=False)]}))
    shown = {**assertion(made, key), "token": "x"}
    outcomes = at_once(*[lambda: Browser().post("/identity/openid/revoke", shown).status_code] * 4)
    assert sorted(outcomes) == [200, 400, 400, 400]


def test_one_pushed_request_gives_one_code(browser: Browser):
    made = registered()
    code_for(browser, made)
    pushed = browser.post("/identity/openid/par", asking(made), headers=basic(made)).json()["request_uri"]
    asked = actions.asked({"client_id": [str(made.id)], "request_uri": [pushed]}, AT)
    lan = By(Actor("account:lan", roles=("identity.person",)), AT)
    outcomes = at_once(*[lambda: actions.authorize(lan, asked, Signed(timezone.now()), "en")] * 4)
    assert sorted(type(one).__name__ for one in outcomes) == ["Fault", "Fault", "Fault", "str"]
    assert not PushedRequest.objects.exists()


def test_two_first_answers_leave_one_consent(browser: Browser):
    made = registered()
    asked = actions.asked({name: [text] for name, text in asking(made).items()}, AT)
    lan = By(Actor("account:lan", roles=("identity.person",)), AT)
    given = [{"name"}, {"birthdate"}, {"gender"}]
    outcomes = at_once(*[lambda one=one: actions.authorize(lan, asked, Signed(AT), "en", one) for one in given])
    assert [type(one) for one in outcomes] == [str] * 3
    (kept,) = queries.connections(lan.actor)
    assert len(kept.given) == 1
    assert browser.post(TOKEN, {}, headers=basic(made)).status_code == 400
