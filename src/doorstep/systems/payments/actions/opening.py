"""Opening counts: what was paid before the first day of an installation; and statements of a bank that is simulated."""

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from uuid import UUID

import msgspec

from doorstep.kernel.declare.facts import Columns
from doorstep.kernel.store.writing import Act, action
from doorstep.systems.payments.actions.bank import keep_bookings
from doorstep.systems.payments.facts import Channel, PaymentSettled
from doorstep.systems.payments.models import BankAccount
from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE
from doorstep.systems.payments.rules.camt053 import Booking, Head

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


@action(SETTLE, FOR_TREASURY)
def open_statement(act: Act, account: UUID, day: date, told: Sequence[Head | Booking]) -> None:
    """Keep a day's statement as one that was read from a bank's file."""
    row = BankAccount.objects.get(id=account)
    keep_bookings(act, row, day, iter(told), sha256(msgspec.msgpack.encode(told, enc_hook=str)).digest())
    act.journal(detail=f"opening statement: account {account} {day}")
