"""Money that comes in, goes out and is decided about at one time: nobody waits for another crosswise, and nothing is lost."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.testing.concurrency import at_once
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import payouts, settlement
from doorstep.systems.payments.actions.refund_decisions import decide_refund, propose_refund
from doorstep.systems.payments.actions.repairs import decide_repair, propose_repair
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.permissions import FOR_PAYMENT, SETTLE
from doorstep.systems.payments.queries import ledger_check
from doorstep.systems.payments.rules.bank_messages import Told
from doorstep.systems.payments.rules.discrepancies import Repair
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.tests.builders import CASHIER, CLOCK, TREASURER, bank_account, credit, order, paid_out

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 5


def approved(row: models.Order) -> models.Refund:
    proposed = propose_refund(CASHIER, row.id, {FeeKind.FEE: 100}, "x")
    decide_refund(TREASURER, proposed.id, approve=True)
    return models.Refund.objects.get(id=proposed.id)


@action(SETTLE, FOR_PAYMENT)
def message(act: Act, account: models.BankAccount, told: Told) -> None:
    """What a bank tells in one message, without its signature."""
    settlement.take_credits(act, account.id, told.credits, Evidence.CALLBACK, [one.payout for one in told.payouts])
    payouts.take_payouts(act, told.payouts, account.id)
    act.journal()


def slowly(run: Callable[[], Any]) -> Any:
    """Run, and wait a little after each statement that locks rows, so that others lock theirs meanwhile."""

    def wait(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        done = execute(sql, *rest)
        if "FOR NO KEY UPDATE" in sql:
            time.sleep(0.1)
        return done

    with connection.execute_wrapper(wait):
        return run()


def test_what_comes_what_goes_and_what_is_decided_do_not_stop_each_other():
    account = bank_account()
    rows = [order() for _ in range(MANY)]
    came = [credit(row.code) for row in rows for _ in range(2)]
    wrong = [credit(f"unknown {number}") for number in range(MANY)]
    settlement.record_credits(CLOCK, account.id, [*came, *wrong], Evidence.POLL)
    back = [*models.Refund.objects.all(), *[approved(row) for row in rows]]
    asked = [propose_refund(CASHIER, row.id, {FeeKind.CHARGE: 50}, "x").id for row in rows]
    found = [*models.Discrepancy.objects.values_list("id", flat=True)]
    for one in found:
        propose_repair(CASHIER, one, Repair.REFUND, note="x")
    more = [credit(row.code) for row in rows]  # a third payment each
    gone = [paid_out(row, booking=f"P{place}") for place, row in enumerate(back)]
    told = Told(account.bank, account.number, tuple(more + came[::-1]), tuple(gone[::-1]))

    def each(act: Callable[..., Any], ids: list[Any], *seen: int) -> None:
        for one in ids:
            act(TREASURER, one, *seen, approve=True)

    runs = (
        partial(settlement.record_credits, CLOCK, account.id, [*more, *came, *wrong], Evidence.STATEMENT),
        partial(payouts.record_payouts, CLOCK, gone),
        partial(message, CLOCK, account, told),
        partial(each, decide_refund, asked),
        partial(each, decide_repair, found, 1),
    )
    outcomes = at_once(*[partial(slowly, run) for run in runs])
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert models.Credit.objects.count() == MANY * 4
    assert {*models.Refund.objects.filter(id__in=[row.id for row in back]).values_list("state", flat=True)} == {"paid"}
    assert {*models.Order.objects.values_list("refunded", flat=True)} == {100}
    assert [sentence for one in ledger_check.prove() for sentence in one.against] == []
