"""`doorstep verify REPORT.json`: recompute a report from the lake and prove what it rests on."""

import argparse
from pathlib import Path

from doorstep.site.cli import Stop, installation, say

EXAMPLES = ["doorstep verify report.json"]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", type=Path)


def run(arguments: argparse.Namespace) -> int:
    try:
        content = arguments.report.read_bytes()
    except OSError as error:
        raise Stop(f"{arguments.report} cannot be read: {error.strerror}.") from error
    with installation():
        from doorstep.systems.steering import tasks  # noqa: PLC0415  after Django's set-up

        for proof in tasks.verify(content):
            if isinstance(proof, tasks.Difference):
                say(f"DIFFERS  {proof.text}")
                return 1
            say(f"holds    {proof}")
    say("The report is what the records say.")
    return 0
