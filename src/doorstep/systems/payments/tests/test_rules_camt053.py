"""Statements as banks send them, and as nobody should: sums, decimals, size, document types."""

from contextlib import suppress
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.money import Currency
from doorstep.kernel.values.reasons import Refused
from doorstep.systems.payments.rules.camt053 import NAMESPACE, Booking, Head, read

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
WHOLE, THREE = Currency("XTS", 0), Currency("XTS", 3)
ENTRY = (
    '<Ntry><Amt Ccy="XTS">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>{status}</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>'
    "<AcctSvcrRef>{booking}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>e1</EndToEndId></Refs><RltdPties><Dbtr><Pty>"
    "<Nm>Ví Dụ &amp; Co</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>one</Ustrd><Ustrd>two</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
)


def entry(amount="500", booking="B1", status="BOOK"):
    return ENTRY.format(amount=amount, booking=booking, status=status)


def statement(entries="", balance="100", before="", head="<Id>S1</Id>"):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<Document xmlns="{NAMESPACE}"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>'
        f"<Stmt>{head}<FrToDt><FrDtTm>2026-03-02T00:00:00+07:00</FrDtTm></FrToDt><Acct><Id><Othr><Id>77</Id></Othr></Id><Svcr>"
        f"<FinInstnId><ClrSysMmbId><MmbId>999901</MmbId></ClrSysMmbId></FinInstnId></Svcr></Acct><Bal><Tp><CdOrPrtry><Cd>OPBD</Cd>"
        f'</CdOrPrtry></Tp><Amt Ccy="XTS">{balance}</Amt><CdtDbtInd>DBIT</CdtDbtInd></Bal>{entries}</Stmt></BkToCstmrStmt></Document>'
    )


def found(text, currency=WHOLE):
    return list(read(BytesIO(text if isinstance(text, bytes) else text.encode()), currency, ZONE))


def refusal(text, currency=WHOLE):
    with pytest.raises(Refused) as raised:
        found(text, currency)
    return raised.value.reasons[0].code.removeprefix("payments.")


def test_a_statement_with_two_bookings():
    head, one, two = found(statement(entry() + entry("7", "B2") + entry("9", "B3", "PDNG")))
    assert isinstance(head, Head)
    assert (head.number, head.page, head.last, head.account, head.bank) == ("S1", 1, True, "77", "999901")
    assert (head.day.isoformat(), head.opening, head.closing) == ("2026-03-02", -100, None)
    assert isinstance(one, Booking)
    assert (one.booking, one.amount, one.incoming, one.memo, one.from_name) == (
        "B1",
        500,
        True,
        "one two",
        "Ví Dụ & Co",
    )
    assert (one.reference, one.booked.isoformat()) == ("e1", "2026-03-01T17:00:00+00:00")
    assert (two.booking, two.amount) == ("B2", 7)


def test_a_day_without_bookings_has_a_head():
    assert [type(one) for one in found(statement())] == [Head]


@pytest.mark.parametrize(
    ("amount", "currency", "outcome"),
    [
        ("500.00", WHOLE, 500),
        ("0.5", THREE, 500),
        ("12.3450", THREE, 12345),
        (str(2**62), WHOLE, 2**62),
        ("0.5", WHOLE, "amount_fractional"),
        ("0.0005", THREE, "amount_fractional"),
        (str(2**62 + 1), WHOLE, "amount_wrong"),
        ("9" * 40, WHOLE, "amount_wrong"),
        ("0", WHOLE, "amount_wrong"),
        ("-5", WHOLE, "amount_wrong"),
        ("1e3", WHOLE, "amount_wrong"),
        ("٥", WHOLE, "amount_wrong"),
    ],
)
def test_amounts(amount, currency, outcome):
    text = statement(entry(amount))
    assert (refusal(text, currency) if isinstance(outcome, str) else found(text, currency)[1].amount) == outcome


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "statement_not_xml"),
        (statement()[:-20], "statement_not_xml"),
        (b"\xff\xfe", "statement_not_xml"),
        (statement(before='<!DOCTYPE a [<!ENTITY b "c">]>'), "statement_hostile"),
        (statement(before='<!DOCTYPE a SYSTEM "file:///etc/passwd">'), "statement_hostile"),
        (statement("<A>" * 50), "statement_hostile"),
        (statement(f"<A>{'x' * 3000}</A>"), "statement_hostile"),
        (statement(f"<Ntry>{''.join(f'<A{n}>x</A{n}>' for n in range(300))}</Ntry>"), "statement_hostile"),
        (statement().replace("001.08", "001.02"), "statement_other_format"),
        ("<Document/>", "statement_other_format"),
        (statement().replace('"XTS"', '"EUR"'), "statement_other_currency"),
        (statement(head=""), "statement_incomplete"),
        (statement(entry(booking="")), "statement_incomplete"),
        (statement(entry().replace("2026-03-02", "tomorrow")), "statement_incomplete"),
    ],
)
def test_what_is_no_statement(text, why):
    assert refusal(text) == why


@given(st.integers(0, 1200), st.binary(max_size=6))
def test_a_statement_that_was_damaged_is_read_or_refused(place, noise):
    whole = statement(entry()).encode()
    with suppress(Refused):  # any other failure is one of ours
        found(whole[:place] + noise + whole[place + len(noise) :])


@pytest.mark.parametrize(
    "padding",
    [f'<a b="{"x" * 1_000_000}"/>', f"<!--{'x' * 1_000_000}-->", f"<?p {'x' * 1_000_000}?>", f"<{'x' * 1_000_000}/>"],
)
def test_a_tag_beyond_measure_is_not_held_in_memory(padding):
    assert refusal(statement(padding)) == "statement_hostile"


def test_many_entries_are_no_long_tag():
    assert len(found(statement(entry() * 5_000))) == 5_001


def test_a_booking_is_numbered_by_its_only_detail_where_the_entry_is_not():
    bare = entry(booking="").replace("<AcctSvcrRef></AcctSvcrRef>", "")
    numbered = bare.replace("<Refs>", "<Refs><AcctSvcrRef>D1</AcctSvcrRef>")
    assert [one.booking for one in found(statement(numbered)) if isinstance(one, Booking)] == ["D1"]


def test_iban_and_bic_say_whence_money_came():
    whence = (
        "<RltdPties><DbtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></DbtrAcct></RltdPties>"
        "<RltdAgts><DbtrAgt><FinInstnId><BICFI>BYLADEM1001</BICFI></FinInstnId></DbtrAgt></RltdAgts><RmtInf>"
    )
    _, one = found(statement(entry().replace("<RmtInf>", whence)))
    assert (one.from_account, one.from_bank) == ("DE02120300000000202051", "BYLADEM1001")


@pytest.mark.parametrize(
    ("begins", "ends", "closes", "day"),
    [
        ("2026-03-01T16:30:00+07:00", "2026-03-02T16:30:00+07:00", "", 2),
        ("2026-03-01T17:00:00Z", "2026-03-02T16:59:59Z", "", 2),
        ("2026-03-02T00:00:00+07:00", "2026-03-03T00:00:00+07:00", "", 2),
        ("2026-03-02T00:00:00+07:00", "2026-03-02T00:00:00+07:00", "", 2),
        ("2026-03-02T00:00:00+07:00", "2026-03-03T16:30:00+07:00", "<Dt>2026-03-02</Dt>", 2),
        ("2026-03-01T16:30:00+07:00", "2026-03-01T23:00:00+07:00", "<DtTm>2026-03-01T18:00:00Z</DtTm>", 2),
    ],
)
def test_a_statement_is_of_the_day_that_it_closes(begins, ends, closes, day):
    text = statement().replace("</FrDtTm>", f"</FrDtTm><ToDtTm>{ends}</ToDtTm>")
    text = text.replace("2026-03-02T00:00:00+07:00</FrDtTm>", f"{begins}</FrDtTm>")
    closing = (
        '<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="XTS">1</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
        f"<Dt>{closes}</Dt></Bal></Stmt>"
    )
    assert found(text.replace("</Stmt>", closing) if closes else text)[0].day.day == day
