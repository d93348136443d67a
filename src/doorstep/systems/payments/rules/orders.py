"""Payment orders: what may be asked for, and which state follows which. What is paid late is still paid."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

import msgspec

from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.payments.contract import WORDS, FeeKind, OrderState
from doorstep.systems.payments.rules.ledger import AccountKind, check_amount

MOST_LINES = 100
LONGEST_WORDS = 200
SYSTEM = "system:"
"""Askers by message are kept under this and their name; programs by the API under their subjects, none of which begins so."""
DECLARED = "code"
"""The words of what a system declared are kept as its code under this key, other words by language."""

LINES_WRONG = reason(
    "payments.lines_wrong",
    "An order has from 1 to {most} lines, each with a code, a kind and an amount.",
    repair="Correct the lines.",
)
WORDS_WRONG = reason(
    "payments.words_wrong",
    "What is paid for stands there in no words: a code that no system declared, or texts that are empty or too long.",
    repair="Say it in at least one language, with {most} characters at most.",
)
AMOUNT_TOO_LARGE = reason(
    "payments.amount_too_large",
    "An order is of {most} of the smallest units of money at most: no payment code holds more.",
    repair="Ask for it in several orders.",
)
UNTIL_PAST = reason(
    "payments.until_past", "The time until which it is to be paid has passed.", repair="Name a time to come."
)
UNIT_UNKNOWN = reason(
    "payments.unit_unknown", "There is no unit {unit} on this day.", repair="Name the unit that the fee is owed to."
)
ORDER_DIFFERS = reason(
    "payments.order_differs",
    "There is a payment order with this id and other content.",
    repair="Give every new order an id of its own; an order is never changed, only withdrawn.",
)
ORDER_UNKNOWN = reason(
    "payments.order_unknown", "You have asked for no payment order with this id.", repair="Check the id."
)
PAID_ALREADY = reason(
    "payments.paid_already",
    "The order is paid and cannot be withdrawn any more.",
    repair="Ask for a refund where the money is to go back.",
)
NOT_PAYABLE = reason(
    "payments.not_payable",
    "Nothing is to be paid for this order: it is paid, refunded or withdrawn.",
    repair="Look up what became of it.",
)


class Event(Enum):
    """What happens to an order."""

    OPENED = auto()
    PAID = auto()
    EXPIRED = auto()
    WITHDRAWN = auto()
    REFUNDED_IN_PART = auto()
    REFUNDED = auto()


_NEXT: Mapping[tuple[OrderState, Event], OrderState] = {
    (OrderState.CREATED, Event.OPENED): OrderState.AWAITING,
    (OrderState.CREATED, Event.PAID): OrderState.SETTLED,
    (OrderState.CREATED, Event.EXPIRED): OrderState.EXPIRED,
    (OrderState.CREATED, Event.WITHDRAWN): OrderState.CANCELLED,
    (OrderState.AWAITING, Event.PAID): OrderState.SETTLED,
    (OrderState.AWAITING, Event.EXPIRED): OrderState.EXPIRED,
    (OrderState.AWAITING, Event.WITHDRAWN): OrderState.CANCELLED,
    (OrderState.EXPIRED, Event.PAID): OrderState.SETTLED,
    (OrderState.EXPIRED, Event.WITHDRAWN): OrderState.CANCELLED,
    (OrderState.SETTLED, Event.REFUNDED_IN_PART): OrderState.REFUNDED_IN_PART,
    (OrderState.SETTLED, Event.REFUNDED): OrderState.REFUNDED,
    (OrderState.REFUNDED_IN_PART, Event.REFUNDED_IN_PART): OrderState.REFUNDED_IN_PART,
    (OrderState.REFUNDED_IN_PART, Event.REFUNDED): OrderState.REFUNDED,
}

ACCOUNT_OF: Mapping[FeeKind, AccountKind] = {
    FeeKind.FEE: AccountKind.FEES,
    FeeKind.CHARGE: AccountKind.CHARGES,
    FeeKind.OTHER: AccountKind.OTHER,
}


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One thing to be paid; `amount` in minor units of the country's currency, `words` as those of an order, or none."""

    code: str
    kind: FeeKind
    amount: int
    words: dict[str, str] = {}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid to `unit` for `subject` of the system `asker`, until when; `payer` "" where not known.

    `purpose` says in words what is paid for: texts by language, or the code that a system declared under DECLARED.
    """

    order: UUID
    asker: str
    subject: str
    unit: str
    payer: str
    purpose: dict[str, str]
    lines: tuple[Line, ...]
    until: datetime

    @property
    def amount(self) -> int:
        return sum(line.amount for line in self.lines)


def follow(state: OrderState, event: Event) -> OrderState | None:
    """The state after the event, None where the event does not befall an order in this state."""
    return _NEXT.get((state, event))


def payable(state: OrderState) -> bool:
    """Whether money that comes now pays the order."""
    return follow(state, Event.PAID) is not None


def check_asked(asked: Asked, at: datetime, most: int) -> list[Reason]:
    """What speaks against asking for it at the instant `at`; reasons about lines say which, counted from 1.

    A payment code of the country holds at most the amount `most`.
    """
    if not 0 < len(asked.lines) <= MOST_LINES or not all(line.code for line in asked.lines):
        return [LINES_WRONG("lines", most=MOST_LINES)]
    found = [
        why.at_line(line) for line, one in enumerate(asked.lines, 1) for why in check_amount(one.amount, "amounts")
    ]
    found += [] if asked.purpose and _worded(asked.purpose) else [WORDS_WRONG("purpose", most=LONGEST_WORDS)]
    found += [
        WORDS_WRONG("lines", most=LONGEST_WORDS).at_line(line)
        for line, one in enumerate(asked.lines, 1)
        if not _worded(one.words)
    ]
    if not found and asked.amount > most:
        found.append(AMOUNT_TOO_LARGE("amounts", most=most))
    if asked.until <= at:
        found.append(UNTIL_PAST("until"))
    return found


def told_asker(kept: str) -> str:
    """What messages call an asker: a system by its name, a program by its subject under "api:"."""
    return kept.removeprefix(SYSTEM) if kept.startswith(SYSTEM) else f"api:{kept}"


def declared(code: str) -> dict[str, str]:
    """Words that a system declared under this code."""
    return {DECLARED: code}


def _worded(words: Mapping[str, str]) -> bool:
    if DECLARED in words:
        return words[DECLARED] in WORDS
    return all(text.strip() and len(text) <= LONGEST_WORDS and text.isprintable() for text in words.values())


def by_kind(lines: Sequence[Line]) -> dict[FeeKind, int]:
    """The amount due of each kind, kinds in their fixed order."""
    return {kind: total for kind in FeeKind if (total := sum(line.amount for line in lines if line.kind == kind))}
