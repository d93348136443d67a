"""What a person must resolve needs two of them, happens once, and leaves every unit of money where it belongs."""

from functools import partial

import pytest

from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import Conflict, Refused
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import payouts, settlement
from doorstep.systems.payments.actions.refund_decisions import decide_refund, propose_refund
from doorstep.systems.payments.actions.repairs import decide_repair, propose_repair
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.queries.discrepancies import open_in_area
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind, Repair
from doorstep.systems.payments.rules.evidence import Evidence, PayoutState
from doorstep.systems.payments.tests.builders import (
    CASHIER,
    CLOCK,
    TREASURER,
    balances,
    bank_account,
    credit,
    order,
    paid_out,
    reread,
)

pytestmark = pytest.mark.django_db(transaction=True)


def found(memo: str, amount: int, **changes) -> models.Discrepancy:
    settlement.record_credits(
        CLOCK, models.BankAccount.objects.get().id, [credit(memo, amount, **changes)], Evidence.POLL
    )
    return models.Discrepancy.objects.get()


def test_too_much_is_assigned_and_what_is_over_goes_back():
    bank_account()
    row = order()
    one = found(row.code, 1000)
    propose_repair(CASHIER, one.id, Repair.ASSIGN, code=row.code, note="typed wrongly")
    decide_repair(TREASURER, one.id, 1, approve=True)
    assert (reread(row).state, reread(row).paid) == ("settled", 750)
    assert reread(one).resolved
    refund = models.Refund.objects.get()
    assert (refund.amount, refund.state, refund.proposed_by, refund.decided_by) == (
        *(250, "approved"),
        *(CASHIER.actor.subject, TREASURER.actor.subject),
    )
    payouts.record_payouts(CLOCK, [paid_out(refund)])
    assert balances() == {"bank": 750, "fees": 500, "charges": 250}


def test_an_unknown_payment_goes_back_whole():
    bank_account()
    one = found("no code", 300)
    propose_repair(CASHIER, one.id, Repair.REFUND, note="nobody knows it")
    decide_repair(TREASURER, one.id, 1, approve=True)
    refund = models.Refund.objects.get()
    payouts.record_payouts(CLOCK, [paid_out(refund)])
    assert balances() == {}
    assert models.Credit.objects.get().state == "returned"


def test_two_decisions_at_once_count_once():
    bank_account()
    row = order()
    one = found(row.code, 1000)
    propose_repair(CASHIER, one.id, Repair.ASSIGN, code=row.code, note="x")
    told = at_once(*[partial(decide_repair, TREASURER, one.id, 1, approve=True)] * 2)
    assert sum(isinstance(each, Conflict) for each in told) == 1
    assert models.Refund.objects.count() == 1


def test_nobody_decides_alone_and_what_is_rejected_may_be_chosen_again():
    bank_account()
    one = found("no code", 300)
    propose_repair(TREASURER, one.id, Repair.REFUND, note="x")
    with pytest.raises(Refused, match="same_person"):
        decide_repair(TREASURER, one.id, 1, approve=True)
    one.refresh_from_db()
    other = models.Discrepancy.objects.filter(id=one.id)
    other.update(proposed_by=CASHIER.actor.subject)
    decide_repair(TREASURER, one.id, 1, approve=False)
    propose_repair(CASHIER, one.id, Repair.REFUND, note="y")
    with pytest.raises(Conflict):
        propose_repair(CASHIER, one.id, Repair.REFUND, note="z")
    with pytest.raises(Conflict, match="decided_already"):  # as a page shows it that was opened before
        decide_repair(TREASURER, one.id, 1, approve=True)
    decide_repair(TREASURER, one.id, 2, approve=True)


def test_what_does_not_fit_is_refused():
    bank_account()
    row = order()
    one = found(row.code, 100, from_account="")
    for repair, changes, code in (
        (Repair.CLARIFY, {}, "repair_unfit"),
        (Repair.ASSIGN, {"code": row.code}, "too_little"),
        (Repair.ASSIGN, {"code": "nonsense"}, "order_not_found"),
        (Repair.REFUND, {}, "account_missing"),
        (Repair.REFUND, {"note": " "}, "why_missing"),
    ):
        with pytest.raises(Refused, match=code):
            propose_repair(CASHIER, one.id, repair, **{"note": "x", **changes})


def test_an_order_that_was_paid_meanwhile_is_not_paid_twice():
    account = bank_account()
    row = order()
    one = found(row.code, 1000)
    propose_repair(CASHIER, one.id, Repair.ASSIGN, code=row.code, note="x")
    settlement.record_credits(CLOCK, account.id, [credit(row.code)], Evidence.POLL)
    with pytest.raises(Conflict, match="not_payable"):
        decide_repair(TREASURER, one.id, 1, approve=True)
    assert balances() == {"bank": 1750, "received": 1000, "fees": 500, "charges": 250}
    decide_repair(TREASURER, one.id, 1, approve=False)
    propose_repair(CASHIER, one.id, Repair.REFUND, note="paid otherwise")


def test_of_an_order_s_failed_refund_what_is_proposed_can_be_chosen():
    account, row = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(row.code)], Evidence.POLL)
    refund = propose_refund(CASHIER, row.id, {FeeKind.FEE: 1}, "x")
    decide_refund(TREASURER, refund.id, approve=True)
    payouts.record_payouts(CLOCK, [paid_out(refund, state=PayoutState.REFUSED, booking="")])
    (offered,) = open_in_area(CASHIER.actor, CASHIER.day)
    assert (offered.kind, offered.proposal) == (DiscrepancyKind.PAYOUT_FAILED, Repair.CLARIFY)
    propose_repair(CASHIER, offered.id, offered.proposal, note="another refund is proposed")
    decide_repair(TREASURER, offered.id, 1, approve=True)
    assert open_in_area(CASHIER.actor, CASHIER.day) == []
