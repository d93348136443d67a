"""What stood on accounts: statement in pages, trial balance, any past time, and closings that say the same as the transfers."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest

from doorstep.kernel.country import profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.values.reasons import Conflict, NotFound
from doorstep.systems.payments import tasks
from doorstep.systems.payments.actions import closings, ledger
from doorstep.systems.payments.models import ClosedTotals, Closing, OpenPending
from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE
from doorstep.systems.payments.queries import ledger as queries
from doorstep.systems.payments.rules.ledger import AccountKind, Transfer

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2024, 3, 1, 3, tzinfo=UTC)
DAY = timedelta(days=1)
TREASURER = Actor("treasurer:1", roles=("payments.treasurer",), level=2)


@action(SETTLE, FOR_TREASURY)
def open_some(act: Act) -> tuple[UUID, UUID, UUID]:
    act.journal()
    return (
        ledger.account(act, "H38", AccountKind.BANK, "XTS", "1"),
        ledger.account(act, "H38", AccountKind.FEES, "XTS"),
        ledger.account(act, "H39", AccountKind.FEES, "XTS"),
    )


def move(at: datetime, *transfers: Transfer) -> None:
    outcomes = ledger.transfer_batch(By(tasks.CLOCK, at), transfers)
    assert not [why for one in outcomes for why in one.reasons]


def balance(account: UUID, at: datetime) -> int:
    return queries.balance_at(TREASURER, account, at, AT.date()).balance


def test_a_statement_comes_in_pages_with_what_was_on_the_account(monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 3)
    bank, fees, other = open_some(By(tasks.CLOCK, AT))
    for step in range(4):
        move(AT + timedelta(hours=step), Transfer(uuid4(), bank, fees, 10 + step), Transfer(uuid4(), bank, other, 1))
    held = Transfer(uuid4(), fees, bank, 5, "pending", until=AT + DAY)
    move(AT + timedelta(hours=5), held)
    move(AT + timedelta(hours=6), Transfer(uuid4(), fees, bank, 5, "post", held.id))
    seen, before = [], None
    while True:
        page = queries.statement(TREASURER, fees, AT.date(), before)
        seen += page.lines
        before = page.more
        if before is None:
            break
        assert len(page.lines) == 3
    assert [(one.side, one.amount, one.stage, one.balance) for one in seen] == [
        ("debit", 5, "post", 41),
        ("debit", 5, "pending", 46),
        ("credit", 13, "posted", 46),
        ("credit", 12, "posted", 33),
        ("credit", 11, "posted", 21),
        ("credit", 10, "posted", 10),
    ]
    assert page.account.balance == page.account.free == 41
    with pytest.raises(NotFound):
        queries.statement(TREASURER, fees, AT.date(), uuid4())


def test_what_was_on_accounts_at_any_time_whether_days_are_closed_or_not():
    chance = Random(7)
    accounts = open_some(By(tasks.CLOCK, AT))
    bank, *rest = accounts
    times = sorted(AT + timedelta(hours=chance.randrange(24 * 9)) for _ in range(60))
    for at in times:
        to = chance.choice(rest)
        move(at, Transfer(uuid4(), bank, to, chance.randint(1, 99)))
    asked = [AT + timedelta(hours=hours) for hours in range(-3, 24 * 10, 7)]
    before = [[balance(one, at) for one in accounts] for at in asked]
    assert before[0] == [0, 0, 0]
    assert all(line[0] == line[1] + line[2] for line in before)
    assert tasks.close_days(AT + 7 * DAY) == 6
    assert [[balance(one, at) for one in accounts] for at in asked] == before
    assert tasks.close_days(AT + 30 * DAY) == 23
    assert [[balance(one, at) for one in accounts] for at in asked] == before
    assert ClosedTotals.objects.filter(account=bank).count() <= Closing.objects.count()


def test_a_day_is_closed_a_day_after_its_end_and_once():
    bank, fees, _ = open_some(By(tasks.CLOCK, AT))
    assert tasks.close_days(AT + 9 * DAY) == 0
    move(AT, Transfer(uuid4(), bank, fees, 5))
    end = datetime(2024, 3, 2, tzinfo=UTC) - profile().calendar.zone.utcoffset(AT.replace(tzinfo=None))
    assert closings.closing_due(end + DAY - timedelta(seconds=1)) is None
    assert closings.close_day(By(tasks.CLOCK, end + DAY)) == end
    with pytest.raises(Conflict, match="nothing_to_close"):
        closings.close_day(By(tasks.CLOCK, end + DAY))
    kept = ClosedTotals.objects.get(account=bank)
    assert (kept.until, kept.debits, kept.credits) == (end, 5, 0)


def test_trial_balance_of_a_unit_and_below(monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    units.load(profile().units.rows)
    bank, fees, other = open_some(By(tasks.CLOCK, AT))
    move(AT, Transfer(uuid4(), bank, fees, 10))
    move(AT + DAY, Transfer(uuid4(), bank, other, 3))
    whole = queries.trial_balance(TREASURER, "", AT.date())
    assert [(one.kind, one.debit, one.credit) for one in whole.kinds] == [("bank", 13, 0), ("fees", 0, 13)]
    rest = queries.trial_balance(TREASURER, "", AT.date(), after=whole.more)
    assert [one.id for one in (*whole.accounts, *rest.accounts)] == [bank, fees, other]
    assert rest.more is None
    earlier = queries.trial_balance(TREASURER, "H38", AT.date(), at=AT + DAY)
    assert [(one.kind, one.debit, one.credit) for one in earlier.kinds] == [("bank", 10, 0), ("fees", 0, 10)]
    neighbour = Actor("treasurer:2", "H39", ("payments.treasurer",), level=2)
    assert [one.id for one in queries.trial_balance(neighbour, "", AT.date()).accounts] == [other]
    with pytest.raises(NotFound):
        queries.statement(neighbour, fees, AT.date())


def test_recurring_work_expires_all_that_is_due(monkeypatch):
    monkeypatch.setattr(ledger, "AT_ONCE", 2)
    bank, fees, _ = open_some(By(tasks.CLOCK, AT))
    move(AT, *[Transfer(uuid4(), bank, fees, 5, "pending", until=AT + DAY) for _ in range(5)])
    assert tasks.expire_held(AT) == 0
    assert tasks.expire_held(AT + DAY) == 5
    assert not OpenPending.objects.exists()
