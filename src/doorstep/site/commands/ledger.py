"""`doorstep ledger check`: prove that the books of payments are right, over everything that is kept."""

import argparse

from doorstep.site.cli import installation, say

EXAMPLES = ["doorstep ledger check"]


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="ledger_verb", required=True, metavar="check")
    verbs.add_parser(
        "check", help="prove totals, pending transfers, closings, receipts and where each credit's money is"
    )


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001  every command takes them
    with installation():
        from doorstep.systems.payments.queries import ledger_check  # noqa: PLC0415  after Django's set-up

        broken = False
        for found in ledger_check.check():
            if not found.against:
                say(f"holds   {found.holds}")
            for sentence in found.against:
                say(f"BROKEN  {sentence}")
            broken = broken or bool(found.against)
    say(
        "The books are broken: stop payments, keep the database as it is, and look for who wrote past the triggers."
        if broken
        else "The books are right."
    )
    return int(broken)
