"""The process beside the web: does each system's recurring work when it is due, and goes on after a failure."""

import logging
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from doorstep.site.cli import set_up

log = logging.getLogger("doorstep.tasks")

Work = tuple[timedelta, Callable[[datetime], object]]
"""How often, and what: a function of now, True when there is more to do at once. A system lists its own in `EVERY`."""

Lane = Sequence[Work]
"""What is done by one thread, one after the other. A system lists in `ASIDE` lanes of what waits for somebody outside."""

QUICK = timedelta(seconds=2)
"""Work that comes more often has a thread of its own, once for each time it is listed: people wait for it."""
LONGEST_PAUSE, LONGEST_PAUSE_ASIDE, LONGEST_QUICK_PAUSE = (
    timedelta(hours=1),
    timedelta(minutes=5),
    timedelta(seconds=10),
)


def all_work() -> list[Work]:
    from doorstep.kernel import tasks  # noqa: PLC0415  after Django's set-up
    from doorstep.site import delivery  # noqa: PLC0415

    return [work for room in [tasks, delivery, *_rooms()] for work in room.EVERY]


def lanes_aside() -> list[Lane]:
    return [lane for room in _rooms() for lane in getattr(room, "ASIDE", ())]


def _rooms() -> list[Any]:
    from doorstep.kernel.system import systems  # noqa: PLC0415  after Django's set-up

    return [room for system in systems() if (room := system.room("tasks"))]


def main() -> None:
    """Until SIGTERM. A failure is logged and tried again later, twice as late each time, at most an hour."""
    set_up()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    work = all_work()
    quick = [threading.Thread(target=run, args=([one], stopped, LONGEST_QUICK_PAUSE)) for one in work if one[0] < QUICK]
    aside = [threading.Thread(target=run, args=(lane, stopped, LONGEST_PAUSE_ASIDE)) for lane in lanes_aside()]
    for thread in (*quick, *aside):
        thread.start()
    run([one for one in work if one[0] >= QUICK], stopped, LONGEST_PAUSE)
    for thread in (*quick, *aside):
        thread.join()


def run(work: Sequence[Work], stopped: threading.Event, longest: timedelta) -> None:
    """Do what is due, one after the other, until `stopped`; after failures wait at most `longest` (or the usual time)."""
    from django.db import close_old_connections, connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    due = [time.monotonic()] * len(work)
    failures = [0] * len(work)
    while not stopped.is_set():
        for place, (every, function) in enumerate(work):
            if time.monotonic() < due[place] or stopped.is_set():
                continue
            more: object = False
            try:
                more = function(timezone.now())
                failures[place] = 0
            except Exception as failure:  # noqa: BLE001  whatever it is, the other work goes on and this is tried again
                failures[place] += 1
                # Where and what kind, not its message, which may quote a person's record.
                place_of = "".join(traceback.format_tb(failure.__traceback__))
                told = (getattr(function, "__qualname__", function), failures[place], type(failure).__name__, place_of)
                log.error("%s failed, time %d in a row: %s\n%s", *told)  # noqa: TRY400
                connection.close()
            pause = min(every * 2 ** min(failures[place], 20), max(every, longest))
            due[place] = time.monotonic() + (0 if more is True else pause.total_seconds())
        close_old_connections()
        stopped.wait(max(0, min(due, default=time.monotonic() + 1) - time.monotonic()))
    connection.close()


if __name__ == "__main__":
    main()
