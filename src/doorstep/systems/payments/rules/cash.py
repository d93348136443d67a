"""The counter: what is counted is compared with what should be there, and money changes its keeper when both count the same."""

from collections.abc import Sequence

from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.rules.ledger import AMOUNT_WRONG, MOST
from doorstep.systems.payments.rules.orders import NOT_PAYABLE, payable

TILL_UNNAMED = reason(
    "payments.till_unnamed", "The till has no name.", repair="Write the name or number that stands on it."
)
TILL_TAKEN = reason(
    "payments.till_taken",
    "Somebody keeps this till already, or you keep another one.",
    repair="Close your other till first, or let this one be handed over to you.",
)
NO_SHIFT = reason("payments.no_shift", "You keep no till now.", repair="Open a till first.")
COUNTED_ALREADY = reason(
    "payments.counted_already",
    "The till is counted and waits for the next cashier; nothing is taken from it or put in.",
    repair="Take the till back first, or wait until it is handed over.",
)
NOT_COUNTED = reason(
    "payments.not_counted",
    "This till is not waiting for another cashier.",
    repair="Ask the cashier who keeps it to count it and hand it over.",
)
COUNTS_DIFFER = reason(
    "payments.counts_differ",
    "Your count is not the one of the cashier who hands over.",
    repair="Count the money once more, both of you.",
)
TENDERED_TOO_LITTLE = reason(
    "payments.tendered_too_little", "This is less than what is due.", repair="Take the whole amount, or none."
)
ORDER_NOT_FOUND = reason(
    "payments.order_not_found",
    "There is no payment order with this code in your area.",
    repair="Check the code; it stands on the payer's page and on the letter.",
)
NOT_PAID = reason(
    "payments.not_paid",
    "There is no whole payment for this order that could be moved: it is not paid, or some of it went or goes back.",
    repair="Look up what became of it and of its refunds.",
)
MOVE_DIFFERS = reason(
    "payments.move_differs",
    "The other order is about another amount.",
    repair="Propose a refund, and let the other order be paid.",
)
MOVE_TO_ITSELF = reason(
    "payments.move_to_itself", "Both codes are of one order.", repair="Write the code of the order that was meant."
)
MOVE_WAITS = reason(
    "payments.move_waits",
    "Somebody has proposed to move this payment already.",
    repair="Let a second person decide about it first.",
)


def check_count(amount: int, field: str) -> list[Reason]:
    """Against a count in minor units; nothing in the drawer is a count, too."""
    return [] if 0 <= amount <= MOST else [AMOUNT_WRONG(field, most=MOST)]


def check_move(source: OrderState, paid: int, refunds: Sequence[int], target: OrderState, due: int) -> list[Reason]:
    """Against moving what was paid for one order to another; `refunds` are those of the first that count, minor units."""
    found = [] if source == OrderState.SETTLED and not refunds else [NOT_PAID("source")]
    if not payable(target):
        found.append(NOT_PAYABLE("target"))
    elif paid != due:
        found.append(MOVE_DIFFERS("target"))
    return found
