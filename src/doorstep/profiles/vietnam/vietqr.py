"""VietQR: payment codes as tagged fields after EMVCo (merchant-presented), with the account and the memo of NAPAS."""

import re
from binascii import crc_hqx

from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.profiles.vietnam.currency import CURRENCY
from doorstep.systems.payments.country import Payee, QrPayment

UNREADABLE = reason(
    "vietnam.payment_code_unreadable",
    "This is not a VietQR payment code.",
    repair="Scan the code again, or type the account, the amount and the memo by hand.",
)
CHECKSUM = reason(
    "vietnam.payment_code_checksum",
    "The payment code is damaged: its check sum is wrong.",
    repair="Scan the code again; do not pay by a code that somebody changed.",
)

NAPAS = "A000000727"
LARGEST_AMOUNT = 10**13 - 1
"""13 digits: EMVCo's limit, without decimals."""
LONGEST_CODE = 512
"""EMVCo's limit, in characters."""

_ACCOUNT, _CURRENCY, _AMOUNT, _NAME, _ADDITIONAL, _CRC = "38", "53", "54", "59", "62", "63"
_PURPOSE = ("08", "05", "01")
"""Where senders put the memo: purpose first, else reference, else bill number."""

_MEMO = re.compile(r"[ -~]{0,25}")
_DONG = re.compile(r"[1-9]\d{0,12}", re.ASCII)


def qr_text(payee: Payee, amount: Money, memo: str) -> str:
    """What the code holds. ValueError for a memo that is not ASCII or longer than 25, for other money and none.

    >>> qr_text(Payee("970436", "1017595600", ""), Money(180000, CURRENCY), "H38.12-240615-0001")
    '00020101021238540010A00000072701240006970436011010175956000208QRIBFTTA530370454061800005802VN62220818H38.12-240615-00016304DCBD'
    """
    if not _MEMO.fullmatch(memo) or amount.currency != CURRENCY or not _DONG.fullmatch(str(amount.minor)):
        raise ValueError("no VietQR holds this")
    account = _field("00", payee.bank) + _field("01", payee.number)
    fields = [
        _field("00", "01"),
        _field("01", "12"),
        _field(_ACCOUNT, _field("00", NAPAS) + _field("01", account) + _field("02", "QRIBFTTA")),
        _field(_CURRENCY, "704"),
        _field(_AMOUNT, str(amount.minor)),
        _field("58", "VN"),
        *([_field(_ADDITIONAL, _field("08", memo))] if memo else []),
    ]
    return _sealed("".join(fields))


def read_qr(text: str) -> QrPayment | list[Reason]:
    """Account, amount (None in a static code) and memo of a VietQR transfer, or why it is none."""
    text = text.strip()
    fields = _fields(text) if len(text) <= LONGEST_CODE else None
    if fields is None or list(fields)[:1] != ["00"] or list(fields)[-1:] != [_CRC]:
        return [UNREADABLE()]
    if _sealed(text[:-8]) != text:
        return [CHECKSUM()]
    scheme = _fields(fields.get(_ACCOUNT, "")) or {}
    account = _fields(scheme.get("01", "")) or {}
    additional = _fields(fields.get(_ADDITIONAL, "")) or {}
    amount = fields.get(_AMOUNT)
    if scheme.get("00") != NAPAS or not account.get("00") or not account.get("01") or fields.get(_CURRENCY) != "704":
        return [UNREADABLE()]
    if amount is not None and not _DONG.fullmatch(amount):
        return [UNREADABLE("amount")]
    return QrPayment(
        payee=Payee(account["00"], account["01"], fields.get(_NAME, "")),
        amount=Money(int(amount), CURRENCY) if amount else None,
        memo=next((additional[tag] for tag in _PURPOSE if tag in additional), ""),
    )


def _field(tag: str, value: str) -> str:
    if not 0 < len(value) < 100:
        raise ValueError(f"field {tag} holds 1 to 99 characters")
    return f"{tag}{len(value):02}{value}"


def _fields(text: str) -> dict[str, str] | None:
    """Tag to value, in order; None where lengths do not fit or a tag comes twice."""
    found: dict[str, str] = {}
    while text:
        tag, length = text[:2], text[2:4]
        if not (tag + length).isascii() or not (tag + length).isdecimal() or len(tag + length) < 4 or tag in found:
            return None
        value, text = text[4 : 4 + int(length)], text[4 + int(length) :]
        if len(value) != int(length):
            return None
        found[tag] = value
    return found


def _sealed(text: str) -> str:
    """With its check sum, over everything up to and with the sum's own tag and length: CRC-16, polynomial 0x1021 from 0xFFFF."""
    text += f"{_CRC}04"
    return f"{text}{crc_hqx(text.encode(), 0xFFFF):04X}"
