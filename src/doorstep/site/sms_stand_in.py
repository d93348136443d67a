"""A stand-in for an SMS gateway: takes messages as a real one would, sends none, and shows them. For demos and tests.

    POST /stand-in/messages    {"id", "to", "text"}, Idempotency-Key, Authorization: Bearer; made-up numbers only
    GET  /messages?to=NUMBER   what came, newest first, as JSON; the page at / shows the same
    POST /misbehave            {"how": "delay" | "error" | "duplicate" | "drop" | "hang", "times": 1, "seconds": 3}

Its address names itself, so that production refuses it. What it keeps ends with the process.
"""

import argparse
import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATH = "/stand-in/messages"
KEPT = 10_000
LONGEST_BODY = 20_000
WAYS = ("delay", "error", "duplicate", "drop", "hang")
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>SMS stand-in</title>
<h1>SMS stand-in of Doorstep</h1><p>These messages went to nobody: this is no gateway, and the numbers are made up.</p>
<form><label>Number <input name="to" value="{to}"></label> <button>Show</button></form><dl>{messages}</dl></html>"""


class StandIn(ThreadingHTTPServer):
    """`takes` says which numbers are made up; without `token` anybody on this machine may post."""

    daemon_threads = True

    def __init__(self, port: int, takes: Callable[[str], bool], token: str = "") -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.takes, self.token = takes, token
        self.lock = threading.Lock()
        self.messages: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.misbehaviour: deque[tuple[str, float]] = deque()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{PATH}"

    def shown(self, to: str) -> list[dict[str, Any]]:
        """What came for a number, or for all; `tries` is how often it was posted under its id."""
        with self.lock:
            return [dict(one) for one in reversed(self.messages) if not to or plain(one["to"]) == plain(to)]

    def keep(self, message: dict[str, Any]) -> None:
        """Once an id, however often it comes."""
        with self.lock:
            known = next((one for one in self.messages if one["id"] == message["id"]), None)
            if known:
                known["tries"] += 1
            else:
                self.messages.append(message | {"at": datetime.now(UTC).isoformat(), "tries": 1})


class _Handler(BaseHTTPRequestHandler):
    server: StandIn
    server_version = "Doorstep-SMS-stand-in"
    timeout = 20

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        to = parse_qs(url.query).get("to", [""])[0]
        if url.path in {"/messages", PATH}:
            self._answer(HTTPStatus.OK, self.server.shown(to))
        elif url.path == "/":
            rows = (f"<dt>{escape(one['to'])}, {one['at']}<dd>{escape(one['text'])}" for one in self.server.shown(to))
            page = PAGE.format(to=escape(to), messages="".join(rows))
            self._answer(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8")
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "nothing here"})

    def do_POST(self) -> None:
        act = {"/misbehave": self._misbehave, PATH: self._take}.get(self.path)
        if act is None:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "nothing here"})
            return
        try:
            length = int(self.headers.get("Content-Length") or 0)
            act(json.loads(self.rfile.read(min(length, LONGEST_BODY))))
        except (ValueError, KeyError, TypeError) as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": type(error).__name__})

    def _misbehave(self, body: dict[str, Any]) -> None:
        if body["how"] not in WAYS:
            raise ValueError(body["how"])
        self.server.misbehaviour.extend([(body["how"], float(body.get("seconds", 3)))] * int(body.get("times", 1)))
        self._answer(HTTPStatus.OK, {"queued": len(self.server.misbehaviour)})

    def _take(self, body: dict[str, Any]) -> None:
        message = {name: str(body[name]) for name in ("id", "to", "text")}
        if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            self._answer(HTTPStatus.UNAUTHORIZED, {"error": "token"})
            return
        if not self.server.takes(message["to"]) or self.headers.get("Idempotency-Key") != message["id"]:
            self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"error": "no made-up number, or no Idempotency-Key"})
            return
        how, seconds = self.server.misbehaviour.popleft() if self.server.misbehaviour else ("", 0)
        if how == "error":
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "as asked"})
            return
        if how == "delay":
            time.sleep(seconds)
        if how != "drop":
            self.server.keep(message)
        if how == "duplicate":
            self.server.keep(message | {"id": f"{message['id']} again"})
        if how == "hang":  # it was taken, and nobody hears so
            time.sleep(seconds)
            return
        self._answer(HTTPStatus.ACCEPTED, {"id": message["id"], "state": "sent" if how == "drop" else "delivered"})

    def _answer(self, status: HTTPStatus, body: object, kind: str = "application/json") -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """A log would hold the codes."""


def plain(number: str) -> str:
    return "".join(character for character in number if character.isdigit() or character == "+")


def serve(port: int) -> int:
    """Until it is stopped; refuses in production. The exit code of the command."""
    from doorstep.site.cli import Stop, say, set_up  # noqa: PLC0415

    set_up("demo")
    from django.conf import settings  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel.country import profile  # noqa: PLC0415

    if settings.PRODUCTION:
        raise Stop("A stand-in sends nothing to anybody: production needs a gateway (DOORSTEP_SMS_URL).")
    with StandIn(port, profile().phone_is_fictitious, settings.SMS_TOKEN) as server:
        say(
            f"SMS stand-in: post to {server.url}, read at http://127.0.0.1:{server.server_address[1]}/  (Ctrl-C ends it)"
        )
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    sys.exit(serve(parser.parse_args().port))
