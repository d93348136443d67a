"""Refunds as they are read."""

from uuid import UUID

from django.db.models import Case, Value, When

from doorstep.kernel.access import personal
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.ids import Masked
from doorstep.systems.payments.models import Refund
from doorstep.systems.payments.permissions import SETTLE
from doorstep.systems.payments.rules.evidence import Payout
from doorstep.systems.payments.rules.refunds import RefundState

AT_ONCE = 100


@personal(SETTLE)
def payouts_in(_actor: Actor, state: RefundState, after: UUID | None = None) -> list[Payout]:
    """Refunds in this state as orders to the bank, a hundred at once, oldest first: those behind `after`, then the rest."""
    found = Refund.objects.filter(state=state, ended=None).select_related("account")
    turn = Case(When(id__gt=after, then=0), default=1) if after else Value(0)
    return [payout_of(row) for row in found.order_by(turn, "id")[:AT_ONCE]]


def payout_of(row: Refund) -> Payout:
    """What the bank is ordered to pay; the refund's account was selected with it."""
    return Payout(
        id=row.id,
        bank=row.account.bank,
        account=row.account.number,
        to_bank=row.to_bank,
        to_account=Masked(row.to_account),
        to_name=row.to_name,
        amount=row.amount,
        currency=row.currency,
        memo=row.code.replace("-", ""),
    )
