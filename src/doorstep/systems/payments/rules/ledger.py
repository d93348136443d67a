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
NOT_PENDING = reason(
    "payments.not_pending",
    "There is no pending transfer with this id, or it was posted, voided or expired already.",
    repair="Look up what became of the pending transfer.",
)


class AccountKind(Code):
    """What an account is for. `side` and `limited` follow from it, see `KINDS`."""

    BANK = "bank", "Bank account"
    CASH = "cash", "Cash in a till"
    FLOAT = "float", "Change money in tills"
    RECEIVED = "received", "Received, not yet assigned"
    FEES = "fees", "Fees received"
    CHARGES = "charges", "Charges received"
    OTHER = "other", "Other amounts received"
    DIFFERENCES = "differences", "Counted differences of tills"


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


def check_transfers(transfers: Sequence[Transfer]) -> list[Reason]:
    """What can be said of transfers without looking at the accounts; each reason says the line, counted from 1."""
    found = []
    for line, one in enumerate(transfers, 1):
        found += [why.at_line(line) for why in check_amount(one.amount)]
        found += [SAME_ACCOUNT("credit", line=line)] if one.debit == one.credit else []
    return found
