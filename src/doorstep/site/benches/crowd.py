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

import msgspec

from doorstep.site.benches import Measure
from doorstep.site.benches.browsers import Browser
from doorstep.site.benches.serving import identity_alone, serving
from doorstep.site.benches.signin import Person, make_people

ARRIVALS, SECONDS, PEOPLE = 50_000, 60.0, 6_000
PROMISED = 0.2
"""Seconds within which everybody is to see something."""
SIGNED_IN = "signed in 303"


class Came(msgspec.Struct, frozen=True):
    """What somebody asked for ("first", "again" after a place, "sign in"), the answer, and how many seconds it took.

    `within` tells that the answer came before the minute was over.
    """

    asked: str
    answer: str
    seconds: float
    within: bool


def measure(arguments: argparse.Namespace) -> list[Measure]:  # noqa: ARG001  every bench takes them
    with identity_alone() as port:
        people = make_people(PEOPLE)
        with serving(port) as (addresses, resident):
            came = asyncio.run(_evening([(address, port) for address in addresses], people))
            peak = resident()
    sys.stderr.write(f"{dict(Counter(f'{one.asked}: {one.answer}' for one in came))}\n")
    return measures(came, peak)


def measures(came: list[Came], peak: float) -> list[Measure]:
    """All answers, those to who came first and those to who came again; and how many signed in within the minute."""
    pages = [one for one in came if not one.answer.startswith("signed in")]
    found = []
    for name, asked in (("answered", {"first", "again", "sign in"}), ("first", {"first"}), ("again", {"again"})):
        of_these = [one for one in pages if one.asked in asked]
        answered = [one.seconds for one in of_these if one.answer in {"page", "place"}]
        share = sum(seconds <= PROMISED for seconds in answered) / max(len(of_these), 1)
        found.append(_measure(f"crowd.{name}", share, "of all within 200 ms", answered, peak))
    done = [one.seconds for one in came if one.answer == SIGNED_IN and one.within]
    return [*found, _measure("crowd.signed_in", len(done), "people within the minute", done, peak)]


def _measure(name: str, figure: float, unit: str, took: list[float], peak: float) -> Measure:
    """With median and 99th percentile of what was measured in seconds, where there is enough of it."""
    return Measure(
        name=name,
        figure=figure,
        unit=unit,
        p50_ms=statistics.median(took) * 1000 if took else None,
        p99_ms=statistics.quantiles(took, n=100)[98] * 1000 if len(took) > 1 else None,
        peak_mib=peak,
        rows=len(took),
    )


async def _evening(servers: list[tuple[str, int]], people: list[Person]) -> list[Came]:
    """Everybody comes when it is their time, whoever is still there; whoever gets the page signs in."""
    came: list[Came] = []
    began, devices = time.monotonic() + 1, iter(people)
    over = began + SECONDS
    turns = itertools.cycle(servers)

    async def person(due: float, server: tuple[str, int]) -> None:
        browser, asks = Browser(*server, f"localhost:{server[1]}"), "first"

        def note(answer: str) -> None:
            now = time.monotonic()
            came.append(Came(asks, answer, now - due, now <= over))

        try:
            while True:
                page = await browser.get("/identity/sign-in/")
                kind = {200: "page", 503: "place"}.get(page.status, f"status {page.status}")
                note(kind)
                due = time.monotonic() + int(page.headers.get("refresh", "0"))
                if kind != "place" or due > over:
                    break
                asks = "again"
                browser.close()
                await asyncio.sleep(due - time.monotonic())
            if kind == "page" and (own := next(devices, None)):
                asks = "sign in"
                told = {"csrfmiddlewaretoken": browser.cookies["csrf"], "answer": own.assertion, "next": ""}
                done = await browser.post("/identity/sign-in/passkey/", told)
                note(f"signed in {done.status}")
        except (OSError, asyncio.IncompleteReadError) as error:
            note(type(error).__name__)
        finally:
            browser.close()

    async with asyncio.TaskGroup() as everybody:
        for number in range(ARRIVALS):
            due = began + number * SECONDS / ARRIVALS
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
            everybody.create_task(person(due, next(turns)))
    return came
