"""Days as the treasury reads them: which are due, what each came to, and the exceptions with those who must act."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Max, Min, Q, QuerySet, Sum

from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.dates import legal_day
from doorstep.kernel.values.ids import first_uuid7
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import (
    BankAccount,
    FeeStatement,
    Order,
    Reconciled,
    ReconciledSum,
    Reconciliation,
    Shift,
    Statement,
)
from doorstep.systems.payments.permissions import TREASURY
from doorstep.systems.payments.rules.reconciliation import Lacking, Outcome, Piece, is_due

PAGE = 50
SHOWN = 31
"""Days on one page."""
BACK = timedelta(days=35)
"""How far back late evidence makes a day due by itself; earlier ones are reconciled when a person asks."""
UNDER_WAY = timedelta(minutes=10)
"""Evidence that came so shortly before a reconciliation may have been written while it ran."""

_NEWEST = """
SELECT day, max(at) FROM (
    SELECT day, taken AS at FROM payments_statement WHERE day >= %(first)s
    UNION ALL
    SELECT s.day, p.at FROM payments_feepage p JOIN payments_feestatement s ON s.id = p.statement_id WHERE s.day >= %(first)s
    UNION ALL
    SELECT day, greatest(callback, poll, statement) FROM payments_credit WHERE id >= %(since)s AND day >= %(first)s
) AS evidence GROUP BY day
"""


class Amounts(msgspec.Struct, frozen=True):
    """How many pieces of money, and what bank, we and the asking systems say of them, in minor units."""

    n: int
    bank: int
    ours: int
    stated: int


class DayRow(msgspec.Struct, frozen=True):
    """The newest reconciliation of a day in the actor's area: how many pieces, and how many of them somebody must act on."""

    day: date
    at: datetime
    pieces: int
    exceptions: int
    ours: int


class DaySum(msgspec.Struct, frozen=True):
    """What a day's money of one sort came to; `lacking` where it is missing somewhere."""

    piece: Piece
    outcome: Outcome
    lacking: Lacking | None
    amounts: Amounts


class DayView(msgspec.Struct, frozen=True):
    """One day: its sums, all its reconciliations (newest first), and whether one was asked for that is not done."""

    day: date
    run: UUID | None
    at: datetime | None
    sums: list[DaySum]
    runs: list[datetime]
    waits: bool


class Exceptional(msgspec.Struct, frozen=True):
    """One piece of money on which the role `owner` of `unit` must act; `number` is its place in the reconciliation."""

    number: int
    piece: Piece
    outcome: Outcome
    lacking: Lacking | None
    owner: str
    unit: str
    asker: str
    order: str
    booking: str
    bank: int | None
    ours: int | None
    stated: int | None


def waiting_days() -> list[date]:
    """Days that somebody wants reconciled, those first who asked first."""
    return list(Reconciliation.objects.filter(at=None).order_by("id").values_list("day", flat=True))


def due_days(at: datetime) -> list[date]:
    """Days that are to be reconciled at `at`, oldest first: never done, or evidence of them came since."""
    zone = law(Country, "payments").zone
    begins = [
        BankAccount.objects.aggregate(found=Min("approved"))["found"],
        Shift.objects.aggregate(found=Min("began"))["found"],
    ]
    if not any(begins):
        return []
    today = legal_day(at, zone)
    first = max(today - BACK, legal_day(min(one for one in begins if one), zone))
    done = Reconciliation.objects.filter(at__isnull=False)
    last = dict(done.filter(day__gte=first).values_list("day").annotate(Max("at")))
    newest = _newest(first, done.aggregate(found=Max("at"))["found"] or min(one for one in begins if one))
    return [
        day
        for day in (first + timedelta(days=number) for number in range((today - first).days))
        if is_due(
            at=at,
            over=datetime.combine(day + timedelta(days=1), time(), zone),
            complete=day not in last and _complete(day, first),
            last=last.get(day),
            newest=newest[day] + UNDER_WAY if day in newest else None,
        )
    ]


def days(actor: Actor, today: date, before: date | None = None) -> list[DayRow]:
    """The days of the actor's area that were reconciled, newest first, those before `before`."""
    actor.need(TREASURY)
    done = Reconciliation.objects.filter(at__isnull=False, **({"day__lt": before} if before else {}))
    runs = list(done.order_by("-day", "-id").distinct("day")[:SHOWN])
    mine = ReconciledSum.objects.filter(units.within(actor.unit, today), run__in=runs).values("run")
    good = Q(outcome__in=(Outcome.MATCHED.value, Outcome.REFUNDED.value))
    found = {
        row["run"]: row
        for row in mine.annotate(pieces=Sum("n"), exceptions=Sum("n", filter=~good), money=Sum("ours")).values(
            "run", "pieces", "exceptions", "money"
        )
    }
    none = {"pieces": 0, "exceptions": 0, "money": 0}
    return [
        DayRow(run.day, run.at, row["pieces"], row["exceptions"] or 0, int(row["money"]))
        for run in runs
        if run.at and (row := found.get(run.id, none))
    ]


def day_view(actor: Actor, today: date, day: date) -> DayView:
    """The newest reconciliation of a day, as far as it is of the actor's area."""
    actor.need(TREASURY)
    runs = list(Reconciliation.objects.filter(day=day, at__isnull=False).order_by("-id"))
    waits = Reconciliation.objects.filter(day=day, at=None).exists()
    if not runs:
        return DayView(day, None, None, [], [], waits)
    mine = ReconciledSum.objects.filter(units.within(actor.unit, today), run=runs[0])
    summed = mine.values("piece", "outcome", "lacking").order_by("piece", "outcome", "lacking")
    sums = [
        DaySum(
            Piece(row["piece"]),
            Outcome(row["outcome"]),
            Lacking(row["lacking"]) if row["lacking"] else None,
            Amounts(row["count"], int(row["banked"]), int(row["known"]), int(row["told"])),
        )
        for row in summed.annotate(count=Sum("n"), banked=Sum("bank"), known=Sum("ours"), told=Sum("stated"))
    ]
    return DayView(day, runs[0].id, runs[0].at, sums, [one.at for one in runs if one.at], waits)


def exceptions(actor: Actor, today: date, run: UUID, outcome: str = "", after: int = 0) -> list[Exceptional]:
    """A page of what somebody of the actor's area must act on, in the order of its numbers, after one of them."""
    actor.need(TREASURY)
    found = _pieces(actor, today, run).filter(owner__gt="", number__gt=after)
    if outcome:
        found = found.filter(outcome=outcome)
    rows = list(found.order_by("number")[:PAGE])
    codes = dict(Order.objects.filter(id__in=[row.order for row in rows if row.order]).values_list("id", "code"))
    return [_exceptional(row, codes.get(row.order, "") if row.order else "") for row in rows]


def every_piece(actor: Actor, today: date, run: UUID) -> Iterator[Exceptional]:
    """All pieces of money of a reconciliation in the actor's area, read as they are taken; `order` is the order's id."""
    actor.need(TREASURY)
    for row in _pieces(actor, today, run).order_by("number").iterator(2000):
        yield _exceptional(row, str(row.order or ""))


def _pieces(actor: Actor, today: date, run: UUID) -> QuerySet[Reconciled]:
    return Reconciled.objects.filter(units.within(actor.unit, today), run=run)


def _exceptional(row: Reconciled, order: str) -> Exceptional:
    return Exceptional(
        number=row.number,
        piece=Piece(row.piece),
        outcome=Outcome(row.outcome),
        lacking=Lacking(row.lacking) if row.lacking else None,
        owner=row.owner,
        unit=row.unit,
        asker=row.asker,
        order=order,
        booking=row.booking,
        bank=row.bank,
        ours=row.ours,
        stated=row.stated,
    )


def _newest(first: date, last: datetime) -> dict[date, datetime]:
    """When the newest evidence of each day came, of what came since shortly before the last reconciliation at `last`."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"first": first, "since": first_uuid7(last - timedelta(days=2))})
        return dict(cursor.fetchall())


def _complete(day: date, first: date) -> bool:
    """Whether each bank account's statement of the day is there, and those of all askers who stated anything lately."""
    stated = Statement.objects.filter(day=day).values("account")
    missing = BankAccount.objects.filter(approved__isnull=False, ended=None).exclude(id__in=stated)
    whole = FeeStatement.objects.filter(day=day, complete__isnull=False).values("asker")
    lately = FeeStatement.objects.filter(day__gte=first).exclude(asker__in=whole)
    return not missing.exists() and not lately.exists()
