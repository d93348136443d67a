"""Kills and restarts in the middle of intake and of sealing: what was acknowledged is counted, once."""

import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from doorstep.site.embedded import database
from tests.faults.installation import DOORSTEP, environment_of, run_script, up, victims

SET_UP = """
import json
from doorstep.site.cli import installation
with installation("demo"):
    from doorstep.site.benches.stays import _houses
    print(json.dumps(_houses()))
"""
COUNT = """
import json
from doorstep.site.cli import installation
with installation():
    from django.db import connection
    from doorstep.kernel.declare.indicators import INDICATORS
    from doorstep.kernel.lake import engine, seal
    seal.seal()
    lake = engine.Engine()
    found = {s: sum(c.numerator for c in lake.evaluate([INDICATORS["lodging.notifications"]], engine.snapshot(), s)["lodging.notifications"]) for s in ("facts", "rollup")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT person) FROM lodging_stay")
        found["stays"], found["people"] = cursor.fetchone()
        cursor.execute("SELECT coalesce(sum(accepted), 0) FROM lodging_notice")
        found["notices"] = int(cursor.fetchone()[0])
        cursor.execute("SELECT count(*) FROM kernel_journalsubject")
        found["journal"] = cursor.fetchone()[0]
    print(json.dumps(found))
"""


class Client(threading.Thread):
    """A keeper's software: sends batches, and repeats each under its key until it is acknowledged."""

    def __init__(self, number: int, house: tuple[str, str], port: int, stop: threading.Event) -> None:
        super().__init__()
        self.number, (self.code, self.token), self.port, self.stop = number, house, port, stop
        self.acknowledged = 0
        self.repeated = 0
        self.refused: list[str] = []

    def run(self) -> None:
        batch = 0
        while not self.stop.is_set():
            batch += 1
            serial = self.number * 1_000_000 + batch * 20
            self.until_acknowledged(f"{self.number}-{batch}", [stay(serial + place) for place in range(20)])

    def until_acknowledged(self, key: str, stays: list[dict[str, object]]) -> None:
        body = json.dumps({"stays": stays}).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": key}
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                connection.request("POST", f"/api/lodging/v1/houses/{self.code}/stays", body, headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.repeated += 1
                time.sleep(0.1)
                continue
            finally:
                connection.close()
            if response.status == 200:
                self.acknowledged += answer["accepted"]
                if answer["refused"]:
                    self.refused.append(str(answer["refused"][0]))
                return
            self.repeated += 1
            time.sleep(0.1)
        self.refused.append(f"{key} was never acknowledged")


def stay(serial: int) -> dict[str, object]:
    born = date(1990, 5, 21)
    number = f"9{serial // 1_000_000:02}090{serial % 1_000_000:06}"
    guest = {"kind": "domestic", "full_name": "Nguyễn Văn Ví", "birth": born.isoformat(), "sex": "male"}
    guest |= {"nationality": "VN", "document_type": "national_id", "document_number": number}
    now = datetime.now(UTC)
    return {
        "guest": guest,
        "arrival": (now - timedelta(hours=1)).isoformat(),
        "expected_departure": (now + timedelta(days=2)).date().isoformat(),
        "reason": "tourism",
    }


@contextmanager
def under_load(home: Path, **settings: str) -> Iterator[tuple[dict[str, str], list[Client]]]:
    """`doorstep up` on a new installation, with four clients that notify; the environment of its commands."""
    environment = environment_of(home, **settings)
    houses = run_script(SET_UP, environment)[:4]
    stop = threading.Event()
    with up(environment) as port:
        clients = [Client(number, house, port, stop) for number, house in enumerate(houses, 1)]
        for client in clients:
            client.start()
        try:
            yield environment, clients
        finally:
            stop.set()
            for client in clients:
                client.join()


def assert_counted_once(environment: dict[str, str], clients: list[Client]) -> None:
    assert not [why for client in clients for why in client.refused]
    acknowledged = sum(client.acknowledged for client in clients)
    assert acknowledged > 0
    found = run_script(COUNT, environment)
    assert found == dict.fromkeys(("facts", "rollup", "stays", "people", "notices", "journal"), acknowledged)
    print(f"{acknowledged} acknowledged, all counted once")


def kill_everything(kills: int, home: Path) -> None:
    chance = random.Random(7)
    killed: list[str] = []
    with under_load(home, DOORSTEP_SYSTEMS="lodging,steering") as (environment, clients):
        while len(killed) < kills:
            with subprocess.Popen(
                [*DOORSTEP, "seal"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as sealing:
                time.sleep(chance.uniform(0.5, 1.8))
                if len(killed) % 5 == 4:
                    sealing.kill()
                    killed.append("seal")
                elif found := victims(home):
                    name = sorted(found)[len(killed) % len(found)]
                    os.kill(found[name], signal.SIGKILL)
                    killed.append(name)
    print(f"{len(killed)} kills: {', '.join(killed)}")
    assert_counted_once(environment, clients)


def test_killed_processes_lose_nothing(tmp_path):
    kill_everything(4, tmp_path)


@pytest.mark.soak
def test_twenty_kills_lose_nothing(tmp_path):
    kill_everything(20, tmp_path)


def test_a_database_of_one_s_own_that_is_stopped_and_started_again_loses_nothing(tmp_path):
    """Its operator restarts it while everything runs: pages say 503 meanwhile, and no process of ours need be started."""
    home = tmp_path / "installation"
    with (
        database(tmp_path / "elsewhere") as own,
        under_load(home, DOORSTEP_SYSTEMS="lodging,steering", DOORSTEP_DATABASE_URL=own.url) as (environment, clients),
    ):
        processes = victims(home)
        more(clients)
        for _ in range(2):
            own.stop()
            time.sleep(1.5)
            own.start()
            more(clients)
        assert victims(home) == processes, "none was started anew"
        assert sum(client.repeated for client in clients) > 0
    with database(tmp_path / "elsewhere"):
        assert_counted_once(environment, clients)


def more(clients: list[Client], seconds: float = 60) -> None:
    """Waits until everybody got another acknowledgement."""
    before = [client.acknowledged for client in clients]
    deadline = time.monotonic() + seconds
    while any(client.acknowledged == count for client, count in zip(clients, before, strict=True)):
        assert time.monotonic() < deadline, "somebody gets no answer any more"
        time.sleep(0.1)
