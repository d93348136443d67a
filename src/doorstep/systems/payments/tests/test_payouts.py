"""What the bank says of payouts, and what other systems tell: each has its effect once."""

from functools import partial
from uuid import uuid4

import pytest

from doorstep.kernel import contracts
from doorstep.kernel.access import look
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Refused
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import payouts, settlement
from doorstep.systems.payments.actions.refund_decisions import decide_refund, propose_refund
from doorstep.systems.payments.actions.repairs import decide_repair, propose_repair
from doorstep.systems.payments.contract import FeeKind, OrderRequested, OrderWithdrawn, payable
from doorstep.systems.payments.permissions import FOR_PAYMENT, FOR_REPAIR, REQUEST
from doorstep.systems.payments.queries import ledger_check
from doorstep.systems.payments.queries.refunds import payouts_in
from doorstep.systems.payments.rules.discrepancies import Repair
from doorstep.systems.payments.rules.evidence import Evidence, PayoutResult, PayoutState
from doorstep.systems.payments.rules.refunds import RefundState
from doorstep.systems.payments.tests.builders import (
    ASKER,
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
from doorstep.systems.payments.tests.values import AT, asked

pytestmark = pytest.mark.django_db(transaction=True)


@action(REQUEST, FOR_PAYMENT)
def tell(act: Act, *messages: object) -> None:
    act.tell(*messages)  # type: ignore[arg-type]
    act.journal()


def requested(**changes: object) -> OrderRequested:
    one = asked(**changes)
    codes, kinds, amounts = zip(*[(line.code, line.kind, line.amount) for line in one.lines], strict=True)
    purpose = payable("tests.permit", "Permit for building a house")
    what = (one.subject, one.asker, one.order, one.unit, one.payer, purpose)
    return OrderRequested(*what, codes, kinds, amounts, one.until)


def paid_twice() -> models.Refund:
    account, owed = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(owed.code), credit(owed.code)], Evidence.POLL)
    return models.Refund.objects.get()


def proved() -> list[str]:
    return [sentence for found in ledger_check.prove() for sentence in found.against]


def test_what_is_paid_out_leaves_the_book_once():
    refund = paid_twice()
    (payout,) = look(CLOCK.actor, FOR_REPAIR, AT, payouts_in, RefundState.APPROVED)
    assert (payout.id, payout.amount, payout.to_account) == (refund.id, 750, "111222333")
    told = [paid_out(refund, state=state) for state in (PayoutState.TAKEN, PayoutState.PAID)]
    for _ in range(2):
        payouts.record_payouts(CLOCK, told)
    assert reread(refund).state == "paid"
    assert balances() == {"bank": 750, "fees": 500, "charges": 250}
    assert look(CLOCK.actor, FOR_REPAIR, AT, payouts_in, RefundState.APPROVED) == []


def test_what_the_bank_refuses_is_free_again_and_has_an_owner():
    refund = paid_twice()
    payouts.record_payouts(CLOCK, [PayoutResult(payout=refund.id, state=PayoutState.REFUSED, reason="AC04")] * 2)
    row = models.Discrepancy.objects.get()
    assert (row.kind, row.refund_id, row.role) == ("payout_failed", refund.id, "payments.cashier")
    assert models.Account.objects.get(kind="received").pending_debits == 0
    assert balances()["received"] == 750
    assert reread(refund.credit).state == "open"


def test_what_was_paid_out_and_comes_back_is_known_by_its_code():
    refund = paid_twice()
    payouts.record_payouts(CLOCK, [paid_out(refund, state=PayoutState.RETURNED)])
    back = credit(f"RETURN {refund.code}")
    settlement.record_credits(CLOCK, refund.account_id, [back], Evidence.CALLBACK)
    row = models.Discrepancy.objects.get()
    assert (row.kind, row.refund_id) == ("payout_returned", refund.id)
    assert balances() == {"bank": 1500, "received": 750, "fees": 500, "charges": 250}


CONTRADICTIONS = [
    ({"state": PayoutState.REFUSED, "booking": "", "amount": 0}, "contradicted"),
    ({"amount": 749}, "disputed"),
    ({"to_account": Masked("999")}, "disputed"),
    ({"account": "another of ours"}, "disputed"),
    ({"state": PayoutState.RETURNED, "booking": "", "reason": "AC04"}, "disputed"),
]


@pytest.mark.parametrize(("first", "state"), CONTRADICTIONS)
@pytest.mark.parametrize("left", [True, False])
def test_what_the_bank_contradicts_is_held_until_two_persons_say_what_became_of_it(first, state, left):
    refund = paid_twice()
    payouts.record_payouts(CLOCK, [paid_out(refund, **first)])
    if state == "contradicted":
        payouts.record_payouts(CLOCK, [paid_out(refund)])
    assert reread(refund).state == state
    one = models.Discrepancy.objects.get(kind="payout_unclear")
    assert (one.refund_id, one.role, reread(refund.credit).state) == (refund.id, "payments.treasurer", "returning")
    for other in models.Discrepancy.objects.filter(kind="payout_failed"):  # nothing of it goes back meanwhile
        with pytest.raises(Refused, match="repair_unfit"):
            propose_repair(CASHIER, other.id, Repair.REFUND, note="again")
    assert proved() == []
    propose_repair(CASHIER, one.id, Repair.PAID_OUT if left else Repair.NOT_PAID_OUT, note="asked the bank")
    decide_repair(TREASURER, one.id, 1, approve=True)
    assert reread(refund).state == ("paid" if left else "refused")
    assert balances() == {"bank": 750, "fees": 500, "charges": 250} | ({} if left else {"bank": 1500, "received": 750})
    assert reread(refund.credit).state == ("returned" if left else "open")
    assert proved() == []


def test_what_is_freed_wrongly_and_leaves_after_all_is_asked_about_again():
    refund = paid_twice()
    payouts.record_payouts(CLOCK, [paid_out(refund, amount=1)])
    one = models.Discrepancy.objects.get()
    propose_repair(CASHIER, one.id, Repair.NOT_PAID_OUT, note="x")
    decide_repair(TREASURER, one.id, 1, approve=True)
    payouts.record_payouts(CLOCK, [paid_out(refund)] * 2)
    assert reread(refund).state == "contradicted"
    assert models.Discrepancy.objects.filter(kind="payout_unclear", resolved=None).count() == 1
    assert proved() == []


def test_what_left_twice_is_a_loss_that_two_persons_book():
    refund = paid_twice()
    payouts.record_payouts(CLOCK, [paid_out(refund, state=PayoutState.REFUSED, booking="")])
    failed = models.Discrepancy.objects.get()
    propose_repair(CASHIER, failed.id, Repair.REFUND, note="again")
    decide_repair(TREASURER, failed.id, 1, approve=True)
    second = models.Refund.objects.exclude(id=refund.id).get()
    payouts.record_payouts(CLOCK, [paid_out(refund), paid_out(second, booking="P2")])
    assert proved() == []
    one = models.Discrepancy.objects.get(kind="payout_unclear")
    propose_repair(CASHIER, one.id, Repair.PAID_OUT, note="asked the bank")
    decide_repair(TREASURER, one.id, 1, approve=True)
    assert (reread(refund).state, reread(second).state) == ("lost", "paid")
    assert balances() == {"fees": 500, "charges": 250, "differences": 750}
    assert proved() == []


def test_a_second_booking_of_what_is_paid_out_has_an_owner_once():
    refund = paid_twice()
    payouts.record_payouts(CLOCK, [paid_out(refund, booking="")])
    payouts.record_payouts(CLOCK, [paid_out(refund)])
    assert (reread(refund).booking, models.Discrepancy.objects.count()) == ("P1", 0)
    told = [paid_out(refund, booking="P2"), paid_out(refund, booking="", state=PayoutState.REFUSED)]
    for _ in range(2):
        payouts.record_payouts(CLOCK, told)
    assert [row.kind for row in models.Discrepancy.objects.all()] == ["payout_unclear"] * 2
    assert reread(refund).state == "paid"


def test_an_order_s_refund_that_leaves_after_all_blocks_what_was_proposed_instead():
    account, owed = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(owed.code)], Evidence.POLL)
    whole = {FeeKind.FEE: 500, FeeKind.CHARGE: 250}
    first = propose_refund(CASHIER, owed.id, whole, "withdrawn")
    decide_refund(TREASURER, first.id, approve=True)
    payouts.record_payouts(CLOCK, [paid_out(first, state=PayoutState.REFUSED, booking="")])
    second = propose_refund(CASHIER, owed.id, whole, "again")
    payouts.record_payouts(CLOCK, [paid_out(first)])
    for act in (
        partial(decide_refund, TREASURER, second.id, approve=True),
        partial(propose_refund, CASHIER, owed.id, whole, "once more"),
    ):
        with pytest.raises(Refused, match="refund_too_much"):
            act()
    one = models.Discrepancy.objects.get(kind="payout_unclear")
    propose_repair(CASHIER, one.id, Repair.PAID_OUT, note="asked the bank")
    decide_repair(TREASURER, one.id, 1, approve=True)
    assert (reread(owed).state, reread(owed).refunded, balances()) == ("refunded", 750, {})
    assert proved() == []


def test_a_message_begins_an_order_once_and_a_second_one_differs():
    bank_account()
    order()  # so that the table knows the unit
    wanted = requested()
    tell(ASKER, wanted, wanted, requested(order=wanted.order, subject="dossier:2"))
    contracts.drain(AT)
    moves = models.OrderMovement.objects.filter(order=wanted.order).order_by("id")
    assert [(one.state, one.reasons) for one in moves] == [
        ("awaiting", []),
        ("awaiting", ["payments.order_differs"]),
    ]


def test_what_is_refused_comes_back():
    number = uuid4()
    tell(ASKER, requested(order=number, until=AT))
    contracts.drain(AT)
    move = models.OrderMovement.objects.get(order=number)
    assert (move.state, move.reasons) == ("cancelled", ["payments.until_past"])
    assert not models.Order.objects.exists()


def test_what_is_withdrawn_after_payment_is_told_as_settled():
    account, owed, other = bank_account(), order(asker="system:dossiers"), order(asker="system:dossiers")
    settlement.record_credits(CLOCK, account.id, [credit(owed.code)], Evidence.POLL)
    tell(ASKER, *[OrderWithdrawn(one.subject, "dossiers", one.id) for one in (owed, other)])
    contracts.drain(AT)
    assert (reread(owed).state, reread(other).state) == ("settled", "cancelled")
    settlement.record_credits(CLOCK, account.id, [credit(other.code)], Evidence.POLL)
    assert models.Refund.objects.get().why == "withdrawn"
