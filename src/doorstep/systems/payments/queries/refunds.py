"""Refunds as they are read."""

from doorstep.kernel.access import personal
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.ids import Masked
from doorstep.systems.payments.models import Refund
from doorstep.systems.payments.permissions import SETTLE
from doorstep.systems.payments.rules.evidence import Payout
from doorstep.systems.payments.rules.refunds import RefundState

AT_ONCE = 100


@personal(SETTLE)
def payouts_to_send(_actor: Actor, *states: RefundState) -> list[Payout]:
    """Approved refunds as orders to the bank, oldest first, a hundred at once; with `states` those in other ones."""
    found = Refund.objects.filter(state__in=states or [RefundState.APPROVED], ended=None).select_related("account")
    return [
        Payout(
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
        for row in found.order_by("id")[:AT_ONCE]
    ]
