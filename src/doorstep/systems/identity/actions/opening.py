"""Opening counts: what stood before the first day of an installation, from the register that it takes over."""

from collections.abc import Mapping

from doorstep.kernel.declare.facts import FactKind
from doorstep.kernel.store.writing import Act, action
from doorstep.systems.identity.facts import EidCounted, Holder, Level, PortalEntered, Stage
from doorstep.systems.identity.permissions import FOR_EID, STEP

CHUNK = 50_000
"""Facts in one row of the outbox."""


@action(STEP, FOR_EID)
def open_eids(act: Act, stage: Stage, holder: Holder, level: Level, counts: Mapping[str, int]) -> int:
    """So many e-IDs a commune, as facts of the action's day; returns how many."""
    total = _emit(act, EidCounted.KIND, counts, stage=stage.value, holder=holder.value, level=level.value)
    act.journal(detail=f"opening facts: {total} {stage.value}")
    return total


@action(STEP, FOR_EID)
def open_accounts(act: Act, holder: Holder, counts: Mapping[str, int]) -> int:
    """So many accounts a commune that entered the portal before."""
    total = _emit(act, PortalEntered.KIND, counts, holder=holder.value)
    act.journal(detail=f"opening facts: {total} accounts")
    return total


def _emit(act: Act, kind: FactKind, counts: Mapping[str, int], **codes: str) -> int:
    places = [unit for unit, count in counts.items() for _ in range(count)]
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        rows = len(chunk)
        same = {name: [value] * rows for name, value in codes.items()}
        act.facts(kind, {"day": [act.day.isoformat()] * rows, "unit": chunk, **same, "n": [1] * rows})
    return len(places)
