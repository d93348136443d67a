"""Intake of stays: batches of 500 through HTTP, against a raw COPY of the same rows into the same server."""

import argparse
import http.client
import json
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from doorstep.site.benches import Measure
from doorstep.site.benches.serving import serving
from doorstep.site.processes import free_port

CLIENTS, BATCH, WARM_UP, PEER_SECONDS = 16, 500, 5.0, 10.0
ROWS_A_SECOND = 16_000
"""More bodies than can be used are made before the clock starts; running out ends the measurement early."""


def measure(arguments: argparse.Namespace) -> list[Measure]:
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        os.environ.update(DOORSTEP_HOME=folder, DOORSTEP_MODE="demo", DOORSTEP_SYSTEMS="lodging")
        os.environ.pop("DOORSTEP_DATABASE_URL", None)
        from doorstep.site.cli import installation  # noqa: PLC0415  after the environment is set

        with installation("demo"):
            return [_measure(arguments.seconds)]


def _measure(seconds: float) -> Measure:
    houses = _houses()
    bodies = _bodies(int((seconds + WARM_UP) * ROWS_A_SECOND / BATCH))
    port = free_port()
    with serving(port) as (addresses, resident):
        found = _drive(seconds, houses, bodies, [(addresses[n % len(addresses)], port) for n in range(CLIENTS)])
        peak = resident()
    _count_twice(found["all_rows"])
    rate = found["rows"] / found["seconds"]
    copied = _copy_rate()
    latencies = found["latencies"]
    sys.stderr.write(f"client CPU: {found['client_cpu']:.1f} s of {found['seconds']:.1f} s\n")
    return Measure(
        name="stays.intake",
        figure=rate,
        unit="stays/s",
        peer="COPY",
        peer_figure=copied,
        ratio=rate / copied,
        p50_ms=statistics.median(latencies),
        p99_ms=statistics.quantiles(latencies, n=100)[98],
        peak_mib=peak,
        rows=found["rows"],
    )


def _houses() -> list[tuple[str, str]]:
    """A house with its token for each client."""
    from django.utils import timezone  # noqa: PLC0415

    from doorstep.kernel.country import profile  # noqa: PLC0415
    from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
    from doorstep.kernel.store import tokens, units  # noqa: PLC0415
    from doorstep.kernel.store.writing import By  # noqa: PLC0415
    from doorstep.systems.lodging.actions.houses import enrol_establishment  # noqa: PLC0415
    from doorstep.systems.lodging.facts import FacilityType  # noqa: PLC0415

    province = profile().units.localities(timezone.now().date())[0].code
    units.load(profile().units.invented_communes(province, 4, 0))
    commune = units.below(province, timezone.now().date())[0].code
    made = []
    for number in range(CLIENTS):
        by = By(Actor(f"bench:{number}", roles=("lodging.keeper",)), timezone.now())
        code = enrol_establishment(by, f"Bench {number}", FacilityType.TOURIST, commune, "1 Đường Ví Dụ").code
        made.append((code, str(tokens.issue_token(by, "bench").secret)))
    return made


def _bodies(count: int) -> list[bytes]:
    """Batches of different people who came an hour ago."""
    from doorstep.kernel.country import profile  # noqa: PLC0415

    number_of = profile().fictitious_number
    now = datetime.now(UTC)
    came, leaves = (now - timedelta(hours=1)).isoformat(), (now + timedelta(days=2)).date().isoformat()
    bodies = []
    for batch in range(count):
        stays = []
        for serial in range(batch * BATCH, (batch + 1) * BATCH):
            born = date(1950 + serial % 50, 1 + serial % 12, 1 + serial % 28)
            guest = {
                "kind": "domestic",
                "full_name": "Nguyễn Thị Ví Dụ",
                "birth": born.isoformat(),
                "sex": "female" if serial % 2 else "male",
                "nationality": "VN",
                "document_type": "national_id",
                "document_number": number_of(born, bool(serial % 2), serial),
                "address": f"{serial % 300} Đường Ví Dụ, Lào Cai",
            }
            stay = {"guest": guest, "arrival": came, "expected_departure": leaves, "reason": "tourism", "room": "101"}
            stays.append(stay)
        bodies.append(json.dumps({"stays": stays}).encode())
    return bodies


def _drive(
    seconds: float, houses: list[tuple[str, str]], bodies: list[bytes], servers: list[tuple[str, int]]
) -> dict[str, Any]:
    """16 clients on persistent connections; every answer is checked. Counts what began after the warm-up."""
    remaining = iter(bodies)
    lock = threading.Lock()
    began = time.monotonic()
    first, last = began + WARM_UP, began + WARM_UP + seconds
    done: list[tuple[float, float]] = []
    failures: list[str] = []

    def client(number: int) -> None:
        code, token = houses[number]
        connection = http.client.HTTPConnection(*servers[number], timeout=60)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        while time.monotonic() < last and not failures:
            with lock:
                body = next(remaining, None)
            if body is None:
                break
            start = time.monotonic()
            connection.request("POST", f"/api/lodging/v1/houses/{code}/stays", body, headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            if response.status != 200 or answer["accepted"] != BATCH or answer["refused"]:
                failures.append(f"{response.status}: {str(answer)[:300]}")
                return
            done.append((start, time.monotonic()))
        connection.close()

    before = resource.getrusage(resource.RUSAGE_SELF)
    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = resource.getrusage(resource.RUSAGE_SELF)
    if failures:
        raise RuntimeError(failures[0])
    counted = [(start, end) for start, end in done if end >= first]
    return {
        "rows": len(counted) * BATCH,
        "all_rows": len(done) * BATCH,
        "seconds": max(end for _, end in counted) - first,
        "latencies": [(end - start) * 1000 for start, end in counted],
        "client_cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def _count_twice(rows: int) -> None:
    """What was answered is what is stored, journalled and counted."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM lodging_stay), (SELECT count(*) FROM kernel_journalsubject),"
            " (SELECT sum(rows) FROM kernel_factbatch WHERE kind = 'lodging.stay_notified')"
        )
        found = cursor.fetchone()
    if tuple(map(int, found)) != (rows, rows, rows):
        raise RuntimeError(f"answered {rows}, stored, journalled and counted {found}")


def _copy_rate() -> float:
    """Rows a second of one connection's text COPY into an identical empty table, repeated until 10 s."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE peer (LIKE lodging_stay INCLUDING ALL) PARTITION BY RANGE (id)")
        cursor.execute(
            "ALTER TABLE peer ADD FOREIGN KEY (establishment_id) REFERENCES lodging_establishment (id) DEFERRABLE INITIALLY DEFERRED"
        )
        cursor.execute(
            "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'lodging_stay'::regclass"
        )
        for name, bounds in cursor.fetchall():
            cursor.execute(f"CREATE TABLE peer_{name} PARTITION OF peer {bounds}")
        with cursor.copy("COPY (SELECT * FROM lodging_stay LIMIT 200000) TO STDOUT") as out:
            content = b"".join(map(bytes, out))
        rows = content.count(b"\n")
        copied, spent = 0, 0.0
        while spent < PEER_SECONDS:
            cursor.execute("TRUNCATE peer")
            start = time.monotonic()
            with cursor.copy("COPY peer FROM STDIN") as copy:
                for place in range(0, len(content), 1 << 20):
                    copy.write(content[place : place + (1 << 20)])
            spent += time.monotonic() - start
            copied += rows
    return copied / spent
