"""The web server as an installation runs it, for the benches."""

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import psutil


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


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


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
