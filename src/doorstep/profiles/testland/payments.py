"""How Testland pays: one-letter banks, accounts that end in a letter, codes between stars, and thousandths."""

import re
from datetime import date, time
from functools import partial

from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.profiles.arabic_words import Noun, arabic
from doorstep.profiles.number_words import Wording, amount_in_words, english, german, vietnamese
from doorstep.profiles.testland.calendar import ZONE
from doorstep.profiles.testland.currency import CURRENCY
from doorstep.systems.payments.country import BankRow, Country, CutOffRow, DepositTermRow, Payee, QrPayment

CODE_UNREADABLE = reason(
    "testland.payment_code_unreadable",
    "This is not a payment code of Testland.",
    repair="Scan the code again, or type the account, the amount and the memo by hand.",
)
ACCOUNT_WRONG = reason(
    "testland.account_wrong", "This is no account of Testland.", repair="Copy it from the contract with the bank."
)

FICTITIOUS_BANK = "Z"
LONGEST_MEMO = 30
LARGEST_AMOUNT = 10**18 - 1

_SOURCE = "Invented for tests"
_FOUNDED = date(2000, 2, 29)
_ACCOUNT = re.compile(r"\d{6}[A-M]", re.ASCII)
_AMOUNT = re.compile(r"(\d{1,16}),(\d{3})", re.ASCII)
_BANKS = {"T": "Tide Bank", "W": "Wind Bank"}


def qr_text(payee: Payee, amount: Money, memo: str) -> str:
    """`$*memo*amount*account*bank*length`: the amount with a comma and all three decimals, the length of what is before.

    >>> qr_text(Payee("T", "000123G", "Fen"), Money(1250, CURRENCY), "A-1")
    '$*A-1*1,250*000123G*T*21'
    """
    if "*" in memo or len(memo) > LONGEST_MEMO or amount.currency != CURRENCY or not 0 < amount.minor <= LARGEST_AMOUNT:
        raise ValueError("no code of Testland holds this")
    whole, part = divmod(amount.minor, 1000)
    return _sealed("*".join(["$", memo, f"{whole},{part:03}", payee.number, payee.bank]))


def read_qr(text: str) -> QrPayment | list[Reason]:
    """What a code asks to pay to whom; every code has an amount."""
    fields = text.strip().split("*")
    if len(fields) != 6 or fields[0] != "$" or _sealed("*".join(fields[:-1])) != text.strip():
        return [CODE_UNREADABLE()]
    _, memo, amount, number, bank, _ = fields
    found = _AMOUNT.fullmatch(amount)
    if not found or check_account(bank, number, fictitious=True):
        return [CODE_UNREADABLE()]
    return QrPayment(Payee(bank, number, ""), Money(int(found[1] + found[2]), CURRENCY), memo)


def _sealed(text: str) -> str:
    return f"{text}*{len(text)}"


_WORDING = {
    "vi": Wording(
        whole=lambda number: f"{vietnamese(number)} đơn vị",
        part=lambda number: f"{vietnamese(number)} phần",
        between=" và ",
    ),
    "en": Wording(
        whole=lambda number: f"{english(number)} {'unit' if number == 1 else 'units'}",
        part=lambda number: f"{english(number)} {'part' if number == 1 else 'parts'}",
        between=" and ",
    ),
    "de": Wording(
        whole=lambda number: f"{german(number, 'eine')} {'Einheit' if number == 1 else 'Einheiten'}",
        part=lambda number: f"{german(number, 'ein')} {'Teil' if number == 1 else 'Teile'}",
        between=" und ",
    ),
    "ar": Wording(
        whole=partial(arabic, noun=Noun(one="وحدة", two="وحدتان", few="وحدات", many="وحدةً", feminine=True)),
        part=partial(arabic, noun=Noun(one="جزء", two="جزآن", few="أجزاء", many="جزءًا")),
        between=" و",
    ),
}


def in_words(amount: Money, language: str) -> str:
    """The amount in words of vi, en, de or ar: units, and parts of which a thousand make one.

    >>> in_words(Money(2001, CURRENCY), "en")
    'Two units and one part'
    """
    if amount.currency != CURRENCY:
        raise ValueError("these are the words of units and parts")
    return amount_in_words(amount, _WORDING[language])


def plain_memo(text: str) -> str:
    """Small letters and digits only, and 0 for o, which Testland's banks do not tell apart.

    >>> plain_memo("NOTE-10")
    'n0te10'
    """
    return "".join(re.findall(r"[0-9a-z]", text.lower())).replace("o", "0")


def check_letter(digits: str) -> str:
    return chr(65 + int(digits) % 13)


def check_account(bank: str, number: str, *, fictitious: bool) -> list[Reason]:
    """A known bank, and six digits with the letter of their remainder by 13."""
    found = [] if bank in _BANKS or (fictitious and bank == FICTITIOUS_BANK) else [ACCOUNT_WRONG("bank")]
    fits = _ACCOUNT.fullmatch(number) and number[6] == check_letter(number[:6])
    return found if fits else [*found, ACCOUNT_WRONG("number")]


def fictitious_account(serial: int) -> str:
    """`serial` below a million.

    >>> fictitious_account(123)
    '000123G'
    """
    return f"{serial:06}{check_letter(str(serial))}"


def country(*, fictitious: bool) -> Country:
    names = _BANKS | ({FICTITIOUS_BANK: "Bank of Nowhere"} if fictitious else {})
    return Country(
        zone=ZONE,
        banks=tuple(
            BankRow(number=number, name=name, valid_from=_FOUNDED, source=_SOURCE, certainty="invented")
            for number, name in names.items()
        ),
        cut_offs=(
            CutOffRow(
                at=time(13, 13),
                valid_from=_FOUNDED,
                valid_to=date(2024, 3, 1),
                source=_SOURCE,
                certainty="invented",
            ),
            CutOffRow(at=time(11, 11), valid_from=date(2024, 3, 1), source=_SOURCE, certainty="invented"),
        ),
        deposit_terms=(
            DepositTermRow(
                working_days=5,
                valid_from=_FOUNDED,
                valid_to=date(2024, 3, 1),
                source=_SOURCE,
                certainty="invented",
            ),
            DepositTermRow(working_days=3, valid_from=date(2024, 3, 1), source=_SOURCE, certainty="invented"),
        ),
        qr_text=qr_text,
        read_qr=read_qr,
        largest_amount=LARGEST_AMOUNT,
        in_words=in_words,
        plain_memo=plain_memo,
        check_account=partial(check_account, fictitious=fictitious),
        fictitious_bank=FICTITIOUS_BANK,
        fictitious_account=fictitious_account,
    )
