"""`doorstep figures import FILE`: published figures enter as submitted ones, each with its owner."""

import argparse
from pathlib import Path

from doorstep.site.cli import Stop, installation, say

EXAMPLES = ["doorstep figures import published-2024-h1.csv --owner G14"]


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="figures_verb", required=True, metavar="import")
    importing = verbs.add_parser("import", help="import a CSV file")
    importing.add_argument("file", type=Path)
    importing.add_argument(
        "--owner", default="", help="unit that answers for computed figures (default: the committee's)"
    )


def run(arguments: argparse.Namespace) -> int:
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise Stop(f"{arguments.file} cannot be read: {error.strerror}.") from error
    with installation():
        from django.utils import timezone  # noqa: PLC0415  after Django's set-up

        from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
        from doorstep.kernel.store.writing import By  # noqa: PLC0415
        from doorstep.kernel.web import wording  # noqa: PLC0415
        from doorstep.systems.steering.actions import import_figures  # noqa: PLC0415

        actor = Actor("command:figures", roles=("steering.secretary",), via="command")
        done = import_figures(By(actor, timezone.now()), content, arguments.owner)
        for one in done.reasons:
            place = f"line {one.line}, {one.field or 'whole line'}" if one.line else "the file"
            say(f"{place}: {wording.text(one)} {wording.repair(one)}")
        say(f"{done.taken} figures taken, {done.new} of them new; {len(done.reasons)} faults.")
    return 1 if done.reasons else 0
