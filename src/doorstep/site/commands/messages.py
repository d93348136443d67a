"""`doorstep messages list|retry|drop`: what systems tell each other and could not be handled, and its repair."""

import argparse
import os

from doorstep.site.cli import Stop, installation, say

EXAMPLES = ["doorstep messages list", "doorstep messages retry 17 18", "doorstep messages drop 17"]


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="messages_verb", required=True, metavar="list|retry|drop")
    verbs.add_parser("list", help="show the messages that failed, and how many wait behind each")
    for verb, text in (("retry", "try messages again"), ("drop", "give messages up; those behind them go on")):
        verbs.add_parser(verb, help=text).add_argument("numbers", type=int, nargs="+", metavar="NUMBER")


def run(arguments: argparse.Namespace) -> int:
    with installation():
        if arguments.messages_verb == "list":
            return _list()
        from django.utils import timezone  # noqa: PLC0415  after Django's set-up

        from doorstep.kernel import contracts  # noqa: PLC0415
        from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
        from doorstep.kernel.store.writing import By  # noqa: PLC0415
        from doorstep.kernel.values.reasons import NotFound  # noqa: PLC0415

        repair = {"retry": contracts.retry_message, "drop": contracts.drop_message}[arguments.messages_verb]
        operator = Actor(f"operator:{os.getuid()}", roles=("kernel.operator",), via="command")
        for number in arguments.numbers:
            try:
                repair(By(operator, timezone.now()), number)
            except NotFound as absent:
                raise Stop(
                    f"No message {number} has failed. `doorstep messages list` shows those that did."
                ) from absent
            say(f"message {number}: {arguments.messages_verb} done")
    return 0


def _list() -> int:
    from doorstep.kernel.store.models import Message  # noqa: PLC0415  after Django's set-up

    for row in Message.objects.filter(failures__gt=0).order_by("id"):
        behind = Message.objects.filter(hearer=row.hearer, subject=row.subject, id__gt=row.id).count()
        state = f"next try {row.due:%Y-%m-%d %H:%M:%S} UTC" if row.due else "parked"
        say(
            f"{row.id}  {state}: {row.kind} to {row.hearer}, told {row.at:%Y-%m-%d %H:%M} UTC;"
            f" {row.failure}, time {row.failures}; {behind} wait behind it"
        )
    say(f"{Message.objects.count()} messages in all.")
    return 0
