"""Reconciliation on PostgreSQL: each kind of money comes to its one outcome, and none of it counts on two days."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import RFC_4122, UUID, uuid4

import pytest
from django.db import IntegrityError, connection

from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import instant_of
from doorstep.kernel.values.reasons import Conflict, NotAllowed, Refused
from doorstep.systems.payments import tasks
from doorstep.systems.payments.actions.fee_statements import state_fees
from doorstep.systems.payments.actions.reconciliation import ask_reconciliation, reconcile_day
from doorstep.systems.payments.contract import FeesStated
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import (
    BankAccount,
    BankFeed,
    Credit,
    Order,
    Reconciled,
    ReconciledSum,
    Reconciliation,
    Statement,
    StatementLine,
)
from doorstep.systems.payments.queries.days import day_view, days, due_days, every_piece, exceptions

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.breaks_books]
AT = datetime(2024, 3, 4, 3, tzinfo=UTC)
DAY = date(2024, 3, 1)
CLOCK = By(Actor("task:payments", roles=("payments.clock", "payments.asker"), via="task"), AT)


@pytest.fixture
def account() -> BankAccount:
    names = {"unit": "H38", "bank": "970436", "number": "1", "holder": "H38", "currency": "VND"}
    return BankAccount.objects.create(id=uuid4(), proposed_by="one", proposed=AT, **names)


def order(channel: str = "transfer", amount: int = 1000, day: date = DAY, **changes: Any) -> Order:
    settled = datetime(day.year, day.month, day.day, 3, tzinfo=UTC) if channel else None
    passing = {
        "code": str(uuid4()),
        "asker": "dossiers",
        "subject": "d-1",
        "unit": "H38.901",
        "lines": [],
        "purpose": {},
    }
    paid = {"amount": amount, "paid": amount if channel else 0, "settled": settled, "channel": channel}
    state = {"state": "settled" if channel else "awaiting", "currency": "VND", "created": AT, "until": AT}
    return Order.objects.create(**{"id": uuid4(), **passing, **paid, **state, **changes})


def credit(account: BankAccount, booking: str, of: Order | None, match: str = "matched", **changes: Any) -> Credit:
    state = "assigned" if match == "matched" else "open"
    passing = {"amount": 1000, "booked": AT, "day": DAY, "match": match, "state": state, "order": of}
    passing["assigned"] = passing["amount"] if state == "assigned" else 0
    return Credit.objects.create(**{"id": uuid4(), "account": account, "booking": booking, **passing, **changes})


def statement(account: BankAccount, lines: dict[str, int], day: date = DAY) -> None:
    came, went = (sum(max(sign * one, 0) for one in lines.values()) for sign in (1, -1))
    sums = {"opening": 0, "closing": came - went, "credits": came, "debits": went, "recorded": len(lines)}
    row = Statement.objects.create(
        id=uuid4(), account=account, day=day, number=str(day), pages=1, lines=len(lines), digest=b"", taken=AT, **sums
    )
    for number, (booking, amount) in enumerate(lines.items(), 1):
        side = "credit" if amount > 0 else "debit"
        told = {"booking": booking, "side": side, "amount": abs(amount), "booked": AT, "day": day}
        StatementLine.objects.create(statement=row, line=number, account=account, **told)


def fees(rows: list[tuple[UUID, int]], day: date = DAY) -> None:
    orders, amounts = zip(*rows, strict=True) if rows else ((), ())
    state_fees(CLOCK, FeesStated(f"dossiers:{day}", "dossiers", day, 1, 1, orders, amounts))


def outcomes() -> dict[str, tuple[str, str, str]]:
    rows = Reconciled.objects.filter(run=Reconciliation.objects.latest("id"))
    return {row.booking or str(row.order): (row.outcome, row.lacking, row.discrepancy.split(":")[0]) for row in rows}


def test_each_kind_of_money_has_its_outcome(account):
    paid = {name: order() for name in ("all", "unstated", "unbanked", "less", "bank_less")}
    refunded = order(state="refunded")
    for name, one in paid.items():
        credit(account, name, one)
    credit(account, "refunded", refunded)
    credit(account, "twice", paid["all"], "duplicate")
    credit(account, "unknown", None, "unknown")
    credit(account, "wrong", paid["all"], "differs", amount=900)
    banked = dict.fromkeys(("all", "unstated", "less", "refunded", "twice", "unknown", "untold"), 1000)
    statement(account, {**banked, "bank_less": 999, "wrong": 900, "out": -50})
    cash, kept, unpaid = order("cash"), order("cash"), order("")
    stated = [paid["all"], paid["unbanked"], paid["bank_less"], cash, unpaid, paid["all"]]
    fees([(paid["less"].id, 900), *((one.id, 1000) for one in stated)])
    reconcile_day(CLOCK, DAY)
    assert {name: found for name, found in outcomes().items() if name not in map(str, (paid["all"].id,))} == {
        "all": ("matched", "", ""),
        "unstated": ("missing_at_agency", "asker", "not_stated"),
        "unbanked": ("missing_at_agency", "bank", "not_banked"),
        "less": ("amount_differs", "", "stated_differs"),
        "bank_less": ("amount_differs", "", "bank_differs"),
        "refunded": ("refunded", "", ""),
        "twice": ("duplicate", "", "unassigned"),
        "unknown": ("missing_at_platform", "platform", "unassigned"),
        "untold": ("missing_at_platform", "platform", "not_booked"),
        "wrong": ("amount_differs", "", "unassigned"),
        "out": ("missing_at_platform", "platform", "not_booked"),
        str(cash.id): ("matched", "", ""),
        str(kept.id): ("missing_at_agency", "asker", "not_stated"),
        str(unpaid.id): ("missing_at_platform", "platform", "stated_unpaid"),
    }
    assert outcomes()[str(paid["all"].id)] == ("duplicate", "", "stated_twice")
    assert sum(row.bank for row in ReconciledSum.objects.all()) == 8849


def test_money_that_came_under_the_number_of_what_went_is_a_piece_of_its_own(account):
    credit(account, "both", order())
    statement(account, {"both": -1000})
    reconcile_day(CLOCK, DAY)
    assert sorted(Reconciled.objects.values_list("piece", "bank", "ours")) == [
        ("credit", None, 1000),
        ("payout", -1000, None),
    ]


def test_late_evidence_changes_the_day_and_earlier_results_stay(account):
    one = order()
    credit(account, "one", one)
    reconcile_day(CLOCK, DAY)
    assert outcomes() == {"one": ("missing_at_agency", "bank", "statement_missing")}
    fees([(one.id, 1000)], DAY)
    statement(account, {"one": 1000}, DAY + timedelta(days=3))
    assert reconcile_day(CLOCK, DAY).rows == 0
    assert reconcile_day(CLOCK, DAY + timedelta(days=3)).rows == 1
    assert Reconciled.objects.filter(outcome="matched", stated=1000).count() == 1
    assert Reconciled.objects.filter(outcome="missing_at_agency").count() == 1


def test_an_outcome_that_does_not_fit_is_refused_by_the_table():
    run = Reconciliation.objects.create(id=uuid4(), day=DAY, asked_by="one", asked=AT, at=AT)
    with pytest.raises(IntegrityError, match="matched_is_equal"):
        Reconciled.objects.create(run=run, number=1, piece="cash", outcome="matched", ours=2, stated=1)
    with pytest.raises(IntegrityError, match="exception_has_an_owner"):
        Reconciled.objects.create(run=run, number=1, piece="cash", outcome="amount_differs", ours=2)


def test_who_may_not_reconcile_does_not():
    with pytest.raises(NotAllowed):
        reconcile_day(By(Actor("somebody"), AT), DAY)


def test_a_day_is_reconciled_when_it_is_over_and_again_when_evidence_came_late(account):
    over = datetime.combine(DAY + timedelta(days=1), time(), law(Country, "payments").zone)
    hours = [over + timedelta(hours=number) for number in range(13)]
    BankAccount.objects.update(approved=over - timedelta(hours=12))
    feed = BankFeed.objects.create(account=account, due=over, day=DAY, statement_due=over)
    credit(account, "one", order(), callback=over - timedelta(hours=12))
    assert tasks.reconcile(over - timedelta(minutes=1)) == 0
    assert due_days(hours[1]) == []  # the statement may be on its way
    assert due_days(hours[6]) == [DAY]
    statement(account, {"one": 1000})
    BankFeed.objects.filter(account=feed.account).update(day=DAY + timedelta(days=3))
    assert tasks.reconcile(hours[2]) == 1
    assert tasks.reconcile(hours[4]) == 0
    credit(account, "late", None, "unknown")
    assert tasks.reconcile(hours[6]) == 1
    assert tasks.reconcile(hours[8]) == 0
    assert Reconciliation.objects.filter(day=DAY).count() == 2


def test_what_somebody_asks_for_waits_once_and_is_done_by_the_clock():
    ask_reconciliation(CLOCK, DAY)
    with pytest.raises(Conflict, match="reconciliation_waits"):
        ask_reconciliation(CLOCK, DAY)
    with pytest.raises(Refused, match="not_over"):
        ask_reconciliation(CLOCK, AT.date())
    assert tasks.reconcile(AT) == 1
    assert [row.at for row in Reconciliation.objects.all()] == [AT]


def test_the_treasury_sees_its_area(account):
    credit(account, "one", order())
    credit(account, "elsewhere", order(unit="H39.001"))
    statement(account, {"one": 1000, "elsewhere": 1000})
    run = UUID(reconcile_day(CLOCK, DAY).run)
    for unit, seen in (("H38", ["one"]), ("", ["one", "elsewhere"])):
        treasurer = Actor("treasurer:1", unit, ("payments.treasurer",), level=2)
        (row,) = days(treasurer, AT.date())
        assert (row.day, row.pieces, row.exceptions, row.ours) == (DAY, len(seen), len(seen), 1000 * len(seen))
        (total,) = day_view(treasurer, AT.date(), DAY).sums
        assert (total.outcome, total.amounts.bank) == ("missing_at_agency", 1000 * len(seen))
        assert {one.piece.booking for one in exceptions(treasurer, AT.date(), run)} == {*seen}
        assert {one.booking for one in every_piece(treasurer, AT.date(), run)} == {*seen}
    with pytest.raises(NotAllowed):
        days(Actor("somebody"), AT.date())


def test_ids_that_statements_make_are_of_this_time():
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_uuid7(), clock_timestamp() FROM generate_series(1, 100)")
        made = cursor.fetchall()
    assert len({one for one, _ in made}) == 100
    assert {(one.version, one.variant) for one, _ in made} == {(7, RFC_4122)}
    assert all(abs(instant_of(one) - at) < timedelta(seconds=1) for one, at in made)
