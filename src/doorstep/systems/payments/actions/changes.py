"""Change money leaves a till again: its cashier sets it aside, and another person says that it goes or stays."""

from uuid import UUID

import msgspec

from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict, Refused, refuse
from doorstep.systems.payments.actions import ledger, rows
from doorstep.systems.payments.actions.tills import kept_shift, move_change
from doorstep.systems.payments.models import ChangeOut
from doorstep.systems.payments.permissions import APPROVE, FOR_REPAIR, TILL
from doorstep.systems.payments.rules.ledger import check_amount
from doorstep.systems.payments.rules.refunds import DECIDED_ALREADY, SAME_PERSON


class ChangeSetAside(msgspec.Struct, frozen=True):
    """The change money that waits for a second person."""

    id: UUID


@action(TILL, FOR_REPAIR)
def set_change_aside(act: Act, amount: int) -> ChangeSetAside:
    """Take change money out of the actor's till, until another person has decided; what is undecided when the till is
    counted lies in it again.

    Raises Refused for more than was brought as change and is there.
    """
    refuse(check_amount(amount))
    shift = kept_shift(act)
    ledger.transfer(act, [move_change(act, act.id, shift.till, amount, "pending")])
    ChangeOut.objects.create(
        id=act.id,
        shift=shift,
        unit=shift.till.unit,
        amount=amount,
        proposed_by=act.actor.subject,
        proposed=act.at,
    )
    act.journal(fields=("change",), detail=f"till {shift.till_id}")
    return ChangeSetAside(act.id)


@action(APPROVE, FOR_REPAIR)
def decide_change(act: Act, change_id: UUID, *, approve: bool) -> None:
    """It leaves the till, or lies in it again. Raises NotFound outside the actor's area, Refused for one's own, Conflict
    once it is decided.
    """
    row = rows.mine(act, ChangeOut.objects.select_related("shift__till"), id=change_id)
    if row.decided:
        raise Conflict(DECIDED_ALREADY())
    if row.proposed_by == act.actor.subject:
        raise Refused(SAME_PERSON())
    row.decided_by, row.decided, row.approved = act.actor.subject, act.at, approve
    row.save(update_fields=["decided_by", "decided", "approved"])
    ledger.transfer(act, [move_change(act, row.id, row.shift.till, row.amount, "post" if approve else "void")])
    act.journal(fields=("change",), detail=f"till {row.shift.till_id} {approve}")
