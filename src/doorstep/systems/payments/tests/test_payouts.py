"""What the bank says of payouts, and what other systems tell: each has its effect once."""

from uuid import uuid4

import pytest

from doorstep.kernel import contracts
from doorstep.kernel.access import look
from doorstep.kernel.store.writing import Act, action
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import payouts, settlement
from doorstep.systems.payments.contract import OrderRequested, OrderWithdrawn
from doorstep.systems.payments.permissions import FOR_PAYMENT, FOR_REPAIR, REQUEST
from doorstep.systems.payments.queries.refunds import payouts_in
from doorstep.systems.payments.rules.evidence import Evidence, PayoutResult, PayoutState
from doorstep.systems.payments.rules.refunds import RefundState
from doorstep.systems.payments.tests.builders import ASKER, CLOCK, balances, bank_account, credit, order, reread
from doorstep.systems.payments.tests.values import AT, asked

pytestmark = pytest.mark.django_db(transaction=True)


@action(REQUEST, FOR_PAYMENT)
def tell(act: Act, *messages: object) -> None:
    act.tell(*messages)  # type: ignore[arg-type]
    act.journal()


def requested(**changes: object) -> OrderRequested:
    one = asked(**changes)
    codes, kinds, amounts = zip(*[(line.code, line.kind, line.amount) for line in one.lines], strict=True)
    return OrderRequested(one.subject, one.asker, one.order, one.unit, one.payer, codes, kinds, amounts, one.until)


def paid_twice() -> models.Refund:
    account, owed = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(owed.code), credit(owed.code)], Evidence.POLL)
    return models.Refund.objects.get()


def test_what_is_paid_out_leaves_the_book_once():
    refund = paid_twice()
    (payout,) = look(CLOCK.actor, FOR_REPAIR, AT, payouts_in, RefundState.APPROVED)
    assert (payout.id, payout.amount, payout.to_account) == (refund.id, 750, "111222333")
    told = [
        PayoutResult(payout=refund.id, state=state, booking="P1") for state in (PayoutState.TAKEN, PayoutState.PAID)
    ]
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
    payouts.record_payouts(CLOCK, [PayoutResult(payout=refund.id, state=PayoutState.RETURNED, booking="P1")])
    back = credit(f"RETURN {refund.code}")
    settlement.record_credits(CLOCK, refund.account_id, [back], Evidence.CALLBACK)
    row = models.Discrepancy.objects.get()
    assert (row.kind, row.refund_id) == ("payout_returned", refund.id)
    assert balances() == {"bank": 1500, "received": 750, "fees": 500, "charges": 250}


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
    account, owed, other = bank_account(), order(), order()
    settlement.record_credits(CLOCK, account.id, [credit(owed.code)], Evidence.POLL)
    tell(ASKER, *[OrderWithdrawn(one.subject, one.asker, one.id) for one in (owed, other)])
    contracts.drain(AT)
    assert (reread(owed).state, reread(other).state) == ("settled", "cancelled")
    settlement.record_credits(CLOCK, account.id, [credit(other.code)], Evidence.POLL)
    assert models.Refund.objects.get().why == "withdrawn"
