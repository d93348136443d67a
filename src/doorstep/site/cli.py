"""The command `doorstep`. Exit codes: 0 done, 1 refused or difference found, 2 wrong use."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from decimal import Decimal, InvalidOperation
from importlib import import_module
from pathlib import Path

from doorstep.kernel.values.period import Period

COMMANDS = {
    "up": "start the database, the tasks and the web, until Ctrl-C",
    "demo": "fill an installation with a simulated half-year and start it",
    "simulate": "let the users of the running systems act, through the real actions",
    "seal": "seal the facts into the lake and store what moved",
    "figures": "import published figures as submitted ones",
    "units": "import units below the first level, with their history",
    "report": "write the committee's report of a period to a file",
    "verify": "recompute a report and prove what it rests on",
    "log": "show the evidence log",
    "house": "map the systems, rooms, facts, indicators, actions and scopes",
    "doctor": "check this installation and say the repair of each finding",
    "bench": "measure, as a ratio to a raw limit in the same run",
    "new-system": "write the rooms of a new system and three failing tests",
}


class Stop(Exception):  # noqa: N818  an answer to the caller, not an error of ours
    """Ends the command with exit code 1 and this sentence on stderr."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="doorstep",
        description="Digital government that reaches every door.",
        epilog="Examples:\n  doorstep demo\n  doorstep report 2024-H1 --lang de --format pdf --out report.pdf",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        module = import_module(f"doorstep.site.commands.{name.replace('-', '_')}")
        verb = verbs.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog="Examples:\n" + "\n".join(f"  {example}" for example in module.EXAMPLES),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add(verb)
        verb.set_defaults(run=module.run)
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except Stop as stop:
        sys.stderr.write(f"{stop}\n")
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would complain of it again at its end
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 128 + signal.SIGINT  # as shells count
    return code


def period(text: str) -> Period:
    """A period on the command line; anything else is wrong use."""
    try:
        return Period.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def share(text: str) -> Decimal:
    """A simulation's scale on the command line: above 0, at most 1."""
    with suppress(InvalidOperation):
        if 0 < (scale := Decimal(text)) <= 1:
            return scale
    raise argparse.ArgumentTypeError(f"{text!r} is no scale: write a number above 0 and at most 1, such as 0.001")


def port(text: str) -> int:
    """A TCP port on the command line."""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port: write a number from 1 to 65535")


def say(text: str) -> None:
    """One line of progress or answer on stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def home() -> Path:
    return Path(os.environ.get("DOORSTEP_HOME", "var")).resolve()


def set_up(mode: str = "") -> None:
    """Django with the settings of this installation, which keeps the mode it was made with: `mode`, else production."""
    kept = home() / "mode"
    if kept.exists():
        os.environ.setdefault("DOORSTEP_MODE", kept.read_text().strip())
    os.environ.setdefault("DOORSTEP_MODE", mode or "production")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.site.settings")
    import django  # noqa: PLC0415  the settings read the environment that was just made

    from doorstep.site.settings import refuse_insecure  # noqa: PLC0415

    refuse_insecure()
    django.setup()
    from django.utils import translation  # noqa: PLC0415

    language = os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    translation.activate(language[:2] if language[:2] in {"vi", "de", "ar"} else "en")


@contextmanager
def installation(mode: str = "") -> Iterator[None]:
    """Django and its database for the time of a command: started if it is not running, migrated, stopped if started here."""
    from doorstep.kernel.lake.evidence import LogRefused  # noqa: PLC0415  after the parser, for a quick --help
    from doorstep.kernel.store.embedded import EmbeddedDatabaseError, database  # noqa: PLC0415

    set_up(mode)
    _keep_mode()
    try:
        with nullcontext() if os.environ.get("DOORSTEP_DATABASE_URL") else database(home()):
            migrate()
            try:
                yield
            finally:
                from django.db import connections  # noqa: PLC0415

                connections.close_all()
    except EmbeddedDatabaseError as error:
        raise Stop(str(error)) from error
    except LogRefused as refused:
        raise Stop(f"The evidence log signs nothing: {refused}") from refused


def _keep_mode() -> None:
    """A production installation stays one: no variable, left out or set, opens it to a demo or a simulation."""
    kept, mode = home() / "mode", os.environ["DOORSTEP_MODE"]
    if not kept.exists():
        home().mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.write_text(mode)
    elif kept.read_text().strip() == "production" != mode:
        raise Stop(f"{home()} was made for production, and mode {mode} would open it. Choose another DOORSTEP_HOME.")


def migrate() -> None:
    """Bring the tables to this version, load the profile's units, and make the partitions of the coming months."""
    from datetime import timedelta  # noqa: PLC0415

    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from doorstep.kernel.country import profile  # noqa: PLC0415
    from doorstep.kernel.store import units  # noqa: PLC0415
    from doorstep.kernel.store.models import Installation  # noqa: PLC0415
    from doorstep.kernel.store.partitions import ensure_months  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    units.load(profile().units.rows)
    if settings.MODE == "production" and Installation.objects.filter(key="simulated").exists():
        raise Stop("This installation holds simulated records. Production starts on an empty one only.")
    today = timezone.now().date()
    ensure_months(today - timedelta(days=31), today + timedelta(days=92))
