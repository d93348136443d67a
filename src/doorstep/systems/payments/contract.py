"""Payments' front door: what other systems tell when something is to be paid, and what they hear of it.

A system that asks tells `OrderRequested` with an order id of its own making in the transaction of its action; the same
id with the same content is the same order. What becomes of it, it hears; its handlers are replay-safe. Once a day it
hands in what it holds for paid (`FeesStated`), which is compared with our orders and the bank's statement.
"""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.messages import Key, Message, Question, message, question
from doorstep.kernel.declare.scopes import Scope
from doorstep.kernel.values.units import UnitCode

WORDS: dict[str, str | Mapping[str, str]] = {}
"""What may be paid, in words, by the code that messages name it with."""

ASK_ORDER = Scope("payments.order.ask", "Ask how far payments are")


def payable(code: str, words: str | Mapping[str, str]) -> str:
    """Declare what people may be asked to pay for, as a payer reads it: an English message id in N_(), or texts by language.

    Messages hold no texts: an order names its purpose and its lines by these codes, `system.what`. Each process must know
    them, so they are declared in the room `handlers`, or in one that it imports. Raises ValueError for other words under
    a code that is taken.
    """
    if WORDS.setdefault(code, words) != words:
        raise ValueError(f"{code} has other words already")
    return code


class FeeKind(Code):
    """What is paid. Fee and charge are the two kinds of the Law on fees and charges (phí, lệ phí); the rest is ours."""

    FEE = "fee", "Fee"
    CHARGE = "charge", "Charge"
    OTHER = "other", "Other amount due"


class OrderState(Code):
    """How far a payment order is."""

    CREATED = "created", "Created"
    AWAITING = "awaiting", "Waiting for payment"
    SETTLED = "settled", "Paid"
    EXPIRED = "expired", "Expired"
    CANCELLED = "cancelled", "Cancelled"
    REFUNDED_IN_PART = "refunded_in_part", "Refunded in part"
    REFUNDED = "refunded", "Refunded"


@message("payments.order_requested")
class OrderRequested(Message, frozen=True):
    """Something is to be paid to `unit`. `subject` is the asking system's reference (a dossier's code), `asker` its name.

    `purpose` is what it is paid for, a code declared with `payable`. `payer` is a person's or an organisation's key, None
    where it is not known. Lines: a code (in words where it is declared, too), a kind and an amount (minor units of the
    profile's currency) for each, in three tuples of one length.
    """

    asker: Key
    order: UUID
    unit: UnitCode
    payer: Key | None
    purpose: Key
    codes: tuple[Key, ...]
    kinds: tuple[FeeKind, ...]
    amounts: tuple[int, ...]
    until: datetime


@message("payments.order_withdrawn")
class OrderWithdrawn(Message, frozen=True):
    """The asking system does not want it paid any more; one that is paid by then is told as settled, not cancelled."""

    asker: Key
    order: UUID


@message("payments.order_moved", public=True)
class OrderMoved(Message, frozen=True):
    """Told by payments whenever an order's state changes; `paid` and `refunded` are totals so far, in minor units.

    A refused request comes back with the codes of the reasons: in the state of the order that `asker` has under this id,
    else as CANCELLED with the code "-". `asker` is the system's name, or "api:" and the subject of a program that asked by
    the API, so that neither can take the other's.
    """

    asker: Key
    order: UUID
    code: Key
    state: OrderState
    paid: int
    refunded: int
    at: datetime
    reasons: tuple[Key, ...] = ()


@message("payments.fees_stated")
class FeesStated(Message, frozen=True):
    """What the asking system holds for paid on `day`: orders and amounts, in pages counted from 1; `subject` its name
    and the day. A page that is told again replaces nothing and is ignored if equal.
    """

    asker: Key
    day: date
    page: int
    pages: int
    orders: tuple[UUID, ...]
    amounts: tuple[int, ...]


class OrderStanding(msgspec.Struct, frozen=True):
    """How far an order is; amounts in minor units of `currency`."""

    code: str
    state: OrderState
    amount: int
    currency: str
    paid: int
    refunded: int
    until: datetime


@question("payments.order", scope=ASK_ORDER, answer=OrderStanding | None)
class WhichOrder(Question, frozen=True):
    """How far the order is; None where `asker` has none of this id."""

    subject: Key
    asker: Key
    order: UUID
