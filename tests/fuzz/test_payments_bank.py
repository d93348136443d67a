"""Whatever comes as a bank's statement or message is taken or refused with a reason; refused, it changes nothing."""

import io
import json
import tracemalloc
from contextlib import suppress
from datetime import datetime
from itertools import count
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.country import profile
from doorstep.kernel.values.reasons import REASONS, Refused
from doorstep.systems.payments import models
from doorstep.systems.payments.actions.bank import begin_feeds, keep_statement
from doorstep.systems.payments.pages import bank as page
from doorstep.systems.payments.rules.bank_messages import Told, written
from doorstep.systems.payments.rules.bank_place import BankPlace
from doorstep.systems.payments.rules.camt053 import Booking, Head, read
from doorstep.systems.payments.rules.evidence import PayoutResult, PayoutState
from doorstep.systems.payments.rules.ledger import MOST
from doorstep.systems.payments.rules.signatures import Signed, check, sign
from doorstep.systems.payments.rules.statements import whole
from doorstep.systems.payments.tests.books import books_hold
from doorstep.systems.payments.tests.builders import CLOCK, balances, bank_account, credit, order
from doorstep.systems.payments.tests.fake_bank import entry, paper
from doorstep.systems.payments.tests.test_bank_callback import made
from doorstep.systems.payments.tests.values import AT
from tests.fuzz.lengths import LENGTHS, again, settings

__all__ = ["books_hold"]
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = AT.date()
MEMORY = 30_000_000
"""Bytes that reading one statement may take at its peak."""

# Statements

ACCOUNT = models.BankAccount(bank="TB09", number="9")
odd = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [
            *(
                b"<",
                b">",
                b"&",
                b"&#0;",
                b"&#xD800;",
                b"&e;",
                b"\0",
                b"\xff\xfe",
                b"]]>",
                b"<![CDATA[",
                b"--",
                b"-1",
                b"1e9",
            ),
            *(b"0.001", b"9" * 400, b"<Ntry>", b"</Ntry>", b"</Stmt>", b"<Stmt>", b"<TxDtls>" * 50, b"<a>" * 5_000),
            *(b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00", b"x" * 70_000, b'<?xml version="1.1"?>'),
            *(b'<!DOCTYPE d [<!ENTITY e "ee">]>', b'<!DOCTYPE d SYSTEM "file:///etc/passwd">', "é\u202e".encode()),
        ]
    ),
)


@st.composite
def nearly_statements(draw, account=ACCOUNT):
    """A right statement but for up to four places where something is put in, left out or said twice."""
    entries = [
        entry(f"B{place}", amount) for place, amount in enumerate(draw(st.lists(st.integers(1, MOST), max_size=3)))
    ]
    content = paper(account, DAY, *entries)
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(content)))
        end = min(len(content), begin + draw(st.integers(0, 40)))
        put = draw(st.one_of(odd, st.just(content[begin:end] * 2)))
        content = content[:begin] + put + content[end:]
    return content


def taken(content: bytes, account=ACCOUNT) -> list[Head | Booking] | None:
    """What was read of it, None where it was refused, with a reason that is declared."""
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    found, why = None, ()
    try:
        told = read(io.BytesIO(content), profile().currency, ZONE)
        found = list(whole(told, account.bank, account.number, DAY))
    except Refused as refusal:
        why = refusal.reasons
    assert bool(why) == (found is None)
    assert all(one.code in REASONS for one in why)
    assert tracemalloc.get_traced_memory()[1] - before < MEMORY
    return found


@pytest.fixture
def traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


@LENGTHS
def test_statements_that_are_nearly_right(traced, rounds):
    @settings(150)
    @given(nearly_statements())
    def send(content):
        for one in taken(content) or []:
            assert isinstance(one, Head) or 0 < one.amount <= MOST

    again(send, rounds)


@LENGTHS
def test_any_bytes_as_a_statement(traced, rounds):
    @settings(100)
    @given(st.one_of(st.binary(max_size=300), st.lists(odd, max_size=12).map(b"".join)))
    def send(content):
        assert taken(content) is None

    again(send, rounds)


@pytest.mark.django_db(transaction=True)
@LENGTHS
def test_a_statement_is_kept_whole_or_not_at_all(traced, rounds):
    account = bank_account()
    begin_feeds(CLOCK)

    @settings(25)
    @given(nearly_statements(account))
    def send(content):
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE payments_statement CASCADE")
        expected = taken(content, account)
        with suppress(Refused):
            keep_statement(CLOCK, account.id, DAY, io.BytesIO(content))
        kept = models.StatementLine.objects.count()
        assert models.Statement.objects.count() <= (expected is not None)
        assert kept in {0, sum(isinstance(one, Booking) for one in expected or [])}

    again(send, rounds)


# Messages

URL = "http://testserver/payments/bank/callback"
odd_texts = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(exclude_categories=()), max_size=5),
    st.sampled_from(
        ["\0", "\ud800", "x" * 200_000, "null", "1", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]
    ),
)
odd_values = st.one_of(
    odd_texts,
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(2**62, 2**200),
    st.floats(allow_nan=False),
    st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat),
    st.lists(odd_texts, max_size=2),
    st.dictionaries(odd_texts, odd_texts, max_size=2),
)


@pytest.fixture
def door(settings, tmp_path, monkeypatch, transactional_db):
    """A bank whose key is known, and an account with an order; nobody is stopped for having forged too much."""
    key = made("bank-1")
    monkeypatch.setattr(page, "key_file", lambda _file: {"bank-1": key})
    monkeypatch.setattr(page, "spend", lambda *_: None)
    monkeypatch.setattr(timezone, "now", lambda: AT)
    settings.BANK = BankPlace("https://bank.example.org/", tmp_path / "ours", tmp_path / "theirs")
    settings.ALLOWED_HOSTS = ["testserver"]
    return SimpleNamespace(key=key, account=bank_account(), owed=order(), nonces=count())


def signed(door, content: bytes) -> dict[str, str]:
    request = Signed("POST", URL, {"Content-Type": "application/json"}, content)
    sign(request, door.key, AT, f"n{next(door.nonces)}")
    return {name: value for name, value in request.headers.items() if name != "Content-Type"}


def post(content: bytes, headers: dict[str, str]):
    sent = {**headers, "Accept-Language": "en"}
    return Client(raise_request_exception=True).post(URL, content, "application/json", headers=sent)


def books() -> tuple[int, ...]:
    counted = (models.Credit, models.Receipt, models.Refund, models.Transfer)
    return tuple(model.objects.count() for model in counted)


def reasons_of(answer) -> list[dict]:
    assert answer["Content-Type"] == "application/problem+json"
    found = answer.json()["reasons"]
    assert found
    assert all(one["text"] and one["repair"] for one in found)
    return found


@st.composite
def nearly_messages(draw, account, code):
    """A message of two credits and a payout that would be taken, but for up to three values."""
    credits_told = [credit(code), credit("x")]
    payout = PayoutResult(payout="6a1b6f46-0f9c-4c0c-8f0e-3a3b7c1d2e4f", state=PayoutState.PAID)
    told = json.loads(written(Told(account.bank, account.number, tuple(credits_told), (payout,))))
    for _ in range(draw(st.integers(0, 3))):
        where = draw(st.sampled_from([told, *told["credits"], *told["payouts"]]))
        where[draw(st.sampled_from(sorted(where)))] = draw(odd_values)
        if not (isinstance(told["credits"], list) and isinstance(told["payouts"], list)):
            break
        told["credits"] = [one for one in told["credits"] if isinstance(one, dict)] or told["credits"]
    content = json.dumps(told).encode()
    return content[: len(content) - draw(st.sampled_from([0] * 9 + [1]))]


@LENGTHS
def test_messages_that_are_nearly_right_and_signed(door, rounds):
    @settings(40)
    @given(nearly_messages(door.account, door.owed.code))
    def send(content):
        before, waiting = books(), models.Discrepancy.objects.count()
        answer = post(content, signed(door, content))
        assert answer.status_code in {200, 404, 422}, answer.content
        if answer.status_code == 200:
            assert len(answer.json()["credits"]) <= 2
            return
        lines = {one["line"] for one in reasons_of(answer)}
        if answer.status_code == 404 or lines == {None}:
            assert (books(), models.Discrepancy.objects.count()) == (before, waiting)

    again(send, rounds)


odd_headers = st.one_of(
    st.text("".join(map(chr, range(32, 127))), max_size=60),
    st.lists(
        st.sampled_from(
            [
                *(
                    "sig",
                    "sig2",
                    "=",
                    "(",
                    ")",
                    ";",
                    ",",
                    ":",
                    '"',
                    "?1",
                    "1",
                    "-1",
                    "1.5",
                    "9" * 20,
                    "@1709262000",
                    "created",
                ),
                *(
                    "nonce",
                    "keyid",
                    "expires",
                    "alg",
                    "tag",
                    '"bank-1"',
                    '"n"',
                    '"@method"',
                    '"@target-uri"',
                    '"@path"',
                ),
                *(
                    '"@query-param";name="a"',
                    '"@status"',
                    '"content-digest"',
                    '"content-type"',
                    '"x";bs',
                    '"x";sf',
                    ";req",
                ),
                *("sha-256=:", "AAAA", "ed25519", "%", "\t", "sig=(", ")=:AAAA:"),
            ]
        ),
        max_size=25,
    ).map("".join),
)
names = st.sampled_from(["Signature", "Signature-Input", "Content-Digest", "Host", "Cookie", "X-Forwarded-For"])


@st.composite
def nearly_signatures(draw, right):
    """The right headers but for some that are others, or have something put in, left out or said twice."""
    headers = dict(right)
    for name in draw(st.lists(names, min_size=1, max_size=3)):
        value = headers.get(name, "")
        begin = draw(st.integers(0, len(value)))
        end = begin + draw(st.integers(0, 12))
        put = draw(odd_headers)
        headers[name] = draw(st.sampled_from([put, value[:begin] + put + value[end:], f"{value}, {value}"]))
    return headers


@LENGTHS
def test_any_headers(door, rounds):
    content = written(Told(door.account.bank, door.account.number, (credit(door.owed.code),)))
    right = signed(door, content)

    @settings(60)
    @given(nearly_signatures(right))
    def send(headers):
        before = books()
        answer = post(content, headers)
        assert answer.status_code in {200, 400, 403, 409, 422}, answer.content
        if answer.status_code != 200:
            reasons_of(answer)
            assert books() == before
        else:
            assert balances() == {"bank": 750, "fees": 500, "charges": 250}

    again(send, rounds)


@LENGTHS
def test_any_signature_is_proved_or_refused(rounds):
    """Without tables, and so much faster than by the address."""
    key = made("bank-1")
    right = Signed("POST", URL, {"Content-Type": "application/json"}, b"{}")
    sign(right, key, AT, "n1")

    @settings(300)
    @given(
        nearly_signatures(right.headers), st.sampled_from([URL, f"{URL}?a=1&a=2", "x", "http://[", "http://a:b/\ud800"])
    )
    def send(headers, url):
        request = msgspec.structs.replace(right, headers=headers, url=url)
        proof, why = None, ()
        try:
            proof = check(request, {"bank-1": key}, AT)
        except Refused as refusal:
            why = refusal.reasons
        assert [one.code in REASONS for one in why] == [True] * (proof is None)
        assert proof is None or (proof.key.keyid, url) == ("bank-1", URL)

    again(send, rounds)
