"""What goes over the line between a bank (or a gateway before it) and us, as JSON: amounts are minor units, times have a zone.

What a bank tells of many things is read one by one: what cannot be read of one does not stop the others.
"""

from datetime import date
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec

from doorstep.kernel.declare.messages import revived
from doorstep.kernel.values.reasons import MALFORMED, Refused
from doorstep.systems.payments.rules.evidence import Credit, PayoutResult, Unreadable

T = TypeVar("T")
SHOWN, MOST_AT_ONCE = 500, 10_000
"""Characters that are kept of what cannot be read; credits and payouts in one message, each of which may wait for a person."""


class CreditsAsked(msgspec.Struct, frozen=True):
    """What came into an account after `after`, which is the bank's own from its last answer; empty at the beginning."""

    bank: str
    account: str
    after: str = ""


class CreditsTold(msgspec.Struct, frozen=True):
    """Credits in the order of their booking, and their sum `total`; `more` where there are more after `after` already."""

    credits: tuple[Credit | Unreadable, ...]
    after: str
    total: int
    more: bool = False

    @property
    def adds_up(self) -> bool:
        """Whether the sum is right, as far as all of them can be read."""
        amounts = [one.amount for one in self.credits if isinstance(one, Credit)]
        return len(amounts) < len(self.credits) or sum(amounts) == self.total


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
    credits: tuple[Credit | Unreadable, ...] = ()
    payouts: tuple[PayoutResult | Unreadable, ...] = ()


_Many = Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=MOST_AT_ONCE)]


class _CreditsHeard(msgspec.Struct, frozen=True):
    credits: _Many
    after: str
    total: int
    more: bool = False


class _Heard(msgspec.Struct, frozen=True):
    bank: str
    account: str
    credits: _Many = ()
    payouts: _Many = ()


def written(value: msgspec.Struct) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)


def read(content: bytes, kind: type[T]) -> T:
    """Raises Refused with the place where the content is of another form."""
    try:
        return msgspec.json.decode(content, type=kind, dec_hook=revived)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Refused(MALFORMED(detail=str(fault))) from fault


def read_credits(content: bytes) -> CreditsTold:
    """Raises Refused where it is no such answer."""
    heard = read(content, _CreditsHeard)
    return CreditsTold(tuple(_one(raw, Credit) for raw in heard.credits), heard.after, heard.total, heard.more)


def read_told(content: bytes) -> Told:
    """Raises Refused where it is no such message."""
    heard = read(content, _Heard)
    credits_told = tuple(_one(raw, Credit) for raw in heard.credits)
    return Told(heard.bank, heard.account, credits_told, tuple(_one(raw, PayoutResult) for raw in heard.payouts))


def _one(raw: msgspec.Raw, kind: type[T]) -> T | Unreadable:
    try:
        return read(bytes(raw), kind)
    except Refused as refusal:
        content = bytes(raw)[: 4 * SHOWN].decode(errors="replace")[:SHOWN]
        return Unreadable(content, str(refusal.reasons[0].given["detail"]))
