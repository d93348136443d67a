"""Random days: whatever happens in whatever order, each unit of money of each side is in exactly one outcome of one day."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import moves, payouts, refund_decisions, repairs, settlement, tills
from doorstep.systems.payments.actions.fee_statements import state_fees
from doorstep.systems.payments.actions.reconciliation import JUDGED, reconcile_day
from doorstep.systems.payments.contract import FeeKind, FeesStated
from doorstep.systems.payments.queries import ledger_check
from doorstep.systems.payments.queries.days import due_days
from doorstep.systems.payments.rules.discrepancies import OF_DAYS, Repair
from doorstep.systems.payments.rules.evidence import Evidence, PayoutResult, PayoutState
from doorstep.systems.payments.rules.reconciliation import LATE, Piece, Sides, judge
from doorstep.systems.payments.rules.refunds import Destination
from doorstep.systems.payments.rules.settlement import Match
from doorstep.systems.payments.tests.builders import (
    ASKER,
    CASHIER,
    CLOCK,
    TREASURER,
    bank_account,
    credit,
    order,
    reread,
)
from doorstep.systems.payments.tests.values import AT

DAYS = [date(2024, 3, 1), date(2024, 3, 4), date(2024, 3, 5)]
LATER = datetime(2024, 3, 20, 3, tzinfo=UTC)
_moments = count()
KINDS = (
    "paid",
    "over",
    "twice",
    "unknown",
    "refund",
    "cash",
    "move",
    "unpaid",
    "untold",
    "state",
    "statement",
    "reconcile",
)


class World:
    """What a few days bring, by the real actions; statements hold what was booked until they were made."""

    def __init__(self) -> None:
        self.account = bank_account()
        self.orders: list[models.Order] = []
        self.booked: dict[date, list[tuple[str, int, UUID | None]]] = {day: [] for day in DAYS}
        self.number = 0
        tills.open_till(CASHIER, "1", 0)

    def do(self, kind: str, day: date, other: date, choice: int) -> None:
        getattr(self, kind)(day, other, choice)

    def came(self, memo: str, amount: int, day: date, on: date, choice: int) -> models.Credit:
        """A credit of `day`; on the statement of `on`, now and then with another amount or not at all."""
        told = credit(memo, amount, day=day)
        settlement.record_credits(CLOCK, self.account.id, [told], Evidence.POLL)
        if choice != 1:
            self.booked[on].append((told.booking, amount + (choice == 2), None))
        return models.Credit.objects.get(booking=told.booking)

    def paid(self, day: date, other: date, choice: int) -> models.Order:
        self.orders.append(order())
        self.came(self.orders[-1].code, 750, day, other, choice)
        return self.orders[-1]

    def over(self, day: date, other: date, choice: int) -> None:
        self.orders.append(order())
        found = self.came(self.orders[-1].code, 1000, day, other, choice)
        self.repair(found, Repair.ASSIGN if choice else Repair.REFUND, self.orders[-1].code)
        self.pay_out(models.Refund.objects.filter(credit=found).get(), day, other, choice)

    def twice(self, day: date, other: date, choice: int) -> None:
        again = self.came(self.paid(day, day, 0).code, 750, day, other, choice)
        self.pay_out(models.Refund.objects.get(credit=again), day, other, choice)

    def unknown(self, day: date, other: date, choice: int) -> None:
        found = self.came("hello", 33, day, other, choice)
        if choice > 2:
            self.repair(found, Repair.REFUND, "")

    def refund(self, day: date, other: date, choice: int) -> None:
        paid = self.paid(day, day, 0)
        wanted = {FeeKind.FEE: 500, **({FeeKind.CHARGE: 250} if choice % 2 else {})}
        made = refund_decisions.propose_refund(CASHIER, paid.id, wanted, "wrong")
        refund_decisions.decide_refund(TREASURER, made.id, approve=True)
        self.pay_out(models.Refund.objects.get(id=made.id), day, other, choice)

    def cash(self, _day: date, _other: date, _choice: int) -> None:
        self.orders.append(order())
        tills.take_cash(CASHIER, self.orders[-1].code)

    def move(self, day: date, other: date, choice: int) -> None:
        paid, meant = self.paid(day, other, choice), order()
        self.orders.append(meant)
        made = moves.propose_move(CASHIER, paid.code, meant.code, "wrong")
        moves.decide_move(TREASURER, made.id, approve=True)

    def unpaid(self, _day: date, _other: date, _choice: int) -> None:
        self.orders.append(order())

    def untold(self, day: date, _other: date, choice: int) -> None:
        self.number += 1
        self.booked[day].append((f"untold-{self.number}", 70 if choice else -70, None))

    def state(self, day: date, _other: date, choice: int) -> None:
        """The first page, or the second and last one; twice, of another amount, and of what nobody asked for."""
        page = 1 + models.FeePage.objects.filter(statement__day=day).count()
        if page > 2:
            return
        fees = [(one.id, 750 if choice else 749) for one in self.orders[choice % 2 :: 2]]
        fees += fees[:1] if choice == 3 else [(uuid4(), 10)] if choice == 4 else []
        orders, amounts = zip(*fees, strict=True) if fees else ((), ())
        asker = ASKER.actor.subject
        state_fees(By(ASKER.actor, LATER), FeesStated(f"{asker}:{day}", asker, day, page, 2, orders, amounts))

    def statement(self, day: date, _other: date, _choice: int) -> None:
        if models.Statement.objects.filter(day=day).exists():
            self.booked[day] = []
            return
        keep_statement(self.account, day, self.booked.pop(day))
        self.booked[day] = []

    def reconcile(self, _day: date, _other: date, _choice: int) -> None:
        done(changed())

    def repair(self, found: models.Credit, how: Repair, code: str) -> None:
        row = models.Discrepancy.objects.filter(credit=found, resolved=None).exclude(kind__in=OF_DAYS).get()
        repairs.propose_repair(CASHIER, row.id, how, code=code, note="x")
        repairs.decide_repair(TREASURER, row.id, 1, approve=True)

    def pay_out(self, row: models.Refund, day: date, other: date, choice: int) -> None:
        self.number += 1
        booking = f"P{self.number}"
        state = (PayoutState.TAKEN, PayoutState.PAID, PayoutState.PAID, PayoutState.REFUSED, PayoutState.RETURNED)[
            choice
        ]
        booked = booking if state in (PayoutState.PAID, PayoutState.RETURNED) else ""
        payouts.record_payouts(
            CLOCK, [PayoutResult(payout=row.id, state=state, booking=booked, amount=row.amount, day=day)]
        )
        if booked:
            self.booked[other].append((booked, -row.amount, row.id))
        if state == PayoutState.RETURNED:
            self.came(f"RETURN {row.code}", row.amount, other, other, 0)


def keep_statement(account: models.BankAccount, day: date, lines: list[tuple[str, int, UUID | None]]) -> None:
    came, went = (sum(max(sign * one, 0) for _, one, _ in lines) for sign in (1, -1))
    sums = {"opening": 0, "closing": came - went, "credits": came, "debits": went, "recorded": len(lines)}
    row = models.Statement.objects.create(
        id=uuid4(), account=account, day=day, number=str(day), pages=1, lines=len(lines), digest=b"", taken=AT, **sums
    )
    for number, (booking, amount, payout) in enumerate(lines, 1):
        told: dict[str, Any] = {"booking": booking, "amount": abs(amount), "booked": AT, "day": day, "payout": payout}
        side = "credit" if amount > 0 else "debit"
        models.StatementLine.objects.create(statement=row, line=number, account=account, side=side, **told)


def changed() -> list[date]:
    return sorted(day for day in models.DayChange.objects.values_list("day", flat=True).distinct() if day) + (
        [AT.date()] if models.DayChange.objects.filter(day=None).exists() else []
    )


def done(days: Iterable[date]) -> None:
    """The days are reconciled, a moment later each time."""
    for day in days:
        reconcile_day(By(CLOCK.actor, LATER + timedelta(seconds=next(_moments))), day)


def newest() -> dict[date, models.Reconciliation]:
    return {row.day: row for row in models.Reconciliation.objects.filter(at__isnull=False).order_by("id")}


def pieces(of: dict[date, models.Reconciliation]) -> dict[date, Counter[tuple[Any, ...]]]:
    told = ("piece", "outcome", "lacking", "discrepancy", "order", "booking", "bank", "ours", "stated")
    return {day: Counter(models.Reconciled.objects.filter(run=run).values_list(*told)) for day, run in of.items()}


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.sampled_from(DAYS), st.sampled_from(DAYS), st.integers(0, 4)),
        min_size=3,
        max_size=14,
    )
)
def test_every_unit_of_money_is_in_exactly_one_outcome(steps):
    savepoint = transaction.savepoint()
    try:
        world = World()
        for step in steps:
            world.do(*step)
        done(changed())
        check_sides()
        check_discrepancies()
        check_nothing_is_stale()
        assert not [sentence for found in ledger_check.prove() for sentence in found.against]
    finally:
        transaction.savepoint_rollback(savepoint)


def check_sides() -> None:
    """Over all days: the bank's bookings, our money and the stated lines, each whole and once."""
    runs = newest()
    found = models.Reconciled.objects.filter(run__in=runs.values())
    bank: Counter[str] = Counter()
    for booking, amount in found.filter(bank__isnull=False).values_list("booking", "bank"):
        bank[booking] += amount
    lines = models.StatementLine.objects.values_list("booking", "side", "amount")
    assert {**bank} == {booking: amount if side == "credit" else -amount for booking, side, amount in lines}
    days_of = Counter(found.exclude(booking="").values_list("booking", "run").distinct())
    assert len({booking for booking, _ in days_of}) == len(days_of)
    ours: Counter[str] = Counter()
    for piece, booking, of, amount in found.filter(ours__isnull=False).values_list("piece", "booking", "order", "ours"):
        ours[booking or f"{piece} {of}"] += amount
    due: dict[str, int] = dict(models.Credit.objects.values_list("booking", "amount"))
    due |= {row.booking: -row.amount for row in models.Refund.objects.filter(state__in=("paid", "lost"))}
    due |= {f"cash {row.order_id}": row.amount for row in models.Taking.objects.all()}
    for move in models.Move.objects.all():
        due |= {f"moved {move.source_id}": -move.amount, f"moved {move.target_id}": move.amount}
    assert {**ours} == due
    told = Counter(found.filter(stated__isnull=False).values_list("order", "stated"))
    assert told == Counter(models.FeeLine.objects.values_list("order", "amount"))


def check_discrepancies() -> None:
    """Each exception leads to a discrepancy with an owner; those that days opened stay open as long as one says so."""
    rows = models.Reconciled.objects.filter(run__in=newest().values(), discrepancy__gt="")
    keys = set(rows.values_list("discrepancy", flat=True))
    opened = {row.key: row for row in models.Discrepancy.objects.filter(resolved=None)}
    assert keys <= set(opened)
    assert {key for key, row in opened.items() if row.kind in OF_DAYS} == {
        key for key in keys if opened[key].kind in OF_DAYS
    }
    lying = set(models.Credit.objects.filter(state="open").values_list("booking", flat=True))
    acted = set(rows.values_list("booking", flat=True))
    assert lying <= acted


def check_nothing_is_stale() -> None:
    """Done once more, each day comes to the same; whatever had changed had been seen."""
    before = pieces(newest())
    assert not models.DayChange.objects.exists()
    done(before)
    assert pieces(newest()) == before


@pytest.mark.django_db
def test_the_statement_of_outcomes_is_the_law_s():
    """Over all that three sides can say of a piece of money."""
    amounts = (None, 1, 2)
    every = [
        Sides(piece=piece, bank=bank, ours=ours, stated=stated, match=match, away=away, repeated=repeated)
        for piece in Piece
        for bank in (*amounts, -1)
        for ours in (*amounts, -1)
        for stated in amounts
        for match in (None, *Match)
        for away in (False, True)
        for repeated in (False, True)
    ]
    columns = [
        [str(value) if isinstance(value := getattr(one, name), (Piece, Match)) else value for one in every]
        for name in Sides.__struct_fields__
    ]
    sides = "unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bool[], %s::bool[])"
    names = "(piece, bank, ours, stated, match, away, repeated, place)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {JUDGED} FROM {sides} WITH ORDINALITY AS t {names} ORDER BY place", columns)  # noqa: S608
        said = cursor.fetchall()
    judged = [judge(one) for one in every]
    assert said == [(one.outcome.value, one.kind.value if one.kind else "") for one in judged]


@pytest.mark.django_db
def test_a_duplicate_that_went_back_by_itself_is_finished_and_a_repair_is_seen():
    world, day = World(), DAYS[0]
    world.twice(day, day, 0)
    refund = models.Refund.objects.get()
    world.unknown(day, day, 0)
    world.statement(day, day, 0)
    done([day])
    assert {row.piece: row.outcome for row in models.Reconciled.objects.filter(match_rest())} == {
        "rest": "missing_at_platform"
    }
    payouts.record_payouts(
        CLOCK, [PayoutResult(payout=refund.id, state=PayoutState.PAID, amount=refund.amount, booking="P1", day=day)]
    )
    assert changed() == [day]
    unknown = models.Credit.objects.get(match="unknown")
    world.repair(unknown, Repair.REFUND, "")
    done([day])
    run = newest()[day]
    rest = {row.booking: row for row in models.Reconciled.objects.filter(run=run, piece="rest")}
    assert rest[unknown.booking].outcome == "refunded"
    assert {row.outcome for row in rest.values()} == {"duplicate", "refunded"}
    assert not any(row.discrepancy for row in rest.values())


def match_rest() -> Any:
    return Q(piece="rest", discrepancy__gt="")


@pytest.mark.django_db
def test_a_payout_has_its_banking_day_and_what_never_left_is_not_gone():
    world, day = World(), DAYS[1]
    world.twice(DAYS[0], DAYS[0], 0)
    world.twice(DAYS[0], DAYS[0], 0)
    left, kept = models.Refund.objects.order_by("id")
    told = [
        PayoutResult(payout=left.id, state=PayoutState.PAID, amount=left.amount, booking="P1", day=day),
        PayoutResult(payout=kept.id, state=PayoutState.RETURNED, amount=kept.amount, day=DAYS[0]),
    ]
    payouts.record_payouts(CLOCK, told)
    assert (reread(left).day, reread(kept).day) == (day, None)
    world.reconcile(day, day, 0)
    assert [(row.run.day, row.ours) for row in models.Reconciled.objects.filter(piece="payout")] == [(day, -750)]
    keep_statement(world.account, DAYS[2], [("P1", -750, left.id)])
    world.reconcile(day, day, 0)
    runs = newest()
    found = models.Reconciled.objects.filter(run__in=runs.values(), piece="payout")
    assert [(row.run.day, row.outcome) for row in found] == [(DAYS[2], "refunded")]


@pytest.mark.breaks_books
@pytest.mark.django_db
def test_a_payout_that_the_bank_made_twice_is_seen():
    world, day = World(), DAYS[0]
    world.twice(day, day, 0)
    (refund,) = models.Refund.objects.all()
    payouts.record_payouts(
        CLOCK, [PayoutResult(payout=refund.id, state=PayoutState.PAID, amount=refund.amount, booking="P1", day=day)]
    )
    keep_statement(world.account, day, [("P1", -750, refund.id), ("P2", -750, refund.id)])
    done([day])
    found = models.Reconciled.objects.filter(piece="payout").values_list("booking", "outcome")
    assert {*found} == {("P1", "refunded"), ("P2", "missing_at_platform")}


@pytest.mark.django_db
def test_a_day_is_done_again_by_itself_and_late_ones_once_a_day():
    world, day = World(), DAYS[0]
    world.paid(day, day, 0)
    over = datetime(2024, 3, 1, 17, tzinfo=UTC)
    models.BankFeed.objects.create(account=world.account, due=AT, day=DAYS[1], statement_due=AT)
    world.statement(day, day, 0)
    assert day in due_days(over + LATE)
    reconcile_day(By(CLOCK.actor, over + LATE), day)
    assert day not in due_days(over + 4 * LATE)
    settlement.record_credits(CLOCK, world.account.id, [credit("late", 5, day=day)], Evidence.POLL)
    assert day not in due_days(over + LATE * 1.5)
    assert day in due_days(over + 2 * LATE)


@pytest.mark.django_db
def test_what_is_assigned_by_nobody_any_more_waits_for_somebody():
    """Money that lies there with nothing open about it is not forgotten: the day finds it."""
    world, day = World(), DAYS[0]
    world.unknown(day, day, 3)
    refund = models.Refund.objects.get()
    payouts.record_payouts(CLOCK, [PayoutResult(payout=refund.id, state=PayoutState.REFUSED)])
    models.Discrepancy.objects.filter(resolved=None).update(resolved=AT)
    world.reconcile(day, day, 0)
    keep_statement(world.account, day, [(refund.credit.booking, 33, None)])
    world.reconcile(day, day, 0)
    row = models.Discrepancy.objects.get(kind="unassigned")
    to = Destination(world.account.bank, Masked(world.account.number))
    repairs.propose_repair(CASHIER, row.id, Repair.REFUND, to=to, note="again")
    repairs.decide_repair(TREASURER, row.id, 1, approve=True)
    assert models.Refund.objects.count() == 2
