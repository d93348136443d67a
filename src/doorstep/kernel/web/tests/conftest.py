"""Pages of the kernel without a database: sessions in signed cookies, no simulation, a site of the tests' own."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client, RequestFactory

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.web import layout


@pytest.fixture(autouse=True)
def site(settings, monkeypatch):
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [Path(__file__).parent / "templates"]}]
    settings.ROOT_URLCONF = "doorstep.kernel.web.tests.site"
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    monkeypatch.setattr(layout, "_scale", (math.inf, ""))
    monkeypatch.setattr(layout, "systems", list)
    monkeypatch.setattr(layout, "unread", lambda actor: 0)


@pytest.fixture
def reader() -> Callable[..., Client]:
    """A browser of a given language, signed in as `actor` where one is given."""

    def make(language: str = "en", actor: Actor | None = None) -> Client:
        client = Client(headers={"Accept-Language": language})
        if actor:
            client.post("/enter", {"roles": list(actor.roles), "name": "Hoà", "level": actor.level})
        return client

    return make


@pytest.fixture
def request_in() -> Callable[[str], object]:
    return lambda language: RequestFactory().get("/", headers={"Accept-Language": language})
