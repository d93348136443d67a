"""What waits for a second person, in all queues: how much of it the actor may decide, and since when."""

from datetime import date, datetime

import msgspec
from django.db.models import Count, Min, Q

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.systems.payments.models import BankAccount, ChangeOut, Discrepancy, Move, Refund
from doorstep.systems.payments.permissions import APPROVE
from doorstep.systems.payments.rules.refunds import RefundState


class Queue(msgspec.Struct, frozen=True):
    """So many things in a queue were proposed by others, the oldest at `since`; `own` were by the reader."""

    waiting: int
    own: int
    since: datetime | None


def queues(actor: Actor, day: date) -> dict[str, Queue]:
    """Each queue of the actor's area by the name of its page."""
    actor.need(APPROVE)
    of = {
        "refunds": (Refund.objects.filter(state=RefundState.PROPOSED, ended=None), "proposed"),
        "chosen": (Discrepancy.objects.filter(resolved=None).exclude(repair=""), "opened"),
        "moves": (Move.objects.filter(decided=None), "proposed"),
        "changes": (ChangeOut.objects.filter(decided=None), "proposed"),
        "accounts": (BankAccount.objects.filter(approved=None, ended=None), "proposed"),
    }
    own = Q(proposed_by=actor.subject)
    found = {}
    for name, (rows, since) in of.items():
        seen = rows.filter(units.within(actor.unit, day))
        sums = seen.aggregate(
            others=Count("pk", filter=~own), own=Count("pk", filter=own), since=Min(since, filter=~own)
        )
        found[name] = Queue(sums["others"], sums["own"], sums["since"])
    return found
