"""What goes over the line between a bank (or a gateway before it) and us, as JSON: amounts are minor units, times have a zone."""

from datetime import date
from typing import TypeVar
from uuid import UUID

import msgspec

from doorstep.kernel.declare.messages import revived
from doorstep.kernel.values.reasons import MALFORMED, Refused
from doorstep.systems.payments.rules.evidence import Credit, PayoutResult

T = TypeVar("T")


class CreditsAsked(msgspec.Struct, frozen=True):
    """What came into an account after `after`, which is the bank's own from its last answer; empty at the beginning."""

    bank: str
    account: str
    after: str = ""


class CreditsTold(msgspec.Struct, frozen=True):
    """Credits in the order of their booking, and their sum `total`; `more` where there are more after `after` already."""

    credits: tuple[Credit, ...]
    after: str
    total: int
    more: bool = False


class PayoutAsked(msgspec.Struct, frozen=True):
    """What became of this payout?"""

    payout: UUID


class StatementAsked(msgspec.Struct, frozen=True):
    """The statement of an account's banking day."""

    bank: str
    account: str
    day: date


class Told(msgspec.Struct, frozen=True):
    """A bank's message to us: what came into the account, and what became of payouts."""

    bank: str
    account: str
    credits: tuple[Credit, ...] = ()
    payouts: tuple[PayoutResult, ...] = ()


def written(value: msgspec.Struct) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)


def read(content: bytes, kind: type[T]) -> T:
    """Raises Refused with the place where the content is of another form."""
    try:
        return msgspec.json.decode(content, type=kind, dec_hook=revived)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Refused(MALFORMED(detail=str(fault))) from fault
