"""Refunds: how much may go back, from which accounts, and what the bank's answers make of one."""

from collections.abc import Mapping

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.rules.evidence import PayoutState
from doorstep.systems.payments.rules.ledger import MOST, check_amount

NOTHING_TO_REFUND = reason(
    "payments.nothing_to_refund", "No amount to go back is named.", repair="Name an amount for at least one kind."
)
REFUND_TOO_MUCH = reason(
    "payments.refund_too_much",
    "Of this kind no more than {most} can go back now, in minor units; what others have proposed counts as gone.",
    repair="Refund less, or wait until a refund that is under way has failed or was rejected.",
)
SAME_PERSON = reason(
    "payments.same_person",
    "Whoever proposed this cannot decide about it, too.",
    repair="Ask a colleague who may approve repairs.",
)
DECIDED_ALREADY = reason(
    "payments.decided_already", "This was decided already.", repair="Open it again to see what became of it."
)
ACCOUNT_MISSING = reason(
    "payments.account_missing",
    "It is not known to which account the money should go back.",
    repair="Name the bank and the account of the person who paid.",
)
WHY_MISSING = reason("payments.why_missing", "The reason is missing.", repair="Say in a sentence why.")
NO_BANK_ACCOUNT = reason(
    "payments.no_bank_account",
    "The unit has no bank account from which it could be paid out.",
    repair="Let two persons name a bank account for the unit first.",
)


class RefundState(Code):
    """How far a refund is."""

    PROPOSED = "proposed", "Waiting for a second person"
    REJECTED = "rejected", "Rejected"
    APPROVED = "approved", "Approved, not yet at the bank"
    TAKEN = "taken", "At the bank"
    PAID = "paid", "Paid out"
    RETURNED = "returned", "Came back"
    REFUSED = "refused", "Refused by the bank"


COUNTS = (RefundState.PROPOSED, RefundState.APPROVED, RefundState.TAKEN, RefundState.PAID)
"""Refunds in these states take away from what else may go back."""

_NEXT: Mapping[tuple[RefundState, PayoutState], RefundState] = {
    (RefundState.APPROVED, PayoutState.TAKEN): RefundState.TAKEN,
    (RefundState.APPROVED, PayoutState.PAID): RefundState.PAID,
    (RefundState.APPROVED, PayoutState.RETURNED): RefundState.RETURNED,
    (RefundState.APPROVED, PayoutState.REFUSED): RefundState.REFUSED,
    (RefundState.TAKEN, PayoutState.PAID): RefundState.PAID,
    (RefundState.TAKEN, PayoutState.RETURNED): RefundState.RETURNED,
    (RefundState.TAKEN, PayoutState.REFUSED): RefundState.REFUSED,
}


def follow(state: RefundState, told: PayoutState) -> RefundState | None:
    """The state after what the bank says; None where that is no news. What was paid out comes back as a credit."""
    return _NEXT.get((state, told))


def check_refund(wanted: Mapping[FeeKind, int], left: Mapping[FeeKind, int]) -> list[Reason]:
    """Against refunding `wanted` where `left` may still go back; minor units by kind."""
    named = {kind: amount for kind, amount in wanted.items() if amount}
    if not named:
        return [NOTHING_TO_REFUND("amount")]
    found = []
    for kind, amount in named.items():
        found += check_amount(amount, kind.value)
        if amount <= MOST and amount > left.get(kind, 0):
            found.append(REFUND_TOO_MUCH(kind.value, most=left.get(kind, 0)))
    return found
