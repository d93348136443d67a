"""`doorstep register import`: a thousand lines land, bad ones are named beside, and another Doorstep asks what is there."""

import csv
import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from doorstep.kernel.contracts import ask
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import Unavailable
from doorstep.kernel.wire import Place
from doorstep.profiles import vietnam
from doorstep.site.embedded import Embedded, database
from doorstep.site.processes import free_port
from doorstep.site.tests.test_commands import shell
from doorstep.systems.identity.contract import (
    Agreement,
    Alive,
    Claim,
    Match,
    Organisations,
    Particular,
    Particulars,
    ResidenceUnit,
    Sex,
    Told,
)
from doorstep.systems.identity.permissions import FOR_EID, FOR_MATCH

COMMUNE = "H38.901"
UNITS = f"code,kind,name_vi,name_en,valid_from,source,certainty\n{COMMUNE},commune,Xã Ví Dụ,Example,2020-01-01,test,invented\n"
HEADER = ["number", "full_name", "birth", "sex", "unit", "address", "resident_since"]
BORN = date(1990, 5, 21)


def person(serial: int, **changes: str) -> dict[str, str]:
    number = vietnam.profile(fictitious=True).fictitious_number(BORN, False, serial)
    told = {
        "number": number,
        "full_name": f"Nguyễn Văn {'ABCDEFGHIJKLMNOPQRST'[serial % 20]} Mẫu",
        "birth": "21/05/1990",
    }
    more = {"sex": "male", "unit": COMMUNE, "address": "12 Đường Mẫu", "resident_since": "2020-01-01"}
    return {**told, **more, **changes}


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, HEADER)
        out.writeheader()
        out.writerows(rows)
    return path


def key(serial: int) -> str:
    return f"national_id:VN:{person(serial)['number']}"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An installation with one commune, whose database runs."""
    home = tmp_path_factory.mktemp("register")
    (home / "units.csv").write_text(UNITS)
    with database(home), shell(home, DOORSTEP_MODE="demo") as run:
        (done,) = run(f"units import {home}/units.csv")
        assert done.code == 0
        yield home


@pytest.fixture
def run(home):
    with shell(home, DOORSTEP_MODE="demo") as run:
        yield run


def counted(home: Path, what: str) -> int:
    with psycopg.connect(Embedded(home).url) as connection:
        return connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0]  # noqa: S608  what a test says


def test_a_thousand_lines_land_and_the_bad_ones_are_named_beside(home, run, tmp_path):
    before, looked = counted(home, "identity_person"), counted(home, "kernel_journalsubject")
    rows = [person(serial) for serial in range(1000)]
    rows[10]["birth"], rows[20]["address"], rows[30]["number"] = "31/02/1990", "=1+1", "12"
    file = write(tmp_path / "persons.csv", rows)
    first, again = run(f"register import {file}", f"register import {file}")
    assert first.code == 1
    assert first.out.splitlines()[1:] == again.out.splitlines()[1:], "the same file gives the same answer"
    assert "997 persons taken, 0 of them known before; 3 lines refused." in first.out
    assert counted(home, "identity_person") == counted(home, "identity_residence") == before + 997
    assert counted(home, "kernel_journalentry WHERE detail = '997 entered, 0 known, 3 refused'") == 1
    assert counted(home, "kernel_journalsubject") == looked + 997
    answers = tmp_path / "persons.csv.answers.csv"
    assert answers.stat().st_mode & 0o777 == 0o600
    with answers.open(newline="", encoding="utf-8") as beside:
        told = [row for row in csv.DictReader(beside) if row["# outcome"] == "refused"]
    assert [(row["# line"], row["# field"]) for row in told] == [("12", "birth"), ("22", "address"), ("32", "number")]
    assert told[0]["# what is wrong"] == "This is no date of the calendar."
    assert (told[0]["full_name"], told[1]["address"]) == (rows[10]["full_name"], "'=1+1")

    for row, good in zip(told, (person(10), person(20), person(30)), strict=True):
        row.update(good)
    with answers.open("w", newline="", encoding="utf-8") as out:
        corrected = csv.DictWriter(out, told[0])
        corrected.writeheader()
        corrected.writerows(told)
    (last,) = run(f"register import {answers}")
    assert (last.code, counted(home, "identity_person")) == (0, before + 1000)


def test_parquet_lands_as_csv_does(home, run, tmp_path):
    before = counted(home, "identity_person")
    rows = [person(serial, full_name="Trần Thị Mẫu" if serial % 2 else "Lê Văn Ví") for serial in range(5000, 5010)]
    table = pa.Table.from_pylist(rows)
    born = pa.array([BORN] * len(rows), pa.date32())
    died = pa.array([None] * (len(rows) - 1) + [datetime(2024, 1, 1)], pa.timestamp("us"))  # noqa: DTZ001  as files hold them
    table = table.set_column(2, "birth", born).append_column("died", died).append_column("# note", born)
    pq.write_table(table, tmp_path / "persons.parquet")
    (done,) = run(f"register import {tmp_path}/persons.parquet")
    assert "10 persons taken, 0 of them known before; 0 lines refused." in done.out
    assert done.code == 0
    assert counted(home, "identity_person") == before + 10
    assert counted(home, "identity_person WHERE died = '2024-01-01'") == 1
    assert counted(home, "identity_residence WHERE valid_to = '2024-01-02'") == 1

    torn = (tmp_path / "persons.parquet").read_bytes()
    (tmp_path / "torn.parquet").write_bytes(torn[: len(torn) // 2])
    pq.write_table(table.drop_columns(["number"]), tmp_path / "lacks.parquet")
    cut, lacks = run(f"register import {tmp_path}/torn.parquet", f"register import {tmp_path}/lacks.parquet")
    assert (cut.code, lacks.code) == (1, 1)
    assert "cannot be read to its end" in cut.err
    assert "The column number is missing." in lacks.err


def test_a_file_that_is_none_is_refused_as_a_whole(home, run, tmp_path):
    before = counted(home, "identity_person")
    for name, content in (
        ("empty.csv", b""),
        ("header.csv", ",".join(HEADER).encode()),
        ("utf16.csv", ",".join(HEADER).encode("utf-16")),
        ("other.csv", b"a,b\n1,2\n"),
    ):
        (tmp_path / name).write_bytes(content)
    commands = [
        f"register import {tmp_path}/{name}" for name in ("empty.csv", "header.csv", "utf16.csv", "other.csv", "none")
    ]
    empty, header, wide, other, none = run(*commands)
    assert {done.code for done in (empty, header, wide, other, none)} == {1}
    assert "The file holds no persons." in empty.err
    assert "The file holds no persons." in header.err
    assert "this is not text in UTF-8" in wide.err
    assert "There is no column a." in other.err
    assert "none cannot be read: No such file or directory." in none.err
    assert not list(tmp_path.glob("*.answers.csv"))
    assert counted(home, "identity_person") == before


def test_an_import_that_was_killed_goes_on_where_it_was(home, tmp_path):
    """Killed after some batches: the file again enters the rest, and says what it would have said at once."""
    rows = [person(serial, full_name="Phạm Thị Ví") for serial in range(100_000, 140_000)]
    file = write(tmp_path / "long.csv", rows)
    before = counted(home, "identity_person")
    command = [sys.executable, "-c", "from doorstep.site.cli import main; raise SystemExit(main())"]
    environment = {**os.environ, "DOORSTEP_HOME": str(home), "DOORSTEP_MODE": "demo", "LC_ALL": "C.UTF-8"}
    asked = [*command, "register", "import", str(file)]
    with subprocess.Popen(asked, env=environment, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline().startswith("10,000 lines")
        first.send_signal(signal.SIGKILL)
    between = counted(home, "identity_person")
    assert before + 10_000 <= between < before + 40_000
    again = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    assert "40,000 persons taken, 0 of them known before; 0 lines refused." in again.stdout
    assert counted(home, "identity_person") == counted(home, "identity_residence") == before + 40_000


@pytest.fixture
def elsewhere(home, run, tmp_path, settings):
    """The installation serves; this one asks it instead of its own, empty register."""
    file = write(tmp_path / "served.csv", [person(serial, full_name="Hoàng Văn Mẫu") for serial in (200_001, 200_002)])
    taken, issued = run(f"register import {file}", "tokens issue north --role identity.asker")
    assert (taken.code, issued.code) == (0, 0)
    (tmp_path / "token").write_text(issued.out)
    port = free_port()
    environment = {**os.environ, "DOORSTEP_HOME": str(home), "DOORSTEP_MODE": "demo"}
    command = "from doorstep.site.cli import main; raise SystemExit(main())"
    up = [sys.executable, "-c", command, "up", "--port", str(port)]
    with subprocess.Popen(up, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until_healthy(port)
            settings.ELSEWHERE = {"identity": Place(f"http://127.0.0.1:{port}/", tmp_path / "token")}
            yield
        finally:
            server.terminate()


def until_healthy(port: int) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the other installation did not start")


@pytest.mark.django_db(transaction=True)
def test_the_register_lies_elsewhere(elsewhere):
    """A second Doorstep answers over HTTP; what it says is journalled here too, under the same people."""
    by = By(Actor("service:health", "H38", ("identity.asker",)), datetime(2024, 3, 1, 3, tzinfo=UTC))
    one, other, nobody = key(200_001), key(200_002), key(300_000)
    matched = ask(by, FOR_MATCH, Match([Claim(one, "mau HOANG van", BORN, Sex.FEMALE), Claim(nobody, "Lan")]))
    assert matched.value == [Agreement(True, True, True, False), Agreement(False)]
    assert matched.source.startswith("http://127.0.0.1:")
    told = ask(by, FOR_EID, Particulars([one], [Particular.FULL_NAME, Particular.UNIT])).value
    assert told == [Told(full_name="Hoàng Văn Mẫu", unit=COMMUNE)]
    assert ask(by, FOR_MATCH, Alive([other, nobody])).value == [True, None]
    assert ask(by, FOR_MATCH, ResidenceUnit([other], date(2021, 1, 1))).value == [COMMUNE]
    assert ask(by, FOR_MATCH, Organisations(["9000000010"])).value == [None]
    assert JournalEntry.objects.filter(actor="service:health", detail=matched.source).count() == 5
    with pytest.raises(Unavailable):
        ask(by, FOR_MATCH, Particulars([one], [Particular.ADDRESS]))
