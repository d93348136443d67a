"""A whole installation of its own for tests that kill parts of it: `doorstep up` in a folder, and scripts that run beside it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from doorstep.site.processes import free_port

DOORSTEP = [sys.executable, "-c", "import sys; from doorstep.site.cli import main; sys.exit(main(sys.argv[1:]))"]


def environment_of(home: Path, **settings: str) -> dict[str, str]:
    """What its commands are run with: nothing of the tests' own settings."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("DOORSTEP_")}
    return inherited | {"DOORSTEP_HOME": str(home), "DOORSTEP_MODE": "demo", **settings}


def run_script(text: str, environment: dict[str, str]) -> Any:
    """What a script prints as JSON."""
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def up(environment: dict[str, str]) -> Iterator[int]:
    """`doorstep up` until the end of the block; the port on which it is open."""
    port = free_port()
    with subprocess.Popen(
        [*DOORSTEP, "up", "--port", str(port)], env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            assert any("http://localhost" in line for line in running.stdout)
            yield port
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(timeout=60)


def victims(home: Path) -> dict[str, int]:
    """The processes of the installation that are alive, but for the supervisor."""
    files = [(path.stem, path) for path in home.glob("run/*.pid") if path.stem != "up"]
    pids = {}
    for name, path in [*files, *(("postgres", path) for path in home.glob("postgres/*/postmaster.pid"))]:
        with suppress(FileNotFoundError):  # its process ended just now
            if words := path.read_text().split():  # PostgreSQL's is empty for a moment
                pids[name] = int(words[0])
    return {name: pid for name, pid in pids.items() if psutil.pid_exists(pid)}
