"""How Viet Nam pays: banks with their numbers at NAPAS, VietQR codes, and the dong in words."""

import re
from datetime import date, time
from functools import partial

from doorstep.kernel.values.dates import Certainty
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.profiles.arabic_words import Noun, arabic
from doorstep.profiles.number_words import Wording, amount_in_words, english, german, vietnamese
from doorstep.profiles.vietnam.calendar import ZONE
from doorstep.profiles.vietnam.currency import CURRENCY
from doorstep.profiles.vietnam.vietqr import LARGEST_AMOUNT, qr_text, read_qr
from doorstep.systems.payments.country import BankRow, Country, CutOffRow, DepositTermRow

BANK_UNKNOWN = reason(
    "vietnam.bank_unknown", "No bank has this number.", repair="Take the bank's six digits from its list at NAPAS."
)
BANK_FICTITIOUS = reason(
    "vietnam.bank_fictitious", "This is a made-up bank for demonstrations.", repair="Enter a real bank."
)
ACCOUNT_MALFORMED = reason(
    "vietnam.account_malformed",
    "An account number has 1 to 19 digits or letters without accents.",
    repair="Copy it from the contract with the bank, without blanks.",
)

FICTITIOUS_BANK = "990000"
"""ISO 3166 gives 900 and up to no country, so that no bank has 9, such a number, and two digits."""

_ACCOUNT = re.compile(r"[0-9A-Za-z]{1,19}", re.ASCII)
_LIST = "Public copy of the VietQR bank list of 2025; as of when each number holds was not looked up"
_SINCE = date(2024, 1, 1)
_BANKS = {
    "970403": "Sacombank",
    "970405": "Agribank",
    "970407": "Techcombank",
    "970415": "VietinBank",
    "970416": "ACB",
    "970418": "BIDV",
    "970422": "MB",
    "970423": "TPBank",
    "970425": "ABBANK",
    "970426": "MSB",
    "970431": "Eximbank",
    "970432": "VPBank",
    "970436": "Vietcombank",
    "970437": "HDBank",
    "970440": "SeABank",
    "970441": "VIB",
    "970443": "SHB",
    "970448": "OCB",
    "970449": "LPBank",
    "971005": "Viettel Money",
    "971011": "VNPT Money",
    "971025": "MoMo",
    "999888": "Vietnam Bank for Social Policies",
}


def _bank(number: str, name: str, source: str = _LIST, certainty: Certainty = "sourced") -> BankRow:
    return BankRow(number=number, name=name, valid_from=_SINCE, source=source, certainty=certainty)


_WORDING = {
    "vi": Wording(whole=lambda number: f"{vietnamese(number)} đồng"),
    "en": Wording(whole=lambda number: f"{english(number)} dong"),
    "de": Wording(whole=lambda number: f"{german(number, 'ein')} Dong"),
    "ar": Wording(whole=partial(arabic, noun=Noun(one="دونغ", two="دونغان", few="دونغات", many="دونغًا"))),
}


def in_words(amount: Money, language: str) -> str:
    """The amount in words of vi, en, de or ar.

    >>> in_words(Money(180_000, CURRENCY), "vi")
    'Một trăm tám mươi nghìn đồng'
    """
    if amount.currency != CURRENCY:
        raise ValueError("these are the words of the dong")
    return amount_in_words(amount, _WORDING[language])


def plain_memo(text: str) -> str:
    """Letters and digits only, in capitals: some banks strip `.` and `-`, and none keeps the case.

    >>> plain_memo("h38.12-240615 0001")
    'H38122406150001'
    """
    return "".join(re.findall(r"[0-9A-Z]", text.upper()))


def check_account(bank: str, number: str, *, fictitious: bool) -> list[Reason]:
    """Reasons against an account that payments are to go to; that it exists and whose it is, only the bank knows."""
    found = []
    if bank == FICTITIOUS_BANK:
        found += [] if fictitious else [BANK_FICTITIOUS("bank")]
    elif bank not in _BANKS:
        found.append(BANK_UNKNOWN("bank"))
    return found if _ACCOUNT.fullmatch(number) else [*found, ACCOUNT_MALFORMED("number")]


def country(*, fictitious: bool) -> Country:
    made_up = _bank(FICTITIOUS_BANK, "Ngân hàng Ví dụ", "No bank has this number", "invented")
    return Country(
        zone=ZONE,
        banks=(*(_bank(number, name) for number, name in _BANKS.items()), *([made_up] if fictitious else [])),
        cut_offs=(
            CutOffRow(
                at=time(16, 30),
                valid_from=_SINCE,
                source="Chosen for this installation: each bank says its own",
                certainty="chosen",
            ),
        ),
        deposit_terms=(
            DepositTermRow(
                working_days=2,
                valid_from=_SINCE,
                source="Chosen for this installation: no rule is among our sources",
                certainty="chosen",
            ),
        ),
        qr_text=qr_text,
        read_qr=read_qr,
        largest_amount=LARGEST_AMOUNT,
        in_words=in_words,
        plain_memo=plain_memo,
        check_account=partial(check_account, fictitious=fictitious),
        fictitious_bank=FICTITIOUS_BANK,
        fictitious_account=lambda serial: f"{serial:010}",
    )
