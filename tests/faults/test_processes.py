"""The supervisor of `doorstep up` under kills, taken ports and impatient people, with a tiny program as the web server."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from doorstep.site.embedded import Embedded
from doorstep.site.processes import free_port, loopback, port_refusal, web_commands

WEB = """
import http.server, signal, socket, subprocess, sys, threading
host, port = sys.argv[1], int(sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in sys.argv else signal.SIG_DFL)
if "worker" in sys.argv:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("listens", flush=True)
Server((host, port), Handler).serve_forever()
"""
TASKS = "import time; time.sleep(600)"


@pytest.fixture
def port() -> int:
    return free_port()


class Up:
    """`run` in a process of its own, as the command line would call it."""

    def __init__(self, home: Path, port: int, *, web: str = "", tasks: str = TASKS, database: bool = False) -> None:
        self.home, self.port = home, port
        children = [
            (f"web-{number}", [sys.executable, "-c", WEB, address, str(port), web])
            for number, address in enumerate(loopback())
        ]
        children.append(("tasks", [sys.executable, "-c", tasks]))
        script = f"""
            import signal
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
            from contextlib import nullcontext
            from functools import partial
            from pathlib import Path
            from doorstep.site.embedded import Embedded, database
            from doorstep.site.processes import run
            home = Path({str(home)!r})
            with database(home) if {database} else nullcontext():
                server = Embedded(home) if {database} else None
                say = partial(print, flush=True)
                raise SystemExit(run({children!r}, home=home, port={port}, database=server, say=say))
        """
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ready(self) -> "Up":
        while (line := self.line()) != "Ready.":
            assert line, "ended before it was ready"
        return self

    def pid(self, name: str) -> int:
        return int((self.home / "run" / f"{name}.pid").read_text())

    def end(self, *signals: int) -> tuple[int, str]:
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.3 * (len(signals) > 1))
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, said


@pytest.fixture
def up(tmp_path: Path, port: int) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(**kinds: str | bool) -> Up:
        started.append(Up(tmp_path / "var", port, **kinds))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for one in started:
        one.process.terminate()
        one.process.communicate(timeout=30)
    Embedded(tmp_path / "var").stop()


def answers(port: int) -> bool:
    for address in loopback():
        host = f"[{address}]" if ":" in address else address
        try:
            urllib.request.urlopen(f"http://{host}:{port}/health", timeout=2).close()
        except OSError:
            return False
    return True


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 15
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_on_every_address_and_stops_everything(up: Callable[..., Up], port: int, number: int) -> None:
    running = up().ready()
    assert answers(port)
    pids = [running.pid("tasks"), running.pid("web-0")]
    assert (running.home / "log" / "web-0.log").read_text().startswith("listens\n")
    assert running.end(number)[0] == 0
    assert all(gone(pid) for pid in pids)
    assert not list((running.home / "run").glob("web-*.pid"))
    assert eventually(lambda: port_refusal(port) is None)


def test_a_killed_child_comes_back_and_leaves_no_worker(up: Callable[..., Up], port: int) -> None:
    running = up(web="worker").ready()
    dead = running.pid("web-0")
    worker = psutil.Process(dead).children()[0].pid
    os.kill(dead, signal.SIGKILL)
    assert "web-0 stopped (killed by SIGKILL); it starts again in 0.2 s" in running.line()
    assert eventually(lambda: gone(worker))
    assert eventually(lambda: answers(port))
    assert running.pid("web-0") != dead


def test_a_child_that_keeps_dying_is_started_less_and_less_often(up: Callable[..., Up]) -> None:
    running = up(tasks="raise SystemExit(3)")
    lines = [line for line in (running.line() for _ in range(5)) if line.startswith("tasks stopped (exit code 3)")]
    waits = [line.split(" again in ")[1].split(" s.")[0] for line in lines]
    assert waits == ["0.2", "0.4", "0.8", "1.6"][: len(waits)]
    assert len(waits) >= 4, lines


def test_the_children_of_a_killed_supervisor_end(up: Callable[..., Up], port: int) -> None:
    running = up().ready()
    pids = [running.pid("tasks"), running.pid("web-0")]
    running.end(signal.SIGKILL)
    assert eventually(lambda: all(gone(pid) for pid in pids))
    assert eventually(lambda: port_refusal(port) is None)


def test_the_next_start_ends_what_even_that_left(up: Callable[..., Up], port: int) -> None:
    left = up(web="stubborn").ready()
    dead = left.pid("web-0")
    left.end(signal.SIGKILL)
    assert not gone(dead)
    running = up().ready()
    assert gone(dead)
    assert running.pid("web-0") != dead


def test_a_child_that_will_not_stop_is_killed_at_the_second_ctrl_c(up: Callable[..., Up]) -> None:
    running = up(web="stubborn").ready()
    stubborn = running.pid("web-0")
    begun = time.monotonic()
    assert running.end(signal.SIGINT, signal.SIGINT)[0] == 0
    assert time.monotonic() - begun < 5
    assert gone(stubborn)


def test_a_taken_port_is_refused_with_its_holder(up: Callable[..., Up], port: int) -> None:
    with socket.create_server(("127.0.0.1", port), reuse_port=True):
        code, said = up().end()
        assert code == 1
        assert f"Port {port} is taken by {psutil.Process().name()} (process {os.getpid()})" in said


def test_a_second_supervisor_of_the_same_home_is_refused(up: Callable[..., Up]) -> None:
    first = up().ready()
    code, said = up().end()
    assert code == 1
    assert f"already (process {first.process.pid})" in said
    assert first.process.poll() is None


def test_the_database_comes_back_and_stops_with_the_command(up: Callable[..., Up]) -> None:
    running = up(database=True).ready()
    server = Embedded(running.home)
    os.kill(server.pids()[0], signal.SIGKILL)
    assert running.line() == "The database stopped; it starts again."
    assert eventually(server.running)
    assert running.end(signal.SIGINT)[0] == 0
    assert server.pids() == []


def test_the_database_of_a_killed_supervisor_is_taken_over(up: Callable[..., Up]) -> None:
    first = up(database=True).ready()
    server = Embedded(first.home)
    postmaster = server.pids()[0]
    first.end(signal.SIGKILL)
    assert server.running()
    second = up(database=True).ready()
    assert server.pids()[0] == postmaster
    assert second.end(signal.SIGTERM)[0] == 0
    assert server.pids() == []


def test_the_web_server_listens_on_every_loopback_address(port: int) -> None:
    commands = web_commands(port)
    assert [argv[argv.index("--host") + 1] for _, argv in commands] == loopback()
    assert {argv[argv.index("--port") + 1] for _, argv in commands} == {str(port)}
    assert len({name for name, _ in commands}) == len(commands)
    assert {argv[argv.index("--blocking-threads") + 1] for _, argv in commands} == {str(settings.WEB_THREADS)}
