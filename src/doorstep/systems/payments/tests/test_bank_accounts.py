"""A unit's bank account needs two persons; orders that waited for it can be paid then."""

from datetime import timedelta
from functools import partial

import msgspec
import pytest
from django.db import connection

from doorstep.kernel.country import law, profile
from doorstep.kernel.store import units
from doorstep.kernel.store.models import JournalEntry, Unit
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import Conflict, NotFound, Refused
from doorstep.systems.payments import models, tasks
from doorstep.systems.payments.actions import bank_accounts, settlement
from doorstep.systems.payments.actions.rows import Proposed
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.tests.builders import (
    AT,
    CLOCK,
    SECOND_TREASURER,
    TREASURER,
    UNIT,
    credit,
    known_unit,
    order,
    reread,
)

pytestmark = pytest.mark.django_db(transaction=True)


def propose(serial: int = 1, by=TREASURER, unit: str = UNIT) -> Proposed:
    known_unit()
    country = law(Country, "payments")
    return bank_accounts.propose_bank_account(
        by, unit, country.fictitious_bank, country.fictitious_account(serial), "KHO BAC VI DU"
    )


def approve(named, by=SECOND_TREASURER):
    return bank_accounts.decide_bank_account(by, named.id, approve=True)


def test_orders_wait_for_the_account_and_then_for_the_payment():
    waiting = order()
    assert waiting.state == "created"
    assert approve(propose()).opened == 1
    waiting = reread(waiting)
    assert (waiting.state, waiting.account.holder) == ("awaiting", "KHO BAC VI DU")
    assert models.OrderMovement.objects.filter(order=waiting.id, state="awaiting").count() == 1


def test_nobody_approves_what_they_proposed():
    with pytest.raises(Refused, match="same_person"):
        approve(propose(), TREASURER)
    assert not models.BankAccount.objects.filter(approved__isnull=False).exists()


def test_a_new_account_takes_the_place_of_the_former_one_which_still_counts():
    first, second = propose(1), propose(2)
    approve(first)
    row = order()
    approve(second)
    assert order().account_id == second.id
    settlement.record_credits(CLOCK, first.id, [credit(row.code)], Evidence.POLL)
    assert reread(row).state == "settled"


def test_two_approvals_at_once_leave_one_account():
    first, second = propose(1), propose(2)
    at_once(*[partial(approve, one) for one in (first, second)])
    assert models.BankAccount.objects.filter(approved__isnull=False, ended=None).count() == 1


def test_an_order_that_begins_while_an_account_is_approved_gets_it():
    named = propose()
    at_once(*[order] * 4, partial(approve, named))
    assert {row.state for row in models.Order.objects.all()} == {"awaiting"}


def test_what_was_rejected_may_be_named_again():
    bank_accounts.decide_bank_account(SECOND_TREASURER, propose().id, approve=False)
    assert propose().id


def test_an_account_is_named_once_decided_once_and_ends_once():
    named = propose()
    with pytest.raises(Refused, match="bank_account_known"):
        propose()
    approve(named)
    with pytest.raises(Conflict):
        approve(named)
    bank_accounts.end_bank_account(TREASURER, named.id)
    with pytest.raises(Conflict):
        bank_accounts.end_bank_account(TREASURER, named.id)
    assert order().state == "created"


def test_only_units_of_the_own_area():
    elsewhere = msgspec.structs.replace(TREASURER, actor=msgspec.structs.replace(TREASURER.actor, unit="H39"))
    with pytest.raises(Refused, match="unit_unknown"):
        propose(by=elsewhere)
    with pytest.raises(Refused, match="unit_unknown"):
        propose(unit="")
    named = propose()
    with pytest.raises(NotFound):
        approve(named, elsewhere)


def test_time_ends_orders_and_a_late_payment_still_counts():
    named = propose()
    approve(named)
    row = order()
    assert tasks.expire(row.until - timedelta(seconds=1)) == 0
    assert (tasks.expire(row.until), tasks.expire(row.until)) == (1, 0)
    assert reread(row).state == "expired"
    settlement.record_credits(CLOCK, named.id, [credit(row.code, booked=AT)], Evidence.POLL)
    assert reread(row).state == "settled"


def test_an_order_that_somebody_holds_is_left_to_the_next_run():
    named = propose()
    approve(named)
    row = order()
    holder = connection.copy()
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SELECT FROM payments_order WHERE id = %s FOR NO KEY UPDATE", [row.id])
        entries = JournalEntry.objects.count()
        assert tasks.expire(row.until) == 0
        assert JournalEntry.objects.count() <= entries + 1
    finally:
        holder.close()
    assert tasks.expire(row.until) == 1


def test_after_a_merger_orders_of_the_former_unit_are_paid_into_the_account_of_the_one_that_took_over():
    row = order()
    assert row.state == "created"
    Unit.objects.filter(code=UNIT).update(valid_to=AT.date(), successor="H39")
    units.load(row for row in profile().units.rows if row.code == "H39")
    elsewhere = msgspec.structs.replace(TREASURER, actor=msgspec.structs.replace(TREASURER.actor, unit="H39"))
    second = msgspec.structs.replace(elsewhere, actor=msgspec.structs.replace(SECOND_TREASURER.actor, unit="H39"))
    named = propose(unit="H39", by=elsewhere)
    assert approve(named, second).opened == 1
    assert (reread(row).state, reread(row).account_id) == ("awaiting", named.id)
