"""The web server as an installation runs it, for the benches."""

import http.client
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import psutil

from doorstep.site.processes import free_port


@contextmanager
def identity_alone() -> Iterator[int]:
    """An installation that runs identity and nothing else, without a demo's sign-in; yields the port for its server."""
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        port = free_port()
        os.environ.update(
            DOORSTEP_HOME=folder,
            DOORSTEP_MODE="demo",
            DOORSTEP_SYSTEMS="identity",
            DOORSTEP_DEMO_SIGN_IN="0",
            DOORSTEP_PROXIES="1",  # so that each browser comes from a place of its own
            DOORSTEP_PORT=str(port),
        )
        os.environ.pop("DOORSTEP_DATABASE_URL", None)
        from doorstep.site.cli import installation  # noqa: PLC0415  after the environment is set

        with installation("demo"):
            yield port


@contextmanager
def serving(port: int) -> Iterator[tuple[list[str], Callable[[], float]]]:
    """Serves the installation of the environment; yields the addresses, and how much the largest process takes (MiB)."""
    from doorstep.site.commands.up import collect_static  # noqa: PLC0415
    from doorstep.site.processes import loopback, web_commands  # noqa: PLC0415  after the environment is set

    collect_static()
    with (Path(os.environ["DOORSTEP_HOME"]) / "log" / "bench.log").open("wb") as log:
        servers = [Popen(argv, stdout=log, stderr=log) for _, argv in web_commands(port)]
        try:
            for address in loopback():
                until_healthy(address, port)
            yield loopback(), lambda: max(resident(server.pid) for server in servers)
        except Exception:
            sys.stderr.write(Path(log.name).read_text()[-4000:])
            raise
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.wait()


def resident(pid: int) -> float:
    """The resident size of the largest of a process and its workers, in MiB."""
    process = psutil.Process(pid)
    return float(max(one.memory_info().rss for one in (process, *process.children(recursive=True)))) / 2**20


def until_healthy(address: str, port: int) -> None:
    """Waits for /health, half a minute at most."""
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection(address, port, timeout=1)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no answer from {address}:{port}")
