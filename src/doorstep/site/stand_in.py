"""What stand-ins for outside services share: JSON over HTTP on this machine, with an access key, and misbehaviour on demand.

    POST /misbehave    {"how": one of the server's ways, "times": 1, "seconds": 3}

Their addresses hold /stand-in/, so that production refuses them. What they keep ends with the process.
"""

import json
import signal
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, ClassVar

from doorstep.kernel.values.reasons import Refused
from doorstep.site.cli import Stop, say, set_up


class Server(ThreadingHTTPServer):
    """It can misbehave in these `ways`; without `token` anybody on this machine may post."""

    daemon_threads = True
    path: ClassVar[str]
    ways: ClassVar[Sequence[str]]

    def __init__(self, port: int, handler: type["Handler"], token: str = "") -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.token = token
        self.lock = Lock()
        self.misbehaviour: deque[tuple[str, float]] = deque()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{self.path}"

    def next_way(self) -> tuple[str, float]:
        """How to misbehave this time, and for how many seconds; "" for not at all."""
        with self.lock:
            return self.misbehaviour.popleft() if self.misbehaviour else ("", 0)


class Handler(BaseHTTPRequestHandler):
    """`get` answers a GET; `posts` says what is done with the body of a POST, by path."""

    server: Server
    longest_body = 20_000
    timeout = 20

    @abstractmethod
    def get(self) -> None: ...

    @abstractmethod
    def posts(self) -> Mapping[str, Callable[[dict[str, Any]], None]]: ...

    def do_GET(self) -> None:
        self.get()

    def do_POST(self) -> None:
        act = {"/misbehave": self._misbehave, **self.posts()}.get(self.path)
        if act is None:
            self.answer(HTTPStatus.NOT_FOUND, {"error": "nothing here"})
            return
        try:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.read(self.rfile.read(min(length, self.longest_body)))
            shown = self.headers.get("Authorization")
            if act != self._misbehave and self.server.token and shown != f"Bearer {self.server.token}":
                self.answer(HTTPStatus.UNAUTHORIZED, {"error": "token"})
            else:
                act(body)
        except PermissionError as error:
            self.answer(HTTPStatus.UNAUTHORIZED, {"error": str(error)})
        except (Refused, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            self.answer(HTTPStatus.BAD_REQUEST, {"error": type(error).__name__})

    def read(self, content: bytes) -> dict[str, Any]:
        """The body of a POST. Raises PermissionError where whoever sent it may not, ValueError where it is none."""
        return json.loads(content)  # type: ignore[no-any-return]

    def _misbehave(self, body: dict[str, Any]) -> None:
        if body["how"] not in self.server.ways:
            raise ValueError(body["how"])
        with self.server.lock:
            self.server.misbehaviour.extend([(body["how"], float(body.get("seconds", 3)))] * int(body.get("times", 1)))
            self.answer(HTTPStatus.OK, {"queued": len(self.server.misbehaviour)})

    def answer(self, status: HTTPStatus, body: object, kind: str = "application/json") -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        with suppress(ConnectionError):  # whoever asked waits no more
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """A log would hold what nobody else is to read."""


def settings_of_demo(refusal: str) -> Any:
    """Django's settings, set up; in production it stops with the refusal."""
    set_up("demo")
    from django.conf import settings  # noqa: PLC0415  after Django's set-up

    if settings.PRODUCTION:
        raise Stop(refusal)
    return settings


def until_stopped(server: ThreadingHTTPServer, opened: str) -> int:
    """Serves until Ctrl-C or SIGTERM, in the background of a shell too, which has it ignore the first; the exit code."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    with server, suppress(KeyboardInterrupt):
        say(f"{opened}  (Ctrl-C ends it)")
        server.serve_forever()
    return 0
