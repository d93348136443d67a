"""What about money a person must resolve, what the system proposes, and who is to do it."""

from collections.abc import Mapping

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.reasons import reason
from doorstep.systems.payments.permissions import CASHIER, TREASURER
from doorstep.systems.payments.rules.refunds import UNCLEAR, RefundState

REPAIR_UNFIT = reason(
    "payments.repair_unfit", "This repair does not fit.", repair="Choose one of those that the discrepancy offers."
)
TOO_LITTLE = reason(
    "payments.too_little",
    "The money is less than the order's amount.",
    repair="Send it back, so that the whole amount can be paid.",
)
MONEY_GONE = reason(
    "payments.money_gone",
    "This money does not wait to be assigned any more.",
    repair="Open the payment again to see where it went.",
)


class DiscrepancyKind(Code):
    """What is not as it should be."""

    AMOUNT_DIFFERS = "amount_differs", "The amount paid differs from the order's"
    UNKNOWN_REFERENCE = "unknown_reference", "The payment names no order"
    SEVERAL_ORDERS = "several_orders", "The payment names several orders"
    PAID_ELSEWHERE = "paid_elsewhere", "The payment came into an account that the order's unit does not collect into"
    PAID_TWICE = "paid_twice", "The order was paid already, and the bank does not say from which account this came"
    PAID_AFTER_WITHDRAWAL = (
        "paid_after_withdrawal",
        "The order had been withdrawn, and the bank does not say from which account this came",
    )
    CONTRADICTED = "contradicted", "The bank says two different things about one booking"
    PAYOUT_FAILED = "payout_failed", "The bank did not pay out a refund"
    PAYOUT_RETURNED = "payout_returned", "A refund was paid out and came back"
    PAYOUT_UNCLEAR = (
        "payout_unclear",
        "What the bank says of a refund does not agree with the refund, or with what it said before",
    )
    PAYOUT_WAITS = "payout_waits", "The bank has not said for days what became of a refund"
    TILL_DIFFERS = "till_differs", "The money counted in a till is not what should be there"
    DEPOSIT_DIFFERS = "deposit_differs", "The bank counted another amount than the cash that was brought to it"
    DEPOSIT_MISSING = "deposit_missing", "Cash was brought to the bank, and the bank has not counted it in time"
    MONEY_UNRECORDED = "money_unrecorded", "The bank told of money in a way that cannot be recorded"
    STATEMENT_LACKING = "statement_lacking", "A day's statement of the bank is missing or could not be taken"
    UNASSIGNED = "unassigned", "Money came in that pays no order and did not go back"
    NOT_BANKED = "not_banked", "Our payments have money that is not on the bank's statement"
    NOT_BOOKED = "not_booked", "The bank's statement has money that is not in our payments"
    BANK_DIFFERS = "bank_differs", "The bank's statement has another amount than our payments"
    NOT_STATED = "not_stated", "The asking office does not list a payment that was made"
    STATED_UNPAID = "stated_unpaid", "The asking office lists a payment that was not made"
    STATED_DIFFERS = "stated_differs", "The asking office lists a payment with another amount"
    STATED_TWICE = "stated_twice", "The asking office lists a payment twice"
    STATEMENT_MISSING = "statement_missing", "The bank's statement of a day has not come"
    FEES_REFUSED = "fees_refused", "What an asking office lists as paid on a day could not be taken"
    FEES_MISSING = "fees_missing", "The asking office has not listed its payments of a day"


class Repair(Code):
    """What may be done about it. Each is chosen by one person and approved by another."""

    ASSIGN = "assign", "Assign the money to an order; what is over goes back"
    REFUND = "refund", "Send the money back"
    CLARIFY = "clarify", "Clear it up and note the result"
    PAID_OUT = "paid_out", "The money has left: book it as paid out"
    NOT_PAID_OUT = "not_paid_out", "The money has not left: free it again"


class Nature(msgspec.Struct, frozen=True):
    """What the system proposes, which repairs may fit (see `fitting`), and the role that owns it."""

    proposal: Repair
    fitting: tuple[Repair, ...]
    role: str


_OF_STATEMENTS = (
    DiscrepancyKind.NOT_BANKED,
    DiscrepancyKind.NOT_BOOKED,
    DiscrepancyKind.BANK_DIFFERS,
    DiscrepancyKind.NOT_STATED,
    DiscrepancyKind.STATED_UNPAID,
    DiscrepancyKind.STATED_DIFFERS,
    DiscrepancyKind.STATED_TWICE,
    DiscrepancyKind.STATEMENT_MISSING,
    DiscrepancyKind.FEES_MISSING,
)
_MONEY = (Repair.ASSIGN, Repair.REFUND)
KINDS: Mapping[DiscrepancyKind, Nature] = {
    DiscrepancyKind.AMOUNT_DIFFERS: Nature(Repair.ASSIGN, _MONEY, CASHIER.code),
    DiscrepancyKind.UNKNOWN_REFERENCE: Nature(Repair.REFUND, _MONEY, TREASURER.code),
    DiscrepancyKind.SEVERAL_ORDERS: Nature(Repair.ASSIGN, _MONEY, CASHIER.code),
    DiscrepancyKind.PAID_ELSEWHERE: Nature(Repair.REFUND, _MONEY, TREASURER.code),
    DiscrepancyKind.PAID_TWICE: Nature(Repair.REFUND, _MONEY, CASHIER.code),
    DiscrepancyKind.PAID_AFTER_WITHDRAWAL: Nature(Repair.REFUND, _MONEY, CASHIER.code),
    DiscrepancyKind.CONTRADICTED: Nature(Repair.CLARIFY, (Repair.CLARIFY,), TREASURER.code),
    DiscrepancyKind.PAYOUT_FAILED: Nature(Repair.REFUND, _MONEY, CASHIER.code),
    DiscrepancyKind.PAYOUT_RETURNED: Nature(Repair.REFUND, _MONEY, CASHIER.code),
    DiscrepancyKind.PAYOUT_UNCLEAR: Nature(Repair.PAID_OUT, (Repair.PAID_OUT, Repair.NOT_PAID_OUT), TREASURER.code),
    DiscrepancyKind.PAYOUT_WAITS: Nature(Repair.CLARIFY, (Repair.CLARIFY,), TREASURER.code),
    DiscrepancyKind.TILL_DIFFERS: Nature(Repair.CLARIFY, (Repair.CLARIFY,), TREASURER.code),
    DiscrepancyKind.DEPOSIT_MISSING: Nature(Repair.CLARIFY, (Repair.CLARIFY,), TREASURER.code),
    DiscrepancyKind.DEPOSIT_DIFFERS: Nature(Repair.CLARIFY, (Repair.CLARIFY,), TREASURER.code),
    DiscrepancyKind.MONEY_UNRECORDED: Nature(Repair.CLARIFY, (Repair.CLARIFY,), TREASURER.code),
    DiscrepancyKind.STATEMENT_LACKING: Nature(Repair.CLARIFY, (Repair.CLARIFY,), TREASURER.code),
    DiscrepancyKind.FEES_REFUSED: Nature(Repair.CLARIFY, (Repair.CLARIFY,), TREASURER.code),
    DiscrepancyKind.UNASSIGNED: Nature(Repair.REFUND, _MONEY, TREASURER.code),
    **dict.fromkeys(_OF_STATEMENTS, Nature(Repair.CLARIFY, (Repair.CLARIFY,), TREASURER.code)),
}
OF_FEEDS = (DiscrepancyKind.MONEY_UNRECORDED, DiscrepancyKind.STATEMENT_LACKING)
OF_DEPOSITS = (DiscrepancyKind.DEPOSIT_DIFFERS, DiscrepancyKind.DEPOSIT_MISSING)
OF_DAYS = (DiscrepancyKind.UNASSIGNED, *_OF_STATEMENTS)
"""Those that a day's reconciliation opens, and resolves when they are no more."""


def fitting(kind: DiscrepancyKind, *, waiting: bool, assigned: bool, payout: RefundState | None) -> tuple[Repair, ...]:
    """What may be done about it now, never nothing. `waiting`: its money waits for a person; `assigned`: some of that
    credit is assigned already; `payout`: how far the refund is that it is about.
    """
    now = {
        Repair.ASSIGN: waiting and not assigned,
        Repair.REFUND: waiting,
        Repair.PAID_OUT: payout in UNCLEAR,
        Repair.NOT_PAID_OUT: payout in UNCLEAR,
    }
    return tuple(one for one in KINDS[kind].fitting if now.get(one)) or (Repair.CLARIFY,)


def underpaid(paid: int, due: int) -> Repair:
    """What is proposed where the amount differs: assign it once it is enough (what is over goes back), until then return it."""
    return Repair.ASSIGN if paid >= due else Repair.REFUND
