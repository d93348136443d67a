"""The sign-in pages by a browser without script, and by what the script sends."""

import re
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from django.test import Client

from doorstep.kernel.store.limits import Limit
from doorstep.kernel.store.models import ActorSession
from doorstep.systems.identity.models import Account, Passkey
from doorstep.systems.identity.pages import signin
from doorstep.systems.identity.rules.passkeys import Party
from doorstep.systems.identity.tests.builders import NUMBER, PASSCODE, PASSWORD, account, device

pytestmark = pytest.mark.usefixtures("clock")
ORIGIN = "http://testserver"


def options_of(answer) -> str:
    found = re.search(r'data-options="([^"]+)"', answer.content.decode())
    return found[1].replace("&quot;", '"')


def test_a_password_signs_in_and_goes_on(client: Client):
    account()
    page = client.get("/identity/sign-in/?next=/identity/devices/")
    assert 'value="/identity/devices/"' in page.content.decode()
    answer = client.post("/identity/sign-in/", {"login": NUMBER, "password": PASSWORD, "next": "/identity/devices/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/identity/devices/")
    assert "This browser" in client.get("/identity/devices/", headers={"Accept-Language": "en"}).content.decode()


def test_the_page_for_strangers_is_made_once_and_holds_nobodys_values(client: Client):
    first = client.get('/identity/sign-in/?next=/a?b="<c>"%26d', headers={"Accept-Language": "en"}).content.decode()
    other = (
        Client().get("/identity/sign-in/?next=/identity/devices/", headers={"Accept-Language": "en"}).content.decode()
    )
    assert 'name="next" value="/a?b=&quot;&lt;c&gt;&quot;&amp;d"' in first
    assert "?next=%2Fa%3Fb%3D%22%3Cc%3E%22%26d" in first
    assert "next%3D%252Fa" in first
    assert "~" not in re.sub(r"data-options=.*", "", first + other)
    assert "%2Fa" not in other
    tokens = [set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)) for page in (first, other)]
    assert len(tokens[0] | tokens[1]) == 2
    plain = client.get("/identity/sign-in/", headers={"Accept-Language": "vi"}).content.decode()
    assert 'lang="vi"' in plain
    assert "?next=%2F" not in plain.replace("?next=%2Fidentity%2Fsign-in%2F", "")


def test_a_mark_that_somebody_sends_along_is_not_filled(client: Client):
    """Otherwise the token that guards the form would go on to where the person wants to go, to another site even."""
    page = client.get("/identity/sign-in/?next=/a?~csrf~~options~~next~").content.decode()
    assert 'name="next" value="/a?~csrf~~options~~next~"' in page
    assert "?next=%2Fa%3F~csrf~~options~~next~" in page


def test_next_never_leads_away(client: Client):
    account()
    for next_ in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        answer = client.post("/identity/sign-in/", {"login": NUMBER, "password": PASSWORD, "next": next_})
        assert answer.headers["Location"] == "/"


def test_a_wrong_password_gives_a_reference_and_nothing_else(client: Client):
    account()
    wrong = client.post("/identity/sign-in/", {"login": NUMBER, "password": "Wrong-Horse7"})
    unknown = client.post("/identity/sign-in/", {"login": "900090000999", "password": "Wrong-Horse7"})
    blank = re.compile(r'[0-9A-Z]{4}(-[0-9A-Z]{4}){3}-[0-9A-Z]|value="[^"]*"|challenge&quot;: &quot;[^&]+')
    assert wrong.status_code == unknown.status_code == 422
    assert blank.sub("", wrong.content.decode()) == blank.sub("", unknown.content.decode())
    assert "Wrong-Horse7" not in wrong.content.decode()


def test_whoever_guesses_is_stopped_and_the_owner_is_not(monkeypatch):
    """Ten tries at an account from a place; elsewhere the password opens still, and a passkey does at the same place."""
    made, own = device(account()), {"login": NUMBER, "password": PASSWORD}
    guesser = Client(REMOTE_ADDR="192.0.2.1")
    statuses = [guesser.post("/identity/sign-in/", own | {"password": f"Wrong-{n}"}).status_code for n in range(11)]
    assert statuses == [422] * 10 + [429]
    assert guesser.post("/identity/sign-in/", own | {"login": f" {NUMBER[:3]} {NUMBER[3:]}"}).status_code == 429
    assert Client(REMOTE_ADDR="198.51.100.1").post("/identity/sign-in/", own).status_code == 303
    answer = {"answer": made.use(options_of(guesser.get("/identity/sign-in/")), ORIGIN)}
    assert guesser.post("/identity/sign-in/passkey/", answer).status_code == 303
    monkeypatch.setattr(signin, "GUESSES_OF_PLACE", Limit("test.place", 2, timedelta(minutes=15)))
    statuses = [
        Client(REMOTE_ADDR="203.0.113.1").post("/identity/sign-in/", own | {"login": f"90009000000{n}"}).status_code
        for n in range(3)
    ]
    assert statuses == [422, 422, 429]
    monkeypatch.setattr(signin, "GUESSES_OF_ACCOUNT", Limit("test.account", 2, timedelta(hours=1)))
    statuses = [Client(REMOTE_ADDR=f"192.0.2.{n}").post("/identity/sign-in/", own).status_code for n in range(7, 10)]
    assert statuses == [303, 303, 429]


def test_whether_the_passcode_was_right_cannot_be_read_from_the_page(client: Client):
    """The subject of an account stays the same, a made-up one does not."""
    owner, steps = account(), []
    for passcode in (PASSCODE, "000000"):
        page = client.post("/identity/sign-in/passcode/", {"login": NUMBER, "passcode": passcode})
        steps.append(re.search(r'name="step" value="([^"]+)"', page.content.decode())[1])
        for part in re.split("[.:]", steps[-1]):
            assert owner.subject.encode() not in urlsafe_b64decode(part + "=" * (-len(part) % 4))
    assert len(steps[0]) == len(steps[1])


def test_a_passkey_signs_in_by_the_form_that_the_script_fills(client: Client):
    owner = account()
    made = device(owner)
    options = options_of(client.get("/identity/sign-in/"))
    answer = client.post("/identity/sign-in/passkey/", {"answer": made.use(options, ORIGIN), "next": ""})
    assert answer.status_code == 303
    assert client.get("/").wsgi_request.actor.level == 2


def test_a_new_passkey_is_added_on_the_own_page(client: Client):
    owner = account()
    made = device(owner)
    client.post(
        "/identity/sign-in/passkey/", {"answer": made.use(options_of(client.get("/identity/sign-in/")), ORIGIN)}
    )
    page = client.get("/identity/devices/")
    challenge = re.search(r'name="challenge" value="([^"]+)"', page.content.decode())[1]
    made.credential = b"another"
    told = {"answer": made.make(options_of(page), ORIGIN), "challenge": challenge, "label": "<Tablet>"}
    assert client.post("/identity/devices/add/", told).status_code == 303
    assert "&lt;Tablet&gt;" in client.get("/identity/devices/").content.decode()
    assert Passkey.objects.filter(removed=None).count() == 2


def test_a_person_ends_the_other_sessions(client: Client):
    account()
    for browser in (Client(), client):
        browser.post("/identity/sign-in/", {"login": NUMBER, "password": PASSWORD})
    assert ActorSession.objects.count() == 2
    client.post("/identity/devices/end/", {"session": ""})
    assert ActorSession.objects.count() == 1
    assert client.get("/identity/devices/").status_code == 200


def test_the_party_is_this_host(client: Client):
    from doorstep.systems.identity.pages.signin import party

    request = client.get("/identity/sign-in/", headers={"host": "localhost:8000"}).wsgi_request
    assert party(request) == Party("localhost", ("http://localhost:8000",))


def test_secrets_are_not_written_back(client: Client):
    account()
    page = client.post("/identity/sign-in/passcode/", {"login": NUMBER, "passcode": PASSCODE})
    assert page.status_code == 200
    assert PASSCODE not in page.content.decode()
    assert Account.objects.get().subject not in page.content.decode()


def test_a_password_alone_adds_no_passkey_that_is_surer_than_it(client: Client):
    made = device(account())
    client.post("/identity/sign-in/", {"login": NUMBER, "password": PASSWORD})
    page = client.get("/identity/devices/")
    challenge = re.search(r'name="challenge" value="([^"]+)"', page.content.decode())[1]
    made.credential = b"another"
    told = {"answer": made.make(options_of(page), ORIGIN), "challenge": challenge, "label": "Tablet"}
    answer = client.post("/identity/devices/add/", told, headers={"Accept-Language": "en"})
    assert answer.status_code == 403
    assert "surer way of signing in" in answer.content.decode()
    assert Passkey.objects.count() == 1
