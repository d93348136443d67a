"""Refunds need two persons, and never give back more than was paid, however many ask at once."""

from functools import partial

import msgspec
import pytest

from doorstep.kernel.country import law
from doorstep.kernel.store.models import FactBatch
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Conflict, NotFound, Refused
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import payouts, settlement
from doorstep.systems.payments.actions.refund_decisions import decide_refund, propose_refund
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.rules.refunds import Destination
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
WHOLE = {FeeKind.FEE: 500, FeeKind.CHARGE: 250}


@pytest.fixture
def owed() -> models.Order:
    account, row = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(row.code)], Evidence.POLL)
    return row


def to() -> Destination:
    country = law(Country, "payments")
    return Destination(country.fictitious_bank, Masked(country.fictitious_account(7)))


def pay(refund: models.Refund | msgspec.Struct) -> None:
    payouts.record_payouts(CLOCK, [paid_out(refund)])


def test_in_part_and_then_the_rest(owed):
    for wanted, state, refunded in (
        ({FeeKind.FEE: 500}, "refunded_in_part", 500),
        ({FeeKind.CHARGE: 250}, "refunded", 750),
    ):
        proposed = propose_refund(CASHIER, owed.id, wanted, "withdrawn", to())
        decide_refund(TREASURER, proposed.id, approve=True)
        pay(proposed)
        owed = reread(owed)
        assert (owed.state, owed.refunded) == (state, refunded)
    assert balances() == {}
    last = FactBatch.objects.order_by("-id").first()
    assert last is not None
    columns = msgspec.msgpack.decode(last.columns)
    assert (columns["n"], columns["amount"]) == ([-1], [-750])


def test_two_cashiers_at_once_give_back_once(owed):
    other = msgspec.structs.replace(CASHIER, actor=msgspec.structs.replace(CASHIER.actor, subject="cashier:2"))
    told = at_once(*[partial(propose_refund, by, owed.id, WHOLE, "withdrawn", to()) for by in (CASHIER, other)])
    assert sorted(type(one).__name__ for one in told) == ["Proposed", "Refused"]
    assert models.Refund.objects.count() == 1


def test_two_decisions_at_once_count_once(owed):
    proposed = propose_refund(CASHIER, owed.id, WHOLE, "withdrawn", to())
    told = at_once(*[partial(decide_refund, TREASURER, proposed.id, approve=True)] * 2)
    assert sum(isinstance(one, Conflict) for one in told) == 1
    assert models.Transfer.objects.filter(stage="pending").count() == 2


def test_nobody_decides_alone(owed):
    proposed = propose_refund(TREASURER, owed.id, WHOLE, "withdrawn", to())
    with pytest.raises(Refused, match="same_person"):
        decide_refund(TREASURER, proposed.id, approve=True)


def test_what_is_rejected_may_be_proposed_again(owed):
    proposed = propose_refund(CASHIER, owed.id, WHOLE, "withdrawn", to())
    decide_refund(TREASURER, proposed.id, approve=False)
    assert propose_refund(CASHIER, owed.id, WHOLE, "again", to()) != proposed
    assert not models.Transfer.objects.filter(stage="pending").exists()


@pytest.mark.parametrize(
    ("wanted", "why", "code"),
    [
        ({FeeKind.FEE: 501}, "x", "refund_too_much"),
        ({}, "x", "nothing_to_refund"),
        (WHOLE, " ", "why_missing"),
    ],
)
def test_what_is_refused(owed, wanted, why, code):
    with pytest.raises(Refused, match=code):
        propose_refund(CASHIER, owed.id, wanted, why, to())


def test_an_order_elsewhere_is_not_found(owed):
    elsewhere = msgspec.structs.replace(CASHIER, actor=msgspec.structs.replace(CASHIER.actor, unit="H39"))
    with pytest.raises(NotFound):
        propose_refund(elsewhere, owed.id, WHOLE, "x", to())


def test_an_unpaid_order_has_nothing_to_go_back():
    bank_account()
    with pytest.raises(Refused, match="refund_too_much"):
        propose_refund(CASHIER, order().id, {FeeKind.FEE: 1}, "x", to())
