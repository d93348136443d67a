"""VietQR as others write it, Vietnamese banks and memos."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.money import Currency, Money
from doorstep.profiles.vietnam import profile
from doorstep.profiles.vietnam.currency import CURRENCY
from doorstep.profiles.vietnam.vietqr import LONGEST_CODE, read_qr
from doorstep.systems.payments.country import Payee, QrPayment

COUNTRY = profile(fictitious=True).payments
REAL = profile(fictitious=False).payments

# [S47], [S48], and one of the reference's own
STATIC = (
    "00020101021138540010A00000072701240006970407011003865776720208QRIBFTTA"
    "5303704540710000005802VN62160812henry an cut6304A322"
)
SHOP = (
    "00020101021238530010A0000007270123000697041601092245284790208QRIBFTTA"
    "53037045405100005802VN62340107NPS68690819TRANSFER TO SOMEONE6304AC13"
)
OWN = (
    "00020101021238540010A00000072701240006970436011010175956000208QRIBFTTA"
    "530370454061800005802VN62220818H38.12-240615-00016304DCBD"
)


def codes(found: Any) -> list[tuple[str, str]]:
    return [(one.code, one.field) for one in found]


@pytest.mark.parametrize(
    ("text", "bank", "number", "amount", "memo"),
    [
        (STATIC, "970407", "0386577672", 1_000_000, "henry an cut"),
        (SHOP, "970416", "224528479", 10_000, "TRANSFER TO SOMEONE"),
        (OWN, "970436", "1017595600", 180_000, "H38.12-240615-0001"),
    ],
)
def test_codes_of_others_are_read(text, bank, number, amount, memo):
    assert COUNTRY.read_qr(f" {text}\n") == QrPayment(Payee(bank, number, ""), Money(amount, CURRENCY), memo)


def test_a_code_is_written_as_in_the_reference():
    payee = Payee("970436", "1017595600", "")
    assert COUNTRY.qr_text(payee, Money(180_000, CURRENCY), "H38.12-240615-0001") == OWN


ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=25)


@given(
    st.sampled_from(REAL.banks),
    st.from_regex(r"[0-9A-Za-z]{1,19}", fullmatch=True),
    st.integers(1, REAL.largest_amount),
    ASCII,
)
def test_what_is_written_is_read(bank, number, amount, memo):
    payee, money = Payee(bank.number, number, ""), Money(amount, CURRENCY)
    assert read_qr(COUNTRY.qr_text(payee, money, memo)) == QrPayment(payee, money, memo)


@pytest.mark.parametrize(
    ("amount", "memo"),
    [
        (Money(0, CURRENCY), ""),
        (Money(-1, CURRENCY), ""),
        (Money(REAL.largest_amount + 1, CURRENCY), ""),
        (Money(1, Currency("XTS", 3)), ""),
        (Money(1, CURRENCY), "x" * 26),
        (Money(1, CURRENCY), "phí"),
        (Money(1, CURRENCY), "a\nb"),
    ],
)
def test_what_no_code_holds_is_an_error(amount, memo):
    with pytest.raises(ValueError, match="no VietQR"):
        COUNTRY.qr_text(Payee("970436", "1", ""), amount, memo)


@given(st.integers(0, len(OWN) - 1), st.sampled_from("0123456789ABCDEF"))
def test_one_changed_character_is_noticed(place, character):
    changed = OWN[:place] + character + OWN[place + 1 :]
    assert changed == OWN or isinstance(read_qr(changed), list)


def sealed(text: str) -> str:
    """With a check sum of another's making: bit by bit, as the standard describes it."""
    sum_ = 0xFFFF
    for byte in f"{text}6304".encode():
        sum_ ^= byte << 8
        for _ in range(8):
            sum_ = (sum_ << 1 ^ (0x1021 if sum_ & 0x8000 else 0)) & 0xFFFF
    return f"{text}6304{sum_:04X}"


def test_a_code_without_amount_leaves_it_to_the_payer():
    found = read_qr(sealed(OWN[:-8].replace("5406180000", "")))
    assert isinstance(found, QrPayment)
    assert found.amount is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "vietnam.payment_code_unreadable"),
        ("https://pay.example/1", "vietnam.payment_code_unreadable"),
        (OWN[:-4] + "0000", "vietnam.payment_code_checksum"),
        (OWN[:-10], "vietnam.payment_code_unreadable"),
        (OWN.lower(), "vietnam.payment_code_checksum"),
        (sealed(OWN[:-8].replace("A000000727", "A000000728")), "vietnam.payment_code_unreadable"),
        (sealed(OWN[:-8].replace("5303704", "5303840")), "vietnam.payment_code_unreadable"),
        (sealed(OWN[:-8].replace("5406180000", "5406180.00")), "vietnam.payment_code_unreadable"),
        (sealed(OWN[:-8].replace("5406180000", "5406-18000")), "vietnam.payment_code_unreadable"),
        (sealed(OWN[:-8].replace("5802VN", "5899VN")), "vietnam.payment_code_unreadable"),
        (sealed(OWN[:-8] + "5406180000"), "vietnam.payment_code_unreadable"),
        (
            sealed(
                OWN[:-8] + "64" + "99" + "x" * 99 + "65" + "99" + "x" * 99 + "66" + "99" + "x" * 99 + "6799" + "x" * 99
            ),
            "vietnam.payment_code_unreadable",
        ),
        ("٠٠٠٢" + OWN[4:], "vietnam.payment_code_unreadable"),
    ],
)
def test_what_is_no_code_is_refused(text, code):
    found = read_qr(text)
    assert isinstance(found, list)
    assert [one.code for one in found] == [code]


@given(st.text(max_size=2 * LONGEST_CODE))
def test_anything_may_be_scanned(text):
    assert isinstance(read_qr(text), list)


def test_memos_are_compared_by_letters_and_digits():
    assert COUNTRY.plain_memo("H38.12-240615-0001") == COUNTRY.plain_memo("h38 12 240615 0001") == "H38122406150001"


def test_accounts_are_of_known_banks():
    assert not REAL.check_account("970436", "1017595600")
    assert codes(REAL.check_account("970499", "1017595600")) == [("vietnam.bank_unknown", "bank")]
    assert codes(REAL.check_account("970436", "1017-595")) == [("vietnam.account_malformed", "number")]
    assert codes(REAL.check_account("970436", "1" * 20)) == [("vietnam.account_malformed", "number")]


def test_the_made_up_bank_is_for_demonstrations():
    account = COUNTRY.fictitious_bank, COUNTRY.fictitious_account(7)
    assert not COUNTRY.check_account(*account)
    assert codes(REAL.check_account(*account)) == [("vietnam.bank_fictitious", "bank")]
    assert {row.number for row in COUNTRY.banks} - {row.number for row in REAL.banks} == {COUNTRY.fictitious_bank}


def test_every_bank_has_a_number_of_its_own_and_says_how_sure_it_is():
    assert len({row.number for row in REAL.banks}) == len(REAL.banks) == 23
    assert all(row.source and row.certainty == "sourced" for row in REAL.banks)
    assert {row.number: row.name for row in REAL.banks}["970415"] == "VietinBank"  # a sample elsewhere says otherwise
