"""A real browser on the real pages, without a database; skipped, with the reason, where no browser is installed."""

import math
import shutil
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from playwright.sync_api import Browser, sync_playwright

from doorstep.kernel.web import layout, tests
from doorstep.site import pages

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def process_request_thread(self, *asked: Any) -> None:
        try:
            super().process_request_thread(*asked)
        finally:
            connection.close()  # this thread's own, where a page has asked the database


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """The test's output stays readable."""


@pytest.fixture
def address(settings, monkeypatch) -> Iterator[str]:
    """Where the pages are served, on a free port."""
    (engine,) = settings.TEMPLATES
    folders = [*engine["DIRS"], Path(__file__).parent / "templates", Path(tests.__file__).parent / "templates"]
    settings.TEMPLATES = [{**engine, "DIRS": folders}]
    settings.ROOT_URLCONF = "tests.accessibility.site"
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    monkeypatch.setattr(layout, "_scale", (math.inf, "0.001"))
    monkeypatch.setattr(layout, "unread", lambda actor: 3)
    monkeypatch.setattr(pages, "_by_passkey", lambda request, subject: False)  # without accounts, as without identity
    server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")  # its event loop must not outlive these tests: signing starts one of its own
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine (Debian and Ubuntu: apt-get install chromium)")
    if not any((folder / "designsystemet.css").exists() for folder in _static_folders()):
        pytest.skip("the front end is not built (make setup)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, to be run inside a page."""
    package = find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        pytest.skip("axe is not installed (pip install axe-playwright-python)")
    return (Path(package.origin).parent / "axe.min.js").read_text()


def _static_folders() -> list[Path]:
    from django.conf import settings

    return [Path(folder) for folder in settings.STATICFILES_DIRS]
