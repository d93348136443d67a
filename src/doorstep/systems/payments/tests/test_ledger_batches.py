"""Batches on PostgreSQL: judged line by line and in order, as the tables judge; many at once neither deadlock nor lose anything."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from uuid import UUID, uuid4

import msgspec
import pytest
from django.db.models import Sum

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import Refused
from doorstep.systems.payments.actions import ledger
from doorstep.systems.payments.models import Account, Closing, OpenPending
from doorstep.systems.payments.models import Transfer as Row
from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE
from doorstep.systems.payments.rules.ledger import MOST, AccountKind, Outcome, Transfer

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2024, 3, 1, 3, tzinfo=UTC)
CLOCK = By(Actor("task:payments", roles=("payments.clock",), via="task"), AT)


@action(SETTLE, FOR_TREASURY)
def open_some(act: Act) -> tuple[UUID, ...]:
    """Two bank accounts, two of fees, and one in another currency."""
    act.journal()
    banks = [ledger.account(act, unit, AccountKind.BANK, "XTS", "1") for unit in ("H38", "H39")]
    fees = [ledger.account(act, unit, AccountKind.FEES, "XTS") for unit in ("H38", "H39")]
    return (*banks, *fees, ledger.account(act, "H38", AccountKind.FEES, "XXX"))


@action(SETTLE, FOR_TREASURY)
def move_one(act: Act, one: Transfer) -> None:
    ledger.transfer(act, [one])
    act.journal()


def codes(outcomes: list[Outcome]) -> list[str]:
    return [" ".join(why.code for why in one.reasons) or ("new" if one.new else "stands") for one in outcomes]


def test_good_lines_land_and_bad_ones_come_back_in_order():
    bank, _, fees, other, foreign = open_some(CLOCK)
    first, held = Transfer(uuid4(), bank, fees, 100), Transfer(uuid4(), fees, bank, 60, "pending", until=AT)
    batch = [
        Transfer(uuid4(), fees, bank, 50),
        first,
        held,
        Transfer(uuid4(), other, bank, 1),
        Transfer(uuid4(), other, fees, 41),
        Transfer(uuid4(), bank, fees, 60, "void", pending=held.id),
        Transfer(uuid4(), fees, bank, 60, "post", pending=held.id),
        Transfer(uuid4(), fees, bank, 60, "void", pending=held.id),
        first,
        msgspec.structs.replace(first, amount=2),
        Transfer(uuid4(), bank, foreign, 1),
        Transfer(uuid4(), bank, uuid4(), 1),
        Transfer(uuid4(), bank, fees, 2**70),
        Transfer(uuid4(), bank, fees, 1, "pending"),
        Transfer(uuid4(), bank, fees, MOST),
    ]
    told = [
        "payments.overdrawn",
        "new",
        "new",
        "payments.overdrawn",
        "payments.overdrawn",
        "payments.not_pending",
        "new",
        "payments.not_pending",
        "stands",
        "payments.transfer_differs",
        "payments.currencies_differ",
        "payments.account_unknown",
        "payments.amount_wrong",
        "payments.stage_wrong",
        "payments.total_too_large",
    ]
    assert codes(ledger.transfer_batch(CLOCK, batch)) == told
    assert Row.objects.count() == 3
    again = [{"new": "stands"}.get(code, code) for code in told]
    assert codes(ledger.transfer_batch(CLOCK, batch)) == again
    assert Row.objects.count() == 3


@pytest.mark.parametrize("seed", range(6))
def test_lines_one_by_one_and_in_a_batch_are_judged_alike(seed):
    chance = Random(seed)
    accounts = open_some(CLOCK)[:4]
    lines: list[Transfer] = []
    for _ in range(60):
        pending = [one for one in lines if one.stage == "pending"]
        if pending and chance.random() < 0.4:
            held, stage = chance.choice(pending), chance.choice(("post", "void", "expire"))
            lines.append(Transfer(uuid4(), held.debit, held.credit, held.amount, stage, held.id))
        else:
            debit, credit = chance.sample(accounts, 2)
            until = AT + timedelta(hours=chance.choice((-1, 1))) if chance.random() < 0.5 else None
            stage = "pending" if until else "posted"
            lines.append(Transfer(uuid4(), debit, credit, chance.randint(1, 9), stage, until=until))
    expected = []
    for one in lines:
        try:
            move_one(CLOCK, one)
            expected.append("new")
        except Refused as refused:
            expected.append(refused.reasons[0].code)
    twin = dict(zip(accounts, open_twins(CLOCK), strict=True))
    numbers = {one.id: uuid4() for one in lines}
    copies = [
        msgspec.structs.replace(
            one,
            id=numbers[one.id],
            debit=twin[one.debit],
            credit=twin[one.credit],
            pending=numbers[one.pending] if one.pending else None,
        )
        for one in lines
    ]
    assert codes(ledger.transfer_batch(CLOCK, copies)) == expected
    for before, after in twin.items():
        assert _totals(before) == _totals(after)


@action(SETTLE, FOR_TREASURY)
def open_twins(act: Act) -> tuple[UUID, ...]:
    act.journal()
    banks = [ledger.account(act, unit, AccountKind.BANK, "XTS", "1") for unit in ("H1", "H2")]
    fees = [ledger.account(act, unit, AccountKind.FEES, "XTS") for unit in ("H1", "H2")]
    return (*banks, *fees)


def _totals(account: UUID) -> tuple[int, int, int, int]:
    row = Account.objects.get(id=account)
    return row.debits, row.credits, row.pending_debits, row.pending_credits


def test_many_at_once_in_opposite_directions():
    accounts = open_some(CLOCK)[:4]
    pairs = list(permutations(accounts, 2))
    ledger.transfer_batch(CLOCK, [Transfer(uuid4(), *pair, 1_000_000) for pair in permutations(accounts[:2], 2)])
    ledger.transfer_batch(CLOCK, [Transfer(uuid4(), accounts[0], to, 1_000_000) for to in accounts[2:]])
    shared = Transfer(uuid4(), accounts[0], accounts[2], 7)

    def singles(seed: int) -> None:
        chance = Random(seed)
        for pair in chance.choices(pairs, k=20):
            move_one(CLOCK, Transfer(uuid4(), *pair, 3))
        move_one(CLOCK, shared)

    def batches(seed: int) -> None:
        chance = Random(seed)
        for _ in range(5):
            lines = [Transfer(uuid4(), *pair, 2) for pair in chance.choices(pairs, k=30)]
            assert all(not one.reasons for one in ledger.transfer_batch(CLOCK, [shared, *lines]))

    runs = [lambda seed=seed, run=run: run(seed) for seed in range(4) for run in (singles, batches)]
    assert at_once(*runs) == [None] * 8
    assert Row.objects.count() == 4 + 4 * 20 + 4 * 5 * 30 + 1
    for account in accounts:
        debits = Row.objects.filter(debit=account).aggregate(Sum("amount"))["amount__sum"]
        credits_ = Row.objects.filter(credit=account).aggregate(Sum("amount"))["amount__sum"]
        assert _totals(account) == (debits, credits_, 0, 0)


def test_two_who_resolve_one_pending_transfer():
    bank, _, fees, *_ = open_some(CLOCK)
    held = Transfer(uuid4(), bank, fees, 5, "pending", until=AT)
    move_one(CLOCK, held)
    ends = [Transfer(uuid4(), bank, fees, 5, stage, held.id) for stage in ("post", "void", "expire")]
    outcomes = at_once(*[lambda one=one: move_one(CLOCK, one) for one in ends])
    assert sorted(map(str, outcomes)) == ["None", "payments.not_pending", "payments.not_pending"]
    assert not OpenPending.objects.exists()


def test_what_is_pending_past_its_time_expires():
    bank, _, fees, *_ = open_some(CLOCK)
    late, early = (Transfer(uuid4(), bank, fees, 5, "pending", until=AT + timedelta(hours=h)) for h in (0, 1))
    ledger.transfer_batch(CLOCK, [late, early])
    assert ledger.pendings_due(AT)
    assert ledger.expire_pending(CLOCK) == 1
    assert not ledger.pendings_due(AT)
    assert _totals(fees) == (0, 0, 0, 5)
    assert OpenPending.objects.get().transfer == early.id


def test_a_closed_day_takes_nothing_more():
    bank, _, fees, *_ = open_some(CLOCK)
    Closing.objects.create(until=AT + timedelta(seconds=1), entry=uuid4())
    one = Transfer(uuid4(), bank, fees, 5)
    with pytest.raises(Refused, match="day_closed"):
        move_one(CLOCK, one)
    assert codes(ledger.transfer_batch(CLOCK, [one])) == ["payments.day_closed"]
    move_one(By(CLOCK.actor, AT + timedelta(seconds=1)), one)
