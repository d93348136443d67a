"""The socket: what payments need from a country. Profiles fill it, rules read it."""

from collections.abc import Callable
from datetime import date, time
from zoneinfo import ZoneInfo

import msgspec

from doorstep.kernel.values.dates import Certainty
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import Reason


class Payee(msgspec.Struct, frozen=True):
    """Into which account: the bank's number in the country's payment scheme, the account's number, and its holder."""

    bank: str
    number: str
    holder: str


class QrPayment(msgspec.Struct, frozen=True):
    """What a scanned payment code asks for; `amount` is None where the payer is to say it."""

    payee: Payee
    amount: Money | None
    memo: str


class BankRow(msgspec.Struct, frozen=True, kw_only=True):
    """A bank that takes part in the country's payment scheme, under its number there."""

    number: str
    name: str
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class CutOffRow(msgspec.Struct, frozen=True, kw_only=True):
    """At which time of a working day banks close their books: what is booked later, or on another day, belongs to the next."""

    at: time
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class DepositTermRow(msgspec.Struct, frozen=True, kw_only=True):
    """Within how many working days after the banking day on which it was brought there the bank has counted cash."""

    working_days: int
    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """A country's ways of paying.

    `qr_text(payee, amount, memo)` is what a payment QR code holds (ASCII memo, at most `largest_amount`),
    `read_qr(text)`
    what somebody else's says, or reasons. `in_words(amount, language)` is an amount in words, one spelling for writing.
    `plain_memo(text)` is what is compared of a memo after banks have stripped it. `check_account(bank, number)` gives
    reasons. `fictitious_bank` and `fictitious_account(serial)`, serial below a million, belong to nobody.
    """

    zone: ZoneInfo
    banks: tuple[BankRow, ...]
    cut_offs: tuple[CutOffRow, ...]
    deposit_terms: tuple[DepositTermRow, ...]
    qr_text: Callable[[Payee, Money, str], str]
    read_qr: Callable[[str], QrPayment | list[Reason]]
    largest_amount: int
    in_words: Callable[[Money, str], str]
    plain_memo: Callable[[str], str]
    check_account: Callable[[str, str], list[Reason]]
    fictitious_bank: str
    fictitious_account: Callable[[int], str]
