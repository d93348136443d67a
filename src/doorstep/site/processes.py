"""Runs the programs of one installation side by side, so that `doorstep up` needs no service manager.

Each child leads a session of its own: a Ctrl-C in the terminal reaches only the supervisor, which stops the children
in order, and what a killed child leaves behind can be ended as a group. A child gets SIGTERM when the supervisor is
killed; what even that leaves behind is found by a mark in its environment and ended by the next start.
"""

import ctypes
import errno
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil
from django.conf import settings

from doorstep.site.embedded import Embedded
from doorstep.site.programs import EmbeddedDatabaseError, append_log

READY_SECONDS = 60
GRACE_SECONDS = 10  # for requests under way when everything stops
FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0  # seconds before a dead child is started again; doubled each time
STEADY_SECONDS = 30  # a child that lived so long starts again with the first wait
MARK = "DOORSTEP_CHILD_OF"
PR_SET_PDEATHSIG = 1  # linux/prctl.h

_libc = ctypes.CDLL(None, use_errno=True)  # loaded here: a forked child should load nothing


def loopback() -> list[str]:
    """The loopback addresses of this machine: always 127.0.0.1, and ::1 where there is IPv6."""
    return ["127.0.0.1", *(["::1"] if _bind("::1", 0) is None else [])]


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def web_commands(port: int) -> list[tuple[str, list[str]]]:
    """The web server, once for each loopback address: one Granian listens on one address only."""
    threads = ["--workers", "1", "--blocking-threads", str(settings.WEB_THREADS)]
    options = ["--interface", "wsgi", *threads, "--no-ws", "--no-access-log"]
    command = [sys.executable, "-m", "granian", *options, "--port", str(port), "--host"]
    names = {"127.0.0.1": "web-ipv4", "::1": "web-ipv6"}
    return [(names[address], [*command, address, "doorstep.site.wsgi:application"]) for address in loopback()]


def port_refusal(port: int) -> str | None:
    """Why the port cannot be used on the loopback addresses, with the program that has it; None when it is free."""
    for address in loopback():
        error = _bind(address, port)
        if error is None:
            continue
        if error.errno != errno.EADDRINUSE:
            return f"Port {port} cannot be opened on {address}: {error.strerror}. Choose another one with --port or DOORSTEP_PORT."
        return (
            f"Port {port} is taken by {_listener(port)}. Stop it, or choose another port with --port or DOORSTEP_PORT."
        )
    return None


def run(
    children: Sequence[tuple[str, list[str]]],
    *,
    home: Path,
    port: int,
    database: Embedded | None = None,
    say: Callable[[str], None] = print,
    ready: str = "Ready.",
) -> int:
    """Runs the children (name, argument list) until SIGINT, SIGTERM or SIGHUP; the exit code of the command.

    A dead child is started again; so is the embedded database, whose use ends after the last child. Says `ready` when
    /health answers on every loopback address. Returns 1, after saying why, when another supervisor runs on this home,
    when the port is taken, or when /health does not answer in a minute. Call it from the main thread.
    """
    home = home.resolve()
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)
        if len(signals) == 2:
            raise KeyboardInterrupt

    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup has it ignored, and so it stays
        wanted.append(signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in wanted}
    try:
        with _alone(home) as other:
            if other is not None:
                say(
                    f"Doorstep runs on {home} already (process {other}). Stop it, or set DOORSTEP_HOME to another folder."
                )
                return 1
            _end_leftovers(home)
            refusal = port_refusal(port)
            if refusal is not None:
                say(refusal)
                return 1
            tended: list[_Child | _Database] = [_Child(name, argv, home, say) for name, argv in children]
            if database is not None:
                tended.insert(0, _Database(database, say))
            try:
                return _supervise(tended, port, signals, say=say, ready=ready)
            finally:
                if database is not None:
                    database.leave()  # after the children; stops it unless the caller or others still use it
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Child:
    def __init__(self, name: str, argv: list[str], home: Path, say: Callable[[str], None]) -> None:
        self.name, self.argv, self.home, self.say = name, argv, home, say
        self.process: subprocess.Popen[bytes] | None = None
        self.wait = FIRST_WAIT
        self.born = self.due = 0.0
        self.log = home / "log" / f"{name}.log"
        self.pid_file = home / "run" / f"{name}.pid"

    def tend(self) -> None:
        """Starts the child when it is time to, and notices its death."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                self._start(now)
            return
        code = self.collect()
        if code is not None:
            self.wait = FIRST_WAIT if now - self.born > STEADY_SECONDS else self.wait
            self.due = now + self.wait
            self.say(f"{self.name} stopped ({code}); it starts again in {self.wait:g} s. Its log: {self.log}")
            self.wait = min(self.wait * 2, LONGEST_WAIT)

    def collect(self) -> str | None:
        """How the child ended, None while it lives; ends whatever it left behind."""
        if self.process is None:
            return "not started"
        # WNOWAIT: the dead leader keeps its number, so that the group signalled is still its own.
        if os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self.signal_group(signal.SIGKILL)
        code = self.process.wait()
        self.process = None
        self.pid_file.unlink(missing_ok=True)
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    def ask_to_stop(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def signal_group(self, number: int) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def _start(self, now: float) -> None:
        parent = os.getpid()

        def end_with_parent() -> None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)

        with append_log(self.log) as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {MARK: str(self.home)},
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 (the supervisor has one thread)
            )
        self.born = now
        draft = self.pid_file.with_suffix(".draft")  # renamed, so that nobody reads half of it
        draft.write_text(f"{self.process.pid}\n")
        draft.replace(self.pid_file)


class _Database:
    def __init__(self, database: Embedded, say: Callable[[str], None]) -> None:
        self.database, self.say = database, say
        self.wait, self.due = FIRST_WAIT, 0.0

    def tend(self) -> None:
        """Starts the server again when it died; its data and its users' lock are as they were."""
        if self.database.running():
            self.wait = FIRST_WAIT
        elif time.monotonic() >= self.due:
            self.say("The database stopped; it starts again.")
            try:
                self.database.start()
            except EmbeddedDatabaseError as error:
                self.say(f"{error} The next try is in {self.wait:g} s.")
            self.due = time.monotonic() + self.wait
            self.wait = min(self.wait * 2, LONGEST_WAIT)


def _supervise(
    tended: Sequence[_Child | _Database], port: int, signals: list[int], *, say: Callable[[str], None], ready: str
) -> int:
    children = [child for child in tended if isinstance(child, _Child)]
    is_ready = False
    deadline = time.monotonic() + READY_SECONDS
    try:
        while not signals:
            for one in tended:
                one.tend()
            if not is_ready and all(_healthy(address, port) for address in loopback()):
                is_ready = True
                say(ready)
            if not is_ready and time.monotonic() > deadline:
                logs = ", ".join(str(child.log) for child in children)
                say(f"No answer at /health on port {port} in {READY_SECONDS} seconds. The logs: {logs}")
                return 1
            time.sleep(0.1)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(children, patience=GRACE_SECONDS if len(signals) < 2 else 0)
    return 0


def _stop(children: list[_Child], patience: float) -> None:
    deadline = time.monotonic() + patience
    with suppress(KeyboardInterrupt):  # the second Ctrl-C
        for child in children:
            child.ask_to_stop()
        # A list, not a generator: every child is looked at, so that each is seen as soon as it ends.
        while any([child.collect() is None for child in children]) and time.monotonic() < deadline:  # noqa: C419
            time.sleep(0.05)
    for child in children:
        child.signal_group(signal.SIGKILL)
        while child.collect() is None:
            time.sleep(0.01)


@contextmanager
def _alone(home: Path) -> Iterator[str | None]:
    """Holds the place of the one supervisor of this home; yields the process that has it already, if any."""
    for folder in ("run", "log"):
        (home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "run" / "up.pid").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            yield lock.read().strip()
            return
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield None
        lock.truncate(0)


def _end_leftovers(home: Path) -> None:
    left = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(home):
                left.append(process)
                process.terminate()
    stubborn = psutil.wait_procs(left, timeout=GRACE_SECONDS)[1]
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=GRACE_SECONDS)  # until then they keep the port


def _healthy(address: str, port: int) -> bool:
    connection = http.client.HTTPConnection(address, port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _bind(address: str, port: int) -> OSError | None:
    """Tries the port without SO_REUSEPORT: with it two of Granian's servers would share a port silently."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return error
    return None


def _listener(port: int) -> str:
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return "a program of another user"
