"""A stand-in for a system of biometrics: compares portraits with those in a folder. For demos and tests.

    POST /stand-in/capture    {"subject"}: whoever stands before the counter's camera is captured and compared
    POST /stand-in/compare    {"subject", "portrait": base64 of a JPEG}: the portrait is compared
    GET  /                    the made-up portraits and cards, to try an application or a check with
    POST /misbehave           {"how": "slow" | "down" | "other" | "broken" | "poor", "times": 1, "seconds": 3}

A subject's portrait is `NUMBER.png` in the folder, NUMBER being the last part of the key. Both answer {"reference",
"known", "match", "score", "quality"}. Nothing that is sent is kept. Its address names itself, so that production refuses it.
"""

import argparse
import re
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from html import escape
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from statistics import correlation, pstdev
from typing import Any

from doorstep.site.stand_in import Handler, Server, settings_of_demo, until_stopped

PATH = "/stand-in/"
MATCH = 90
SIZE = (32, 40)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Biometrics stand-in</title>
<h1>Biometrics stand-in of Doorstep</h1><p>Made-up portraits and cards of made-up people: save one, and try with it.</p>
<ul>{people}</ul></html>"""
_KINDS = {".png": "image/png", ".txt": "text/plain; charset=utf-8", ".zip": "application/zip", "": "text/plain"}
_NUMBER = re.compile(r"[A-Za-z0-9]{1,40}", re.ASCII)


class StandIn(Server):
    """`folder` holds the portraits."""

    path = PATH
    ways = ("slow", "down", "other", "broken", "poor")

    def __init__(self, port: int, folder: Path, token: str = "") -> None:
        super().__init__(port, _Handler, token)
        self.folder = folder

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


class _Handler(Handler):
    server: StandIn
    server_version = "Doorstep-biometrics-stand-in"
    longest_body = 1_500_000

    def get(self) -> None:
        """The page, and the files in the folder that it links to."""
        name = self.path.strip("/")
        files = {file.name: file for file in self.server.folder.iterdir()} if self.server.folder.is_dir() else {}
        if name in files:
            self.answer(HTTPStatus.OK, files[name].read_bytes(), _KINDS.get(files[name].suffix, _KINDS[""]))
        elif not name:
            page = PAGE.format(people="".join(_person(number, files) for number in self.server.portraits()))
            self.answer(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8")
        else:
            self.answer(HTTPStatus.NOT_FOUND, {"error": "nothing here"})

    def posts(self) -> Mapping[str, Callable[[dict[str, Any]], None]]:
        return {f"{PATH}capture": self._compare, f"{PATH}compare": self._compare}

    def _compare(self, body: dict[str, Any]) -> None:
        subject = str(body["subject"])
        if not _NUMBER.fullmatch(subject.rpartition(":")[2]):
            raise ValueError("no subject")
        portrait = b64decode(body["portrait"], validate=True) if self.path.endswith("compare") else None
        how, seconds = self.server.next_way()
        if how == "down":
            self.answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "as asked"})
            return
        if how == "slow":
            time.sleep(seconds)
        told = self.server.compared(subject, portrait, other=how == "other", poor=how == "poor")
        self.answer(HTTPStatus.OK, {"score": "high"} if how == "broken" else told)


def serve(port: int, folder: Path, token_file: Path | None) -> int:
    """Until it is stopped; refuses in production. The exit code of the command."""
    settings_of_demo("A stand-in compares drawings: production needs a system of biometrics (DOORSTEP_BIOMETRICS).")
    server = StandIn(port, folder, token_file.read_text().strip() if token_file else "")
    return until_stopped(server, f"Biometrics stand-in: ask {server.url}, portraits from {folder}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("token", type=Path)
    told = parser.parse_args()
    sys.exit(serve(told.port, told.folder, told.token))
