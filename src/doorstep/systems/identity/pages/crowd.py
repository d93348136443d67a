"""The crowd before signing in: when more come than are served, each gets a place, an honest time, and is called in turn.

It stands before everything else that a request costs: no session, no database, no view. What is kept lies in one small
file that all processes of this machine share; a place is a signed cookie, so nobody jumps the queue.
"""

import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation

from doorstep.kernel.web import numbers
from doorstep.systems.identity.rules.queue import BURST, Queue, look_again

Answer = Callable[[HttpRequest], HttpResponseBase]

COOKIE = "place"
INSIDE_SECONDS = 900
"""Whoever was called may finish within this time, however many come."""
FIRST_RATE = 20.0
ELSEWHERE = "/identity/sign-in/outside/"
"""What waits for another's server, so that its time says nothing of this machine."""
LIGHT = 2
"""Threads that are left for whoever is only told to wait."""
SHORTEST_WAIT = 0.2
"""Whoever would wait less than these seconds goes in at once."""
_FORM = struct.Struct("<Qdddd")


class Places:
    """The queue in a file of this machine, one holder at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self.file).st_size < _FORM.size:
            os.ftruncate(self.file, _FORM.size)
        self.memory = mmap.mmap(self.file, _FORM.size)
        self.thread = threading.Lock()

    @contextmanager
    def held(self, now: float) -> Iterator[list[Queue]]:
        """A list with the queue as of `now`; what the list holds in the end is kept."""
        with self.thread:
            fcntl.lockf(self.file, fcntl.LOCK_EX)
            try:
                given, called, rate, at, cut = _FORM.unpack_from(self.memory)
                first = Queue(0, BURST, FIRST_RATE, now)
                box = [Queue(given, called, rate, at, cut).moved(now) if at else first]
                yield box
                queue = box[0]
                _FORM.pack_into(self.memory, 0, queue.given, queue.called, queue.rate, queue.at, queue.cut)
            finally:
                fcntl.lockf(self.file, fcntl.LOCK_UN)


class Threads:
    """How many of this process's threads are answering somebody."""

    def __init__(self) -> None:
        self.lock, self.busy = threading.Lock(), 0

    def __enter__(self) -> None:
        with self.lock:
            self.busy += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.busy -= 1

    @property
    def full(self) -> bool:
        """Whether none is free, so that requests wait where nobody sees them."""
        return self.busy >= settings.WEB_THREADS

    @property
    def scarce(self) -> bool:
        """Whether those that are left are for the light page: it is not to wait behind people who sign in."""
        return self.busy > settings.WEB_THREADS - LIGHT


_threads = Threads()


@cache
def places() -> Places:
    """Of this installation."""
    return Places(settings.HOME / "run" / "crowd")


def crowd(get_response: Answer) -> Answer:
    """The middleware: lets through what has nothing to do with signing in, whoever was called, and whoever finds no queue."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with _threads:
            return answer(request)

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/identity/sign-in/"):
            return get_response(request)
        began = time.time()
        place, inside = _read(request)
        new = place is None
        with places().held(began) as box:
            if place is None:
                box[0] = box[0].joined()
                place = box[0].given
            queue = box[0]
        if not inside and (queue.waits(place) > SHORTEST_WAIT or (new and _threads.scarce)):
            return _wait(request, queue, place)
        response = get_response(request)
        ended = time.time()
        if not request.path.startswith(ELSEWHERE):
            with places().held(ended) as box:
                box[0] = box[0].served(ended - began, full=_threads.full)
        if not inside:
            _keep(response, place, inside=True)
        return response

    return middleware


def _read(request: HttpRequest) -> tuple[int | None, bool]:
    """The place of this browser, and whether it was called already; None for a cookie that is not ours or too old."""
    try:
        place, inside = signing.loads(request.COOKIES.get(COOKIE, ""), salt="identity.crowd", max_age=6 * 3600)
        called = bool(inside) and time.time() < inside
    except (signing.BadSignature, ValueError, TypeError):
        return None, False
    return (place, called) if called or not inside else (None, False)


def _keep(response: HttpResponseBase, place: int, *, inside: bool) -> None:
    told = signing.dumps((place, int(time.time()) + INSIDE_SECONDS if inside else 0), salt="identity.crowd")
    response.set_cookie(COOKIE, told, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)


def _wait(request: HttpRequest, queue: Queue, place: int) -> HttpResponse:
    """The light page: how many are ahead, how long it takes, and that the page asks again by itself."""
    seconds = queue.waits(place)
    language = translation.get_language_from_request(request)
    with translation.override(language):
        ahead, minutes = numbers.number(queue.ahead(place)), numbers.number(int(seconds // 60) + 1)
    page = _page(language).replace("@ahead@", ahead).replace("@minutes@", minutes)
    again = look_again(seconds)
    response = HttpResponse(page, status=503, headers={"Refresh": str(again), "Retry-After": str(again)})
    response.headers["Cache-Control"] = "no-store"
    _keep(response, place, inside=False)
    return response


@cache
def _page(language: str) -> str:
    """The page of a language with marks for its two numbers: made once, whoever waits."""
    with translation.override(language):
        return render_to_string("identity/crowd.html", {"right_to_left": translation.get_language_bidi()})
