"""What a system's `simulation.py` is handed, and whether an installation's records were made by one."""

import random
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import msgspec

from doorstep.kernel.store.models import Installation
from doorstep.kernel.values.period import Period


class Simulation(msgspec.Struct, frozen=True):
    """At `scale` s, counts come out at s × the published. The same seed makes the same records, but for their ids."""

    scale: Decimal
    seed: int
    period: Period
    until: datetime
    say: Callable[[str], None]

    def random(self, system: str) -> random.Random:
        """A source of chance of the system's own, so that one more system changes nothing for the others."""
        return random.Random(f"{system} {self.seed}")  # noqa: S311  nothing here is secret

    def share(self, published: int) -> int:
        return int((published * self.scale).to_integral_value())


def simulated_scale() -> Decimal | None:
    """The scale of the simulation that made this installation's records; None when they are real."""
    row = Installation.objects.filter(key="simulated").first()
    return Decimal(str(row.value["scale"])) if row else None
