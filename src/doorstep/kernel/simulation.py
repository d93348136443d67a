"""What a system's `simulation.py` is handed: scale, seed, period, and a way to say how far it got."""

import random
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import msgspec

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
