"""The command `doorstep`. Exit codes: 0 done, 1 refused or difference found, 2 wrong use."""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from decimal import Decimal, InvalidOperation
from importlib import import_module
from pathlib import Path
from uuid import uuid4

from doorstep.kernel.values.period import Period
from doorstep.kernel.values.reasons import Refused

COMMANDS = {
    "up": "start the database, the tasks and the web, until Ctrl-C",
    "demo": "fill an installation with a simulated half-year and start it",
    "simulate": "let the users of the running systems act, through the real actions",
    "seal": "seal the facts into the lake and store what moved",
    "admin": "make the first administrator, who grants all other offices",
    "figures": "import published figures as submitted ones",
    "units": "import units below the first level, with their history",
    "report": "write the committee's report of a period to a file",
    "verify": "recompute a report and prove what it rests on",
    "log": "show the evidence log",
    "ledger": "prove that the books of payments are right",
    "messages": "show, retry or drop what systems told each other and could not be handled",
    "tokens": "issue, list or revoke the access keys of other installations",
    "house": "map the systems, rooms, facts, indicators, scopes and messages",
    "sms": "run a stand-in for an SMS gateway, which shows what people would have got",
    "biometrics": "run a stand-in for a system of biometrics, which compares made-up portraits",
    "bank": "run a stand-in for a bank, where made-up people pay",
    "trust": "say which states' certificates checks of documents rest on",
    "party": "run the made-up hospital of a demo, where people sign in with their e-ID",
    "doctor": "check this installation and say the repair of each finding",
    "bench": "measure, as a ratio to a raw limit in the same run",
    "register": "import persons into the population register",
    "new-system": "write the rooms of a new system and three failing tests",
}


OLDEST_SERVER = 15
"""The oldest major version of PostgreSQL that this runs on."""


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
    """Django with the settings of this installation; `mode` is that of one which is being made, else production."""
    if mode and not (home() / "made-with").exists():
        os.environ.setdefault("DOORSTEP_MODE", mode)
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
    """Django and its database for the time of a command: started if it is not running, migrated, stopped if started here.

    What is refused meanwhile ends the command with its reasons.
    """
    from doorstep.kernel.lake.notes import LogRefused  # noqa: PLC0415  after the parser, for a quick --help
    from doorstep.site.embedded import database  # noqa: PLC0415
    from doorstep.site.programs import EmbeddedDatabaseError  # noqa: PLC0415

    set_up(mode)
    try:
        with nullcontext() if os.environ.get("DOORSTEP_DATABASE_URL") else database(home()):
            _refuse_another_database()
            migrate()
            _refuse_another_key()
            _keep()
            try:
                yield
            finally:
                from django.db import connections  # noqa: PLC0415

                connections.close_all()
    except EmbeddedDatabaseError as error:
        raise Stop(str(error)) from error
    except LogRefused as refused:
        raise Stop(f"The evidence log signs nothing: {refused}") from refused
    except Refused as refused:
        from doorstep.kernel.web import wording  # noqa: PLC0415

        raise Stop(" ".join(f"{wording.text(one)} {wording.repair(one)}" for one in refused.reasons)) from refused
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise Stop(
            "The disk is full. Nothing is lost: what was not done waits. Make room and repeat the command."
        ) from error


def old_server() -> str:
    """What to say of a database server that is too old; else "". Raises OperationalError where none answers."""
    from django.db import NotSupportedError, connection  # noqa: PLC0415

    try:
        version: int = connection.pg_version  # type: ignore[attr-defined]
    except NotSupportedError as error:  # older than what Django speaks with
        return f"{error}. Take PostgreSQL {OLDEST_SERVER} or newer."
    found = (
        f"The database is PostgreSQL {version // 10_000}, which is too old. Take PostgreSQL {OLDEST_SERVER} or newer."
    )
    return found if version < OLDEST_SERVER * 10_000 else ""


def _refuse_another_database() -> None:
    """A data folder goes with one database: with another, its lake and log would be of records that are not there."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import OperationalError, ProgrammingError  # noqa: PLC0415

    from doorstep.kernel.store.models import Installation  # noqa: PLC0415

    try:
        if old := old_server():
            raise Stop(old)
        row = Installation.objects.filter(key="database").first()
    except OperationalError as error:
        raise Stop(f"The database cannot be reached: {error}".strip()) from error
    except ProgrammingError:  # it is empty: there is no such table yet
        row = None
    kept = settings.KEPT.get("DATABASE")
    if kept and (row is None or row.value != kept):
        raise Stop(
            f"{home()} belongs to another database than the one that answers. "
            f"Is DOORSTEP_DATABASE_URL as it was? To begin anew, choose another DOORSTEP_HOME."
        )


def _refuse_another_key() -> None:
    """An evidence log has one key: with another, what was published could be proved no more."""
    from doorstep.kernel.lake.models import Ring  # noqa: PLC0415
    from doorstep.kernel.lake.rings import foreign_key  # noqa: PLC0415

    try:
        wrong = next(filter(None, map(foreign_key, Ring)), "")
    except PermissionError as error:
        raise Stop(str(error)) from error
    if wrong:
        raise Stop(wrong)


def _keep() -> None:
    """Write down what this installation was made with; later commands go on with it."""
    from django.conf import settings  # noqa: PLC0415

    from doorstep.kernel.disk import write_once  # noqa: PLC0415
    from doorstep.kernel.store.models import Installation  # noqa: PLC0415

    row, _ = Installation.objects.get_or_create(key="database", defaults={"value": str(uuid4())})
    kept = {**{name: value for name, (value, _) in settings.KEEPS.items()}, "DATABASE": row.value}
    write_once(settings.MADE_WITH, "".join(f"{name}={value}\n" for name, value in kept.items()).encode())


def migrate() -> None:
    """Bring the tables to this version, load the profile's units, and make the partitions of the coming months."""
    from datetime import timedelta  # noqa: PLC0415

    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from doorstep.kernel.country import profile  # noqa: PLC0415
    from doorstep.kernel.simulation import simulated_scale  # noqa: PLC0415
    from doorstep.kernel.store import units  # noqa: PLC0415
    from doorstep.kernel.store.partitions import ensure_months  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    units.load(profile().units.rows)
    if settings.MODE == "production" and simulated_scale():
        raise Stop("This installation holds simulated records. Production starts on an empty one only.")
    today = timezone.now().date()
    ensure_months(today - timedelta(days=31), today + timedelta(days=92))
