"""How people collect and activate their e-IDs, through the real actions."""

from doorstep.kernel.simulation import Simulation


def people() -> list[dict[str, str]]:
    """Whom the demo lets in with one tap."""
    return []


def simulate(simulation: Simulation) -> None:
    """See the actions."""
    simulation.say("identity: nobody yet")
