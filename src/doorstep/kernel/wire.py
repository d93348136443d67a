"""Asking a system that runs on another installation: where it is, and one bounded request over TLS."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from threading import Timer
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import msgspec

from doorstep.kernel.declare.messages import Key
from doorstep.kernel.values.reasons import NO_ANSWER, Unavailable

log = logging.getLogger(__name__)

CONNECT = 5
WHOLE = 15
"""Seconds until the connection stands, and until the whole answer is here."""
MOST = 2_000_000
"""Bytes of an answer."""


class Asked(msgspec.Struct, frozen=True):
    """A question on the wire: why, and who asks there, as the asking installation says."""

    purpose: Key
    actor: Key
    unit: Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9.]{0,40}$")]
    question: msgspec.Raw


class Place(msgspec.Struct, frozen=True):
    """Another installation: its address, ending in a slash, and the file with the access key that it gave us."""

    url: str
    token: Path


def places(text: str) -> dict[str, Place]:
    """What `DOORSTEP_ELSEWHERE` says: `identity=https://host/ token-file`, several by comma; by system.

    Raises ValueError with a sentence for the operator.

    >>> places("identity=https://register.example.org/ /etc/doorstep/register")["identity"].url
    'https://register.example.org/'
    """
    found = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        system, equals, rest = entry.partition("=")
        url, _, file = rest.strip().partition(" ")
        if not (equals and system.isalpha() and file.strip()):
            raise ValueError(f"{entry!r}: write system=https://host/ token-file.")
        parts = urlsplit(url)
        if not parts.hostname or not parts.path.endswith("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError(f"{url!r}: write scheme and host, no name or password, and a slash at the end.")
        if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(parts.hostname)):
            raise ValueError(f"{url!r}: write https; plain http is for loopback addresses only.")
        found[system] = Place(url, Path(file.strip()))
    return found


def post(place: Place, path: str, body: bytes) -> bytes:
    """The JSON that the place answers with. Raises Unavailable unless it comes whole, in time and with status 200."""
    url = urlsplit(f"{place.url}{path}")
    try:
        headers = {"Authorization": f"Bearer {place.token.read_text().strip()}", "Content-Type": "application/json"}
        with line(url) as there:
            there.request("POST", url.path, body, headers)
            response = there.getresponse()
            content = response.read(MOST + 1)
    except (OSError, HTTPException, ValueError) as failure:
        raise unavailable(place, type(failure).__name__) from failure
    whole = response.chunked or response.length == 0  # otherwise a lost connection looks like the end
    kind = response.headers.get_content_type()
    if response.status != HTTPStatus.OK or kind != "application/json" or not whole or len(content) > MOST:
        told = "whole" if whole else "cut off or too long"
        raise unavailable(place, f"status {response.status}, {kind}, {len(content)} bytes, {told}")
    return content


def unavailable(place: Place, why: str) -> Unavailable:
    """The refusal, after a line in the log that says what came, not what it said."""
    log.error("%s does not answer as it should: %s", place.url, why)
    return Unavailable(NO_ANSWER())


@contextmanager
def line(
    url: SplitResult, seconds: float | None = None, dial: Callable[..., socket.socket] = socket.create_connection
) -> Iterator[HTTPConnection]:
    """A connection that is cut when its time is over: the time-outs of a socket are for each byte, not for the whole.

    `dial` connects as `socket.create_connection` does.
    """
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    there = kind(url.hostname or "", url.port, timeout=CONNECT)  # certificates are checked by the default context
    there._create_connection = dial  # type: ignore[attr-defined]  # noqa: SLF001  http.client's own way to have it connected
    there.connect()
    sock: socket.socket = there.sock
    sock.settimeout(seconds or WHOLE)
    watch = Timer(seconds or WHOLE, _cut, [sock])
    watch.daemon = True
    watch.start()
    try:
        yield there
    finally:
        watch.cancel()
        there.close()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
