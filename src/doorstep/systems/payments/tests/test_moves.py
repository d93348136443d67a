"""A payment for the wrong order is moved by two persons, once, and its money stays in the day's sums once."""

from functools import partial

import msgspec
import pytest

from doorstep.kernel.store.models import FactBatch
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import Conflict, NotFound, Refused
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import refund_decisions, settlement
from doorstep.systems.payments.actions.moves import decide_move, propose_move
from doorstep.systems.payments.actions.reconciliation import reconcile_day
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.rules.orders import Line
from doorstep.systems.payments.tests.builders import (
    CASHIER,
    CLOCK,
    TREASURER,
    balances,
    bank_account,
    credit,
    order,
    reread,
)
from doorstep.systems.payments.tests.values import AT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paid() -> models.Order:
    account, row = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(row.code)], Evidence.POLL)
    return row


def test_the_one_is_paid_and_the_other_counts_as_refunded(paid):
    meant = order(lines=(Line("permit", FeeKind.FEE, 750),))
    proposed = propose_move(CASHIER, paid.code, meant.code, "wrong dossier")
    assert balances() == {"bank": 750, "fees": 500, "charges": 250}
    decide_move(TREASURER, proposed.id, approve=True)
    assert balances() == {"bank": 750, "fees": 750}
    paid, meant = reread(paid), reread(meant)
    assert (paid.state, paid.refunded, meant.state, meant.paid) == ("refunded", 750, "settled", 750)
    assert models.Receipt.objects.filter(order=meant).count() == 1
    counted = [msgspec.msgpack.decode(one.columns) for one in FactBatch.objects.order_by("id")]
    assert [(*one["n"], *one["amount"]) for one in counted] == [(1, 750), (1, 750), (-1, -750)]
    with pytest.raises(Refused, match="refund_too_much"):
        refund_decisions.propose_refund(CASHIER, paid.id, {FeeKind.FEE: 1}, "x")
    reconcile_day(CLOCK, AT.date())
    assert {*models.Reconciled.objects.values_list("piece", "outcome", "ours")} == {
        ("credit", "missing_at_agency", 750),
        ("moved", "refunded", -750),
        ("moved", "missing_at_agency", 750),
    }


def test_two_proposals_and_two_decisions_at_once_move_once(paid):
    first, second = order(), order()
    told = at_once(*[partial(propose_move, CASHIER, paid.code, one.code, "x") for one in (first, second)])
    assert sorted(type(one).__name__ for one in told) == ["Conflict", "Proposed"]
    move = models.Move.objects.get()
    told = at_once(*[partial(decide_move, TREASURER, move.id, approve=True)] * 3)
    assert sum(isinstance(one, Conflict) for one in told) == 2
    assert balances() == {"bank": 750, "fees": 500, "charges": 250}
    assert models.Receipt.objects.count() == 2


def test_nobody_decides_alone_and_what_is_rejected_changes_nothing(paid):
    meant = order()
    proposed = propose_move(TREASURER, paid.code, meant.code, "x")
    with pytest.raises(Refused, match="same_person"):
        decide_move(TREASURER, proposed.id, approve=True)
    other = msgspec.structs.replace(TREASURER, actor=msgspec.structs.replace(TREASURER.actor, subject="treasurer:2"))
    decide_move(other, proposed.id, approve=False)
    assert (reread(paid).state, reread(meant).state) == ("settled", "awaiting")
    assert propose_move(TREASURER, paid.code, meant.code, "again")


def test_a_move_and_a_refund_at_once_spend_the_money_once(paid):
    meant = order()
    proposed = propose_move(CASHIER, paid.code, meant.code, "x")
    told = at_once(
        partial(decide_move, TREASURER, proposed.id, approve=True),
        partial(refund_decisions.propose_refund, CASHIER, paid.id, {FeeKind.FEE: 500}, "x"),
    )
    assert sum(isinstance(one, Refused) for one in told) == 1
    assert models.Refund.objects.count() + models.Move.objects.filter(approved=True).count() == 1


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        (lambda paid: paid.code, lambda paid: paid.code, "move_to_itself"),
        (lambda paid: "nothing", lambda paid: order().code, "order_not_found"),
        (lambda paid: order().code, lambda paid: order().code, "not_paid"),
        (lambda paid: paid.code, lambda paid: order(lines=(Line("a", FeeKind.FEE, 749),)).code, "move_differs"),
    ],
)
def test_what_is_refused(paid, source, target, code):
    with pytest.raises(Refused, match=code):
        propose_move(CASHIER, source(paid), target(paid), "x")


def test_a_move_elsewhere_is_not_found(paid):
    proposed = propose_move(CASHIER, paid.code, order().code, "x")
    elsewhere = msgspec.structs.replace(TREASURER, actor=msgspec.structs.replace(TREASURER.actor, unit="H39"))
    with pytest.raises(NotFound):
        decide_move(elsewhere, proposed.id, approve=True)
