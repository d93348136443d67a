"""`doorstep simulate`: the users of the running systems act for half a year, through the real actions."""

import argparse
from datetime import timedelta
from decimal import Decimal

from doorstep.site.cli import Stop, installation, period, say, share

EXAMPLES = ["doorstep simulate --scale 0.001", "doorstep simulate --scale 0.01 --seed 7 --period 2024-H1"]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scale", type=share, default="0.001", help="share of the published counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--period", type=period, default="2024-H1")


def run(arguments: argparse.Namespace) -> int:
    with installation("demo"):
        fill(arguments.scale, arguments.seed, arguments.period.label)
    return 0


def fill(scale: Decimal, seed: int, label: str = "2024-H1") -> None:
    """Invent what lies below the first level, and let each system's users act; once an installation."""
    from datetime import UTC, datetime  # noqa: PLC0415  after Django's set-up

    from django.conf import settings  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from doorstep.kernel import contracts  # noqa: PLC0415
    from doorstep.kernel.country import profile  # noqa: PLC0415
    from doorstep.kernel.simulation import Simulation, simulated_scale  # noqa: PLC0415
    from doorstep.kernel.store import units  # noqa: PLC0415
    from doorstep.kernel.store.models import Installation, Message  # noqa: PLC0415
    from doorstep.kernel.store.partitions import ensure_months  # noqa: PLC0415
    from doorstep.kernel.system import systems  # noqa: PLC0415
    from doorstep.kernel.values.period import Period  # noqa: PLC0415

    if settings.MODE == "production":
        raise Stop("Production takes no simulated records. Set DOORSTEP_MODE=demo and another DOORSTEP_HOME.")
    if simulated_scale():
        raise Stop("This installation holds a simulation already. Choose another DOORSTEP_HOME for a second one.")
    period = Period.parse(label)
    Installation.objects.create(key="simulated", value={"scale": str(scale), "seed": seed, "period": label})
    ensure_months(period.start - timedelta(days=31), period.end + timedelta(days=31))
    official = profile().units
    for row in official.localities(period.start):
        units.load(official.invented_communes(row.code, 4, 0))
    end = datetime(period.end.year, period.end.month, period.end.day, tzinfo=UTC) - timedelta(days=1)
    for system in systems():
        room = system.room("simulation")
        if room and hasattr(room, "simulate"):
            say(f"Simulating {system.label} at scale {scale} ...")
            room.simulate(Simulation(scale, seed, period, end, say))
            contracts.drain(timezone.now())
    if left := Message.objects.count():
        say(f"{left} messages could not be delivered: `doorstep messages list` says which.")
