"""`doorstep trust add|list|remove`: the states' certificates that checks of documents rest on."""

import argparse
from pathlib import Path
from uuid import UUID

from doorstep.site.cli import Stop, installation, say

EXAMPLES = [
    'doorstep trust add csca.cer --states UTO --source "handed over by the embassy, compared by two of us"',
    'doorstep trust add revoked.crl --source "https://pki.example.org, fetched weekly"',
    "doorstep trust list",
    "doorstep trust remove 01a20282-8b76-7000-af16-45b5ef5b1c96",
]


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="trust_verb", required=True, metavar="add|list|remove")
    one = verbs.add_parser("add", help="add a certificate or a list of revoked ones, in DER or PEM")
    one.add_argument("file", type=Path)
    one.add_argument("--states", default="", help="issuers for which a state's own certificate is trusted, by comma")
    one.add_argument("--source", required=True, help="where it came from, and who compared it with what")
    one.add_argument("--owner", default="operator", help="who is told before it expires")
    verbs.add_parser("list", help="show what is trusted, until when, and since when")
    verbs.add_parser("remove", help="let nothing rest on a file any more").add_argument("id", type=UUID)


def run(arguments: argparse.Namespace) -> int:
    with installation():
        from django.utils import timezone  # noqa: PLC0415  after Django's set-up

        from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
        from doorstep.kernel.store.writing import By  # noqa: PLC0415
        from doorstep.systems.identity.actions import trust  # noqa: PLC0415
        from doorstep.systems.identity.queries.trust import trust_files  # noqa: PLC0415

        by = By(Actor("command", roles=("identity.trust_keeper",), level=2, via="command"), timezone.now())
        if arguments.trust_verb == "add":
            states = tuple(filter(None, (one.strip() for one in arguments.states.split(","))))
            told = trust.add_file(by, _content(arguments.file), states, arguments.owner, arguments.source)
            until = f"until {told.expires:%Y-%m-%d}" if told.expires else "without an end"
            say(f"{told.kind.text}: {told.name}, {until}. SHA-256 {told.fingerprint}")
        elif arguments.trust_verb == "list":
            for row in trust_files(by.actor):
                until = f"until {row.expires:%Y-%m-%d}" if row.expires else "without an end"
                say(f"{row.id}  {row.kind.text}  {' '.join(row.states)}  {row.name}  {until}  {row.source}")
        else:
            trust.remove_file(by, arguments.id)
            say(f"{arguments.id}: removed")
    return 0


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}.") from error
