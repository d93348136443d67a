"""Evidence settles an order once, whoever brings it first and however often; what does not fit waits for a person."""

from functools import partial

import msgspec
import pytest
from django.db import connection

from doorstep.kernel.store.models import FactBatch
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NotFound, Refused
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import orders, settlement
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.rules.settlement import Match, Told
from doorstep.systems.payments.tests.builders import (
    ASKER,
    CLOCK,
    balances,
    bank_account,
    credit,
    known_unit,
    order,
    reread,
)
from doorstep.systems.payments.tests.values import AT, asked

pytestmark = pytest.mark.django_db(transaction=True)
EVERY_WAY = (Evidence.CALLBACK, Evidence.POLL, Evidence.STATEMENT)


def test_whatever_comes_first_settles_and_the_rest_says_when():
    account, owed = bank_account(), order()
    paid = credit(f"CK {owed.code.replace('-', '')} NGUYEN VAN A")
    told = [settlement.record_credits(CLOCK, account.id, [paid], way)[0].told for way in EVERY_WAY]
    assert told == [Told.RECORDED, Told.REPEATED, Told.REPEATED]
    owed, row = reread(owed), models.Credit.objects.get()
    assert (owed.state, owed.paid, owed.channel, owed.settled) == ("settled", 750, "transfer", AT)
    assert (row.callback, row.poll, row.statement, row.order) == (AT, AT, AT, owed)
    assert balances() == {"bank": 750, "fees": 500, "charges": 250}
    assert models.Receipt.objects.get().order == owed
    assert FactBatch.objects.get().rows == 1
    assert list(models.OrderMovement.objects.values_list("state", flat=True)) == ["awaiting", "settled"]


def test_ways_that_meet_settle_once():
    account, owed = bank_account(), order()
    paid = credit(owed.code)
    at_once(*[partial(settlement.record_credits, CLOCK, account.id, [paid], way) for way in EVERY_WAY * 2])
    assert reread(owed).paid == 750
    assert models.Receipt.objects.count() == models.Credit.objects.count() == 1
    assert balances() == {"bank": 750, "fees": 500, "charges": 250}


def test_batches_that_overlap_do_not_stop_each_other():
    account = bank_account()
    paid = [credit(order().code) for _ in range(20)]
    batches = [paid, paid[::-1], paid[5:], paid[:15]]
    told = at_once(*[partial(settlement.record_credits, CLOCK, account.id, one, Evidence.POLL) for one in batches])
    assert [len(one) for one in told] == [20, 20, 15, 15]
    assert set(models.Order.objects.values_list("state", flat=True)) == {"settled"}
    assert balances() == {"bank": 15_000, "fees": 10_000, "charges": 5_000}
    assert sorted(models.Receipt.objects.values_list("number", flat=True)) == list(range(1, 21))


def test_a_second_payment_goes_back_by_itself():
    account, owed = bank_account(), order()
    first, second = credit(owed.code), credit(owed.code)
    outcomes = settlement.record_credits(CLOCK, account.id, [first, second], Evidence.POLL)
    assert [one.match for one in outcomes] == [Match.MATCHED, Match.DUPLICATE]
    refund = models.Refund.objects.get()
    assert (refund.state, refund.amount, refund.to_account) == ("approved", 750, "111222333")
    assert not models.Discrepancy.objects.exists()
    received = models.Account.objects.get(kind="received")
    assert received.pending_debits == received.credits - received.debits == 750


def test_what_comes_after_expiry_still_settles():
    account, owed = bank_account(), order()
    models.Order.objects.update(until=AT)
    assert orders.expire_orders(CLOCK) == 1
    assert reread(owed).state == "expired"
    settlement.record_credits(CLOCK, account.id, [credit(owed.code)], Evidence.CALLBACK)
    assert reread(owed).state == "settled"


@pytest.mark.parametrize(
    ("memo", "amount", "kind", "proposal"),
    [
        ("{code}", 700, "amount_differs", "refund"),
        ("{code}", 800, "amount_differs", "assign"),
        ("thank you", 750, "unknown_reference", "refund"),
        ("{code} {other}", 750, "several_orders", "assign"),
    ],
)
def test_what_does_not_fit_waits_for_its_owner(memo, amount, kind, proposal):
    account, owed, other = bank_account(), order(), order()
    paid = credit(memo.format(code=owed.code, other=other.code), amount)
    settlement.record_credits(CLOCK, account.id, [paid], Evidence.POLL)
    settlement.record_credits(CLOCK, account.id, [paid], Evidence.STATEMENT)
    found = models.Discrepancy.objects.get()
    assert (found.kind, found.proposal, found.amount, found.unit) == (kind, proposal, amount, "H38")
    assert found.role
    assert balances() == {"bank": amount, "received": amount}
    assert reread(owed).state == "awaiting"


@pytest.mark.parametrize(("unit", "settled"), [("H01", False), ("", True)])
def test_only_money_in_an_account_of_the_order_s_unit_or_above_pays_it(unit, settled):
    bank_account()
    owed, other = order(), bank_account(unit, 2)
    settlement.record_credits(CLOCK, other.id, [credit(owed.code)], Evidence.POLL)
    assert reread(owed).state == ("settled" if settled else "awaiting")
    found = models.Discrepancy.objects.values_list("kind", "unit", "proposal")
    assert list(found) == ([] if settled else [("paid_elsewhere", "H01", "refund")])


def test_a_program_asks_for_orders_of_its_own_area_only():
    known_unit()
    commune = msgspec.structs.replace(ASKER, actor=msgspec.structs.replace(ASKER.actor, unit="H01"))
    with pytest.raises(Refused, match="unit_unknown"):
        orders.request_order(commune, asked())


def test_two_contents_of_one_booking_are_a_discrepancy_once():
    account, owed = bank_account(), order()
    paid = credit(owed.code)
    settlement.record_credits(CLOCK, account.id, [paid], Evidence.CALLBACK)
    other = order()
    for number, changes in enumerate(
        ({"amount": 900}, {"from_account": Masked("9")}, {"memo": other.code}, {"memo": "x"}), 1
    ):
        wrong = [credit(**{"memo": owed.code, **changes, "booking": paid.booking})]
        for way in (Evidence.POLL, Evidence.STATEMENT):
            assert settlement.record_credits(CLOCK, account.id, wrong, way)[0].told == Told.CONTRADICTED
        assert [row.kind for row in models.Discrepancy.objects.all()] == ["contradicted"] * number
    assert balances()["bank"] == 750
    assert reread(other).state == "awaiting"


@pytest.mark.parametrize(
    "changes", [{"memo": "MB 17 {code} .."}, {"from_account": Masked(""), "from_bank": ""}, {"memo": ""}]
)
def test_less_or_more_words_about_one_booking_are_no_contradiction(changes):
    account, owed = bank_account(), order()
    paid = credit(owed.code)
    again = credit(**{"memo": owed.code, "booking": paid.booking, **changes})
    again = msgspec.structs.replace(again, memo=again.memo.format(code=owed.code))
    told = [settlement.record_credits(CLOCK, account.id, [one], Evidence.POLL)[0].told for one in (paid, again)]
    assert told == [Told.RECORDED, Told.REPEATED]


@pytest.mark.parametrize(
    "changes", [{"amount": 0}, {"amount": -5}, {"amount": 2**63}, {"currency": "EUR"}, {"booking": ""}]
)
def test_bad_lines_come_back_and_good_ones_land(changes):
    account, owed = bank_account(), order()
    lines = [credit("x", **changes), credit(owed.code)]
    bad, good = settlement.record_credits(CLOCK, account.id, lines, Evidence.STATEMENT)
    assert (bad.told, bad.reasons[0].line) == (Told.REFUSED, 1)
    assert good.match == Match.MATCHED


def test_an_account_that_is_not_ours():
    with pytest.raises(NotFound):
        settlement.record_credits(CLOCK, order().id, [credit("x")], Evidence.POLL)


def test_the_number_of_statements_does_not_grow_with_the_batch(django_assert_max_num_queries):
    account = bank_account()
    paid = [credit(order().code) for _ in range(30)]
    with django_assert_max_num_queries(45, connection=connection):
        settlement.record_credits(CLOCK, account.id, paid, Evidence.STATEMENT)
