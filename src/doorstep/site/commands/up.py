"""`doorstep up`: the database, the tasks and the web in one place, until Ctrl-C."""

import argparse
import os
import sys

from doorstep.site.cli import home, installation, port, say

EXAMPLES = ["doorstep up", "doorstep up --port 8080", "DOORSTEP_SYSTEMS=lodging doorstep up"]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=os.environ.get("DOORSTEP_PORT", "8000"))


def run(arguments: argparse.Namespace) -> int:
    with installation():
        return serve(arguments.port)


def serve(port: int) -> int:
    """Run the children on a started, migrated database; returns the command's exit code."""
    from django.core.management import call_command  # noqa: PLC0415  after Django's set-up
    from django.db import connections  # noqa: PLC0415

    from doorstep.site.embedded import Embedded  # noqa: PLC0415
    from doorstep.site.processes import run as supervise  # noqa: PLC0415
    from doorstep.site.processes import web_commands  # noqa: PLC0415

    if not (home() / "static" / "staticfiles.json").exists():
        say("Collecting styles, scripts and fonts ...")
        call_command("collectstatic", interactive=False, verbosity=0)
    connections.close_all()
    os.environ["DOORSTEP_PORT"] = str(port)
    tasks = [sys.executable, "-m", "doorstep.site.tasks"]
    database = None if os.environ.get("DOORSTEP_DATABASE_URL") else Embedded(home())
    return supervise(
        [*web_commands(port), ("tasks", tasks)],
        home=home(),
        port=port,
        database=database,
        say=say,
        ready=f"Doorstep is open: http://localhost:{port}  (Ctrl-C closes it)",
    )
