"""What a credit pays for: which order its memo names, whether it pays it, and if not, what is to be done with it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.ids import read_reference
from doorstep.kernel.values.reasons import MALFORMED, Reason, reason
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.rules.evidence import Credit, PayoutResult, Unreadable
from doorstep.systems.payments.rules.ledger import AMOUNT_WRONG, MOST, check_amount
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
TEXT_UNFIT = reason(
    "payments.text_unfit",
    "A text is longer than {most} characters, or holds some that no text has.",
    repair="Ask the bank what it says, and that it is sent right.",
)
TIME_UNFIT = reason(
    "payments.time_unfit",
    "A day or time is none at which money can move here, or names no time zone.",
    repair="Ask the bank for the right one.",
)
LONGEST: Mapping[str, int] = {
    "booking": 100,
    "memo": 2_000,
    "from_bank": 100,
    "from_account": 100,
    "from_name": 500,
    "to_account": 100,
    "reason": 100,
    "currency": 100,
    **dict.fromkeys(("bank", "account", "to_bank", "to_account"), 100),
}
"""Characters of what a bank says; a database that has to tell bookings apart by their number holds no long ones."""
SHOWN = 500
"""Characters that are kept of what cannot be held."""
FIRST_DAY, LAST_DAY, AHEAD = date(2000, 1, 1), date(2199, 12, 31), timedelta(days=30)
"""Days outside are no days of a book, and nothing is booked further ahead than the longest row of days on which banks rest."""


class Match(Code):
    """What was made of a credit when it was first told."""

    MATCHED = "matched", "Paid an order"
    DUPLICATE = "duplicate", "The order was paid already"
    WITHDRAWN = "withdrawn", "The order had been withdrawn"
    DIFFERS = "differs", "The amount differs from the order's"
    SEVERAL = "several", "The message names several orders"
    ELSEWHERE = "elsewhere", "It came into an account that the order's unit does not collect into"
    UNKNOWN = "unknown", "The message names no order"
    CAME_BACK = "came_back", "A payout came back"
    DEPOSIT = "deposit", "Cash brought to the bank"


class CreditState(Code):
    """Where a credit's money is."""

    OPEN = "open", "Not yet assigned"
    ASSIGNED = "assigned", "Assigned to an order"
    RETURNING = "returning", "On its way back"
    RETURNED = "returned", "Returned"


def state_of(amount: int, assigned: int, gone: int, under_way: int) -> CreditState:
    """Where a credit's money is, of which so much is assigned, has gone back, and is on its way back or may be."""
    if under_way:
        return CreditState.RETURNING
    if assigned + gone < amount:
        return CreditState.OPEN
    return CreditState.RETURNED if gone else CreditState.ASSIGNED


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


class Content(msgspec.Struct, frozen=True):
    """What two tellings of one booking have to agree in; the memo is its letters and digits."""

    amount: int
    bank: str
    account: str
    memo: str


def agree(kept: Content, told: Content) -> bool:
    """Whether they can be of one credit: one amount, one paying account, and a memo that names the same.

    Not every way says everything, and some banks write words of their own around the payer's, in which by chance there
    may be another code.
    """
    same = [not one or not other or one == other for one, other in zip(_texts(kept), _texts(told), strict=True)]
    in_common = {*references(kept.memo)} & {*references(told.memo)}
    return kept.amount == told.amount and all(same[:2]) and (same[2] or bool(in_common))


def _texts(one: Content) -> tuple[str, str, str]:
    return one.bank, one.account, one.memo


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


def holdable(text: str, most: int) -> bool:
    """Whether a database can hold the text: no U+0000, no half of a surrogate pair."""
    return len(text) <= most and "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _check_texts(told: Credit | PayoutResult) -> list[Reason]:
    texts = [(name, getattr(told, name, ""), most) for name, most in LONGEST.items()]
    return [TEXT_UNFIT(name, most=most) for name, text, most in texts if not holdable(text, most)]


def _check_day(day: date | None) -> list[Reason]:
    return [] if day is None or FIRST_DAY <= day <= LAST_DAY else [TIME_UNFIT("day")]


def check_payout(told: PayoutResult | Unreadable) -> list[Reason]:
    """Against what no book could hold of a payout."""
    if isinstance(told, Unreadable):
        return [MALFORMED(detail=told.why)]
    found = [*_check_texts(told), *_check_day(told.day)]
    return found if 0 <= told.amount <= MOST else [*found, AMOUNT_WRONG("amount", most=MOST)]


def check_credit(credit: Credit | Unreadable, currency: str, today: date) -> list[Reason]:
    """Against a credit that no book could hold, whatever bank says it; of money to come later it may say a few days."""
    if isinstance(credit, Unreadable):
        return [MALFORMED(detail=credit.why)]
    found = [*check_amount(credit.amount), *_check_texts(credit), *_check_day(credit.day)]
    if credit.booked.tzinfo is None or not FIRST_DAY <= credit.booked.date() <= today + AHEAD:
        found.append(TIME_UNFIT("booked"))
    if FIRST_DAY <= today + AHEAD < credit.day <= LAST_DAY:
        found.append(TIME_UNFIT("day"))
    if not credit.booking:
        found.append(BOOKING_MISSING("booking"))
    if credit.currency != currency:
        found.append(CURRENCY_DIFFERS("currency"))
    return found


def said(told: Credit | Unreadable) -> dict[str, str]:
    """What a bank said of money that no book can hold, for a person to read: name and text of each thing that it named."""
    names = ("booking", "amount", "currency", "memo", "booked", "day", "from_bank", "from_account", "from_name")
    given = (
        {"content": told.content}
        if isinstance(told, Unreadable)
        else {name: str(getattr(told, name)) for name in names}
    )
    return {name: _readable(text) for name, text in given.items() if text}


def _readable(text: str) -> str:
    return "".join(one if holdable(one, 1) else "\ufffd" for one in text[:SHOWN])
