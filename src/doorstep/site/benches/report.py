"""All indicators by unit and month: from rollups, from the facts, and a raw DuckDB scan of the same files."""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from typing import Any

from doorstep.site.benches import Measure

ROWS_A_SEGMENT = 4_000_000
SEED = 1


def measure(arguments: argparse.Namespace) -> list[Measure]:
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        os.environ.update(DOORSTEP_HOME=folder, DOORSTEP_MODE="demo")
        os.environ.pop("DOORSTEP_DATABASE_URL", None)
        from doorstep.site.cli import installation  # noqa: PLC0415  after the environment is set

        with installation("demo"):
            rows = _fill(arguments.facts)
            rollup, facts, raw = (_in_new_process(source) for source in ("rollup", "facts", "raw"))
    if rollup["digest"] != facts["digest"]:
        raise RuntimeError("rollups and facts disagree")
    return [
        Measure(name="report.rollup", figure=rollup["seconds"], unit="s", peak_mib=rollup["peak_mib"], rows=rows),
        Measure(
            name="report.facts",
            figure=facts["seconds"],
            unit="s",
            peer="raw scan",
            peer_figure=raw["seconds"],
            ratio=facts["seconds"] / raw["seconds"],
            peak_mib=facts["peak_mib"],
            rows=rows,
        ),
    ]


def _fill(count: int) -> int:
    """Sealed segments of `count` facts: 63 provinces with 160 communes each, 181 days; two in five
    are of e-IDs, one in a hundred of a house, one in a hundred of an account.
    """
    import numpy as np  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from doorstep.kernel.lake import rings  # noqa: PLC0415
    from doorstep.kernel.lake.models import Ring  # noqa: PLC0415
    from doorstep.systems.identity.facts import EidCounted, Holder, Level, PortalEntered, Stage  # noqa: PLC0415
    from doorstep.systems.lodging.facts import EstablishmentFirstNotified, FacilityType, GuestKind, StayNotified  # noqa: PLC0415

    chance = np.random.default_rng(SEED)
    houses = accounts = count // 100
    eids = count * 2 // 5
    plan = [
        (StayNotified.KIND, count - eids - houses - accounts),
        (EidCounted.KIND, eids),
        (EstablishmentFirstNotified.KIND, houses),
        (PortalEntered.KIND, accounts),
    ]
    for kind, rows in plan:
        months = [date(2024, month, 1) for month in range(1, 7)]
        for place, month in enumerate(months):
            left = rows // 6 + (rows % 6 if place == 5 else 0)
            while left > 0:
                size = min(left, ROWS_A_SEGMENT)
                left -= size
                codes = {
                    "guest_kind": [one.value for one in GuestKind],
                    "channel": ["page", "scan", "upload", "api"],
                    "facility_type": [one.value for one in FacilityType],
                    "stage": [one.value for one in Stage],
                    "holder": [one.value for one in Holder],
                    "level": [one.value for one in Level],
                }
                with transaction.atomic():
                    rings.alone()
                    _add(kind, month, size, chance, codes)
    rings.publish(Ring.AUDITORS)
    return count


def _add(kind: Any, month: date, size: int, chance: Any, codes: dict[str, list[str]]) -> None:
    import numpy as np  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    from doorstep.kernel.lake import columns, seal  # noqa: PLC0415

    provinces = np.sort(chance.integers(1, 64, size))
    communes = chance.integers(1, 161, size)
    tops = pa.array([f"H{n:02}" for n in range(64)])
    units = pa.array([f"H{n // 161:02}.{n % 161:03}" for n in range(64 * 161)])
    days = np.array([np.datetime64(month + timedelta(days=n)) for n in range(28)])[chance.integers(0, 28, size)]
    arrays: dict[str, Any] = {
        "day": pa.array(days),
        "unit": units.take(pa.array(provinces * 161 + communes)),
        "top": tops.take(pa.array(provinces)),
        "month": pa.array(np.full(size, np.datetime64(month))),
        "recorded": pa.array(days),
        "late": pa.array(chance.random(size) < 0.05),
        "n": pa.array(np.where(chance.random(size) < 0.01, -1, 1)),
    }
    arrays |= {
        name: pa.array(values).take(pa.array(chance.integers(0, len(values), size))) for name, values in codes.items()
    }
    schema = columns.schema(kind)
    table = pa.table({name: arrays[name] for name in schema.names}).cast(schema)
    seal.add_segment(kind, month, table)


def _in_new_process(source: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "doorstep.site.benches.report", source]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(source: str) -> None:
    """One measurement in a process of its own: prints seconds, peak and the digest of the cells as JSON."""
    from doorstep.site.cli import set_up  # noqa: PLC0415

    set_up()
    from doorstep.kernel.declare.indicators import INDICATORS  # noqa: PLC0415
    from doorstep.kernel.lake import engine  # noqa: PLC0415

    indicators, size = list(INDICATORS.values()), engine.snapshot()
    lake = engine.Engine(threads=2)
    digest = ""
    if source == "raw":
        seconds = _raw(lake, indicators, size)
    else:
        start = time.monotonic()
        cells = lake.evaluate(indicators, size, "rollup" if source == "rollup" else "facts")
        seconds = time.monotonic() - start
        digest = hashlib.sha256(repr(sorted(cells.items())).encode()).hexdigest()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mib": peak, "digest": digest}))


def _raw(lake: Any, indicators: list[Any], size: int) -> float:
    """For each fact kind one `SELECT sum(c)` over each column that the formulas read; the second run counts."""
    from doorstep.kernel.lake import engine, files  # noqa: PLC0415

    kinds = {one.fact.name: one.fact for one in indicators}
    read = {
        "lodging.stay_notified": ("n", "late", "top", "month"),
        "lodging.establishment_first_notified": ("n", "top", "month"),
        "identity.eid_counted": ("n", "stage", "top", "month"),
        "identity.portal_entered": ("n", "top", "month"),
    }
    seconds = 0.0
    for name, kind in kinds.items():
        paths = [str(files.root() / segment.path) for segment in engine.segments(kind, size)]
        for column in read[name]:
            value = {"late": "late::int", "top": "length(top)", "stage": "length(stage)", "month": "epoch(month)"}.get(
                column, column
            )
            for _ in range(2):
                start = time.monotonic()
                lake.con.raw_sql(f"SELECT sum({value}) FROM read_parquet({paths!r})").fetchall()  # noqa: S608  our own paths
                last = time.monotonic() - start
            seconds += last
    return seconds


if __name__ == "__main__":
    main(sys.argv[1])
