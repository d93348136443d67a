"""Three-way reconciliation: our payments, the bank's statement, the asking system's fee statement. Every unit of money has one outcome."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.payments.contract import FeesStated
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind
from doorstep.systems.payments.rules.ledger import check_amount
from doorstep.systems.payments.rules.settlement import Match

MOST_LINES = 10_000
MOST_PAGES = 10_000
WAIT = timedelta(hours=6)
"""How long after the end of a day its evidence may be on the way before the day is reconciled without it."""
PAUSE = timedelta(hours=1)
"""Between two reconciliations of one day, however much evidence comes late."""
LATE = timedelta(days=1)
"""So long after its end a day is reconciled again no more than once in as much time."""

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
DAY_TOO_OLD = reason(
    "payments.day_too_old",
    "Fees are stated within {days} days.",
    repair="Tell the treasury what is lacking from before.",
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
    MISSING_HERE = "missing_at_platform", "Missing in our payments"
    MISSING_THERE = "missing_at_agency", "Missing at the bank or the asking office"
    DUPLICATE = "duplicate", "Duplicate"
    REFUNDED = "refunded", "Refunded"


class Piece(Code):
    """What kind of money it is. A credit that pays an order in part is two pieces; `stated` is in nothing but a fee statement."""

    CREDIT = "credit", "Payment by transfer"
    REST = "rest", "Transfer that pays no order"
    CASH = "cash", "Cash at the counter"
    DEPOSIT = "deposit", "Cash brought to the bank"
    MOVED = "moved", "Moved between orders"
    PAYOUT = "payout", "Payout"
    STATED = "stated", "Listed by the asking office only"


class Lacking(Code):
    """Where it is missing."""

    BANK = "bank", "Missing at the bank"
    ASKER = "asker", "Missing at the asking office"
    PLATFORM = "platform", "Missing here"


AT_BANK = (Piece.CREDIT, Piece.REST, Piece.DEPOSIT, Piece.PAYOUT)
"""These stand on a bank's statement; the other ones never do."""
PAID_AGAIN = (Match.DUPLICATE, Match.WITHDRAWN)
"""A credit of these matches came for an order that was paid or withdrawn before."""


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """What the three sides say of a piece of money, in minor units, None where one says nothing; out is negative.

    `match` is that of the credit of a REST. `away`: it went back or is on its way back, or its order was refunded in
    whole. `repeated`: the asking office listed the order before.
    """

    piece: Piece
    bank: int | None = None
    ours: int | None = None
    stated: int | None = None
    match: Match | None = None
    away: bool = False
    repeated: bool = False


class Judged(msgspec.Struct, frozen=True):
    """The outcome; `kind` is the discrepancy under which somebody acts on it, None where nobody must."""

    outcome: Outcome
    lacking: Lacking | None = None
    kind: DiscrepancyKind | None = None


def _banked(one: Sides) -> bool:
    return one.piece in AT_BANK


_LAW: tuple[tuple[Callable[[Sides], bool], Judged], ...] = (
    (
        lambda one: one.piece == Piece.STATED and one.repeated,
        Judged(Outcome.DUPLICATE, None, DiscrepancyKind.STATED_TWICE),
    ),
    (
        lambda one: one.piece == Piece.STATED,
        Judged(Outcome.MISSING_HERE, Lacking.PLATFORM, DiscrepancyKind.STATED_UNPAID),
    ),
    (lambda one: one.ours is None, Judged(Outcome.MISSING_HERE, Lacking.PLATFORM, DiscrepancyKind.NOT_BOOKED)),
    (
        lambda one: _banked(one) and one.bank is None,
        Judged(Outcome.MISSING_THERE, Lacking.BANK, DiscrepancyKind.NOT_BANKED),
    ),
    (
        lambda one: _banked(one) and one.bank != one.ours,
        Judged(Outcome.AMOUNT_DIFFERS, None, DiscrepancyKind.BANK_DIFFERS),
    ),
    (lambda one: one.piece == Piece.PAYOUT or (one.ours or 0) < 0, Judged(Outcome.REFUNDED)),
    (lambda one: one.piece == Piece.DEPOSIT, Judged(Outcome.MATCHED)),
    # Money that came in and pays no order: while it lies there somebody must act, once it goes back nobody.
    (
        lambda one: one.piece == Piece.REST and one.match in PAID_AGAIN and one.away,
        Judged(Outcome.DUPLICATE),
    ),
    (
        lambda one: one.piece == Piece.REST and one.match in PAID_AGAIN,
        Judged(Outcome.DUPLICATE, None, DiscrepancyKind.UNASSIGNED),
    ),
    (lambda one: one.piece == Piece.REST and one.away, Judged(Outcome.REFUNDED)),
    (
        lambda one: one.piece == Piece.REST and one.match == Match.DIFFERS,
        Judged(Outcome.AMOUNT_DIFFERS, None, DiscrepancyKind.UNASSIGNED),
    ),
    (
        lambda one: one.piece == Piece.REST,
        Judged(Outcome.MISSING_HERE, Lacking.PLATFORM, DiscrepancyKind.UNASSIGNED),
    ),
    # Money that pays an order, against what the asking office lists.
    (lambda one: one.stated is None and one.away, Judged(Outcome.REFUNDED)),
    (
        lambda one: one.stated is None,
        Judged(Outcome.MISSING_THERE, Lacking.ASKER, DiscrepancyKind.NOT_STATED),
    ),
    (lambda one: one.stated != one.ours, Judged(Outcome.AMOUNT_DIFFERS, None, DiscrepancyKind.STATED_DIFFERS)),
    (lambda _: True, Judged(Outcome.MATCHED)),
)
"""The law of outcomes: the first that fits. The statement that judges whole days in the database is held to it by a test."""


def judge(one: Sides) -> Judged:
    """What becomes of a piece of money of which the three sides say so."""
    return next(judged for fits, judged in _LAW if fits(one))


STATED_WITHIN = timedelta(days=400)
"""So long after a day its fees may be stated; no rule says how long."""


def check_fees(stated: FeesStated, today: date) -> list[Reason]:
    """What speaks against a page of a fee statement, without looking at any other."""
    found = [] if len(stated.orders) == len(stated.amounts) else [COLUMNS_DIFFER("amounts")]
    if not 1 <= stated.page <= stated.pages <= MOST_PAGES:
        found.append(PAGE_WRONG("page", most=MOST_PAGES))
    if len(stated.orders) > MOST_LINES:
        found.append(PAGE_TOO_LONG("orders", most=MOST_LINES))
    if stated.day > today:
        found.append(DAY_NOT_OVER("day"))
    if stated.day < today - STATED_WITHIN:
        found.append(DAY_TOO_OLD("day", days=STATED_WITHIN.days))
    return found + check_amounts(stated.amounts)


def check_day(day: date, today: date) -> list[Reason]:
    """Against reconciling a day before it is over."""
    return [] if day < today else [NOT_OVER("day")]


def check_amounts(amounts: Sequence[int]) -> list[Reason]:
    """Reasons with their lines, counted from 1."""
    return [why.at_line(line) for line, one in enumerate(amounts, 1) for why in check_amount(one, "amounts")]


def is_due(*, at: datetime, over: datetime, complete: bool, last: datetime | None, changed: bool) -> bool:
    """Is a day to be reconciled (again) at `at`? `over` is when it ended by the calendar (the bank's part of it ended
    before, at the cut-off, if it had one), `last` when it was reconciled last, `changed` whether what it rests on has
    changed since; `complete` says that every statement of it is there.
    """
    if at < over:
        return False
    if last is None:
        return complete or at >= over + WAIT
    return changed and at >= last + (PAUSE if last < over + LATE else LATE)
