"""Refunds: how much may go back, from which accounts, and what the bank's answers make of one."""

from collections.abc import Collection, Mapping
from enum import Enum, auto

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.payments.contract import FeeKind, OrderState
from doorstep.systems.payments.rules.evidence import Payout, PayoutResult, PayoutState
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
    REFUSED = "refused", "Refused by the bank"
    DISPUTED = "disputed", "Unclear at the bank, and held until it is clear"
    CONTRADICTED = "contradicted", "Paid out, says the bank, though it should not be"
    LOST = "lost", "Paid out although the money had gone elsewhere"


class Destination(msgspec.Struct, frozen=True):
    """Into which account money goes back."""

    bank: str
    number: Masked
    name: str = ""


class Direction(Code):
    """What a destination is to the account that paid."""

    BACK = "back", "The account that paid"
    ELSEWHERE = "elsewhere", "Not the account that paid"
    UNKNOWN = "unknown", "It is not known which account paid"


class Said(Enum):
    """What the bank's word about a payout comes to."""

    TAKEN = auto()
    LEFT = auto()
    FAILED = auto()
    BACK = auto()
    DIFFERS = auto()


REFUNDABLE = (OrderState.SETTLED, OrderState.REFUNDED_IN_PART)
"""Of orders in these states money may go back; what was moved to another order is not there any more."""

HOLDING = (RefundState.APPROVED, RefundState.TAKEN, RefundState.DISPUTED)
"""The money of refunds in these states is held in the ledger."""
GOES = (*HOLDING, RefundState.PAID)
"""The money of refunds in these states is gone, or may go at any moment."""
COUNTS = (RefundState.PROPOSED, *GOES, RefundState.CONTRADICTED)
"""Refunds in these states take away from what else may go back."""
UNCLEAR = (RefundState.DISPUTED, RefundState.CONTRADICTED)
"""Of refunds in these states two persons say whether the money has left."""

SENT = (RefundState.APPROVED, RefundState.TAKEN)
"""Refunds in these states are for the bank to pay out."""
_NEVER = (RefundState.PROPOSED, RefundState.REJECTED, RefundState.REFUSED)
_NEXT: Mapping[tuple[RefundState, Said], RefundState] = {
    (RefundState.APPROVED, Said.TAKEN): RefundState.TAKEN,
    **{(state, Said.LEFT): RefundState.PAID for state in HOLDING},
    **{(state, Said.FAILED): RefundState.REFUSED for state in SENT},
    **{(state, said): RefundState.DISPUTED for state in SENT for said in (Said.BACK, Said.DIFFERS)},
    **{(state, said): RefundState.CONTRADICTED for state in _NEVER for said in (Said.LEFT, Said.DIFFERS)},
}


def direction(bank: str, number: str, paid_from: Collection[tuple[str, str]]) -> Direction:
    """Of money that goes to this account and was paid from those (bank and number each)."""
    known = {one for one in paid_from if one[1]}
    if not known:
        return Direction.UNKNOWN
    return Direction.BACK if (bank, number) in known else Direction.ELSEWHERE


def hear(told: PayoutResult, ordered: Payout) -> Said:
    """What the bank says of what we ordered: money left if it left with this amount and between these accounts.

    Money that comes back is a credit of its own: a payout that is returned has left, if the bank has a booking of it.
    """
    if told.state == PayoutState.TAKEN:
        return Said.TAKEN
    if told.state == PayoutState.REFUSED:
        return Said.DIFFERS if told.booking else Said.FAILED
    if told.state == PayoutState.RETURNED and not told.booking:
        return Said.BACK
    names = ("currency", "bank", "account", "to_bank", "to_account")
    agrees = all(getattr(told, name) in ("", getattr(ordered, name)) for name in names)
    return Said.LEFT if told.amount == ordered.amount and agrees else Said.DIFFERS


def follow(state: RefundState, said: Said) -> RefundState | None:
    """The state after what the bank says; None where it stays."""
    return _NEXT.get((state, said))


def contradicts(state: RefundState, said: Said, *, again: bool) -> bool:
    """Whether a word that changes nothing cannot be true beside what is booked; `again`: the bank has another booking."""
    booked = state in (RefundState.PAID, RefundState.LOST)
    return booked and (said in (Said.FAILED, Said.DIFFERS) or (said == Said.LEFT and again))


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
