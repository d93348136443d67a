"""The command says 0 when it is done, 1 when it refused or found a difference, 2 when it was used wrongly."""

import contextlib
import csv
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import psycopg
import pytest
from django.db import connection

import doorstep
from doorstep.site.cli import COMMANDS, Stop, _refuse_another_database, main
from doorstep.site.commands.doctor import _answers
from doorstep.site.embedded import Embedded, database

PUBLISHED = Path(doorstep.__file__).parent / "profiles" / "vietnam" / "published-2024-h1.csv"
SECURE = {"DOORSTEP_SECRET_KEY": "k" * 50, "DOORSTEP_HOSTS": "services.example.org"}
RUN = """
import contextlib, io, json, sys, traceback
from doorstep.site.cli import main
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(json.loads(line))
        except SystemExit as ended:
            code = ended.code
        except BaseException:
            code = traceback.print_exc()
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""
"""One command after another in one process, since loading everything takes far longer than most of them."""


class Done(NamedTuple):
    """The exit code, None for a crash, and what was said."""

    code: int | None
    out: str
    err: str


@contextlib.contextmanager
def shell(home: Path, **environment: str) -> Iterator[Callable[..., list[Done]]]:
    """Runs commands on the installation in `home`, in a process of their own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DOORSTEP_", "DJANGO_"))}
    ours = {"DOORSTEP_HOME": str(home), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        env=kept | ours | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def run(*commands: str) -> list[Done]:
            done = []
            for command in commands:
                process.stdin.write(json.dumps(command.split()) + "\n")
                process.stdin.flush()
                done.append(Done(*json.loads(process.stdout.readline())))
            return done

        yield run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation")


@pytest.fixture(scope="module")
def run(home: Path) -> Iterator[Callable[..., list[Done]]]:
    """Commands on an installation with the published figures and two facts; its database runs while the tests do."""
    with shell(home, DOORSTEP_MODE="test") as run:
        (first,) = run("seal")
        assert first == (0, "0 facts sealed into 0 segments; the log has 0 leaves.\n0 values moved.\n", "")
        assert not Embedded(home).running(), "a command stops what it started"
        with database(home):
            kind = "lodging.establishment_first_notified"
            columns = {
                "day": ["2024-05-01"] * 2,
                "unit": ["H38.901.01", "H26.1.1"],
                "facility_type": ["tourist"] * 2,
                "n": [1, 1],
            }
            in_database(
                home,
                "INSERT INTO kernel_factbatch (kind, version, recorded, rows, columns) VALUES (%s, 1, '2024-07-01', 2, %s)",
                kind,
                msgspec.msgpack.encode(columns),
            )
            sealed, imported = run("seal", f"figures import {PUBLISHED}")
            assert sealed.out == "2 facts sealed into 1 segments; the log has 1 leaves.\n2 values moved.\n"
            assert imported == (0, "36 figures taken, 36 of them new; 0 faults.\n", "")
            yield run
            assert Embedded(home).running(), "no command stopped what others use"


def in_database(home: Path, statement: str, *values: object) -> None:
    with psycopg.connect(Embedded(home).url) as connection:
        connection.execute(statement, values)


@pytest.fixture
def simulated(home: Path) -> Iterator[None]:
    """As if a simulation had filled it."""
    in_database(home, """INSERT INTO kernel_installation VALUES ('simulated', '{"scale": "0.001"}')""")
    yield
    in_database(home, "DELETE FROM kernel_installation WHERE key = 'simulated'")


# Right use


def test_figures_again_are_nothing_new_and_bad_lines_come_back(run, home, tmp_path):
    rows = list(csv.DictReader(io.StringIO(PUBLISHED.read_text())))
    rows[0]["measure_unit"] = ""
    rows[1]["submitted_by"] = "G99"
    bad = tmp_path / "bad.csv"
    with bad.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    again, refused, missing = run(
        f"figures import {PUBLISHED}", f"figures import {bad}", f"figures import {tmp_path}/none.csv"
    )
    assert again == (0, "36 figures taken, 0 of them new; 0 faults.\n", "")
    assert refused.code == 1
    lines = refused.out.splitlines()
    assert lines[0].startswith("line 2, measure_unit: ")
    assert lines[1].startswith("line 3, submitted_by: ")
    assert lines[2] == "34 figures taken, 0 of them new; 2 faults."
    assert (missing.code, missing.out) == (1, "")
    assert "none.csv cannot be read: No such file or directory." in missing.err


def test_a_report_in_every_format_is_proved_until_a_byte_changes(run, home, tmp_path):
    kinds = ("json", "html", "csv", "pdf")
    report, changed = tmp_path / "report.json", tmp_path / "changed.json"
    *written, proved = run(
        *(f"report 2024-H1 --lang ar --format {kind} --out {tmp_path}/report.{kind}" for kind in kinds),
        f"verify {report}",
    )
    for done, kind in zip(written, kinds, strict=True):
        size = (tmp_path / f"report.{kind}").stat().st_size
        assert done == (0, f"{tmp_path}/report.{kind}: {size:,} bytes.\n", "")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert '<html lang="ar" dir="rtl"' in (tmp_path / "report.html").read_text()
    assert len(list(csv.DictReader(io.StringIO((tmp_path / "report.csv").read_text("utf-8-sig"))))) == 36
    assert proved.code == 0
    assert proved.out.splitlines()[-1] == "The report is what the records say."
    assert proved.out.count("holds    ") == 5

    changed.write_bytes(report.read_bytes().replace(b'"93388"', b'"93389"', 1))
    (segment,) = json.loads(report.read_text())["evidence"]["segments"]
    facts = home / "lake" / segment["path"]
    facts.rename(facts.with_suffix(".away"))
    try:
        gone, refused = run(f"verify {report}", f"report 2024-H1 --out {tmp_path}/refused.html")
    finally:
        facts.with_suffix(".away").rename(facts)
    nothing, garbage = run(f"verify {tmp_path}/none.json", f"verify {tmp_path}/report.csv")
    (differs,) = run(f"verify {changed}")
    assert differs.code == gone.code == nothing.code == garbage.code == 1
    assert re.search(
        r"^DIFFERS  /sections/8/.*the report says '93389', the records say '93388'$", differs.out, re.MULTILINE
    )
    assert gone.out.splitlines()[-1] == f"DIFFERS  {facts}: the file is gone"
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(f"The sealed file {segment['path']} is gone. Put it back from a back-up")
    assert "none.json cannot be read" in nothing.err
    assert garbage.out == "DIFFERS  the file is no report: it is not JSON of this version\n"


def test_a_report_of_one_unit(run, home, tmp_path):
    done, refused = run(
        f"report 2024-H1 --unit H38 --format json --out {tmp_path}/unit.json",
        f"report 2024-H1 --unit H99 --format json --out {tmp_path}/none.json",
    )
    assert done.code == 0
    written = json.loads((tmp_path / "unit.json").read_text())
    assert written["unit"] == "H38"
    assert written["sections"][0]["lines"][0]["computed"]["total"]["value"] == "1"
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("There is no unit H99.")
    assert not (tmp_path / "none.json").exists()


def test_what_cannot_be_reported_or_written_is_refused(run, home, tmp_path):
    empty, closed = run(
        f"report 2019-Q1 --out {tmp_path}/empty.html",
        f"report 2024-H1 --out {tmp_path}/no/such/folder/report.html",
    )
    assert empty.code == closed.code == 1
    assert empty.err.startswith("There are no figures for 2019-Q1: none was submitted")
    assert not (tmp_path / "empty.html").exists()
    assert "cannot be written" in closed.err


def test_a_merger_comes_by_file_and_a_report_follows_it(run, home, tmp_path):
    """Made up: H26 merges into H38 after 2024; the line that it cannot end before it begins comes back."""
    units = tmp_path / "units.csv"
    units.write_text(
        "code,kind,name_vi,name_en,valid_from,valid_to,successor,source,certainty\n"
        "H26,city,Hà Nội,Ha Noi,2008-08-01,2025-01-01,H38,made up,invented\n"
        "H38.950,commune,Xã Mới,New Commune,2025-01-01,,,made up,invented\n"
        "H38.951,commune,Xã Cũ,Old Commune,2025-01-01,2024-01-01,,made up,invented\n"
    )
    imported, again, refused, *written = run(
        *[f"units import {units}"] * 2,
        f"report 2025-Q1 --unit H26 --format json --out {tmp_path}/gone.json",
        f"report 2024-Q4 --unit H26 --format json --out {tmp_path}/before.json",
        f"report 2025-Q1 --unit H38 --format json --out {tmp_path}/after.json",
    )
    assert imported.code == again.code == 1
    assert imported.out.splitlines()[0].startswith("line 4, valid_to: The unit ends on or before its first day.")
    assert imported.out.splitlines()[1] == "1 new units of 2 good lines; 1 faults."
    assert again.out.splitlines()[1] == "0 new units of 2 good lines; 1 faults."
    assert refused.code == 1
    assert [done.code for done in written] == [0, 0]
    for name, value in (("before", "1"), ("after", "2")):
        (lodging,) = json.loads((tmp_path / f"{name}.json").read_text())["sections"]
        assert lodging["lines"][0]["computed"]["total"]["value"] == value


def test_the_log_is_shown_and_checked(run, home):
    (shown,) = run("log show --ring auditors --last 1")
    assert shown.code == 0
    assert "localhost/log/auditors\n1\n" in shown.out
    assert 'leaf 0: {"kind":"lodging.establishment_first_notified"' in shown.out
    assert "All 1 leaves hold." in shown.out
    entries = home / "log-rings" / "auditors" / "tile" / "entries" / "000.p" / "1"
    before = entries.read_bytes()
    entries.write_bytes(before.replace(b"2024-05", b"2024-06"))
    try:
        altered, sealed = run("log show --ring auditors", "seal")
    finally:
        entries.write_bytes(before)
    assert (altered.code, sealed.code) == (1, 1)
    assert "DIFFERS: tile/entries/000.p/1: the entry does not hash to the leaf that was signed for" in altered.out
    assert sealed.err.startswith("The evidence log signs nothing: ")


def test_a_restored_back_up_is_refused_in_plain_words(run, home):
    """The folder went on with the log while the database was put back to what it was before."""
    rings, kept = home / "log-rings", home / "log-rings.kept"
    shutil.copytree(rings, kept)
    try:
        in_database(home, "INSERT INTO kernel_leaf (ring, index, entry) VALUES ('auditors', 1, '{}')")
        assert run("log show --ring auditors")[0].code == 0
        in_database(home, "DELETE FROM kernel_leaf WHERE ring = 'auditors' AND index = 1")
        before = (rings / "auditors" / "checkpoint").read_bytes()
        (refused,) = run("seal")
        assert (rings / "auditors" / "checkpoint").read_bytes() == before
    finally:
        shutil.rmtree(rings)
        kept.rename(rings)
    assert refused.code == 1
    assert refused.err.startswith("The evidence log signs nothing: ")
    assert refused.err.endswith("a restored back-up?\n")


def test_the_house_is_drawn_from_its_declarations(run, home):
    (house,) = run("house")
    assert house.code == 0
    for text in (
        "lodging: ",
        "steering: ",
        "  fact        lodging.stay_notified v1 (day, unit, guest_kind, channel, late, n); rollups top_month(",
        "  indicator   lodging.on_time_rate (flow, percent) from lodging.stay_notified",
        "  action      steering.import_figures needs steering.figure.submit for steering.report",
        "  scope       steering.report.publish: Publish reports (steering.clerk)",
    ):
        assert f"\n{text}" in f"\n{house.out}"


def test_the_doctor_names_each_finding_with_its_repair(run, home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (ill,) = run(f"doctor --port {port}")
    assert ill.code == 1
    assert re.search(
        rf"^ILL   port {port} .*Stop it, or choose another port with --port or DOORSTEP_PORT\.$", ill.out, re.MULTILINE
    )
    key = home / "keys" / "log-auditors.pem"
    key.chmod(0o644)
    try:
        (open_key,) = run(f"doctor --port {port}")
    finally:
        key.chmod(0o600)
    assert f"ILL   key {key.name} is open to others. They may have read it: replace {key}." in open_key.out
    assert "well  PostgreSQL 18" in open_key.out
    assert (
        open_key.out.splitlines()[0]
        == f"{home}: test, vietnam, identity lodging payments steering; its log signs as localhost"
    )
    assert open_key.out.splitlines()[-1] == "One thing is ill."


def test_the_doctor_looks_at_a_stopped_database_too_and_makes_none(tmp_path):
    home = tmp_path / "new"
    with shell(home, DOORSTEP_MODE="test") as run:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            doctor = f"doctor --port {free.getsockname()[1]}"
        (before,) = run(doctor)
        assert "there is no database yet; `doorstep up` makes one" in before.out
        assert not (home / "postgres").exists()
        _, stopped = run("seal", doctor)
        assert "PostgreSQL 18" in stopped.out
        assert "its tables are of this version" in stopped.out
        assert (stopped.code, stopped.out.splitlines()[-1]) == (0, "Everything is well.")
        assert not Embedded(home).running()
        home.chmod(0o755)
        (open_folder,) = run(doctor)
        assert f"ILL   {home} is open to other accounts. Close it: chmod 700 {home}." in open_folder.out
        (home / "keys" / "secret_key").chmod(0o644)
        assert run(doctor)[0].out.splitlines()[-1] == "2 things are ill."


def test_a_message_that_failed_is_shown_and_repaired(run, home):
    in_database(
        home,
        "INSERT INTO kernel_message VALUES (7, 'lodging', 'pin:1', 'lodging.gone', '', now(), 'page', now(), 0, ''),"
        " (8, 'lodging', 'pin:1', 'lodging.gone', '', now(), 'page', now(), 0, '')",
    )
    assert run("seal")[0].out.startswith("0 facts sealed"), "none was delivered"
    (failed,) = run("messages list")
    assert re.match(
        r"7  next try \S+ \S+ UTC: lodging\.gone to lodging, told \S+ \S+ UTC; KeyError, time 1; 1 wait behind it\n"
        r"2 messages in all\.\n",
        failed.out,
    )
    in_database(home, "UPDATE kernel_message SET due = NULL, failures = 10 WHERE id = 7")
    parked, ill, tried, left, nothing = run(
        "messages list", "doctor", "messages retry 7", "messages list", "messages drop 7 8"
    )
    assert parked.out.startswith("7  parked: lodging.gone to lodging")
    assert "ILL   lodging could not handle lodging.gone: 1 parked for KeyError. See `doorstep messages list`" in ill.out
    assert tried == (0, "message 7: retry done\n", "")
    assert left.out == "2 messages in all.\n"
    assert (nothing.code, nothing.err.startswith("No message 7 has failed.")) == (1, True)
    *dropped, empty, well = run("seal", "messages drop 7", "seal", "messages drop 8", "messages list", "doctor")
    assert [done.code for done in dropped] == [0] * 4
    assert empty.out == "0 messages in all.\n"
    assert "well  no message between systems is parked" in well.out


def test_another_installation_gets_a_key_and_loses_it(run, home):
    issued, unknown = run(
        "tokens issue north --role lodging.police --unit H38", "tokens issue north --role lodging.nobody"
    )
    assert issued.code == 0
    assert re.fullmatch(r"ds_\S{43}\n", issued.out)
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err.startswith("No such role: lodging.nobody.")
    (shown,) = run("tokens list north")
    number, _, roles = shown.out.partition("  ")
    assert roles.endswith("kernel.installation, lodging.police\n")
    ended, again, empty = run(f"tokens revoke north {number}", f"tokens revoke north {number}", "tokens list north")
    assert (ended.code, again.code, empty.out) == (0, 1, "")
    assert again.err.startswith(f"north has no key {number}.")


# Production


@pytest.mark.parametrize("mode", ["production", ""])
def test_production_refuses_what_is_insecure_whatever_the_command(tmp_path, mode):
    said = {"DOORSTEP_MODE": mode} if mode else {}  # whoever says nothing means production
    with shell(tmp_path / "new", **said) as run:
        refused = run("seal", "house", "doctor", "up", *(["demo", "simulate"] if mode else []))
    for done in refused:
        assert done.code == 1
        assert done.err.startswith("Doorstep does not start:\n")
        assert "DOORSTEP_SECRET_KEY" in done.err
        assert done.out.count("\n") <= 1, "at most what it is about to do"
    assert not (tmp_path / "new").exists()


def test_production_takes_no_simulated_records_and_starts_on_none(tmp_path):
    with database(tmp_path), shell(tmp_path, DOORSTEP_MODE="production", **SECURE) as run:
        made, refused = run("seal", "simulate --scale 0.0001")
        assert made.code == 0, made.err
        assert refused.code == 1
        assert "Production takes no simulated records" in refused.err
        in_database(tmp_path, """INSERT INTO kernel_installation VALUES ('simulated', '{"scale": "0.001"}')""")
        held, there = run("seal", "house")
        assert (held.code, held.out) == (1, "")
        assert "holds simulated records" in held.err
        assert there.code == 0, "the map asks no database"


# What an installation is made with


def test_an_installation_goes_on_as_it_was_made_when_nobody_says_otherwise(run, home):
    with shell(home) as another:
        assert another("seal")[0].code == 0
    assert (home / "made-with").read_text().splitlines()[:3] == [
        "DOORSTEP_MODE=test",
        "DOORSTEP_PROFILE=vietnam",
        "DOORSTEP_ORIGIN=localhost",
    ]


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("name", "kept", "value"),
    [
        ("DOORSTEP_MODE", "test", "production"),
        ("DOORSTEP_MODE", "test", "demo"),
        ("DOORSTEP_PROFILE", "vietnam", "testland"),
        ("DOORSTEP_ORIGIN", "localhost", "other.example.org"),
    ],
)
def test_what_would_make_its_records_something_else_is_refused(home, name, kept, value):
    with shell(home, **{**SECURE, name: value}) as another:
        (refused,) = another("seal")
    assert (refused.code, refused.out) == (1, "")
    assert f"was made with {name}={kept} and cannot go on with {value}: " in refused.err
    assert "choose another DOORSTEP_HOME" in refused.err


def test_a_data_folder_goes_with_its_own_database(tmp_path):
    """As when DOORSTEP_DATABASE_URL is forgotten: the embedded one is empty."""
    (tmp_path / "made-with").write_text("DOORSTEP_MODE=test\nDATABASE=6a1f0b52\n")
    with shell(tmp_path) as run:
        refused, lost = run("seal", "up")
    assert refused.code == lost.code == 1
    assert "belongs to another database than the one that answers" in refused.err
    assert "Is DOORSTEP_DATABASE_URL as it was?" in refused.err


def test_a_used_database_takes_no_other_key_under_the_same_name(tmp_path):
    old, new, renamed = (tmp_path / name for name in ("old", "new", "renamed"))
    with database(old) as server:
        url = {"DOORSTEP_MODE": "test", "DOORSTEP_DATABASE_URL": server.url}
        with shell(old, **url) as run:
            assert run("seal", "log show --ring public")[1].code == 0
        with shell(new, **url) as run:
            seal, doctor = run("seal", "doctor")
        with shell(renamed, **url, DOORSTEP_ORIGIN="other.example.org") as run:
            assert run("seal")[0].code == 0, "a new name is a new log"
        with shell(old, **url) as run:
            assert run("seal")[0].code == 0
    assert (seal.code, seal.out) == (1, "")
    assert "is not the key under which this database's log goes by localhost/log/" in seal.err
    assert "Put keys/ and log-rings/ back" in seal.err
    assert not list((new / "keys").glob("log-*")), "no key is made"
    assert not (new / "made-with").exists()
    assert "ILL   the key of the public ring is not that of the database's log" in doctor.out


def test_an_old_server_is_refused(db, monkeypatch):
    monkeypatch.setattr(connection, "pg_version", 140_012)
    with pytest.raises(Stop, match=r"PostgreSQL 14, which is too old\. Take PostgreSQL 15 or newer\."):
        _refuse_another_database()
    assert list(_answers()) == [
        (False, "The database is PostgreSQL 14, which is too old", "Take PostgreSQL 15 or newer.")
    ]


def test_a_database_that_is_not_there_is_said_plainly(tmp_path):
    with shell(tmp_path, DOORSTEP_MODE="test", DOORSTEP_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none") as run:
        (refused,) = run("seal")
    assert refused.code == 1
    assert refused.err.startswith("The database cannot be reached: ")
    assert not (tmp_path / "made-with").exists()


@pytest.mark.usefixtures("simulated")
def test_an_installation_is_simulated_once(run):
    (again,) = run("simulate --scale 0.0001")
    assert again.code == 1
    assert "holds a simulation already" in again.err


@pytest.mark.usefixtures("simulated")
def test_half_a_demo_is_not_served_and_says_how_to_begin_anew(run):
    (half,) = run("demo")
    assert half.code == 1
    assert "holds half a demo" in half.err
    assert "`make clean`" in half.err


def test_a_demo_that_could_not_be_served_is_not_filled(tmp_path):
    with socket.socket() as taken, shell(tmp_path, DOORSTEP_MODE="demo") as run:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        (refused,) = run(f"demo --port {taken.getsockname()[1]}")
    assert refused.code == 1
    assert "choose another port" in refused.err
    assert "Simulating" not in refused.out


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; from doorstep.site.cli import main; sys.exit(main(['house']))"],
        env=os.environ | {"DOORSTEP_HOME": str(tmp_path), "DOORSTEP_MODE": "test"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_an_interrupted_command_ends_without_a_traceback(capsys, monkeypatch):
    def interrupted(_arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("doorstep.site.commands.house.run", interrupted)
    assert main(["house"]) == 130
    assert capsys.readouterr() == ("", "Stopped.\n")


# Wrong use


@pytest.mark.parametrize(
    "command",
    [
        *("", "nonsense", "--nonsense", "figures", "figures export x", "figures import", "log", "log hide", "bench"),
        *("report", "report 2024-H1", "report 2024-H3 --out x", "report 2024-13 --out x", "report ٢٠٢٤ --out x"),
        *("report 2024-H1 --lang fr --out x", "report 2024-H1 --format docx --out x", "verify", "verify a b"),
        *(
            "bench nonsense",
            "up --port eight",
            "up --port 70000",
            "up --port 0",
            "doctor --port -1",
            "log show --last x",
        ),
        *(
            "simulate --scale many",
            "simulate --scale 7",
            "simulate --scale 0",
            "simulate --scale nan",
            "demo --scale x",
        ),
        *("simulate --period 2024-H9", "simulate --seed x", "new-system"),
        *("messages", "messages retry", "messages drop x", "tokens", "tokens issue", "tokens revoke north"),
    ],
)
def test_wrong_use_is_2_with_a_word_on_what_is_right(command, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.err.startswith("usage: doorstep")
    assert told.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["", *COMMANDS])
def test_help_has_examples_everywhere(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"] if verb else ["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    _, examples = told.split("Examples:\n")
    for line in examples.strip().splitlines():
        assert re.match(r"(DOORSTEP_\w+=\S+ )?doorstep ", line.strip())
        with contextlib.suppress(StopIteration):
            assert next(word for word in line.split() if word in COMMANDS) == (verb or line.split()[1])
