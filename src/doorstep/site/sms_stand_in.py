"""A stand-in for an SMS gateway: takes messages as a real one would, sends none, and shows them. For demos and tests.

    POST /stand-in/messages    {"id", "to", "text"}, Idempotency-Key, Authorization: Bearer; made-up numbers only
    GET  /messages?to=NUMBER   what came, newest first, as JSON; the page at / shows the same
    POST /misbehave            {"how": "delay" | "error" | "duplicate" | "drop" | "hang", "times": 1, "seconds": 3}

Its address names itself, so that production refuses it. What it keeps ends with the process.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from doorstep.site.stand_in import Handler, Server, settings_of_demo, until_stopped

PATH = "/stand-in/messages"
KEPT = 10_000
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>SMS stand-in</title>
<h1>SMS stand-in of Doorstep</h1><p>These messages went to nobody: this is no gateway, and the numbers are made up.</p>
<form><label>Number <input name="to" value="{to}"></label> <button>Show</button></form><dl>{messages}</dl></html>"""


class StandIn(Server):
    """`takes` says which numbers are made up."""

    path = PATH
    ways = ("delay", "error", "duplicate", "drop", "hang")

    def __init__(self, port: int, takes: Callable[[str], bool], token: str = "") -> None:
        super().__init__(port, _Handler, token)
        self.takes = takes
        self.messages: deque[dict[str, Any]] = deque(maxlen=KEPT)

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


class _Handler(Handler):
    server: StandIn
    server_version = "Doorstep-SMS-stand-in"

    def get(self) -> None:
        url = urlsplit(self.path)
        to = parse_qs(url.query).get("to", [""])[0]
        if url.path in {"/messages", PATH}:
            self.answer(HTTPStatus.OK, self.server.shown(to))
        elif url.path == "/":
            rows = (f"<dt>{escape(one['to'])}, {one['at']}<dd>{escape(one['text'])}" for one in self.server.shown(to))
            page = PAGE.format(to=escape(to), messages="".join(rows))
            self.answer(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8")
        else:
            self.answer(HTTPStatus.NOT_FOUND, {"error": "nothing here"})

    def posts(self) -> Mapping[str, Callable[[dict[str, Any]], None]]:
        return {PATH: self._take}

    def _take(self, body: dict[str, Any]) -> None:
        message = {name: str(body[name]) for name in ("id", "to", "text")}
        if not self.server.takes(message["to"]) or self.headers.get("Idempotency-Key") != message["id"]:
            self.answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"error": "no made-up number, or no Idempotency-Key"})
            return
        how, seconds = self.server.next_way()
        if how == "error":
            self.answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "as asked"})
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
        self.answer(HTTPStatus.ACCEPTED, {"id": message["id"], "state": "sent" if how == "drop" else "delivered"})


def plain(number: str) -> str:
    return "".join(character for character in number if character.isdigit() or character == "+")


def serve(port: int) -> int:
    """Until it is stopped; refuses in production. The exit code of the command."""
    settings = settings_of_demo("A stand-in sends nothing to anybody: production needs a gateway (DOORSTEP_SMS_URL).")
    from doorstep.kernel.country import profile  # noqa: PLC0415  after Django's set-up

    server = StandIn(port, profile().phone_is_fictitious, settings.SMS_TOKEN)
    page = server.url.removesuffix(PATH)
    return until_stopped(server, f"SMS stand-in: post to {server.url}, read at {page}/")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    sys.exit(serve(parser.parse_args().port))
