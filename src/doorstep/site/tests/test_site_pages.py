"""Home, sign-in of a demo, and the sign of life."""

import math
import re

import pytest
from django.db import OperationalError, connection
from django.utils.translation import override

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.web import layout
from doorstep.site import pages

PEOPLE = [
    {"subject": "demo:a", "name": "<Hoà>", "role": "tryout.trier", "unit": "X1", "title": "Trier"},
    {"subject": "demo:b", "name": "Minh", "role": "tryout.trier", "unit": "", "title": "Another"},
]


@pytest.fixture(autouse=True)
def demo(settings, monkeypatch):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.DEMO_SIGN_IN = True
    monkeypatch.setattr(layout, "_scale", (math.inf, ""))
    monkeypatch.setattr(layout, "unread", lambda actor: 0)
    monkeypatch.setattr(pages, "_by_passkey", lambda request, subject: False)
    monkeypatch.setattr(pages, "systems", lambda: [type("System", (), {"demo_people": PEOPLE})])


@pytest.mark.parametrize("path", ["/", "/sign-in?next=/sign-in"])
def test_each_demo_person_has_a_button(client, path):
    page = client.get(path).content.decode()
    assert '<button type="submit" name="subject" value="demo:a"><strong><bdi>&lt;Hoà&gt;</bdi></strong>' in page
    assert 'value="demo:b"' in page


def test_one_tap_signs_in_and_goes_on(client):
    answer = client.post("/sign-in/demo", {"subject": "demo:a", "next": "/sign-in"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    home = client.get("/")
    actor = home.wsgi_request.actor
    assert (actor.subject, actor.unit, actor.roles) == ("demo:a", "X1", ("tryout.trier",))
    assert "<bdi>&lt;Hoà&gt;</bdi>" in home.content.decode()
    assert 'value="demo:b"' not in home.content.decode()


@pytest.mark.parametrize(
    ("roles", "groups"),
    [
        (("lodging.police",), {""}),
        (("identity.person", "identity.officer"), {"For myself", "e-IDs and mandates", ""}),
    ],
)
def test_a_short_menu_is_read_at_a_glance_and_a_long_one_by_groups(roles, groups):
    actor = Actor("demo:a", roles=roles, level=3)
    with override("en"):
        assert {group["title"] for group in layout.menu(actor, "/")} == groups


def test_the_home_page_has_a_card_for_each_group(client, monkeypatch):
    officer = {"subject": "demo:a", "name": "Hoà", "role": "identity.officer", "unit": "", "title": "Officer"}
    monkeypatch.setattr(pages, "systems", lambda: [type("System", (), {"demo_people": [officer]})])
    monkeypatch.setattr(layout, "FEW", 2)
    client.post("/sign-in/demo", {"subject": "demo:a"})
    page = client.get("/", headers={"Accept-Language": "en"}).content.decode()
    cards = page[page.index('<ul class="grid">') :]
    assert re.findall(r"<h2[^>]*>(?:<a[^>]*>)?([^<]+)<", cards) == [
        "e-IDs and mandates",
        "Population register",
        "Reports",
    ]
    assert '<li><a class="ds-link" href="/identity/help-desk/">Help desk for e-identity</a></li>' in cards


def test_nobody_else_can_be_signed_in(client):
    assert client.post("/sign-in/demo", {"subject": "demo:c"}).status_code == 404
    assert client.get("/sign-in/demo").status_code == 405


def test_outside_a_demo_there_are_no_buttons_and_no_address_for_them(client, settings):
    settings.DEMO_SIGN_IN = False
    assert "demo:a" not in client.get("/").content.decode()
    assert "demo:a" not in client.get("/sign-in").content.decode()
    assert client.post("/sign-in/demo", {"subject": "demo:a"}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["localhost:8123", "127.0.0.1:8123", "[::1]:8123"])
def test_the_sign_of_life_answers_at_every_address(client, host):
    answer = client.get("/health", headers={"Host": host})
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": True}


def test_without_the_database_the_sign_of_life_is_503(client, monkeypatch):
    def away():
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", away)
    assert client.get("/health").status_code == 503
