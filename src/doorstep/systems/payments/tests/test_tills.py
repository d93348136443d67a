"""Tills on PostgreSQL: money is counted by everybody who takes it over, and an order is paid at one counter only."""

from datetime import datetime, time, timedelta
from functools import partial

import msgspec
import pytest

from doorstep.kernel.country import law, profile
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import Conflict, NotAllowed, NotFound, Refused
from doorstep.systems.payments import models, tasks
from doorstep.systems.payments.actions import changes, settlement, tills
from doorstep.systems.payments.actions.reconciliation import reconcile_day
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.rules.banking_days import banking_day, counted_by
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.rules.settlement import Match
from doorstep.systems.payments.tests.builders import (
    AT,
    CASHIER,
    CLOCK,
    TREASURER,
    balances,
    bank_account,
    credit,
    order,
    reread,
)

pytestmark = pytest.mark.django_db(transaction=True)


def cashier(subject: str = "cashier:2", **changes: str) -> By:
    return msgspec.structs.replace(CASHIER, actor=msgspec.structs.replace(CASHIER.actor, subject=subject, **changes))


def test_a_day_at_the_till():
    owed = order()
    assert tills.open_till(CASHIER, "1", 1000, brought=1000).difference == 0
    taken = tills.take_cash(CASHIER, owed.code.lower().replace("-", " "), tendered=1000)
    assert (taken.amount, taken.change, taken.unit, taken.number) == (750, 250, "H38", 1)
    owed = reread(owed)
    assert (owed.state, owed.channel, owed.paid) == ("settled", "cash", 750)
    assert tills.close_till(CASHIER, 1750).difference == 0
    assert balances() == {"cash": 1750, "float": 1000, "fees": 500, "charges": 250}
    assert not models.Discrepancy.objects.exists()


@pytest.mark.parametrize(("counted", "left"), [(1700, -50), (1800, 50)])
def test_what_is_counted_too_much_or_too_little_is_booked_and_has_an_owner(counted, left):
    tills.open_till(CASHIER, "1", 1000, brought=1000)
    tills.take_cash(CASHIER, order().code)
    assert tills.close_till(CASHIER, counted).difference == left
    assert (balances()["cash"], balances()["differences"]) == (counted, -left)
    found = models.Discrepancy.objects.get()
    assert (found.kind, found.role, found.amount) == ("till_differs", "payments.treasurer", 50)


def test_who_opens_counts_what_the_last_one_left():
    tills.open_till(CASHIER, "1", 1000, brought=1000)
    tills.close_till(CASHIER, 1000)
    assert tills.open_till(cashier(), "1", 990).difference == -10
    assert balances() == {"cash": 990, "differences": 10, "float": 1000}


def test_a_till_has_one_keeper_and_a_keeper_one_till():
    told = at_once(*[partial(tills.open_till, cashier(f"cashier:{one}"), "1", 0) for one in range(4)])
    assert sorted(type(one).__name__ for one in told) == ["Conflict"] * 3 + ["ShiftBegun"]
    told = at_once(*[partial(tills.open_till, cashier("cashier:9"), str(one), 0) for one in range(2, 6)])
    assert sorted(type(one).__name__ for one in told) == ["Conflict"] * 3 + ["ShiftBegun"]


def test_two_counters_and_the_bank_at_once_take_an_order_once():
    account, owed = bank_account(), order()
    for one in (CASHIER, cashier()):
        tills.open_till(one, one.actor.subject, 0)
    told = at_once(
        partial(tills.take_cash, CASHIER, owed.code),
        partial(tills.take_cash, cashier(), owed.code),
        partial(settlement.record_credits, CLOCK, account.id, [credit(owed.code)], Evidence.CALLBACK),
    )
    assert models.Receipt.objects.count() == 1
    assert reread(owed).paid == 750
    assert sum(isinstance(one, Conflict) for one in told) == 2 - models.Taking.objects.count()
    held = balances()
    assert held.get("cash", 0) + held.get("bank", 0) - held.get("received", 0) == 750


def test_takings_and_the_close_at_once_leave_no_money_uncounted():
    tills.open_till(CASHIER, "1", 0)
    codes = [order().code for _ in range(4)]
    told = at_once(*[partial(tills.take_cash, CASHIER, one) for one in codes], partial(tills.close_till, CASHIER, 0))
    shift = models.Shift.objects.get()
    before = sum(isinstance(one, tills.Taken) for one in told)
    assert shift.difference == -750 * before
    assert balances().get("cash", 0) == 0
    assert all(isinstance(one, tills.Taken | tills.ShiftEnded | Refused) for one in told)


def test_handing_over_needs_two_equal_counts():
    begun = tills.open_till(CASHIER, "1", 500, brought=500)
    with pytest.raises(Conflict, match="not_counted"):
        tills.take_over(cashier(), begun.id, 500)
    tills.hand_over(CASHIER, 480)
    with pytest.raises(Conflict, match="counted_already"):
        tills.take_cash(CASHIER, order().code)
    with pytest.raises(Refused, match="counts_differ"):
        tills.take_over(cashier(), begun.id, 500)
    with pytest.raises(NotFound):
        tills.take_over(cashier("cashier:3", unit="H39"), begun.id, 480)
    with pytest.raises(Conflict, match="not_counted"):
        tills.take_over(CASHIER, begun.id, 480)
    told = at_once(*[partial(tills.take_over, cashier(f"cashier:{one}"), begun.id, 480) for one in range(2, 5)])
    assert sorted(type(one).__name__ for one in told) == ["Conflict", "Conflict", "ShiftBegun"]
    first = models.Shift.objects.get(id=begun.id)
    assert (first.difference, first.next.opening) == (-20, 480)
    assert balances() == {"cash": 480, "differences": 20, "float": 500}


def test_a_till_that_waits_may_be_taken_back():
    tills.open_till(CASHIER, "1", 0)
    tills.hand_over(CASHIER, 0)
    tills.take_back(CASHIER)
    assert tills.take_cash(CASHIER, order().code).number == 1


@pytest.mark.parametrize(("banked", "differs"), [(750, 0), (700, 50), (800, -50)])
def test_cash_brought_to_the_bank_leaves_the_till_when_the_bank_has_it(banked, differs):
    account, owed = bank_account(), order()
    tills.open_till(CASHIER, "1", 0)
    tills.take_cash(CASHIER, owed.code)
    brought = tills.deposit_cash(CASHIER, 750)
    assert tills.close_till(CASHIER, 0).difference == 0
    assert balances()["cash"] == 750
    seen = credit(f"NOP {brought.code.replace('-', '')}", banked)
    outcomes = settlement.record_credits(CLOCK, account.id, [seen, credit(brought.code, 750)], Evidence.POLL)
    assert [one.match for one in outcomes] == [Match.DEPOSIT, Match.UNKNOWN]
    expected = {"bank": banked + 750, "received": 750, "differences": differs, "fees": 500, "charges": 250}
    assert balances() == {kind: amount for kind, amount in expected.items() if amount}
    assert not any(row.pending_debits + row.pending_credits for row in models.Account.objects.all())
    kinds = {*models.Discrepancy.objects.values_list("kind", flat=True)}
    assert kinds == {"unknown_reference", *(["deposit_differs"] if differs else [])}
    reconcile_day(CLOCK, seen.day)
    pieces = {*models.Reconciled.objects.values_list("piece", "outcome")}
    assert ("deposit", "missing_at_agency") in pieces  # the bank's statement has not come


def test_no_more_is_brought_than_is_there():
    bank_account()
    tills.open_till(CASHIER, "1", 100, brought=100)
    with pytest.raises(Refused, match="overdrawn"):
        tills.deposit_cash(CASHIER, 101)
    tills.deposit_cash(CASHIER, 100)
    assert not models.Discrepancy.objects.exists()


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (lambda: tills.open_till(cashier(), " ", 0), "till_unnamed"),
        (lambda: tills.open_till(cashier(), "1", -1), "amount_wrong"),
        (lambda: tills.open_till(cashier(), "1", 0, brought=2**63), "amount_wrong"),
        (lambda: tills.take_cash(cashier(), order().code), "no_shift"),
        (lambda: tills.take_cash(CASHIER, "nothing"), "order_not_found"),
        (lambda: tills.take_cash(CASHIER, order().code, tendered=749), "tendered_too_little"),
        (lambda: tills.deposit_cash(CASHIER, 0), "amount_wrong"),
        (lambda: tills.deposit_cash(CASHIER, 1), "no_bank_account"),
        (lambda: tills.close_till(CASHIER, -1), "amount_wrong"),
    ],
)
def test_what_is_refused(run, code):
    tills.open_till(CASHIER, "0", 0)
    with pytest.raises(Refused, match=code):
        run()
    assert balances() == {}


def test_who_is_no_cashier_keeps_no_till():
    with pytest.raises(NotAllowed):
        tills.open_till(TREASURER, "1", 0)


def test_change_money_goes_out_again_by_two():
    tills.open_till(CASHIER, "1", 1000, brought=1000)
    tills.take_cash(CASHIER, order().code)
    with pytest.raises(Refused, match="overdrawn"):
        changes.set_change_aside(CASHIER, 1001)
    aside = changes.set_change_aside(CASHIER, 600).id
    assert balances()["cash"] == 1750, "it is still the till's"
    both = msgspec.structs.replace(CASHIER, actor=msgspec.structs.replace(TREASURER.actor, subject="cashier:1"))
    with pytest.raises(Refused, match="same_person"):
        changes.decide_change(both, aside, approve=True)
    with pytest.raises(NotAllowed):
        changes.decide_change(cashier(), aside, approve=True)
    elsewhere = msgspec.structs.replace(TREASURER, actor=msgspec.structs.replace(TREASURER.actor, unit="H39"))
    with pytest.raises(NotFound):
        changes.decide_change(elsewhere, aside, approve=True)
    told = at_once(*[partial(changes.decide_change, TREASURER, aside, approve=True)] * 3)
    assert sum(isinstance(one, Conflict) for one in told) == 2
    assert (balances()["cash"], balances()["float"]) == (1150, 400)
    assert tills.close_till(CASHIER, 1150).difference == 0


@pytest.mark.parametrize("handed", [True, False])
def test_change_money_that_nobody_decided_about_is_counted_with_the_rest(handed):
    begun = tills.open_till(CASHIER, "1", 1000, brought=1000)
    aside = changes.set_change_aside(CASHIER, 600).id
    if handed:
        tills.hand_over(CASHIER, 1000)
        assert tills.take_over(cashier(), begun.id, 1000).difference == 0
    else:
        assert tills.close_till(CASHIER, 1000).difference == 0
    with pytest.raises(Conflict, match="decided_already"):
        changes.decide_change(TREASURER, aside, approve=True)
    assert balances() == {"cash": 1000, "float": 1000}


def test_change_money_that_may_not_go_lies_in_the_till_again():
    tills.open_till(CASHIER, "1", 1000, brought=1000)
    aside = changes.set_change_aside(CASHIER, 600).id
    changes.decide_change(TREASURER, aside, approve=False)
    assert balances() == {"cash": 1000, "float": 1000}
    assert tills.close_till(CASHIER, 1000).difference == 0
    with pytest.raises(Refused, match="no_shift"):
        changes.set_change_aside(CASHIER, 1)


def test_cash_that_the_bank_does_not_count_waits_for_the_treasury_until_it_does():
    account = bank_account()
    tills.open_till(CASHIER, "1", 0)
    tills.take_cash(CASHIER, order().code)
    deposit = tills.deposit_cash(CASHIER, 700)
    country = law(Country, "payments")
    day = banking_day(AT, country.zone, country.cut_offs, profile().calendar.working_day)
    last = counted_by(day, country.deposit_terms, profile().calendar.working_day)
    assert last is not None
    before, after = (datetime.combine(last + timedelta(days=more), time(1), country.zone) for more in (0, 1))
    assert tasks.miss(before) == 0
    assert [tasks.miss(after), tasks.miss(after)] == [1, 0]
    found = models.Discrepancy.objects.get()
    assert (found.kind, found.role, found.unit, found.amount) == ("deposit_missing", "payments.treasurer", "H38", 700)
    settlement.record_credits(CLOCK, account.id, [credit(deposit.code, 700)], Evidence.POLL)
    assert reread(found).resolved
    assert tasks.miss(after) == 0
