"""What a bank says came in or went out, in whatever way it says so; the bank's own number of the booking tells it apart."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.ids import Masked


class Evidence(Code):
    """By which way the bank said it."""

    CALLBACK = "callback", "Message from the bank"
    POLL = "poll", "Our question to the bank"
    STATEMENT = "statement", "The bank's statement of the day"


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came into one of our bank accounts. `booking` is the bank's number of it, `amount` in minor units."""

    booking: str
    amount: int
    currency: str
    memo: str
    booked: datetime
    day: date
    from_bank: str = ""
    from_account: Masked = Masked("")
    from_name: str = ""


class Unreadable(msgspec.Struct, frozen=True):
    """What stood in place of a credit or of what became of a payout: its beginning, and why it cannot be read."""

    content: str
    why: str


class PayoutState(Code):
    """How far money is that we ordered the bank to pay out."""

    TAKEN = "taken", "Taken by the bank"
    PAID = "paid", "Paid out"
    RETURNED = "returned", "Returned"
    REFUSED = "refused", "Refused by the bank"


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """An order to the bank: pay `amount` from our account to another. `id` is ours, and the same again is the same payout."""

    id: UUID
    bank: str
    account: str
    to_bank: str
    to_account: Masked
    to_name: str
    amount: int
    currency: str
    memo: str


class PayoutResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a payout; `reason` is an ISO 20022 return code such as AC04, `booking` the bank's number.

    `amount` (minor units) is what left our account `account` at `bank`, and `to_account` at `to_bank` where it went; a
    bank that says money left says how much, and the accounts where it can.
    """

    payout: UUID
    state: PayoutState
    booking: str = ""
    reason: str = ""
    day: date | None = None
    amount: int = 0
    currency: str = ""
    bank: str = ""
    account: str = ""
    to_bank: str = ""
    to_account: Masked = Masked("")
