"""A portrait from a stranger becomes a small JPEG without anything but its points, in a process of its own with limits."""

import subprocess
import sys
from threading import BoundedSemaphore
from typing import BinaryIO

from doorstep.kernel.values.reasons import TOO_MANY, Reason
from doorstep.systems.identity.pages import portrait_reader
from doorstep.systems.identity.pages.portrait_reader import LEAST_SIDE, MOST_POINTS, TOO_MANY_POINTS, TOO_SMALL
from doorstep.systems.identity.rules.portraits import (
    LARGEST_PORTRAIT,
    PORTRAIT_SMALL,
    PORTRAIT_TOO_LARGE,
    PORTRAIT_UNREADABLE,
    check_size,
)

PLACES = BoundedSemaphore(2)
"""How many are read at once by this process, so that pages are still served meanwhile."""
PATIENCE = 5.0
"""Seconds that an upload waits for a place; most portraits are read in half of one."""

READER = [sys.executable, "-m", portrait_reader.__name__]


def read_portrait(file: BinaryIO) -> bytes | list[Reason]:
    """The portrait as JPEG, at most 600 by 800 points, or why it cannot be read."""
    content = file.read(LARGEST_PORTRAIT + 1)
    if found := check_size(len(content)):
        return found
    if not PLACES.acquire(timeout=PATIENCE):
        return [TOO_MANY("portrait", minutes=1)]
    try:
        done = subprocess.run(READER, input=content, capture_output=True, timeout=portrait_reader.SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return [PORTRAIT_UNREADABLE("portrait")]
    finally:
        PLACES.release()
    if done.returncode == 0:
        return done.stdout
    if done.returncode == TOO_MANY_POINTS:
        return [PORTRAIT_TOO_LARGE("portrait", most=MOST_POINTS // 1_000_000)]
    return [
        PORTRAIT_SMALL("portrait", least=LEAST_SIDE)
        if done.returncode == TOO_SMALL
        else PORTRAIT_UNREADABLE("portrait")
    ]
