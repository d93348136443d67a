"""Three-way reconciliation: our payments, the bank's statement, the asking system's fee statement. Every unit of money has one outcome."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.payments.contract import FeesStated
from doorstep.systems.payments.rules.ledger import check_amount

MOST_LINES = 10_000
MOST_PAGES = 10_000
WAIT = timedelta(hours=6)
"""How long after the end of a banking day its evidence may be on the way before the day is reconciled without it."""
PAUSE = timedelta(hours=1)
"""Between two reconciliations of one day, however much evidence comes late."""

COLUMNS_DIFFER = reason(
    "payments.columns_differ",
    "There are not as many amounts as orders.",
    repair="State one amount for each order, in the same order.",
)
PAGE_WRONG = reason(
    "payments.page_wrong",
    "This is no page of {most} at most, counted from 1 to the number of pages.",
    repair="Count the pages from 1, and state the number of all pages on each.",
)
PAGE_TOO_LONG = reason(
    "payments.page_too_long", "A page holds {most} lines at most.", repair="Spread the lines over more pages."
)
DAY_NOT_OVER = reason(
    "payments.day_not_over", "This day has not begun yet.", repair="State only days for which payments can be known."
)
NOT_OVER = reason("payments.not_over", "This day is not over yet.", repair="Choose a day before today.")
PAGE_DIFFERS = reason(
    "payments.page_differs",
    "This page was stated before with other content.",
    repair="Correct what is wrong with the people who reconcile the day; a page that was stated stays as it is.",
)
PAGES_DIFFER = reason(
    "payments.pages_differ",
    "The statement of this day was begun with another number of pages.",
    repair="State the same number of pages on each page of a day.",
)
RECONCILIATION_WAITS = reason(
    "payments.reconciliation_waits",
    "This day is waiting for its reconciliation already.",
    repair="Wait until it is done.",
)


class Outcome(Code):
    """What became of one piece of money; exactly one for each."""

    MATCHED = "matched", "Matched"
    AMOUNT_DIFFERS = "amount_differs", "Amount differs"
    MISSING_HERE = "missing_at_platform", "Missing here"
    MISSING_THERE = "missing_at_agency", "Missing there"
    DUPLICATE = "duplicate", "Duplicate"
    REFUNDED = "refunded", "Refunded"


class Piece(Code):
    """What kind of money it is. `stated` is in nothing but a fee statement."""

    CREDIT = "credit", "Credit at the bank"
    CASH = "cash", "Cash at the counter"
    DEPOSIT = "deposit", "Cash brought to the bank"
    MOVED = "moved", "Moved between orders"
    PAYOUT = "payout", "Payout"
    STATED = "stated", "Stated only"


class Lacking(Code):
    """Where it is missing."""

    BANK = "bank", "Bank statement"
    ASKER = "asker", "Fee statement of the asking system"
    PLATFORM = "platform", "Our payments"


def check_fees(stated: FeesStated, today: date) -> list[Reason]:
    """What speaks against a page of a fee statement, without looking at any other."""
    found = [] if len(stated.orders) == len(stated.amounts) else [COLUMNS_DIFFER("amounts")]
    if not 1 <= stated.page <= stated.pages <= MOST_PAGES:
        found.append(PAGE_WRONG("page", most=MOST_PAGES))
    if len(stated.orders) > MOST_LINES:
        found.append(PAGE_TOO_LONG("orders", most=MOST_LINES))
    if stated.day > today:
        found.append(DAY_NOT_OVER("day"))
    return found + check_amounts(stated.amounts)


def check_day(day: date, today: date) -> list[Reason]:
    """Against reconciling a day before it is over."""
    return [] if day < today else [NOT_OVER("day")]


def check_amounts(amounts: Sequence[int]) -> list[Reason]:
    """Reasons with their lines, counted from 1."""
    return [why.at_line(line) for line, one in enumerate(amounts, 1) for why in check_amount(one, "amounts")]


def is_due(*, at: datetime, over: datetime, complete: bool, last: datetime | None, newest: datetime | None) -> bool:
    """Is a day to be reconciled (again) at `at`? `over` is when its banking day ended, `last` when it was reconciled last,
    `newest` when the newest evidence of it came; `complete` says that every statement of it is there.
    """
    if at < over:
        return False
    if last is None:
        return complete or at >= over + WAIT
    return newest is not None and newest > last and at >= last + PAUSE
