"""`doorstep admin create`: the first administrator of an installation, who grants all other offices."""

import argparse
import getpass
import os
import sys

from doorstep.site.cli import Stop, installation, say

EXAMPLES = [
    "doorstep admin create lan --name 'Lan'",
    "doorstep admin create lan --name 'Lan' --unit H38",
]


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="admin", metavar="VERB", required=True)
    told = "Password and passcode are asked for, or read from DOORSTEP_PASSWORD and DOORSTEP_PASSCODE."
    create = verbs.add_parser("create", help="make the first administrator of the nation or of one unit", epilog=told)
    create.add_argument("login", help="the name to sign in with")
    create.add_argument("--name", required=True, help="the name that pages greet")
    create.add_argument("--unit", default="", help="the unit's code; the nation without")


def run(arguments: argparse.Namespace) -> int:
    password = _secret("DOORSTEP_PASSWORD", "Password: ")
    passcode = _secret("DOORSTEP_PASSCODE", "Passcode: ")
    with installation():
        from django.apps import apps  # noqa: PLC0415  after Django's set-up
        from django.utils import timezone  # noqa: PLC0415

        from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
        from doorstep.kernel.store.writing import By  # noqa: PLC0415
        from doorstep.kernel.values.reasons import Refused  # noqa: PLC0415
        from doorstep.kernel.web import wording  # noqa: PLC0415

        if not apps.is_installed("doorstep.systems.identity"):
            raise Stop("The system identity does not run here: see DOORSTEP_SYSTEMS.")
        from doorstep.systems.identity.actions.offices import found_administrator  # noqa: PLC0415

        by = By(Actor("command", roles=("identity.founder",), via="command"), timezone.now())
        try:
            found_administrator(by, arguments.login, arguments.name, password, passcode, arguments.unit)
        except Refused as refused:
            raise Stop("\n".join(f"{wording.text(one)} {wording.repair(one)}" for one in refused.reasons)) from refused
    say(f"{arguments.login} is administrator of {arguments.unit or 'the nation'} and can sign in.")
    return 0


def _secret(variable: str, prompt: str) -> str:
    """From the environment, else asked without showing it: never an argument, which others could read."""
    if variable in os.environ:
        return os.environ[variable]
    if not sys.stdin.isatty():
        raise Stop(f"Set {variable}, or run the command in a terminal, which asks for it.")
    return getpass.getpass(prompt)
