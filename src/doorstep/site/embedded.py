"""Starts and stops the PostgreSQL that comes inside a wheel, so that one command on a bare machine has a database.

The server runs under nobody's wing: it outlives a killed command, and the next command takes it over. Everyone who
uses it holds a shared lock; whoever leaves last stops it. So a server never stops beneath a second command, and the
server of a command that was killed stops when the next command ends.

Files below DOORSTEP_HOME: `postgres/18` (data), `postgres/held` (locked by every process of the server, so no second
server can touch the data, whatever a pid says), `run/database.lock` (one start or stop at a time),
`run/database.users` (who uses it), `run/pg` (the socket), `log/postgres.log`.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil

from doorstep.kernel.disk import flush_folder
from doorstep.site.programs import (
    MAJOR,
    EmbeddedDatabaseError,
    account_of,
    append_log,
    environment,
    program,
    telling,
    unprivileged,
)

NAME = USER = "doorstep"
PORT = "5432"  # only names the socket file; no TCP port is opened
LONGEST_SOCKET_PATH = 107  # bytes of sockaddr_un.sun_path on Linux, without the closing NUL
START_SECONDS = 600  # after a crash the server first replays up to max_wal_size of its log
STOP_SECONDS = 60

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_locks_per_transaction": "256",  # a statement on a parent table locks each of its month partitions
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # A failed statement and its DETAIL quote the record; who sent it learns of it and logs the kind alone.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
}


class Embedded:
    """The embedded database of one DOORSTEP_HOME."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.data = (self.home / "postgres" / str(MAJOR)).resolve()  # postgres/ may be a link to a larger disk
        self.log = self.home / "log" / "postgres.log"
        self.sockets = _socket_folder(self.home)
        self._use: int | None = None
        self._server: subprocess.Popen[bytes] | None = None  # while it starts
        self._child: int | None = None  # afterwards
        self._log_from = 0  # where the words of the server just started begin

    @property
    def parameters(self) -> dict[str, str]:
        """An entry for Django's DATABASES."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": NAME,
            "USER": USER,
            "HOST": str(self.sockets),
            "PORT": PORT,
        }

    @property
    def url(self) -> str:
        """The same as a libpq connection string, for psycopg and the programs of PostgreSQL."""
        return f"postgresql://{USER}@/{NAME}?host={quote(str(self.sockets), safe='')}&port={PORT}"

    def start(self) -> bool:
        """Makes the database answer and marks it as used by this object; True when this call started the server.

        Raises EmbeddedDatabaseError. A folder without a database gets one (about a second).
        """
        try:
            self._prepare()
            with self._one_at_a_time():
                if self._use is None:
                    self._use = os.open(self.home / "run" / "database.users", os.O_RDWR | os.O_CREAT, 0o600)
                    fcntl.flock(self._use, fcntl.LOCK_SH)  # gone with this process, however it ends
                try:
                    started = self._until_it_answers()
                except BaseException:
                    self._forget_use()
                    if self._server is not None:  # interrupted, or never got ready: nobody would stop it
                        self._shut_down()
                    raise
                self._let_go()
                return started
        except OSError as error:
            raise EmbeddedDatabaseError(
                f"The data folder {self.home} cannot be used: {error}. {self._disk()}"
            ) from error

    def leave(self) -> bool:
        """Ends this object's use and stops the server unless others use it; True when it is stopped."""
        if not (self.home / "run").exists():
            return True
        with self._one_at_a_time():
            self._forget_use()
            with (self.home / "run" / "database.users").open("ab") as users:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                self._shut_down()
        return True

    def stop(self) -> None:
        """Stops the server whoever uses it (fast shutdown: open transactions roll back)."""
        if not (self.home / "run").exists():
            return
        with self._one_at_a_time():
            self._forget_use()
            self._shut_down()

    def running(self) -> bool:
        """Whether the server is there and takes connections."""
        return self._postmaster() is not None and self._status() == "ready"

    def pids(self) -> list[int]:
        """The processes of this server, the postmaster first; after a kill -9 of it those it left behind."""
        postmaster = self._postmaster()
        first = [postmaster.pid] if postmaster else []
        return first + sorted(process.pid for process in self._processes() if process.pid not in first)

    # What is there

    def _pid_file(self) -> list[str]:
        with suppress(FileNotFoundError):
            return (self.data / "postmaster.pid").read_text().splitlines()
        return []

    def _status(self) -> str:
        # Line 8 is what pg_ctl waits for: starting, ready, stopping, standby.
        return "".join(self._pid_file()[7:8]).strip()

    def _postmaster(self) -> psutil.Process | None:
        """The living server: the pid of the file counts only while that process works in our data folder."""
        try:
            process = psutil.Process(int(self._pid_file()[0]))
            # Another process may have got the pid of a killed server; a zombie has no folder any more.
            return process if process.cwd() == str(self.data) else None
        except (IndexError, ValueError, psutil.Error):
            return None

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.cwd() == str(self.data) and process.name() == "postgres":
                    yield process

    # Start

    def _prepare(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in ("run", "log", "postgres"):
            (self.home / folder).mkdir(mode=0o700, exist_ok=True)
        owner = (self.home / "postgres").stat().st_uid
        if owner != os.geteuid():
            raise EmbeddedDatabaseError(
                f"The database in {self.home} belongs to the user {account_of(owner)}. "
                f"Run the command as that user, or set DOORSTEP_HOME to a folder of your own."
            )
        (self.home / "postgres").chmod(0o700)
        _make_private(self.sockets)

    def _until_it_answers(self) -> bool:
        started = False
        deadline = time.monotonic() + START_SECONDS
        while not self.running():
            if not started and self._postmaster() is None:
                self._spawn()
                started = True
            if started and self._server is not None and self._server.poll() is not None:
                raise EmbeddedDatabaseError(self._why("The database stopped while it was starting."))
            if time.monotonic() > deadline:
                raise EmbeddedDatabaseError(self._why(f"The database did not get ready in {START_SECONDS} seconds."))
            time.sleep(0.01)
        return started

    def _spawn(self) -> None:
        """Starts a server; the caller holds the lock and has seen no living one."""
        self._end_processes()
        with self._held() as held:
            wrap = unprivileged(self.data)
            if not self.data.exists():
                self._create(wrap)
            # Nobody else is there, so these are left-overs. PostgreSQL would clear them too, except when the killed
            # server's pid belongs to another process now, or when a full disk left them empty: then it refuses.
            for left in (self.data / "postmaster.pid", socket := self.sockets / f".s.PGSQL.{PORT}", f"{socket}.lock"):
                Path(left).unlink(missing_ok=True)
            sockets = str(self.sockets).replace('"', '""')
            settings = SETTINGS | {"unix_socket_directories": f'"{sockets}"'}
            with append_log(self.log) as log:
                self._log_from = log.tell()
                self._server = subprocess.Popen(
                    [
                        *wrap,
                        program("postgres"),
                        "-D",
                        str(self.data),
                        *(f"-c{key}={settings[key]}" for key in settings),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environment(),
                    pass_fds=(held,),
                    start_new_session=True,  # a Ctrl-C in the terminal is for the command, not for the server
                )

    @contextmanager
    def _held(self) -> Iterator[int]:
        """The lock that a server inherits and keeps while any of its processes lives."""
        held = os.open(self.data.parent / "held", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EmbeddedDatabaseError(
                    f"Another server uses {self.data}, and this command cannot see it: is it in a container? "
                    f"Stop it there, or set DOORSTEP_HOME to another folder."
                ) from None
            yield held
        finally:
            os.close(held)

    def _end_processes(self) -> None:
        """Ends what is left of a server without its postmaster; a busy one would not notice by itself for long."""
        left = list(self._processes())
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        _soon(lambda: all(_ended(process) for process in left), 10)
        if self._server is not None:
            self._server.wait()
            self._server = None
        if self._child is not None:
            with suppress(ChildProcessError):
                os.waitpid(self._child, 0)  # or it would stay a zombie as long as this process lives
            self._child = None

    def _create(self, wrap: list[str]) -> None:
        # Made beside its place and renamed when whole, so that a kill or a full disk leaves no half database.
        draft = self.data.with_name(f"{MAJOR}.new")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            initdb = [*wrap, program("initdb"), "-D", str(draft), "-U", USER, "-E", "UTF8", "--data-checksums"]
            initdb += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
            # Whoever reaches the socket is let in; its folder is closed to everybody else.
            initdb += ["--auth-local=trust", "--auth-host=reject"]
            self._run(initdb)
            single = [*wrap, program("postgres"), "--single", "-D", str(draft), "postgres"]
            self._run(single, f"CREATE DATABASE {NAME};\n")
        except EmbeddedDatabaseError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        draft.rename(self.data)
        flush_folder(self.data.parent)

    def _run(self, command: list[str], stdin: str = "") -> None:
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, errors="replace", check=False, env=environment()
        )
        if done.returncode != 0 or "ERROR:" in done.stderr:
            raise EmbeddedDatabaseError(
                f"The database could not be made in {self.home}: {telling(done.stderr)}. {self._disk()}"
            )

    # Stop

    def _shut_down(self) -> None:
        process = self._postmaster()
        if process is None and self._server is not None and self._server.poll() is None:
            process = psutil.Process(self._server.pid)  # not yet so far as to write its pid file
        if process is not None:
            for word, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(word)
                if _soon(lambda: _ended(process), patience):
                    break
        self._end_processes()

    def _let_go(self) -> None:
        # It may outlive this object and this process, on purpose: without a return code Popen would warn about it.
        if self._server is not None:
            self._child = self._server.pid
            self._server.returncode = 0
            self._server = None

    def _forget_use(self) -> None:
        if self._use is not None:
            os.close(self._use)
            self._use = None

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with (self.home / "run" / "database.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # Words

    def _why(self, what: str) -> str:
        with self.log.open("a+b") as log:
            log.seek(self._log_from)
            said = telling(log.read().decode(errors="replace"))
        return f"{what} {said}. {self._disk()}The whole log: {self.log}"

    def _disk(self) -> str:
        there = next(folder for folder in (self.home, *self.home.parents) if folder.exists())
        free = shutil.disk_usage(there).free // 1_000_000
        return f"The disk of {self.home} is full ({free} MB free): make room and start again. " if free < 100 else ""


@contextmanager
def database(home: Path) -> Iterator[Embedded]:
    """The embedded database for the time of a command: started when it is not running, stopped by its last user."""
    server = Embedded(home)
    server.start()
    try:
        yield server
    finally:
        server.leave()


def _ended(process: psutil.Process) -> bool:
    # A zombie counts: its parent may be a command that is busy with something else.
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _soon(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _socket_folder(home: Path) -> Path:
    near = home / "run" / "pg"
    # libpq reads a comma as the end of one host and the beginning of the next.
    if len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH and "," not in str(near):
        return near
    # Not tempfile.gettempdir(): two commands with another TMPDIR must find the same socket.
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(f"/tmp/doorstep-{os.geteuid()}-{digest}")  # noqa: S108 (made and checked by _make_private)


def _make_private(folder: Path) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise EmbeddedDatabaseError(
            f"The folder {folder}, where the database would listen, is not ours: it belongs to the user "
            f"{account_of(found.st_uid)} or is no folder. Remove it, or set DOORSTEP_HOME to a shorter path."
        )
    folder.chmod(0o700)
