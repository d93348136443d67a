"""A bank that is a process of its own, and all that it may do wrong: each fee is settled once, and no money is lost."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import httpx
import pytest
from django.utils import timezone

from doorstep.kernel.access import look
from doorstep.kernel.country import law, profile
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import Unavailable
from doorstep.site.commands.doctor import _feeds
from doorstep.site.processes import free_port
from doorstep.site.tests.bank_process import PAYER, BankProcess, until
from doorstep.systems.payments import models, tasks
from doorstep.systems.payments.actions.settlement import record_credits
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.permissions import FOR_REPAIR
from doorstep.systems.payments.queries.bank import banking_day_of
from doorstep.systems.payments.queries.refunds import payouts_in
from doorstep.systems.payments.rules.bank_messages import written
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.rules.refunds import RefundState
from doorstep.systems.payments.tests.books import books_hold
from doorstep.systems.payments.tests.builders import balances, bank_account, credit, order, reread

__all__ = ["books_hold"]

pytestmark = pytest.mark.django_db(transaction=True)
SETTLED = {"bank": 750, "fees": 500, "charges": 250}


@pytest.fixture
def account(settings) -> models.BankAccount:
    """One that was there already on a banking day that is over."""
    now = timezone.now()
    day = day_before(day_before(banking_day_of(now)))
    ensure_months(day.replace(day=1), now.date())
    return bank_account(approved=datetime.combine(day, time(9), law(Country, "payments").zone))


@pytest.fixture
def bank(live_server, settings, tmp_path, account) -> Iterator[BankProcess]:
    callback = f"{live_server.url}/payments/bank/callback"
    process = BankProcess(free_port(), tmp_path, callback, settings.PROFILE)
    settings.BANK = process.place
    yield process
    process.stop()


@pytest.fixture
def silent(bank: BankProcess) -> BankProcess:
    """A bank that loses its messages."""
    bank.misbehave("lose", times=1000)
    return bank


def settled(row: models.Order) -> bool:
    return reread(row).state == "settled"


@pytest.mark.parametrize("how", ["", "delay", "repeat"])
def test_a_payment_settles_by_the_banks_message(bank, how):
    if how:
        bank.misbehave(how, seconds=0.5)
    owed = order()
    bank.pay(owed.code)
    until(lambda: settled(owed))
    credit = models.Credit.objects.get()
    assert (credit.poll, credit.statement) == (None, None)
    assert credit.callback is not None
    tasks.poll(timezone.now())
    assert balances() == SETTLED
    assert bank.balance() == 750
    assert bank.balance(PAYER) == -750


def test_messages_in_another_order_settle_their_own(bank):
    bank.misbehave("reorder", seconds=60)
    first, second = order(), order()
    bank.pay(first.code)
    bank.pay(second.code)
    until(lambda: settled(second))
    until(lambda: settled(first))
    told = {row.order_id: row.callback for row in models.Credit.objects.all()}
    assert told[second.id] < told[first.id]
    assert models.Receipt.objects.count() == 2


def test_the_bank_does_nothing_for_who_does_not_sign(bank):
    refund = paid_twice(bank)
    (asked,) = look(tasks.CLOCK, FOR_REPAIR, timezone.now(), payouts_in, RefundState.APPROVED)
    for kind in ("application/x-www-form-urlencoded", "application/json", "text/plain"):
        for what in ("credits", "payouts", "payout", "statement"):
            answer = httpx.post(f"{bank.place.url}{what}", content=written(asked), headers={"Content-Type": kind})
            assert answer.status_code == 401
    assert (bank.balance(), reread(refund).state) == (1500, "approved")


def test_the_doctor_says_what_banks_do_not_tell(account):
    now = timezone.now()
    assert all(well for well, _, _ in _feeds())
    models.BankFeed.objects.create(account=account, due=now, day=now.date(), statement_due=now, failures=5)
    record_credits(By(tasks.CLOCK, now), account.id, [credit("x", amount=0)], Evidence.POLL)
    told = {what: repair for well, what, repair in _feeds() if not well}
    assert list(told) == [
        f"account {account.number} at {account.bank} was not read 5 times in a row",
        "1 messages and statements of banks could not be taken",
    ]
    assert all(told.values())


def paid_twice(bank: BankProcess) -> models.Refund:
    owed = order()
    bank.pay(owed.code)
    bank.pay(owed.code)
    tasks.poll(timezone.now())
    return models.Refund.objects.get()


def test_the_second_payment_is_paid_out_once_though_the_answer_is_lost(silent):
    refund = paid_twice(silent)
    silent.misbehave("truncate")
    with pytest.raises(Unavailable):
        tasks.pay_out(timezone.now())
    assert reread(refund).state == "approved"
    for _ in range(2):
        tasks.pay_out(timezone.now())
        tasks.ask_for_payouts(timezone.now())
    assert reread(refund).state == "paid"
    assert (silent.balance(), silent.balance(PAYER)) == (750, -750)
    assert balances() == SETTLED


def test_a_payout_is_told_by_message_too(bank):
    refund = paid_twice(bank)
    until(models.Refund.objects.exists)
    tasks.pay_out(timezone.now())
    until(lambda: reread(refund).state == "paid" or tasks.ask_for_payouts(timezone.now()))


@pytest.mark.parametrize(("how", "kind"), [("refuse", "payout_failed"), ("return", "payout_returned")])
def test_a_payout_that_fails_has_an_owner(silent, how, kind):
    refund = paid_twice(silent)
    silent.misbehave(how)
    tasks.pay_out(timezone.now())
    tasks.ask_for_payouts(timezone.now())
    tasks.poll(timezone.now())
    row = models.Discrepancy.objects.get()
    assert (row.kind, row.refund_id, row.unit, row.role) == (kind, refund.id, "H38", "payments.cashier")
    assert silent.balance() == 1500
    assert balances()["received"] == 750


def day_before(day):
    calendar = profile().calendar
    day -= timedelta(days=1)
    while not calendar.working_day(day):
        day -= timedelta(days=1)
    return day


@pytest.fixture
def yesterday(silent: BankProcess, account) -> date:
    """The first banking day of the account."""
    tasks.poll(timezone.now())
    day = models.BankFeed.objects.get().day
    assert day == account.approved.date()
    return day


def test_a_statement_settles_what_nothing_else_told(silent, account, yesterday):
    owed = order()
    first = silent.pay(owed.code, at=account.approved.isoformat())
    models.BankFeed.objects.update(due=timezone.now() + timedelta(days=1))
    silent.pay("of today")
    assert tasks.statements(timezone.now())
    assert tasks.record_statements(timezone.now())
    assert not tasks.record_statements(timezone.now())
    assert settled(owed)
    row = models.Statement.objects.get()
    assert (row.day, row.opening, row.closing, row.lines, row.recorded) == (yesterday, 0, 750, 1, 1)
    line = models.StatementLine.objects.get()
    assert (line.booking, line.side, line.amount, line.day) == (first, "credit", 750, yesterday)
    assert models.Credit.objects.get().statement is not None
    assert balances() == SETTLED
    assert models.BankFeed.objects.get().day > yesterday


@pytest.mark.parametrize(
    ("how", "codes"), [("wrong", ["payments.statement_sum_wrong"]), ("truncate", []), ("error", [])]
)
def test_a_statement_that_is_wrong_is_not_taken_and_asked_for_again(silent, account, yesterday, how, codes):
    silent.pay("of that day", at=account.approved.isoformat())
    silent.misbehave(how)
    at = timezone.now()
    assert not tasks.statements(at)
    assert not models.Statement.objects.exists()
    assert not models.StatementLine.objects.exists()
    found = [reason["code"] for row in models.Discrepancy.objects.all() for reason in row.reasons]
    assert found == codes
    feed = models.BankFeed.objects.get()
    assert (feed.statement_failures, feed.day, feed.statement_due > at) == (1, yesterday, True)
    assert tasks.statements(feed.statement_due)
    assert models.Statement.objects.get().closing == 750
    assert not models.Discrepancy.objects.filter(resolved=None).exists()
