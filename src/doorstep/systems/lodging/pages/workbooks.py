"""A workbook becomes CSV in a process of its own: few at once on a machine, each with limits of memory, size and time."""

import fcntl
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import BinaryIO

from django.conf import settings

from doorstep.kernel.values.reasons import Reason
from doorstep.systems.lodging.pages import workbook_reader
from doorstep.systems.lodging.pages.workbook_reader import SECONDS, UNREADABLE
from doorstep.systems.lodging.rules.sheets import (
    WORKBOOK_TOO_LARGE,
    WORKBOOK_TOO_SLOW,
    WORKBOOK_UNREADABLE,
    WORKBOOKS_TOO_MANY,
    check_archive,
)

PLACES = 2
"""How many are read at once by all web processes of this machine."""

PATIENCE = 5.0
"""Seconds that an upload waits for a place; most workbooks are read in half of one."""

READER = [sys.executable, "-m", workbook_reader.__name__]


def as_csv(workbook: BinaryIO) -> BinaryIO | list[Reason]:
    """The first sheet as CSV in UTF-8, in a temporary file that the caller closes; or why it cannot be read."""
    if found := check_archive(workbook):
        return found
    with _place() as place:
        if place is None:
            return [WORKBOOKS_TOO_MANY()]
        out = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
        if found := _read(workbook, out, place):
            out.close()
            return found
        return out


def _read(workbook: BinaryIO, out: BinaryIO, place: BinaryIO) -> list[Reason]:
    """The reader inherits the place, which is free again only when it has ended, whatever becomes of this process."""
    with tempfile.TemporaryFile() as source:
        workbook.seek(0)
        shutil.copyfileobj(workbook, source)
        source.seek(0)
        try:
            done = subprocess.run(
                READER,
                stdin=source,
                stdout=out,
                stderr=subprocess.DEVNULL,
                pass_fds=[place.fileno()],
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return [WORKBOOK_TOO_SLOW(seconds=SECONDS)]
    if done.returncode == 0:
        return []
    return [WORKBOOK_UNREADABLE() if done.returncode == UNREADABLE else WORKBOOK_TOO_LARGE()]


@contextmanager
def _place() -> Iterator[BinaryIO | None]:
    """A locked file that stands for one of the places, or None if all stay taken for as long as we are patient.

    A lock of the file system: every web process of the machine sees it, and it ends with its last holder.
    """
    folder = settings.HOME / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as opened:
        places = [opened.enter_context((folder / f"workbook-{number}.lock").open("ab")) for number in range(PLACES)]
        until = time.monotonic() + PATIENCE
        while not (place := _taken(places)) and time.monotonic() < until:
            time.sleep(0.05)
        yield place


def _taken(places: Sequence[BinaryIO]) -> BinaryIO | None:
    for place in places:
        with suppress(BlockingIOError):
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return place
    return None
