"""Bookkeeping: which accounts there are, and which transfers may be made between them. Double entry by construction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.reasons import Reason, reason

MOST = 2**62
"""The largest amount or total in minor units; PostgreSQL's bigint has room above it."""

Side = Literal["debit", "credit"]
Stage = Literal["posted", "pending", "post", "void", "expire"]

AMOUNT_WRONG = reason(
    "payments.amount_wrong",
    "An amount is a whole number of the smallest units of money, from 1 to {most}.",
    repair="Correct the amount.",
)
SAME_ACCOUNT = reason(
    "payments.same_account", "Both sides of the transfer are one account.", repair="Name two different accounts."
)
ACCOUNT_UNKNOWN = reason(
    "payments.account_unknown", "There is no such account.", repair="Check the account, or open it first."
)
CURRENCIES_DIFFER = reason(
    "payments.currencies_differ",
    "The two accounts are kept in different currencies.",
    repair="Transfer between accounts of one currency.",
)
OVERDRAWN = reason(
    "payments.overdrawn",
    "There is not enough money on the account that this would be taken from.",
    repair="Transfer less, or wait until more has come.",
)
TRANSFER_DIFFERS = reason(
    "payments.transfer_differs",
    "There is a transfer with this id and other content.",
    repair="Give every new transfer an id of its own.",
)
TOTAL_TOO_LARGE = reason(
    "payments.total_too_large",
    "The account has moved more than it can count.",
    repair="Go on with another account.",
)
DAY_CLOSED = reason(
    "payments.day_closed",
    "The books of this day are closed.",
    repair="Make the transfer on a day that is open, and name the day that it is about.",
)
STAGE_WRONG = reason(
    "payments.stage_wrong",
    "Only a pending transfer has an end, and only its posting, voiding or expiry names it.",
    repair="Correct the stage, or what goes with it.",
)
NOT_PENDING = reason(
    "payments.not_pending",
    "There is no pending transfer with this id, or it was posted, voided or expired already.",
    repair="Look up what became of the pending transfer.",
)


class Moved(Code):
    """What a transfer did, by its stage."""

    POSTED = "posted", "In the books"
    PENDING = "pending", "Held for a booking"
    POST = "post", "Booked from what was held"
    VOID = "void", "Freed: it was held"
    EXPIRE = "expire", "Freed by time: it was held"


class AccountKind(Code):
    """What an account is for. `side` and `limited` follow from it, see `KINDS`."""

    BANK = "bank", "Bank account"
    CASH = "cash", "Cash in a till"
    FLOAT = "float", "Change money in tills"
    RECEIVED = "received", "Received, not yet assigned"
    FEES = "fees", "Fees received"
    CHARGES = "charges", "Charges received"
    OTHER = "other", "Other amounts received"
    DIFFERENCES = "differences", "Differences counted in tills, and losses"


class Nature(msgspec.Struct, frozen=True):
    """On which side an account grows, and whether it may not go below zero."""

    side: Side
    limited: bool


KINDS: Mapping[AccountKind, Nature] = {
    AccountKind.BANK: Nature("debit", limited=False),  # the bank is the authority; our book may lag behind it
    AccountKind.CASH: Nature("debit", limited=True),
    AccountKind.FLOAT: Nature("credit", limited=True),
    AccountKind.RECEIVED: Nature("credit", limited=True),
    AccountKind.FEES: Nature("credit", limited=True),
    AccountKind.CHARGES: Nature("credit", limited=True),
    AccountKind.OTHER: Nature("credit", limited=True),
    AccountKind.DIFFERENCES: Nature("debit", limited=False),
}


class Transfer(msgspec.Struct, frozen=True):
    """`amount` minor units from account `credit` to account `debit`; the id is the caller's and says which transfer it is.

    `stage` "pending" needs `until`; "post", "void" and "expire" need `pending` and have its accounts and amount.
    """

    id: UUID
    debit: UUID
    credit: UUID
    amount: int
    stage: Stage = "posted"
    pending: UUID | None = None
    until: datetime | None = None
    order: UUID | None = None


def check_amount(amount: int, field: str = "amount") -> list[Reason]:
    """Against an amount that is no positive whole number of minor units within `MOST`."""
    whole = isinstance(amount, int) and not isinstance(amount, bool)
    return [] if whole and 0 < amount <= MOST else [AMOUNT_WRONG(field, most=MOST)]


def check_transfer(one: Transfer) -> list[Reason]:
    """What can be said of a transfer without looking at the accounts."""
    found = check_amount(one.amount)
    found += [SAME_ACCOUNT("credit")] if one.debit == one.credit else []
    resolves = one.stage in {"post", "void", "expire"}
    if (one.pending is not None, one.until is not None) != (resolves, one.stage == "pending"):
        found.append(STAGE_WRONG("stage"))
    return found


def check_transfers(transfers: Sequence[Transfer]) -> list[Reason]:
    """The same of several; each reason says the line, counted from 1."""
    return [why.at_line(line) for line, one in enumerate(transfers, 1) for why in check_transfer(one)]


class Standing(msgspec.Struct):
    """An account with its totals so far, in minor units; the only value here that changes, while a batch is judged."""

    currency: str
    side: str
    limited: bool
    debits: int = 0
    credits: int = 0
    pending_debits: int = 0
    pending_credits: int = 0

    def why_not(self) -> list[Reason]:
        """What the tables would say of these totals."""
        if max(self.debits, self.credits, self.pending_debits, self.pending_credits) > MOST:
            return [TOTAL_TOO_LARGE()]
        there, gone = (
            (self.debits, self.credits + self.pending_credits)
            if self.side == "debit"
            else (self.credits, self.debits + self.pending_debits)
        )
        return [OVERDRAWN()] if self.limited and there < gone else []


class Outcome(msgspec.Struct, frozen=True):
    """What became of a line: it stands, `new` or as it stood before, or does not, for these reasons."""

    id: UUID
    new: bool
    reasons: tuple[Reason, ...] = ()


def judge(
    transfers: Sequence[Transfer],
    accounts: Mapping[UUID, Standing],
    kept: Mapping[UUID, Transfer],
    at: datetime,
    closed: datetime | None,
) -> list[Outcome]:
    """Which of the lines can be made at the instant `at`, each after those before it; `accounts` moves on with them.

    `kept`: what stands already under the ids of the lines, under those of the pending transfers that they resolve, and what has
    resolved the latter. `closed`: the instant up to which the books are closed.
    """
    known = dict(kept)
    resolved = {one.pending for one in kept.values() if one.pending}
    outcomes = []
    for line, one in enumerate(transfers, 1):
        before = known.get(one.id)
        if before is not None:
            why = [] if before == one else [TRANSFER_DIFFERS("id")]
        else:
            why = _against(one, accounts, known, resolved, at, closed)
            if not why:
                known[one.id] = one
                resolved |= {one.pending} if one.pending else set()
        outcomes.append(Outcome(one.id, before is None and not why, tuple([each.at_line(line) for each in why])))
    return outcomes


def _against(
    one: Transfer,
    accounts: Mapping[UUID, Standing],
    known: Mapping[UUID, Transfer],
    resolved: set[UUID],
    at: datetime,
    closed: datetime | None,
) -> list[Reason]:
    """What speaks against a new transfer; where nothing does, the accounts have moved."""
    if found := check_transfer(one):
        return found
    debit, credit = accounts.get(one.debit), accounts.get(one.credit)
    if debit is None or credit is None:
        return [ACCOUNT_UNKNOWN("debit" if debit is None else "credit")]
    if debit.currency != credit.currency:
        return [CURRENCIES_DIFFER()]
    if closed is not None and at < closed:
        return [DAY_CLOSED()]
    if one.pending is not None and (one.pending in resolved or not _resolves(one, known.get(one.pending), at)):
        return [NOT_PENDING("pending")]
    _move(one, debit, credit, 1)
    found = debit.why_not() + credit.why_not()
    if found:
        _move(one, debit, credit, -1)
    return found[:1]


def _resolves(one: Transfer, pending: Transfer | None, at: datetime) -> bool:
    """Is `pending` what this may post, void or expire? It expires no earlier than it says."""
    return (
        pending is not None
        and pending.until is not None
        and (pending.debit, pending.credit, pending.amount) == (one.debit, one.credit, one.amount)
        and (one.stage != "expire" or pending.until <= at)
    )


def _move(one: Transfer, debit: Standing, credit: Standing, times: int) -> None:
    """Both accounts as after the transfer, or (`times` -1) as before it."""
    posted = times * one.amount if one.stage in {"posted", "post"} else 0
    waiting = times * (one.amount if one.stage == "pending" else 0 if one.stage == "posted" else -one.amount)
    debit.debits += posted
    credit.credits += posted
    debit.pending_debits += waiting
    credit.pending_credits += waiting
