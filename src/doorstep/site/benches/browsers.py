"""Many browsers in one process: each keeps its cookies and one connection, and costs as little as a browser can."""

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import msgspec

FORM = "application/x-www-form-urlencoded"


class Answer(msgspec.Struct, frozen=True):
    """Status, headers in lower case (the last of each), and the body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Browser:
    """One after another request at one server; raises OSError where the server goes away.

    `place` is the address that a proxy would say it comes from.
    """

    def __init__(self, address: str, port: int, host: str, place: str = "") -> None:
        self.address, self.port, self.host, self.place = address, port, host, place
        self.cookies: dict[str, str] = {}
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def get(self, path: str) -> Answer:
        return await self._send("GET", path, b"", {})

    async def post(self, path: str, told: dict[str, str], **headers: str) -> Answer:
        return await self._send("POST", path, urlencode(told).encode(), headers)

    async def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", "Accept-Encoding: gzip", "Accept-Language: en"]
        if self.place:
            lines.append(f"X-Forwarded-For: {self.place}")
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={text}" for name, text in self.cookies.items()))
        if method == "POST":
            lines += [f"Content-Type: {FORM}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {text}" for name, text in headers.items()]
        if self.writer is None or self.reader is None:
            self.reader, self.writer = await asyncio.open_connection(self.address, self.port)
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        return await self._read(self.reader)

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in head[1:-2]:
            name, _, text = line.partition(": ")
            headers[name.lower()] = text
            if name.lower() == "set-cookie":
                cookie, _, value = text.partition(";")[0].partition("=")
                self.cookies[cookie.strip()] = value
        if "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            body = await _chunks(reader)
        else:
            body = b""
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(int(head[0].split(" ")[1]), headers, body)

    def close(self) -> None:
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readline(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)


async def drive(
    count: int, seconds: float, warm_up: float, one: Callable[[int], Awaitable[bool]]
) -> tuple[float, list[float]]:
    """`count` side by side do `one` again and again until it says False or the time is up.

    Returns how many a second were done after the warm-up, and how long each took in milliseconds.
    """
    began = time.monotonic()
    first, last = began + warm_up, began + warm_up + seconds
    done: list[tuple[float, float]] = []

    async def again(number: int) -> None:
        while (start := time.monotonic()) < last and await one(number):
            done.append((start, time.monotonic()))

    await asyncio.gather(*(again(number) for number in range(count)))
    counted = [(start, end) for start, end in done if end >= first]
    if not counted:
        raise RuntimeError("nothing was done after the warm-up")
    return len(counted) / (max(end for _, end in counted) - first), [(end - start) * 1000 for start, end in counted]
