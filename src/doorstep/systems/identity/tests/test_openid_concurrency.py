"""What may be used once at the OpenID Provider is used once, however many come at the same time."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client as Browser
from django.utils import timezone
from joserfc.jwk import ECKey

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.keys import derived
from doorstep.kernel.store import journal
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.web.actors import Signed
from doorstep.systems.identity.actions import authorization_server, parties
from doorstep.systems.identity.actions import openid as actions
from doorstep.systems.identity.actions.authorization_server import Client, Request
from doorstep.systems.identity.models import Grant, PushedRequest, RelyingParty
from doorstep.systems.identity.pages.openid import signing_key
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.rules.openid import read_token
from doorstep.systems.identity.tests.builders import AT, account
from doorstep.systems.identity.tests.relying_party import (
    BACK,
    MANAGER,
    TOKEN,
    VERIFIER,
    asking,
    assertion,
    basic,
    code_for,
    refreshed,
    registered,
    registration,
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


def exchanges(made, codes: list[str], without_key: str = "") -> list:
    """The token endpoint's answers to these codes in one transaction, made to wait for each other."""
    gathered, party = actions.exchange, Client(RelyingParty.objects.get(id=made.id))
    by, key = (
        By(Actor(f"client:{party.row.id}", roles=("identity.relying_party",), via="openid"), AT),
        signing_key("ES256", AT),
    )

    def exchange(code: str):
        told = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        request = Request(told, AT)
        request.client, request.key = party, None if code == without_key else key
        return gathered(by, request)

    gathered.busy = True  # as while a transaction runs
    return at_once(*[lambda one=one: exchange(one) for one in codes], lambda: _let_go(gathered, len(codes)))[:-1]


def _let_go(gathered, count: int) -> None:
    while len(gathered.waiting) < count:
        time.sleep(0.001)
    gathered.waiting[0].wake.release()


def told(answers: list) -> list:
    return [answer[0] if isinstance(answer, tuple) else type(answer).__name__ for answer in answers]


def test_many_codes_at_once_are_one_transaction_with_an_entry_each(browser: Browser):
    made = registered()
    codes = [code_for(browser, made) for _ in range(6)]
    answers = exchanges(made, [*codes, "nonsense"])
    assert told(answers) == [200] * 6 + [400]
    assert len({answer[1]["id_token"] for answer in answers[:6]}) == 6
    entries = JournalEntry.objects.filter(action="identity.exchange")
    assert sorted(entries.values_list("detail", flat=True)) == ["authorization_code"] * 6 + [
        "authorization_code refused"
    ]
    assert JournalSubject.objects.filter(id__in=entries.values("id")).count() == 6
    assert Grant.objects.filter(exchanged=AT, ended=None).count() == 6


def test_one_code_twice_in_a_transaction_is_used_once_and_ends_its_grant_only(browser: Browser):
    made = registered()
    twice, other = code_for(browser, made), code_for(browser, made)
    answers = exchanges(made, [twice, other, twice])
    assert sorted(told(answers)) == [200, 200, 400]
    assert told(answers)[1] == 200
    assert Grant.objects.filter(ended=None).count() == 1


def test_a_grant_that_somebody_holds_keeps_nobody_else_waiting(browser: Browser):
    made = registered()
    codes = [code_for(browser, made) for _ in range(3)]
    held, answers = read_token(derived("openid tokens"), codes[0]), []

    def ask() -> None:
        answers.extend(exchanges(made, codes))
        connection.close()

    waiting = threading.Thread(target=ask)
    with transaction.atomic():
        Grant.objects.filter(id=held[1]).update(ended=AT)  # withdrawn, but not yet committed
        waiting.start()
        while Grant.objects.exclude(exchanged=None).count() < 2:
            time.sleep(0.01)
    waiting.join(20)
    assert told(answers) == [400, 200, 200]


@contextmanager
def held(code: str, *, back: bool = False, **changes) -> Iterator[None]:
    """Meanwhile another transaction has changed the grant of the code; in the end it commits, or goes `back`."""
    with transaction.atomic():
        Grant.objects.filter(id=read_token(derived("openid tokens"), code)[1]).update(**changes)
        yield
        transaction.set_rollback(back)


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def asked_aside(aside: ThreadPoolExecutor, made, code: str) -> "Future[int]":
    """The status of the answer to a request of its own; returns once that waits for a lock, or is answered."""

    def ask() -> int:
        try:
            return tokens(Browser(), made, code).status_code
        finally:
            connection.close()

    answer = aside.submit(ask)
    with connection.cursor() as cursor:
        while not answer.done():
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                break
            time.sleep(0.01)
    return answer


def test_a_lone_call_whose_grant_is_held_keeps_nobody_else_waiting(browser: Browser, aside):
    made = registered()
    first, second = code_for(browser, made), code_for(browser, made)
    with held(first, ended=AT):
        waits = asked_aside(aside, made, first)
        assert asked_aside(aside, made, second).result(10) == 200
        assert not waits.done()
    assert waits.result(10) == 400


@pytest.mark.parametrize(
    ("changes", "status", "ended"),
    [({"ended": AT, "back": True}, 200, None), ({"exchanged": AT}, 400, AT), ({"ended": AT}, 400, AT)],
)
def test_a_call_that_waited_is_judged_by_what_became_of_its_grant(browser: Browser, aside, changes, status, ended):
    made = registered()
    code = code_for(browser, made)
    with held(code, **changes):
        answer = asked_aside(aside, made, code)
        assert not answer.done()
    assert (answer.result(10), Grant.objects.get().ended) == (status, ended)


def test_nobody_waits_without_end_for_a_grant(browser: Browser, aside, monkeypatch):
    monkeypatch.setattr(authorization_server, "LONGEST_WAIT", "100ms")
    made = registered()
    code = code_for(browser, made)
    with held(code, ended=AT, back=True):
        assert asked_aside(aside, made, code).result(10) == 503
    assert tokens(Browser(), made, code).status_code == 200


def test_one_that_cannot_be_answered_fails_alone(browser: Browser):
    made = registered()
    codes = [code_for(browser, made) for _ in range(3)]
    assert told(exchanges(made, codes, without_key=codes[1])) == [200, "RuntimeError", 200]
    assert Grant.objects.filter(exchanged=None, ended=None).count() == 1


def test_of_a_transaction_that_fails_before_its_commit_nothing_stays(browser: Browser, monkeypatch):
    made = registered()
    codes = [code_for(browser, made) for _ in range(4)]
    write, seen = journal.write_rows, []

    def fails_together(rows) -> None:
        write(rows)
        seen.append(len(rows))
        if len(rows) > 1:
            raise OperationalError("the server went away")

    monkeypatch.setattr(journal, "write_rows", fails_together)
    assert told(exchanges(made, codes)) == [200] * 4
    assert seen == [4, 1, 1, 1, 1]
    assert JournalEntry.objects.filter(action="identity.exchange").count() == 4


def test_a_party_is_read_anew_once_its_change_is_there(monkeypatch):
    made, write = registered(), journal.write_rows
    client_of = authorization_server.client_of

    def read_meanwhile(rows) -> None:
        assert at_once(lambda: client_of(str(made.id)).row.name) == ["Clinic"]
        write(rows)

    monkeypatch.setattr(journal, "write_rows", read_meanwhile)
    parties.change(By(MANAGER, AT), made.id, registration(name="Clinic 2"))
    assert client_of(str(made.id)).row.name == "Clinic 2"


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
