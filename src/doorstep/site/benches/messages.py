"""Messages and asks: how many a second are told, handled and answered, beside plain commits to the same disk."""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from doorstep.site.benches import Measure

MESSAGES, SUBJECTS, BATCH, ASKS = 10_000, 2_000, 100, 300
PEER_SECONDS = 3.0


def measure(arguments: argparse.Namespace) -> list[Measure]:  # noqa: ARG001  every bench takes them
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        os.environ.update(DOORSTEP_HOME=folder, DOORSTEP_MODE="demo", DOORSTEP_SYSTEMS="steering")
        os.environ.pop("DOORSTEP_DATABASE_URL", None)
        from doorstep.site.cli import installation  # noqa: PLC0415  after the environment is set

        with installation("demo"):
            return _measure()


def _measure() -> list[Measure]:
    _declare()
    commits = _commits()
    told = _rate(MESSAGES, _tell)
    one = _dispatch(1)
    _tell()
    two = _dispatch(2)
    single = _rate(ASKS, lambda: _ask(ASKS, 1))
    many = _rate(ASKS * BATCH, lambda: _ask(ASKS, BATCH))
    return [
        _named("messages.told", told, "messages/s", commits, MESSAGES),
        _named("messages.handled", one, "messages/s", commits, MESSAGES),
        _named("messages.handled.two", two, "messages/s", commits, MESSAGES),
        _named("asks.single", single, "asks/s", commits, ASKS),
        _named("asks.hundred", many, "subjects/s", commits, ASKS * BATCH),
    ]


def _named(name: str, figure: float, unit: str, commits: float, rows: int) -> Measure:
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return Measure(
        name=name,
        figure=figure,
        unit=unit,
        peer="commits of one row",
        peer_figure=commits,
        ratio=figure / commits,
        peak_mib=peak,
        rows=rows,
    )


def _rate(count: int, run: Callable[[], None]) -> float:
    began = time.monotonic()
    run()
    return count / (time.monotonic() - began)


def _declare() -> None:
    """A handler that journals and counts, and an answer from memory: what remains is the kernel's own work."""
    from doorstep.kernel import contracts  # noqa: PLC0415  after Django's set-up
    from doorstep.kernel.declare.scopes import Purpose  # noqa: PLC0415
    from doorstep.kernel.store.writing import Act, By  # noqa: PLC0415
    from doorstep.kernel.testing.tryout import TRYING, Colour, Happened, Tried, Weigh, Weight  # noqa: PLC0415
    from doorstep.kernel.values.units import UnitCode  # noqa: PLC0415

    @contracts.hears(Tried, TRYING)
    def on_tried(act: Act, message: Tried) -> None:
        act.journal(subjects=[message.subject], detail=f"time {message.number}")
        act.fact(Happened(day=act.day, unit=UnitCode("H38"), colour=Colour.RED, late=False))

    @contracts.answers(Weigh)
    def weigh(_by: By, _purpose: Purpose, question: Weigh) -> list[Weight | None]:
        return [Weight(len(thing), UnitCode("H38")) for thing in question.things]


def _tell() -> None:
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel.store.writing import Act, By, action  # noqa: PLC0415
    from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING, Tried  # noqa: PLC0415

    @action(DO_IT, TRYING)
    def tell(act: Act, first: int) -> None:
        act.journal()
        act.tell(*(Tried(f"s{number % SUBJECTS}", number) for number in range(first, first + BATCH)))

    for first in range(0, MESSAGES, BATCH):
        tell(By(ACTOR, timezone.now()), first)


def _dispatch(processes: int) -> float:
    """Messages a second until the queue is empty; each dispatcher is a process, whose start is not counted."""
    code = "from doorstep.site.benches.messages import dispatch; dispatch()"
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, "-c", code], **pipes) for _ in range(processes)]
    for one in running:
        one.stdout.readline()  # type: ignore[union-attr]  # a pipe, as asked for
    began = time.monotonic()
    handled = sum(int(one.communicate("go\n")[0]) for one in running)
    spent = time.monotonic() - began
    if handled != MESSAGES:
        raise RuntimeError(f"{MESSAGES} were told and {handled} handled")
    return handled / spent


def dispatch() -> None:
    """A dispatcher's process: ready, then on a line from outside until nothing is left; says how many it handled."""
    from doorstep.site.cli import set_up  # noqa: PLC0415

    set_up()
    _declare()
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel import contracts  # noqa: PLC0415
    from doorstep.kernel.store.models import Message  # noqa: PLC0415

    sys.stdout.write(f"{Message.objects.count()} wait\n")
    sys.stdout.flush()
    sys.stdin.readline()
    handled = 0
    while Message.objects.exists():
        handled += contracts.deliver(timezone.now())
    sys.stdout.write(f"{handled}\n")


def _commits() -> float:
    """Commits a second of one connection that inserts a row each time and waits for the disk."""
    from django.db import connection  # noqa: PLC0415  after Django's set-up

    done, began = 0, time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE peer (number int)")
        while time.monotonic() - began < PEER_SECONDS:
            cursor.execute("INSERT INTO peer VALUES (1)")
            done += 1
    return done / (time.monotonic() - began)


def _ask(count: int, size: int) -> None:
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel.contracts import ask  # noqa: PLC0415
    from doorstep.kernel.store.writing import By  # noqa: PLC0415
    from doorstep.kernel.testing.tryout import ACTOR, TRYING, Weigh  # noqa: PLC0415

    for number in range(count):
        ask(By(ACTOR, timezone.now()), TRYING, Weigh([f"{number}-{place}" for place in range(size)]))
