"""`doorstep demo`: an installation filled by a simulation, with sign-in buttons instead of identities."""

import argparse
import os
import time
from decimal import Decimal
from pathlib import Path

from doorstep.site.cli import Stop, home, installation, port, say, share
from doorstep.site.commands import simulate, up

EXAMPLES = ["doorstep demo", "doorstep demo --scale 0.005 --port 8080"]
SCALE = "0.001"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=os.environ.get("DOORSTEP_PORT", "8000"))
    parser.add_argument("--scale", type=share, default=SCALE, help="share of the published counts")
    parser.add_argument("--fill-only", action="store_true", help="fill the installation and do not serve")


def run(arguments: argparse.Namespace) -> int:
    from doorstep.site.processes import port_refusal  # noqa: PLC0415  after the parser, for a quick --help

    began = time.monotonic()
    say("Starting the database and bringing its tables up to date ...")
    with installation("demo"):
        if not filled():
            if not arguments.fill_only and (refusal := port_refusal(arguments.port)):
                raise Stop(refusal)  # before the minute that filling takes
            fill(arguments.scale, seed=1)
        say(f"Everything is there after {time.monotonic() - began:.0f} s.")
        return 0 if arguments.fill_only else up.serve(arguments.port)


def filled() -> bool:
    """Whether the whole demo of before is here; Stop with the repair where half of one is."""
    from doorstep.kernel.store.models import Installation  # noqa: PLC0415  after Django's set-up

    held = Installation.objects.in_bulk(["simulated", "filled"])
    if "simulated" in held and "filled" not in held:
        raise Stop(
            f"{home()} holds half a demo: it was stopped while it was filled, or `doorstep simulate` made it. "
            f"Forget it with `make clean`, or choose another DOORSTEP_HOME."
        )
    if "filled" in held:
        say(f"The demo of before is here, at scale {held['simulated'].value['scale']}; `make clean` forgets it.")
    return "filled" in held


def report_of(published: Path | None) -> None:
    """The published figures as submitted ones, and the report that holds them against the records."""
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
    from doorstep.kernel.store.writing import By  # noqa: PLC0415
    from doorstep.kernel.values.period import Period  # noqa: PLC0415
    from doorstep.systems.steering import tasks  # noqa: PLC0415
    from doorstep.systems.steering.actions import import_figures  # noqa: PLC0415

    say("Importing the published figures and making the report of 2024-H1 ...")
    secretary = Actor("demo:secretary", roles=("steering.secretary",), via="command")
    if published:
        import_figures(By(secretary, timezone.now()), published.read_bytes())
    tasks.make_report(Period.parse("2024-H1"), "", timezone.now())


def pay_at_the_bank() -> None:
    """What made-up people have paid, into the book of the stand-in for a bank; it tells us of it when it starts."""
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from doorstep.site.bank_book import Payment  # noqa: PLC0415
    from doorstep.site.bank_stand_in import book_of  # noqa: PLC0415
    from doorstep.systems.payments.models import BankAccount  # noqa: PLC0415
    from doorstep.systems.payments.simulation import demo_payments  # noqa: PLC0415

    now, book = timezone.now(), book_of(home() / "bank")
    account = BankAccount.objects.get(ended=None)
    for one in demo_payments(now):
        payment = Payment(
            from_bank=one.from_bank,
            from_account=one.from_account,
            from_name=one.from_name,
            to_bank=account.bank,
            to_account=account.number,
            amount=one.amount,
            currency=one.currency,
            memo=one.memo,
            key=one.booking,
        )
        book.pay(payment, now)
    book.close()


def fill(scale: Decimal, seed: int) -> None:
    """Simulate, import the published figures, seal, compute and publish."""
    from django.apps import apps  # noqa: PLC0415  after Django's set-up
    from django.utils import timezone  # noqa: PLC0415

    from doorstep.kernel.country import profile  # noqa: PLC0415
    from doorstep.kernel.store.models import Installation  # noqa: PLC0415
    from doorstep.kernel.system import systems  # noqa: PLC0415

    simulate.fill(scale, seed)
    for system in systems():
        room = system.room("simulation")
        if room and hasattr(room, "prepare_demo"):
            say(f"Preparing what {system.label} shows ...")
            room.prepare_demo(timezone.now())
    if apps.is_installed("doorstep.systems.payments"):
        pay_at_the_bank()
    if apps.is_installed("doorstep.systems.steering"):
        report_of(profile().published)
    Installation.objects.create(key="filled", value={"at": timezone.now().isoformat()})
