"""The evening on which everybody comes: 50,000 arrivals in a minute, each answered with the page or with a place.

Whoever has a place comes again when told to, as a browser does, until it is called or the minute is over.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from collections import Counter

from doorstep.site.benches import Measure
from doorstep.site.benches.browsers import Browser
from doorstep.site.benches.serving import identity_alone, serving
from doorstep.site.benches.signin import Person, make_people

ARRIVALS, SECONDS, PEOPLE = 50_000, 60.0, 6_000
PROMISED = 0.2
"""Seconds within which everybody is to see something."""


def measure(arguments: argparse.Namespace) -> list[Measure]:  # noqa: ARG001  every bench takes them
    with identity_alone() as port:
        people = make_people(PEOPLE)
        with serving(port) as (addresses, resident):
            came = asyncio.run(_evening([(address, port) for address in addresses], people))
            peak = resident()
    kinds = Counter(kind for kind, _ in came)
    sys.stderr.write(f"{dict(kinds)}\n")
    asked = [(kind, seconds) for kind, seconds in came if not kind.startswith("signed in")]
    answered = [seconds for kind, seconds in asked if kind in {"page", "place"}]
    return [
        Measure(
            name="crowd.answered",
            figure=sum(seconds <= PROMISED for seconds in answered) / len(asked),
            unit="of all within 200 ms",
            p50_ms=statistics.median(answered) * 1000,
            p99_ms=statistics.quantiles(answered, n=100)[98] * 1000,
            peak_mib=peak,
            rows=len(answered),
        )
    ]


async def _evening(servers: list[tuple[str, int]], people: list[Person]) -> list[tuple[str, float]]:
    """Everybody comes when it is their time, whoever is still there; whoever gets the page signs in."""
    began, came, devices = time.monotonic() + 1, [], iter(people)
    over = began + SECONDS
    turns = itertools.cycle(servers)

    async def person(due: float, server: tuple[str, int]) -> None:
        browser = Browser(*server, f"localhost:{server[1]}")
        try:
            while True:
                page = await browser.get("/identity/sign-in/")
                kind = {200: "page", 503: "place"}.get(page.status, f"status {page.status}")
                came.append((kind, time.monotonic() - due))
                due = time.monotonic() + int(page.headers.get("refresh", "0"))
                if kind != "place" or due > over:
                    break
                browser.close()
                await asyncio.sleep(due - time.monotonic())
            if kind == "page" and (own := next(devices, None)):
                told = {"csrfmiddlewaretoken": browser.cookies["csrf"], "answer": own.assertion, "next": ""}
                done = await browser.post("/identity/sign-in/passkey/", told)
                came.append((f"signed in {done.status}", 0.0))
        except (OSError, asyncio.IncompleteReadError) as error:
            came.append((type(error).__name__, time.monotonic() - due))
        finally:
            browser.close()

    async with asyncio.TaskGroup() as everybody:
        for number in range(ARRIVALS):
            due = began + number * SECONDS / ARRIVALS
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
            everybody.create_task(person(due, next(turns)))
    return came
