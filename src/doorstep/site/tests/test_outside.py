"""A second Doorstep is the outside e-ID: its people sign in there, agree, and are known here."""

import os
import re
import socket
import subprocess
import sys
import time
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.test import Client
from django.utils import timezone
from psycopg.types.json import Jsonb

from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.site.embedded import Embedded, database
from doorstep.site.tests.test_register_import import until_healthy
from doorstep.systems.identity.actions import outside as actions
from doorstep.systems.identity.actions import outside_tokens
from doorstep.systems.identity.actions.authorization_server import READ_EVERY
from doorstep.systems.identity.actions.outside import Registration, Wish
from doorstep.systems.identity.models import OutsideProvider, OutsideReading
from doorstep.systems.identity.queries import outside as queries
from doorstep.systems.identity.rules.outside import Kind
from doorstep.systems.identity.tests.builders import NUMBER, PASSWORD, account
from doorstep.systems.identity.tests.relying_party import ENGLISH
from doorstep.systems.identity.tests.stand_in import MANAGER, SECOND

PREPARE = """
from doorstep.site.cli import installation
with installation("demo"):
    from django.utils import timezone
    from doorstep.kernel.store.writing import By
    from doorstep.systems.identity.actions import parties
    from doorstep.systems.identity.tests.builders import account
    from doorstep.systems.identity.tests.relying_party import MANAGER, registration
    account()
    made = parties.register(By(MANAGER, timezone.now()), registration(name="North"))
    print(made.id, str(made.secret))
"""
CLAIMS = "number=personal_administrative_number\nname=name\nbirth=birthdate"


class Other:
    """The other installation: where it answers, and as which relying party it knows us."""

    def __init__(self, home: Path, port: int, client: str, secret: str) -> None:
        self.home, self.client, self.secret = home, client, secret
        self.site = f"http://localhost:{port}"
        self.issuer = f"{self.site}/identity"

    def knows(self, redirect: str, keys: dict | None) -> None:
        """What its manager enters about us once our page has shown it."""
        method = "private_key_jwt" if keys else "client_secret_basic"
        with psycopg.connect(Embedded(self.home).url) as connection:
            connection.execute(
                "UPDATE identity_relyingparty SET redirects = ARRAY[%s], method = %s, keys = %s",
                (redirect, method, Jsonb(keys) if keys else None),
            )
        time.sleep(READ_EVERY)  # its processes read a relying party anew


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    home = tmp_path_factory.mktemp("outside")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ours = {"DOORSTEP_HOME": str(home), "DOORSTEP_MODE": "demo", "DOORSTEP_DEMO_SIGN_IN": "0"}
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("DOORSTEP_", "DJANGO_"))}
    environment |= ours
    with database(home):
        made = subprocess.run(
            [sys.executable, "-c", PREPARE], env=environment, capture_output=True, text=True, check=True
        )
        command = "from doorstep.site.cli import main; raise SystemExit(main())"
        up = [sys.executable, "-c", command, "up", "--port", str(port)]
        with subprocess.Popen(up, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                until_healthy(port)
                yield Other(home, port, *made.stdout.split())
            finally:
                server.terminate()


@pytest.fixture
def here(db):
    now = timezone.now()
    ensure_months(now.date(), now.date())
    outside_tokens.forget()
    queries.forget_offered()
    yield now
    outside_tokens.forget()
    queries.forget_offered()


def registered(other: Other, now, method: str) -> OutsideProvider:
    """As our managers do it: first without what the other gives us, since it wants our address first."""
    levels = "\n".join(f"{other.issuer}/level/{level}={level}" for level in (1, 2))
    told = Registration(
        kind=Kind.EID,
        name="South",
        issuer=other.issuer,
        client="",
        method=method,
        enabled_from=now.date(),
        wish=Wish(CLAIMS, levels, "Its discovery", now.date(), "openid"),
    )
    outside_tokens.check_reachable(other.issuer)
    made = actions.register_provider(By(MANAGER, now), told)
    secret = Masked("" if method == "private_key_jwt" else other.secret)
    actions.take_credentials(By(MANAGER, now), made, other.client, secret, None)
    actions.confirm_reading(By(SECOND, now), OutsideReading.objects.get().id)
    return OutsideProvider.objects.get()


def filled(page: httpx.Response, **told: str) -> dict[str, str]:
    """A form's hidden fields beside what somebody fills in."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {**{name: unescape(text) for name, text in hidden}, **told}


def agreed(browser: httpx.Client, other: Other, asked: httpx.Response) -> httpx.Response:
    """The person says yes, which is asked once."""
    assert "North" in asked.text
    given = ["personal_administrative_number", "name", "birthdate"]
    return browser.post(f"{other.site}/identity/openid/answer", data={**filled(asked, answer="yes"), "given": given})


@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt"])
def test_people_of_another_doorstep_sign_in_here(other: Other, here, client: Client, method: str):
    mine = account()
    provider = registered(other, here, method)
    page = queries.provider(MANAGER, here.date(), provider.id)
    redirect = f"http://localhost:8000/identity/sign-in/outside/{provider.id}/back/"
    other.knows(redirect, page.keys)
    away = client.get(f"/identity/sign-in/outside/{provider.id}/?next=/identity/devices/")
    with httpx.Client(follow_redirects=True, headers=ENGLISH, timeout=20) as browser:
        sign_in = browser.get(away.headers["Location"])
        told = filled(sign_in, login=NUMBER, password=PASSWORD)
        asked = browser.post(f"{other.site}/identity/sign-in/", data=told)
        back = asked if "http-equiv" in asked.text else agreed(browser, other, asked)
    address = unescape(re.search(r'url=([^"]+)"', back.text)[1])
    assert address.startswith(redirect)
    parts = urlsplit(address)
    done = client.get(f"{parts.path}?{parts.query}")
    assert (done.status_code, done.headers["Location"]) == (303, "/identity/devices/")
    actor = done.wsgi_request.actor
    assert (actor.subject, actor.level) == (mine.subject, 1), "there it was a password only"
    again = client.get(f"{parts.path}?{parts.query}", headers=ENGLISH)
    assert again.status_code == 422
