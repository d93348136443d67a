"""What a credit pays for: which order its memo names, whether it pays it, and if not, what is to be done with it."""

from collections.abc import Iterator, Sequence

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.ids import read_reference
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.rules.evidence import Credit
from doorstep.systems.payments.rules.ledger import check_amount
from doorstep.systems.payments.rules.orders import payable

CODE_LENGTH = 17
"""Letters and digits of a public code, without the dashes that some banks strip."""

CURRENCY_DIFFERS = reason(
    "payments.currency_differs",
    "The money is in another currency than the account.",
    repair="Compare it with the bank's statement.",
)
BOOKING_MISSING = reason(
    "payments.booking_missing", "The bank's number of the booking is missing.", repair="Ask the bank for it."
)


class Match(Code):
    """What was made of a credit when it was first told."""

    MATCHED = "matched", "Paid an order"
    DUPLICATE = "duplicate", "The order was paid already"
    WITHDRAWN = "withdrawn", "The order had been withdrawn"
    DIFFERS = "differs", "The amount differs from the order's"
    SEVERAL = "several", "The message names several orders"
    UNKNOWN = "unknown", "The message names no order"
    CAME_BACK = "came_back", "A payout came back"


class CreditState(Code):
    """Where a credit's money is."""

    OPEN = "open", "Not yet assigned"
    ASSIGNED = "assigned", "Assigned to an order"
    RETURNING = "returning", "On its way back"
    RETURNED = "returned", "Returned"


class Told(Code):
    """What telling a credit did."""

    RECORDED = "recorded", "Recorded"
    REPEATED = "repeated", "Known already"
    CONTRADICTED = "contradicted", "Known already with other content"
    REFUSED = "refused", "Refused"


class Outcome(msgspec.Struct, frozen=True):
    """What became of one credit of a batch: `match` where it was recorded now, `reasons` where it was refused."""

    told: Told
    match: Match | None = None
    reasons: tuple[Reason, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """What the judgement needs to know of an order."""

    state: OrderState
    amount: int


def references(plain: str) -> Iterator[str]:
    """The public codes that a memo may hold, in the order of their places; `plain` is its letters and digits.

    Whatever stands before or behind it, a code is found; its check character sorts out nearly all else.
    """
    for start in range(len(plain) - CODE_LENGTH + 1):
        if found := read_reference(plain[start : start + CODE_LENGTH]):
            yield found


def judge(amount: int, named: Sequence[Standing]) -> Match:
    """What a credit of `amount` is to the orders that its memo names."""
    if not named:
        return Match.UNKNOWN
    if len(named) > 1:
        return Match.SEVERAL
    (order,) = named
    if order.state == OrderState.CANCELLED:
        return Match.WITHDRAWN
    if not payable(order.state):
        return Match.DUPLICATE
    return Match.MATCHED if amount == order.amount else Match.DIFFERS


def check_credit(credit: Credit, currency: str) -> list[Reason]:
    """Against a credit that no book could hold, whatever bank says it."""
    found = check_amount(credit.amount)
    if not credit.booking:
        found.append(BOOKING_MISSING("booking"))
    if credit.currency != currency:
        found.append(CURRENCY_DIFFERS("currency"))
    return found
