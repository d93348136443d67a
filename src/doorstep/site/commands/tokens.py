"""`doorstep tokens issue|list|revoke NAME`: access keys with which another installation asks questions here."""

import argparse

from doorstep.site.cli import Stop, installation, say

EXAMPLES = [
    "doorstep tokens issue lao-cai --role lodging.asker > token",
    "doorstep tokens list lao-cai",
    "doorstep tokens revoke lao-cai 01a20282-8b76-7000-af16-45b5ef5b1c96",
]


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="tokens_verb", required=True, metavar="issue|list|revoke")
    for verb, text in (
        ("issue", "write a new key to standard output, once"),
        ("list", "show an installation's keys"),
        ("revoke", "end a key"),
    ):
        one = verbs.add_parser(verb, help=text)
        one.add_argument("name", help="which installation")
        if verb == "issue":
            one.add_argument("--role", action="append", default=[], help="what it may ask; several times")
            one.add_argument("--unit", default="", help="the unit that it speaks for; the nation if left out")
        if verb == "revoke":
            one.add_argument("token", help="the number that `list` shows")


def run(arguments: argparse.Namespace) -> int:
    with installation():
        from django.utils import timezone  # noqa: PLC0415  after Django's set-up

        from doorstep.kernel.declare.scopes import ROLES, Actor  # noqa: PLC0415
        from doorstep.kernel.store import tokens  # noqa: PLC0415
        from doorstep.kernel.store.writing import By  # noqa: PLC0415
        from doorstep.kernel.values.reasons import NotFound  # noqa: PLC0415

        roles = ("kernel.installation", *getattr(arguments, "role", ()))
        if unknown := set(roles) - set(ROLES):
            raise Stop(f"No such role: {', '.join(sorted(unknown))}. `doorstep house` shows them.")
        unit = getattr(arguments, "unit", "")
        by = By(Actor(f"installation:{arguments.name}", unit, roles, via="command"), timezone.now())
        if arguments.tokens_verb == "issue":
            say(str(tokens.issue_token(by, arguments.name).secret))
        elif arguments.tokens_verb == "list":
            for row in tokens.tokens_of(by.actor):
                say(f"{row.id}  until {row.expires:%Y-%m-%d}: {', '.join(row.roles)}")
        else:
            try:
                tokens.revoke_token(by, arguments.token)
            except NotFound as absent:
                raise Stop(
                    f"{arguments.name} has no key {arguments.token}. `doorstep tokens list` shows them."
                ) from absent
            say(f"{arguments.token}: ended")
    return 0
