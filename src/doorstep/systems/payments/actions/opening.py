"""Opening counts: what was paid before the first day of an installation."""

from collections.abc import Mapping

from doorstep.kernel.declare.facts import Columns
from doorstep.kernel.store.writing import Act, action
from doorstep.systems.payments.facts import Channel, PaymentSettled
from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE

CHUNK = 50_000
"""Facts in one row of the outbox."""


@action(SETTLE, FOR_TREASURY)
def open_payments(act: Act, counts: Mapping[str, int], worth: int) -> int:
    """So many payments a unit, in all `worth` minor units, as facts of the action's day; returns how many."""
    places = [unit for unit, number in counts.items() for _ in range(number)]
    total = len(places)
    amounts = [worth * (place + 1) // total - worth * place // total for place in range(total)]
    for start in range(0, total, CHUNK):
        rows = len(places[start : start + CHUNK])
        columns: Columns = {
            "day": [act.day.isoformat()] * rows,
            "unit": places[start : start + CHUNK],
            "channel": [Channel.TRANSFER.value] * rows,
            "amount": amounts[start : start + CHUNK],
            "n": [1] * rows,
        }
        act.facts(PaymentSettled.KIND, columns)
    act.journal(detail=f"opening facts: {total} payments")
    return total
