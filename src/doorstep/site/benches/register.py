"""The population register: asks about a hundred persons and about one, beside bare look-ups by key; import, beside COPY."""

import argparse
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from doorstep.site.benches import Measure

ASKED, WARM_UP, PEER_SECONDS = 100, 5.0, 10.0
MOST_IMPORTED = 1_000_000
SEED = 1
PART = 100_000
_SURNAMES = [
    "Nguyễn",
    "Nguyễn",
    "Nguyễn",
    "Nguyễn",
    "Trần",
    "Trần",
    "Lê",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
]
_MIDDLE = [
    "Văn",
    "Thị",
    "Đức",
    "Minh",
    "Ngọc",
    "Thanh",
    "Hữu",
    "Quốc",
    "Gia",
    "Bảo",
    "Kim",
    "Thu",
    "Xuân",
    "Đình",
    "Công",
    "Thế",
    "Khánh",
    "Mỹ",
    "Hồng",
    "Tuấn",
]
_GIVEN = [
    "Anh",
    "Bình",
    "Cường",
    "Dung",
    "Đạt",
    "Giang",
    "Hà",
    "Hải",
    "Hạnh",
    "Hiền",
    "Hiếu",
    "Hoa",
    "Hùng",
    "Hương",
    "Huy",
    "Lan",
    "Linh",
    "Long",
    "Mai",
    "Nam",
    "Nga",
    "Phong",
    "Sơn",
]


class Made(NamedTuple):
    """A made-up person as a line of a file."""

    number: str
    full_name: str
    birth: date
    sex: str
    unit: str


def measure(arguments: argparse.Namespace) -> list[Measure]:
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        os.environ.update(DOORSTEP_HOME=folder, DOORSTEP_MODE="demo", DOORSTEP_SYSTEMS="identity")
        os.environ.pop("DOORSTEP_DATABASE_URL", None)
        from doorstep.site.cli import installation  # noqa: PLC0415  after the environment is set

        with installation("demo"):
            return _measure(arguments.persons, arguments.seconds, Path(folder))


def _measure(persons: int, seconds: float, folder: Path) -> list[Measure]:
    communes = _communes()
    _fill(persons, communes)
    many = _asks(persons, ASKED, seconds)
    keys = _keys(ASKED)
    one = _asks(persons, 1, seconds)
    key = _keys(1)
    lines = min(persons, MOST_IMPORTED)
    imported = _import(folder / "persons.csv", islice(_people(persons, persons + lines, communes), lines))
    copied = _copy_rate(lines)
    return [
        _named("register.lookup", "persons/s", many, "SELECT by primary key", keys, persons),
        _named("register.ask", "asks/s", one, "SELECT by primary key", key, persons),
        _named("register.import", "persons/s", ([lines / imported], []), "COPY", copied, lines),
    ]


def _named(
    name: str, unit: str, measured: tuple[list[float], list[float]], peer: str, peer_figure: float, rows: int
) -> Measure:
    (figure,), latencies = measured
    return Measure(
        name=name,
        figure=figure,
        unit=unit,
        peer=peer,
        peer_figure=peer_figure,
        ratio=figure / peer_figure,
        p50_ms=statistics.median(latencies) if latencies else None,
        p99_ms=statistics.quantiles(latencies, n=100)[98] if latencies else None,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        rows=rows,
    )


def _communes() -> list[str]:
    """Ninety-nine made-up communes in each province."""
    from doorstep.kernel.country import profile  # noqa: PLC0415  after Django's set-up
    from doorstep.kernel.store import units  # noqa: PLC0415

    found = []
    for row in profile().units.localities(datetime.now(UTC).date()):
        below = profile().units.invented_communes(row.code, 99, 0)
        units.load(below)
        found += [one.code for one in below]
    return found


def _people(first: int, end: int, communes: list[str]) -> Iterator[Made]:
    """Persons with the serial numbers from `first` up to `end`; names are about as often alike as real ones."""
    from doorstep.kernel.country import profile  # noqa: PLC0415  after Django's set-up

    chance = random.Random(SEED + first)  # noqa: S311  nothing here is secret
    number_of = profile().fictitious_number
    names = [
        f"{surname} {middle} {given} {last}"
        for surname in dict.fromkeys(_SURNAMES)
        for middle in _MIDDLE[:8]
        for given in _GIVEN[:12]
        for last in _GIVEN
        if given != last
    ]
    for serial in range(first, end):
        female = bool(serial % 2)
        birth = date(1930, 1, 1) + timedelta(days=int(chance.random() * 34_000))
        name = names[int(chance.random() * len(names))]
        unit = communes[int(chance.random() * len(communes))]
        yield Made(number_of(birth, female, serial), name, birth, "female" if female else "male", unit)


def _fill(persons: int, communes: list[str]) -> None:
    """Persons by COPY, with a residence each, before the clock; indexes are made afterwards."""
    from django.db import connection  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel.values.ids import uuid7s  # noqa: PLC0415
    from doorstep.kernel.values.names import search_words  # noqa: PLC0415
    from doorstep.systems.identity.rules.register import likeness  # noqa: PLC0415

    ids = uuid7s(datetime.now(UTC) - timedelta(hours=1), persons)
    known: dict[str, tuple[str, int]] = {}
    with connection.cursor() as cursor:
        dropped = _drop_indexes(cursor, "identity_residence") + _drop_indexes(cursor, "identity_person")
        with cursor.copy(
            "COPY identity_person (id, number, full_name, words, likeness, birth, sex, nationality, unit, address, version)"
            " FROM STDIN"
        ) as copy:
            people = zip(_people(0, persons, communes), ids, strict=True)
            while part := list(islice(people, PART)):
                rows = []
                for one, own in part:
                    if one.full_name not in known:
                        words = search_words(one.full_name)
                        known[one.full_name] = (f"{{{','.join(words)}}}", likeness(words))
                    told = (own.hex, one.number, one.full_name, *known[one.full_name], one.birth, one.sex)
                    rows.append("\t".join(map(str, (*told, "VN", one.unit, "12 Đường Ví Dụ", 1))))
                copy.write("\n".join(rows) + "\n")
        cursor.execute(
            "INSERT INTO identity_residence (id, person_id, kind, unit, address, valid_from)"
            " SELECT id, id, 'permanent', unit, address, birth FROM identity_person"
        )
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for statement in dropped:
            cursor.execute(statement)
        cursor.execute("RESET maintenance_work_mem")
        cursor.execute("VACUUM ANALYZE identity_person, identity_residence")


def _drop_indexes(cursor: Any, table: str) -> list[str]:
    """Drop all but the primary key; returns the statements that make them again."""
    cursor.execute(
        "SELECT conname, 'ALTER TABLE ' || %s || ' ADD CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('u', 'f')",
        [table, table],
    )
    constraints = cursor.fetchall()
    for name, _ in constraints:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT indisprimary",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    return [statement for _, statement in constraints + indexes]


def _asks(persons: int, at_once: int, seconds: float) -> tuple[list[float], list[float]]:
    """Persons a second and milliseconds an ask: one process, one commit an ask, the journal on; answers are checked."""
    from doorstep.kernel.contracts import ask  # noqa: PLC0415  after Django's set-up
    from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
    from doorstep.kernel.store.writing import By  # noqa: PLC0415
    from doorstep.kernel.values.ids import person_key  # noqa: PLC0415
    from doorstep.systems.identity.contract import Claim, Match, Sex  # noqa: PLC0415
    from doorstep.systems.identity.permissions import FOR_MATCH  # noqa: PLC0415

    known = list(_sample(max(at_once, min(persons, 20_000))))
    claims = [
        Claim(person_key("national_id", "VN", number), name, birth, Sex(sex)) for number, name, birth, sex in known
    ]
    actor = Actor("bench", roles=("identity.asker",))
    place = 0

    def once() -> None:
        nonlocal place
        place = (place + at_once) % (len(claims) - at_once + 1)
        told = ask(By(actor, datetime.now(UTC)), FOR_MATCH, Match(claims[place : place + at_once])).value
        if not all(one.known and one.full_name and one.birth and one.sex for one in told) or len(told) != at_once:
            raise RuntimeError("a person was not found, or did not agree")

    latencies, spent = _timed(once, WARM_UP, seconds)
    return [len(latencies) * at_once / spent], latencies


def _sample(count: int) -> list[tuple[str, str, date, str]]:
    """Persons from all over the table, in random order."""
    from django.db import connection  # noqa: PLC0415  after Django's set-up

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM identity_person")
        (rows,) = cursor.fetchone()
        percent = min(100.0, 120 * count / rows)
        cursor.execute(
            "SELECT number, full_name, birth, sex FROM identity_person TABLESAMPLE BERNOULLI (%s) REPEATABLE (%s)"
            " ORDER BY md5(number) LIMIT %s",
            [percent, SEED, count],
        )
        found: list[tuple[str, str, date, str]] = cursor.fetchall()
    return found


def _keys(at_once: int) -> float:
    """Rows a second by primary key on one connection, so many in a statement, without a journal."""
    from django.db import connection  # noqa: PLC0415  after Django's set-up

    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM identity_person TABLESAMPLE SYSTEM (1) ORDER BY md5(number) LIMIT 20000")
        ids: list[UUID] = [number for (number,) in cursor.fetchall()] or [UUID(int=0)]
        place = 0

        def once() -> None:
            nonlocal place
            place = (place + at_once) % max(1, len(ids) - at_once + 1)
            wanted = ids[place : place + at_once]
            if at_once == 1:
                cursor.execute("SELECT * FROM identity_person WHERE id = %s", wanted)
            else:
                cursor.execute("SELECT * FROM identity_person WHERE id = ANY(%s)", [wanted])
            cursor.fetchall()

        latencies, spent = _timed(once, 1.0, PEER_SECONDS)
    return len(latencies) * at_once / spent


def _timed(once: Callable[[], None], warm_up: float, seconds: float) -> tuple[list[float], float]:
    """Milliseconds of each call that began after the warm-up, and the seconds of all."""
    until = time.monotonic() + warm_up
    while time.monotonic() < until:
        once()
    latencies = []
    began = time.monotonic()
    while (start := time.monotonic()) < began + seconds:
        once()
        latencies.append((time.monotonic() - start) * 1000)
    return latencies, time.monotonic() - began


def _import(path: Path, people: Iterator[Made]) -> float:
    """Seconds that the command takes for a CSV file, from reading it to the last commit."""
    from doorstep.site.commands.register import import_file  # noqa: PLC0415  after Django's set-up

    with path.open("w", encoding="utf-8") as out:
        out.write("number,full_name,birth,sex,unit,address\n")
        out.writelines(
            f"{one.number},{one.full_name},{one.birth},{one.sex},{one.unit},12 Đường Ví Dụ\n" for one in people
        )
    began = time.monotonic()
    if import_file(path, say=lambda _: None):
        raise RuntimeError("lines were refused")
    return time.monotonic() - began


def _copy_rate(lines: int) -> float:
    """Persons a second of one connection's text COPY, with residence, into identical empty tables, until 10 s."""
    from django.db import connection  # noqa: PLC0415  after Django's set-up

    rows = min(lines, 200_000)
    newest = f"(SELECT id FROM identity_person ORDER BY id DESC LIMIT {rows})"  # noqa: S608  a number of ours
    tables = {"identity_person": f"WHERE id IN {newest}", "identity_residence": f"WHERE person_id IN {newest}"}
    with connection.cursor() as cursor:
        contents = {}
        for table, which in tables.items():
            cursor.execute(f"CREATE TABLE peer_{table} (LIKE {table} INCLUDING ALL)")
            with cursor.copy(f"COPY (SELECT * FROM {table} {which}) TO STDOUT") as out:  # noqa: S608  our own names
                contents[table] = b"".join(map(bytes, out))
        cursor.execute(
            "ALTER TABLE peer_identity_residence ADD FOREIGN KEY (person_id) REFERENCES peer_identity_person (id)"
            " DEFERRABLE INITIALLY DEFERRED"
        )
        if any(content.count(b"\n") != rows for content in contents.values()):
            raise RuntimeError("not every person has one residence")
        copied, spent = 0, 0.0
        while spent < PEER_SECONDS:
            cursor.execute("TRUNCATE peer_identity_person, peer_identity_residence")
            start = time.monotonic()
            for table, content in contents.items():
                with cursor.copy(f"COPY peer_{table} FROM STDIN") as copy:
                    for place in range(0, len(content), 1 << 20):
                        copy.write(content[place : place + (1 << 20)])
            spent += time.monotonic() - start
            copied += rows
    return copied / spent
