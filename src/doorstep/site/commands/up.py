"""`doorstep up`: the database, the tasks and the web in one place, until Ctrl-C."""

import argparse
import os
import secrets
import sys

from doorstep.site.biometrics_stand_in import PATH as BIOMETRICS_PATH
from doorstep.site.cli import home, installation, port, say
from doorstep.site.embedded import Embedded
from doorstep.site.processes import free_port, port_refusal, web_commands
from doorstep.site.processes import run as supervise
from doorstep.site.sms_stand_in import PATH

EXAMPLES = ["doorstep up", "doorstep up --port 8080", "DOORSTEP_SYSTEMS=lodging doorstep up"]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=os.environ.get("DOORSTEP_PORT", "8000"))


def run(arguments: argparse.Namespace) -> int:
    with installation():
        return serve(arguments.port)


def serve(port: int) -> int:
    """Run the children on a started, migrated database; returns the command's exit code."""
    from django.conf import settings  # noqa: PLC0415  after Django's set-up
    from django.db import connections  # noqa: PLC0415

    collect_static()
    os.environ["DOORSTEP_PORT"] = str(port)
    children = [*web_commands(port), ("tasks", [sys.executable, "-m", "doorstep.site.tasks"])]
    if settings.MODE == "demo" and not settings.SMS_URL:
        children.append(("sms", sms_command()))
    if settings.MODE == "demo" and not settings.BIOMETRICS:
        children.append(("biometrics", _biometrics_command()))
    if settings.MODE == "demo" and "payments" in settings.SYSTEMS and not settings.BANK:
        children.append(("bank", _bank_command(port)))
    if settings.MODE == "demo" and (address := _hospital(port)):
        os.environ["DOORSTEP_HOSPITAL"] = address
        children.append(("party", [sys.executable, "-m", "doorstep.site.party_stand_in"]))
    connections.close_all()
    database = None if os.environ.get("DOORSTEP_DATABASE_URL") else Embedded(home())
    return supervise(
        children,
        home=home(),
        port=port,
        database=database,
        say=say,
        ready=f"Doorstep is open: http://localhost:{port}  (Ctrl-C closes it)",
    )


def collect_static() -> None:
    """Styles, scripts and fonts under the names that pages give them, if they are not there yet."""
    from django.core.management import call_command  # noqa: PLC0415  after Django's set-up

    if not (home() / "static" / "staticfiles.json").exists():
        say("Collecting styles, scripts and fonts ...")
        call_command("collectstatic", interactive=False, verbosity=0)


def sms_command() -> list[str]:
    """The command of an SMS stand-in on a free port, whose address and token all children learn."""
    free = free_port()
    os.environ["DOORSTEP_SMS_URL"] = f"http://127.0.0.1:{free}{PATH}"
    os.environ["DOORSTEP_SMS_TOKEN"] = secrets.token_urlsafe()
    return [sys.executable, "-m", "doorstep.site.sms_stand_in", str(free)]


def _biometrics_command() -> list[str]:
    """The command of a biometrics stand-in on a free port, in the same way; it compares with the demo's portraits."""
    free, token = free_port(), home() / "run" / "biometrics-token"
    token.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    token.touch(0o600)
    token.write_text(secrets.token_urlsafe())
    os.environ["DOORSTEP_BIOMETRICS"] = f"http://127.0.0.1:{free}{BIOMETRICS_PATH} {token}"
    command = [sys.executable, "-m", "doorstep.site.biometrics_stand_in", str(free)]
    return [*command, str(home() / "portraits"), str(token)]


def _bank_command(port: int) -> list[str]:
    """The command of a bank stand-in on a free port, in the same way; its book is kept with the installation."""
    from doorstep.site import bank_keys  # noqa: PLC0415  after Django's set-up
    from doorstep.site.bank_stand_in import PATH as BANK_PATH  # noqa: PLC0415

    free, folder = free_port(), home() / "bank"
    bank_keys.make_keys(folder)
    files = f"{folder / bank_keys.OURS} {folder / bank_keys.OWN_PUBLIC}"
    os.environ["DOORSTEP_BANK"] = f"http://127.0.0.1:{free}{BANK_PATH} {files}"
    callback = f"http://localhost:{port}/payments/bank/callback"
    return [sys.executable, "-m", "doorstep.site.bank_stand_in", str(free), str(folder), callback]


def _hospital(port: int) -> str:
    """Where the demo's made-up hospital opens and is registered: on a free port behind `port`; empty where there is none."""
    from django.conf import settings  # noqa: PLC0415  after Django's set-up

    if "identity" not in settings.SYSTEMS:
        return ""
    from django.utils import timezone  # noqa: PLC0415

    from doorstep.systems.identity.simulation import demo  # noqa: PLC0415

    first = port + demo.HOSPITAL_AFTER
    free = next((one for one in range(first, min(first + 20, 65536)) if port_refusal(one) is None), None)
    told = demo.hospital()
    if told is None or free is None:
        return ""
    address = f"http://localhost:{free}"
    if address != told["address"]:
        demo.move_hospital(timezone.now(), address)
    return address
