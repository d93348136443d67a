"""One bad credit, statement, payout, account or day never stops the others, and what was refused has an owner."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import msgspec
import pytest
from django.utils import timezone

from doorstep.kernel.country import profile
from doorstep.kernel.store.models import Notice
from doorstep.kernel.values.reasons import Conflict, Refused
from doorstep.systems.payments import models, tasks
from doorstep.systems.payments.actions import bank as actions
from doorstep.systems.payments.actions import payouts, settlement
from doorstep.systems.payments.actions.repairs import decide_repair, propose_repair
from doorstep.systems.payments.queries.bank import NOTEWORTHY
from doorstep.systems.payments.rules import statements
from doorstep.systems.payments.rules.bank_messages import Told, read_credits
from doorstep.systems.payments.rules.banking_days import following
from doorstep.systems.payments.rules.discrepancies import Repair
from doorstep.systems.payments.rules.evidence import Evidence, PayoutResult, PayoutState, Unreadable
from doorstep.systems.payments.rules.ledger import MOST
from doorstep.systems.payments.rules.signatures import Proof
from doorstep.systems.payments.tests.builders import (
    CASHIER,
    CLOCK,
    SECOND_TREASURER,
    TREASURER,
    balances,
    bank_account,
    credit,
    order,
    reread,
)
from doorstep.systems.payments.tests.desks import browser
from doorstep.systems.payments.tests.fake_bank import FakeBank, entry, paper
from doorstep.systems.payments.tests.test_bank_callback import made
from doorstep.systems.payments.tests.values import AT

pytestmark = pytest.mark.django_db(transaction=True)
DAY = AT.date()
NEXT = following(DAY, 1, profile().calendar.working_day)
LATER = AT + timedelta(days=4)


@pytest.fixture
def signed() -> Proof:
    """That the bank signed something once."""
    return Proof(made("bank-1"), "n1", AT + timedelta(minutes=10))


@pytest.fixture
def bank(monkeypatch) -> FakeBank:
    made = FakeBank()
    monkeypatch.setattr(tasks, "connected", lambda: made)
    for turns in (tasks._POLLED, tasks._STATED, tasks._PAID_OUT, tasks._ASKED):
        monkeypatch.setattr(turns, "last", None)
    return made


def two_accounts() -> list[models.BankAccount]:
    """In the order in which they are asked."""
    rows = [bank_account(), bank_account("H01", 2)]
    return sorted(rows, key=lambda row: row.id)


def waiting() -> list[tuple[str, str, list[str]]]:
    """Kind, role and reasons of what waits for a person."""
    found = models.Discrepancy.objects.filter(resolved=None).order_by("id")
    return [(row.kind, row.role, [one["code"].removeprefix("payments.") for one in row.reasons]) for row in found]


BAD = [
    ({"amount": 0}, "amount_wrong"),
    ({"amount": -7}, "amount_wrong"),
    ({"amount": 2**70}, "amount_wrong"),
    ({"currency": "XXX"}, "currency_differs"),
    ({"booking": ""}, "booking_missing"),
    ({"booking": "B" * 101}, "text_unfit"),
    ({"memo": "a\0b"}, "text_unfit"),
    ({"memo": "\ud800"}, "text_unfit"),
    ({"memo": "m" * 10_000_000}, "text_unfit"),
    ({"from_name": "\udfff\0"}, "text_unfit"),
    ({"booked": datetime(2024, 3, 1)}, "time_unfit"),  # noqa: DTZ001  that is the point
    ({"booked": datetime(1, 1, 1, tzinfo=UTC)}, "time_unfit"),
    ({"day": DAY.replace(year=9999)}, "time_unfit"),
    ({"day": DAY + timedelta(days=31)}, "time_unfit"),
    ({"booked": AT + timedelta(days=31)}, "time_unfit"),
]


@pytest.mark.parametrize("way", Evidence)
@pytest.mark.parametrize(("changes", "why"), BAD, ids=range(len(BAD)))
def test_a_credit_that_no_book_can_hold_waits_for_a_person_and_stops_no_other(changes, why, way):
    account, owed = bank_account(), order()
    told = [credit(**{"memo": "x", "amount": 5, **changes}), credit(owed.code)]
    for _ in range(2):
        outcomes = settlement.record_credits(CLOCK, account.id, told, way)
    assert [one.told for one in outcomes] == ["refused", "repeated"]
    assert outcomes[0].reasons[0].line == 1
    assert reread(owed).state == "settled"
    assert waiting() == [("money_unrecorded", "payments.treasurer", [why])]
    assert models.Discrepancy.objects.get().unit == account.unit


def test_what_cannot_be_read_of_one_credit_stops_no_other(bank):
    account, owed = bank_account(), order()
    good = msgspec.json.encode(credit(owed.code), enc_hook=str).decode()
    bad = good.replace('"amount":750', '"amount":7.5')
    told = read_credits(f'{{"credits": [{bad}, 7, {good}], "after": "3", "total": 758}}'.encode())
    assert [type(one) for one in told.credits[:2]] == [Unreadable, Unreadable]
    bank.came[account.number] = list(told.credits)
    tasks.poll(AT)
    assert reread(owed).state == "settled"
    assert waiting() == [("money_unrecorded", "payments.treasurer", ["kernel.malformed"])] * 2
    assert {row.said["content"] for row in models.Discrepancy.objects.all()} == {bad, "7"}
    assert models.BankFeed.objects.get().failures == 0


def test_a_credit_that_comes_again_right_closes_its_own():
    account, owed = bank_account(), order()
    wrong = credit(owed.code, currency="XXX")
    other = credit(owed.code, currency="XXX")
    settlement.record_credits(CLOCK, account.id, [wrong, other], Evidence.CALLBACK)
    assert len(waiting()) == 2
    settlement.record_credits(
        CLOCK, account.id, [msgspec.structs.replace(wrong, currency=account.currency)], Evidence.STATEMENT
    )
    assert reread(owed).state == "settled"
    (left,) = models.Discrepancy.objects.filter(resolved=None)
    assert left.said["booking"] == other.booking


def test_it_is_cleared_up_by_two_persons_like_any_other():
    account = bank_account()
    settlement.record_credits(CLOCK, account.id, [credit("x", amount=0)], Evidence.POLL)
    row = models.Discrepancy.objects.get()
    propose_repair(CASHIER, row.id, Repair.CLARIFY, note="a test of the bank's")
    decide_repair(TREASURER, row.id, 1, approve=True)
    settlement.record_credits(CLOCK, account.id, [credit("x", amount=0, booking=row.said["booking"])], Evidence.POLL)
    assert waiting() == []


def test_a_credit_that_the_ledger_refuses_alone_stops_no_other(bank):
    """Together they are more than an account can count."""
    account, owed = bank_account(), order()
    bank.came[account.number] = [credit("x", MOST - 1000), credit("y", MOST - 1000), credit(owed.code)]
    tasks.poll(AT)
    assert reread(owed).state == "settled"
    assert models.Credit.objects.count() == 2
    assert ("money_unrecorded", "payments.treasurer", ["total_too_large"]) in waiting()
    assert models.BankFeed.objects.get().cursor == "3"


def test_what_fails_in_an_unexpected_way_stops_no_other(bank, monkeypatch, caplog):
    account, owed = bank_account(), order()
    poison, record = credit("poison"), "900090000123"
    real = settlement.take_credits

    def take(act, account_id, said, evidence):
        if poison in said:
            raise RuntimeError(record)
        return real(act, account_id, said, evidence)

    monkeypatch.setattr(settlement, "take_credits", take)
    bank.came[account.number] = [poison, credit(owed.code)]
    tasks.poll(AT)
    assert reread(owed).state == "settled"
    assert waiting() == [("money_unrecorded", "payments.treasurer", ["money_unrecorded"])]
    assert "RuntimeError" in caplog.text
    assert record not in caplog.text


def test_an_account_that_the_bank_does_not_answer_for_stops_no_other(bank):
    first, second = two_accounts()
    bank.silent = {first.number}
    bank.came[second.number] = [credit("x")]
    tasks.poll(AT)
    assert models.Credit.objects.get().account_id == second.id
    feeds = {row.account_id: row.failures for row in models.BankFeed.objects.all()}
    assert feeds == {first.id: 1, second.id: 0}


def test_the_operator_hears_once_that_a_bank_is_silent(bank):
    account = bank_account()
    bank.silent = {account.number}
    for _ in range(NOTEWORTHY + 2):
        tasks.poll(AT)
        models.BankFeed.objects.update(due=AT)
    (told,) = Notice.objects.all()
    assert (told.subject, told.kind, told.given["number"]) == ("operator", "payments.bank_silent", account.number)


def test_money_is_read_of_an_account_that_was_approved_and_ended_in_between(bank):
    account = bank_account()
    models.BankAccount.objects.update(ended=AT)
    bank.came[account.number] = [credit("x")]
    tasks.poll(AT)
    assert models.Credit.objects.get().account_id == account.id


def test_a_slow_bank_holds_a_run_for_so_long_and_the_next_goes_on_behind(bank, monkeypatch):
    accounts = two_accounts()
    now = [0.0]
    monkeypatch.setattr(tasks.time, "monotonic", lambda: now[0])
    bank.waits = lambda: now.__setitem__(0, now[0] + tasks.PATIENCE)
    for _ in range(3):
        tasks.poll(AT)
    first, second = (row.number for row in accounts)
    assert bank.asked == [first, second, first]


def test_a_bank_that_always_has_more_holds_no_run_for_ever(bank, monkeypatch):
    account = bank_account()
    now = [0.0]
    monkeypatch.setattr(tasks.time, "monotonic", lambda: now[0])
    bank.waits = lambda: now.__setitem__(0, now[0] + tasks.PATIENCE / 2)
    bank.page = 1
    bank.came[account.number] = [credit("x") for _ in range(5)]
    tasks.poll(AT)
    assert models.Credit.objects.count() == 2
    tasks.poll(AT)
    assert models.Credit.objects.count() == 4


# Payouts


def refunds(number: int) -> list[models.Refund]:
    account, owed = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(owed.code) for _ in range(number + 1)], Evidence.POLL)
    return [*models.Refund.objects.order_by("id")]


def test_a_payout_that_the_bank_does_not_take_stops_no_other(bank):
    rows = refunds(5)
    bank.silent = {row.id for row in rows[:4]}
    with pytest.raises(Refused):
        tasks.pay_out(AT)
    assert len(bank.asked) == tasks.MOST_MISSED
    tasks.pay_out(AT)
    assert [reread(row).state for row in rows] == ["approved"] * 4 + ["taken"]


def test_a_message_says_nothing_of_payouts_of_another_account(signed):
    (refund,) = refunds(1)
    other = bank_account("H01", 2)
    paid = PayoutResult(payout=refund.id, state=PayoutState.PAID, booking="P1", amount=750)
    told = Told(other.bank, other.number, payouts=(paid,))
    actions.take_message(CLOCK, signed, other.id, told)
    assert reread(refund).state == "approved"


def test_a_refund_that_the_bank_is_silent_about_has_an_owner_until_it_speaks():
    (refund,) = refunds(1)
    tasks.show_late(AT + timedelta(days=2))
    assert waiting() == []
    for _ in range(2):
        tasks.show_late(LATER)
    assert waiting() == [("payout_waits", "payments.treasurer", [])]
    models.Discrepancy.objects.update(resolved=LATER)
    for _ in range(2):
        tasks.show_late(LATER)
    assert waiting() == []
    tasks.show_late(LATER + timedelta(days=1))
    assert waiting() == [("payout_waits", "payments.treasurer", [])]
    payouts.record_payouts(CLOCK, [PayoutResult(payout=refund.id, state=PayoutState.PAID, booking="P1", amount=750)])
    tasks.show_late(LATER + timedelta(days=1))
    assert waiting() == []


# Statements


def test_a_statement_that_was_refused_has_an_owner_until_it_comes_right(bank):
    account = bank_account()
    tasks.poll(AT)
    bank.papers[DAY] = paper(account, DAY, entry("B1", 750), wrong=1)
    assert not tasks.statements(LATER)
    assert waiting() == [("statement_lacking", "payments.treasurer", ["statement_sum_wrong"])]
    models.BankFeed.objects.update(statement_due=AT)
    bank.papers[DAY] = b"<"
    assert not tasks.statements(LATER)
    assert waiting() == [("statement_lacking", "payments.treasurer", ["statement_not_xml"])]
    models.BankFeed.objects.update(statement_due=AT)
    bank.papers[DAY] = paper(account, DAY, entry("B1", 750))
    assert tasks.statements(LATER)
    assert waiting() == []


def test_one_that_still_lacks_on_another_day_though_it_was_cleared_up_waits_again(bank):
    account = bank_account()
    tasks.poll(AT)
    bank.papers[DAY] = paper(account, DAY, wrong=1)
    for days in (0, 0, 1):
        models.BankFeed.objects.update(statement_due=AT)
        tasks.statements(LATER + timedelta(days=days))
        models.Discrepancy.objects.filter(resolved=None).update(resolved=LATER)
    assert models.Discrepancy.objects.count() == 2


def lacking(bank: FakeBank) -> tuple[models.BankAccount, models.Discrepancy]:
    """An account whose statement of DAY was refused; that of the next day can be had."""
    account = bank_account()
    tasks.poll(AT)
    bank.papers[DAY] = b"<"
    assert not tasks.statements(LATER)
    bank.papers[NEXT] = paper(account, NEXT)
    return account, models.Discrepancy.objects.get()


def next_statement(account: models.BankAccount) -> datetime:
    """Ask for one more; the day that is wanted then."""
    models.BankFeed.objects.update(statement_due=AT)
    tasks.statements(LATER)
    return models.BankFeed.objects.get(account=account).day


def test_a_treasurer_hands_in_a_statement_and_the_days_after_it_follow(bank, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    account, row = lacking(bank)
    client = browser(TREASURER.actor)
    url = f"/payments/discrepancies/{row.id}/statement/"
    assert url in client.get(f"/payments/discrepancies/{row.id}/").content.decode()
    assert account.number in client.get(url).content.decode()
    assert browser(CASHIER.actor).get(url).status_code == 403
    elsewhere = msgspec.structs.replace(TREASURER.actor, unit="H39")
    assert browser(elsewhere).post(url, {"file": BytesIO(paper(account, DAY))}).status_code == 404
    for content, why in (
        (b"", "cannot be read as XML"),
        (b"<!DOCTYPE a>", "never needs"),
        (paper(account, NEXT), "another account or another day"),
        (paper(account, DAY, entry("B1", 750), wrong=1), "do not lead from the opening"),
    ):
        answer = client.post(url, {"file": BytesIO(content)})
        assert (answer.status_code, why in answer.content.decode()) == (422, True)
    assert client.post(url).status_code == 422
    with monkeypatch.context() as small:
        small.setattr(statements, "LARGEST_FILE", 0)
        assert client.post(url, {"file": BytesIO(b"x" * 70_000)}).status_code == 422
    assert client.post(url, {"file": BytesIO(paper(account, DAY, entry("B1", 750)))}).status_code == 303
    assert waiting() == []
    assert models.Statement.objects.get().lines == 1
    assert "No statement is lacking" in client.get(url).content.decode()
    assert next_statement(account) > NEXT
    assert models.Statement.objects.count() == 2


def test_where_two_persons_clear_it_up_the_next_day_is_asked_for_and_the_statement_may_still_be_handed_in(bank):
    account, row = lacking(bank)
    propose_repair(TREASURER, row.id, Repair.CLARIFY, note="There is none")
    decide_repair(SECOND_TREASURER, row.id, 1, approve=True)
    assert next_statement(account) > NEXT
    assert [one.day for one in models.Statement.objects.all()] == [NEXT]
    actions.hand_in_statement(TREASURER, row.id, BytesIO(paper(account, DAY)))
    with pytest.raises(Conflict, match="statement_known"):
        actions.hand_in_statement(TREASURER, row.id, BytesIO(paper(account, DAY)))


def test_a_day_that_was_handed_in_before_its_turn_is_not_asked_for(bank):
    account, row = lacking(bank)
    key = f"statement_missing:{account.id}:{NEXT}"
    other = models.Discrepancy.objects.create(
        id=uuid4(), key=key, kind="statement_missing", unit=account.unit, role=row.role, opened=AT, proposal="clarify"
    )
    actions.hand_in_statement(TREASURER, other.id, BytesIO(paper(account, NEXT)))
    assert models.BankFeed.objects.get().day == DAY
    actions.statement_failed(CLOCK, account.id, NEXT, 0, b"", (actions.STATEMENT_KNOWN(),))
    assert [one for one, *_ in waiting()] == ["statement_lacking", "statement_missing"]
    actions.hand_in_statement(TREASURER, row.id, BytesIO(paper(account, DAY)))
    assert models.BankFeed.objects.get().day > NEXT


def test_one_that_never_comes_has_an_owner_too(bank):
    bank_account()
    tasks.poll(AT)
    for _ in range(NOTEWORTHY):
        assert waiting() == []
        models.BankFeed.objects.update(statement_due=AT)
        tasks.statements(LATER)
    assert waiting() == [("statement_lacking", "payments.treasurer", ["statement_missing"])]
    assert Notice.objects.count() == 1


def test_a_number_that_an_earlier_statement_has_is_a_reason_and_stops_no_other_account(bank):
    first, second = two_accounts()
    tasks.poll(AT)
    bank.papers[DAY] = paper(first, DAY, number="S1")
    assert tasks.statements(LATER)
    day = models.BankFeed.objects.get(account=first).day
    bank.papers = {day: paper(first, day, number="S1"), DAY: paper(second, DAY)}
    models.BankFeed.objects.update(statement_due=AT)
    tasks.statements(LATER)
    assert waiting() == [("statement_lacking", "payments.treasurer", ["statement_number_repeated"])]
    assert models.Statement.objects.filter(account=second).exists()


@pytest.mark.parametrize(
    "content",
    [
        entry("B" * 101, 5),
        (entry("B1", 5)[0].replace("2024-03-01", "0001-01-01T00:00:00+14:00"), 5),
        (entry("B1", 5)[0].replace("2024-03-01", "9999-12-31T23:59:59-14:00"), 5),
    ],
)
def test_a_statement_with_what_no_table_can_hold_is_refused_in_words(bank, content):
    account = bank_account()
    tasks.poll(AT)
    bank.papers[DAY] = paper(account, DAY, content)
    assert not tasks.statements(LATER)
    ((_, _, (why,)),) = waiting()
    assert why in {"statement_incomplete", "text_unfit", "time_unfit"}


def test_a_line_that_cannot_be_recorded_stops_neither_the_others_nor_other_statements(bank, monkeypatch):
    first, second = bank_account(), bank_account("", 2)
    owed, other = order(), order()
    tasks.poll(AT)
    real = settlement.take_credits

    def take(act, account_id, said, evidence):
        if any(one.booking == "BAD" for one in said):
            raise RuntimeError
        return real(act, account_id, said, evidence)

    monkeypatch.setattr(settlement, "take_credits", take)
    for account, memo, bad in ((first, owed.code, "BAD"), (second, other.code, "B2")):
        bank.papers[DAY] = paper(account, DAY, entry(bad, 5, "x"), entry("B1", 750, memo))
        models.BankFeed.objects.exclude(account=account).update(statement_due=LATER + timedelta(days=9))
        models.BankFeed.objects.filter(account=account).update(statement_due=AT)
        assert tasks.statements(LATER)
    while tasks.record_statements(LATER):
        pass
    assert (reread(owed).state, reread(other).state) == ("settled", "settled")
    assert ("money_unrecorded", "payments.treasurer", ["money_unrecorded"]) in waiting()
    assert models.Statement.objects.filter(recorded=2).count() == 2


def test_a_day_that_cannot_be_reconciled_stops_no_other(monkeypatch):
    done = []

    def reconcile_day(by, day):
        if day == DAY:
            raise RuntimeError
        done.append(day)

    monkeypatch.setattr(tasks, "reconcile_day", reconcile_day)
    monkeypatch.setattr(tasks, "waiting_days", lambda: [DAY])
    monkeypatch.setattr(tasks, "due_days", lambda _at: [DAY + timedelta(days=1)])
    assert tasks.reconcile(AT) == 1
    assert done == [DAY + timedelta(days=1)]


def test_a_message_that_was_interrupted_can_be_told_again(monkeypatch, signed):
    account, owed = bank_account(), order()
    told = Told(account.bank, account.number, (credit(owed.code),))
    with monkeypatch.context() as broken:
        broken.setattr(actions, "take_credits", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            actions.take_message(CLOCK, signed, account.id, told)
    actions.take_message(CLOCK, signed, account.id, told)
    assert balances() == {"bank": 750, "fees": 500, "charges": 250}
    with pytest.raises(Conflict, match="replayed"):
        actions.take_message(CLOCK, signed, account.id, told)


def test_the_treasury_reads_in_words_what_could_not_be_recorded(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)
    account = bank_account()
    settlement.record_credits(CLOCK, account.id, [credit("for <me>", amount=-7)], Evidence.POLL)
    row = models.Discrepancy.objects.get()
    client = browser(TREASURER.actor)
    assert "cannot be recorded" in client.get("/payments/discrepancies/").content.decode()
    page = client.get(f"/payments/discrepancies/{row.id}/").content.decode()
    assert "An amount is a whole number" in page
    assert "for &lt;me&gt;" in page
    assert "-7" in page
    assert "111222333" not in page
