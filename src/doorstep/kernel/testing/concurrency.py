"""Several at once: tests of what two transactions do to each other."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(*runs: Callable[[], Any]) -> list[Any]:
    """Runs each in a thread and a connection of its own, all let go together; what each returned or raised."""
    outcomes: list[Any] = [None] * len(runs)
    start = threading.Barrier(len(runs))

    def run(place: int) -> None:
        try:
            start.wait(20)
            outcomes[place] = runs[place]()
        except Exception as failure:  # noqa: BLE001  the test judges it
            outcomes[place] = failure
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if any(thread.is_alive() for thread in threads):
        raise RuntimeError("somebody waits for ever")
    return outcomes
