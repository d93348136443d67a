"""For tests on the database: units, the published figures, facts in the outbox, reports of them, and what a page says."""

import html
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from unittest.mock import patch

import msgspec
import pytest

from doorstep.kernel.country import profile
from doorstep.kernel.declare.indicators import INDICATORS
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.models import FactBatch
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.period import Period
from doorstep.systems.steering import tasks
from doorstep.systems.steering.actions import Imported, import_figures
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.tests.builders import PUBLISHED

AT = datetime(2024, 7, 10, 7, tzinfo=UTC)
LATER = AT + timedelta(days=1)
HALF = Period.parse("2024-H1")
SECRETARY = Actor("secretary", roles=("steering.secretary",))
STAYS, HOUSES, ON_TIME = (f"lodging.{name}" for name in ("notifications", "establishments", "on_time_rate"))


def official_units() -> None:
    units.load(profile().units.rows)


def submit(content: bytes = PUBLISHED, at: datetime = AT, owner: str = "G22") -> Imported:
    return import_figures(By(SECRETARY, at), content, owner)


def put(indicator: str, *rows: tuple[str, str, int], late: bool = False) -> None:
    """Facts that the indicator reads into the outbox: unit, day and how many; the other fields at their first code."""
    kind = INDICATORS[indicator].fact
    columns: dict[str, list[object]] = {name: [] for name in kind.columns}
    for unit, day, count in rows:
        values = {"day": day, "unit": unit, "late": late, "n": 1 if count > 0 else -1}
        for name, annotation in kind.columns.items():
            value = values[name] if name in values else str(next(iter(annotation)))
            columns[name] += [value] * abs(count)
    FactBatch.objects.create(
        kind=kind.name,
        version=kind.version,
        recorded=AT.date(),
        rows=len(columns["n"]),
        columns=msgspec.msgpack.encode(columns),
    )


def half_a_year() -> None:
    """Some stays of two provinces, late ones among them, and their houses."""
    put(STAYS, ("H38.901.01", "2024-01-15", 30), ("H38.902.01", "2024-03-31", 12), ("H26.1.1", "2024-06-30", 40))
    put(STAYS, ("H26.1.1", "2024-06-29", 10), late=True)
    put(HOUSES, ("H38.901.01", "2023-12-31", 2), ("H26.1.1", "2024-06-29", 1))


def published(at: datetime = AT, unit: str = "") -> reports.Report:
    return tasks.make_report(HALF, unit, at)


ENGINES = {
    name: import_module(name)
    for name in ("duckdb", "ibis", "pyarrow", "doorstep.kernel.lake.engine", "doorstep.systems.steering.tasks")
}


def without_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on whoever imports an engine fails, as in a web process."""
    for name in ENGINES:
        monkeypatch.setitem(sys.modules, name, None)


@contextmanager
def task_side() -> Iterator[None]:
    """Where engines may be loaded, between two looks at pages."""
    with patch.dict(sys.modules, ENGINES):
        yield


def words(page: str) -> str:
    """What a reader reads, without marks of direction."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", " ", body))
    return " ".join(re.sub("[\u2066-\u2069\u200e\u200f]", "", text).split())


def line(report: reports.Report, key: str) -> reports.Line:
    return next(one for one in report.lines() if one.key == key)
