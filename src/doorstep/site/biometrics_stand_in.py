"""A stand-in for a system of biometrics: compares portraits with those in a folder. For demos and tests.

    POST /stand-in/capture    {"subject"}: whoever stands before the counter's camera is captured and compared
    POST /stand-in/compare    {"subject", "portrait": base64 of a JPEG}: the portrait is compared
    GET  /                    the made-up portraits and cards, to try an application or a check with
    POST /misbehave           {"how": "slow" | "down" | "other" | "broken" | "poor", "times": 1, "seconds": 3}

A subject's portrait is `NUMBER.png` in the folder, NUMBER being the last part of the key. Both answer {"reference",
"known", "match", "score", "quality"}. Nothing that is sent is kept. Its address names itself, so that production refuses it.
"""

import argparse
import json
import re
import sys
import time
from base64 import b64decode
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from statistics import correlation, pstdev
from threading import Lock
from typing import Any

PATH = "/stand-in/"
LONGEST_BODY = 1_500_000
MATCH = 90
SIZE = (32, 40)
WAYS = ("slow", "down", "other", "broken", "poor")
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Biometrics stand-in</title>
<h1>Biometrics stand-in of Doorstep</h1><p>Made-up portraits and cards of made-up people: save one, and try with it.</p>
<ul>{people}</ul></html>"""
_KINDS = {".png": "image/png", ".txt": "text/plain; charset=utf-8", ".zip": "application/zip", "": "text/plain"}
_NUMBER = re.compile(r"[A-Za-z0-9]{1,40}", re.ASCII)


class StandIn(ThreadingHTTPServer):
    """`folder` holds the portraits; without `token` anybody on this machine may ask."""

    daemon_threads = True

    def __init__(self, port: int, folder: Path, token: str = "") -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.folder, self.token = folder, token
        self.lock = Lock()
        self.misbehaviour: deque[tuple[str, float]] = deque()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{PATH}"

    def portraits(self) -> dict[str, Path]:
        return {file.stem: file for file in sorted(self.folder.glob("*.png"))}

    def compared(self, subject: str, portrait: bytes | None, *, other: bool, poor: bool) -> dict[str, Any]:
        """The answer; without a `portrait` the camera sees the subject, or with `other` somebody else."""
        number = subject.rpartition(":")[2]
        known = self.portraits()
        seen = next((file for name, file in known.items() if (name != number) is other), None)
        if portrait is None and not other:
            seen = known.get(number)
        shown = portrait if portrait is not None else seen.read_bytes() if seen else None
        score = 0
        if number in known and shown is not None:
            score = likeness(shown, known[number].read_bytes())
        return {
            "reference": token_hex(12),
            "known": number in known,
            "match": score >= MATCH,
            "score": score,
            "quality": 20 if poor else 90,
        }


def _person(number: str, files: Mapping[str, Path]) -> str:
    """A line of the page: the portrait, and what else is there of the person."""
    more = sorted(name for name in files if name.startswith(number) and not name.endswith(".png"))
    links = " ".join(f'<a href="/{escape(name)}">{escape(name)}</a>' for name in more)
    return f'<li><a href="/{number}.png"><img src="/{number}.png" alt="" width="96"></a> {escape(number)} {links}</li>'


def likeness(one: bytes, two: bytes) -> int:
    """From 0 to 100: how far the brightness of two pictures goes together, point by point."""
    from PIL import Image  # noqa: PLC0415  for a quick --help of all commands

    first, second = (list(Image.open(BytesIO(each)).convert("L").resize(SIZE).tobytes()) for each in (one, two))
    if not pstdev(first) or not pstdev(second):
        return 0
    return max(0, round(100 * correlation(first, second)))


class _Handler(BaseHTTPRequestHandler):
    server: StandIn
    server_version = "Doorstep-biometrics-stand-in"
    timeout = 20

    def do_GET(self) -> None:
        """The page, and the files in the folder that it links to."""
        name = self.path.strip("/")
        files = {file.name: file for file in self.server.folder.iterdir()} if self.server.folder.is_dir() else {}
        if name in files:
            self._answer(HTTPStatus.OK, files[name].read_bytes(), _KINDS.get(files[name].suffix, _KINDS[""]))
        elif not name:
            page = PAGE.format(people="".join(_person(number, files) for number in self.server.portraits()))
            self._answer(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8")
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "nothing here"})

    def do_POST(self) -> None:
        act = {"/misbehave": self._misbehave, f"{PATH}capture": self._compare, f"{PATH}compare": self._compare}
        if self.path not in act:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "nothing here"})
            return
        try:
            length = int(self.headers.get("Content-Length") or 0)
            act[self.path](json.loads(self.rfile.read(min(length, LONGEST_BODY))))
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": type(error).__name__})

    def _misbehave(self, body: dict[str, Any]) -> None:
        if body["how"] not in WAYS:
            raise ValueError(body["how"])
        with self.server.lock:
            self.server.misbehaviour.extend([(body["how"], float(body.get("seconds", 3)))] * int(body.get("times", 1)))
            self._answer(HTTPStatus.OK, {"queued": len(self.server.misbehaviour)})

    def _compare(self, body: dict[str, Any]) -> None:
        subject = str(body["subject"])
        if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            self._answer(HTTPStatus.UNAUTHORIZED, {"error": "token"})
            return
        if not _NUMBER.fullmatch(subject.rpartition(":")[2]):
            raise ValueError("no subject")
        portrait = b64decode(body["portrait"], validate=True) if self.path.endswith("compare") else None
        with self.server.lock:
            how, seconds = self.server.misbehaviour.popleft() if self.server.misbehaviour else ("", 0)
        if how == "down":
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "as asked"})
            return
        if how == "slow":
            time.sleep(seconds)
        told = self.server.compared(subject, portrait, other=how == "other", poor=how == "poor")
        self._answer(HTTPStatus.OK, {"score": "high"} if how == "broken" else told)

    def _answer(self, status: HTTPStatus, body: object, kind: str = "application/json") -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(ConnectionError):  # whoever asked waits no more
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """A log would hold whom somebody asked about."""


def serve(port: int, folder: Path, token_file: Path | None) -> int:
    """Until it is stopped; refuses in production. The exit code of the command."""
    from doorstep.site.cli import Stop, say, set_up  # noqa: PLC0415

    set_up("demo")
    from django.conf import settings  # noqa: PLC0415  after Django's set-up

    if settings.PRODUCTION:
        raise Stop("A stand-in compares drawings: production needs a system of biometrics (DOORSTEP_BIOMETRICS).")
    token = token_file.read_text().strip() if token_file else ""
    with StandIn(port, folder, token) as server:
        say(f"Biometrics stand-in: ask {server.url}, portraits from {folder}  (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("token", type=Path)
    told = parser.parse_args()
    sys.exit(serve(told.port, told.folder, told.token))
