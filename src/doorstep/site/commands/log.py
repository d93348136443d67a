"""`doorstep log show`: the evidence log's rings, their checkpoints and newest leaves."""

import argparse

from doorstep.site.cli import installation, say

LONGEST = 300
"""Characters of a leaf that are shown."""

EXAMPLES = ["doorstep log show", "doorstep log show --ring auditors --last 5"]


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="log_verb", required=True, metavar="show")
    showing = verbs.add_parser("show", help="show checkpoints and newest leaves")
    showing.add_argument("--ring", choices=["public", "auditors"])
    showing.add_argument("--last", type=int, default=3, help="how many leaves of each ring")


def run(arguments: argparse.Namespace) -> int:
    code = 0
    with installation():
        from doorstep.kernel.lake import rings  # noqa: PLC0415  after Django's set-up
        from doorstep.kernel.lake.models import Ring  # noqa: PLC0415
        from doorstep.kernel.lake.notes import LogRefused  # noqa: PLC0415

        for ring in [Ring(arguments.ring)] if arguments.ring else list(Ring):
            try:
                rings.publish(ring)
            except LogRefused as refused:  # what is there is shown all the same
                say(f"{ring} ring, DIFFERS: {refused}")
                code = 1
            log = rings.reader(ring)
            say(f"{ring} ring: {log.folder}\nkey {log.verifier_key}\n\n{log.checkpoint().decode()}")
            size = log.size
            for index in range(max(size - arguments.last, 0), size):
                leaf = log.entry(index).decode()
                say(f"leaf {index}: {leaf[:LONGEST]}{' ...' if len(leaf) > LONGEST else ''}")
            difference = log.check()
            code = 1 if difference else code
            say(f"DIFFERS: {difference.path}: {difference.reason}\n" if difference else f"All {size} leaves hold.\n")
    return code
