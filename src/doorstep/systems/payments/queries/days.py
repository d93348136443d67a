"""Days as the treasury reads them: which are due, what each came to, and the exceptions with those who must act."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Count, Exists, F, Max, Min, OuterRef, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import ROLES, Actor, Role
from doorstep.kernel.store import units
from doorstep.kernel.values.dates import legal_day
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import (
    BankAccount,
    BankFeed,
    DayChange,
    Discrepancy,
    FeeStatement,
    Order,
    Reconciled,
    ReconciledSum,
    Reconciliation,
    Shift,
    Statement,
)
from doorstep.systems.payments.permissions import TREASURY
from doorstep.systems.payments.rules.banking_days import bounds
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind
from doorstep.systems.payments.rules.reconciliation import Lacking, Outcome, Piece, is_due

PAGE = 50
SHOWN = 31
"""Days on one page."""
BACK = timedelta(days=35)
"""How far back days are reconciled on which nothing happened; those on which something did are, however long ago."""


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


class ReconciledRow(msgspec.Struct, frozen=True):
    """One piece of money; `number` is its place in the reconciliation, `discrepancy` the key of its discrepancy, if any."""

    number: int
    piece: Piece
    outcome: Outcome
    lacking: Lacking | None
    unit: str
    asker: str
    order: str
    booking: str
    bank: int | None
    ours: int | None
    stated: int | None
    discrepancy: str


class Exceptional(msgspec.Struct, frozen=True):
    """A piece of money on which somebody must act: `role` of `unit`, at the discrepancy of this kind and id."""

    piece: ReconciledRow
    discrepancy: UUID
    kind: DiscrepancyKind
    role: Role
    unit: str


def waiting_days() -> list[date]:
    """Days that somebody wants reconciled, those first who asked first."""
    return list(Reconciliation.objects.filter(at=None).order_by("id").values_list("day", flat=True))


def due_days(at: datetime) -> list[date]:
    """Days that are to be reconciled at `at`, oldest first: never done, or what they rest on has changed since."""
    zone = law(Country, "payments").zone
    begins = [
        BankAccount.objects.aggregate(found=Min("approved"))["found"],
        Shift.objects.aggregate(found=Min("began"))["found"],
    ]
    today, changed = legal_day(at, zone), _changed(zone)
    first = max(today - BACK, legal_day(min((one for one in begins if one), default=at), zone))
    every = {first + timedelta(days=number) for number in range((today - first).days)} | changed
    done = Reconciliation.objects.filter(at__isnull=False, day__in=every)
    last = dict(done.values_list("day").annotate(Max("at")))
    return [
        day
        for day in sorted(every)
        if is_due(
            at=at,
            over=bounds(day, zone)[1],
            complete=day < today and day not in last and _complete(day),
            last=last.get(day),
            changed=day in changed,
        )
    ]


def _changed(zone: ZoneInfo) -> set[date]:
    """Days that rest on something that has changed since they were reconciled, or that were not reconciled yet."""
    on = DayChange.objects.annotate(on=Coalesce("day", TruncDate("at", tzinfo=zone)))
    return {one for one in on.values_list("on", flat=True).distinct() if one}


def days(actor: Actor, today: date, before: date | None = None) -> list[DayRow]:
    """The days of the actor's area that were reconciled, newest first, those before `before`."""
    actor.need(TREASURY)
    done = Reconciliation.objects.filter(at__isnull=False, **({"day__lt": before} if before else {}))
    runs = list(done.order_by("-day", "-id").distinct("day")[:SHOWN])
    mine = ReconciledSum.objects.filter(units.within(actor.unit, today), run__in=runs).values("run")
    found = {row["run"]: row for row in mine.annotate(pieces=Sum("n"), money=Sum("ours"))}
    waiting = _open(actor, today, run__in=runs).values("run").annotate(n=Count("number"))
    exceptions = dict(waiting.values_list("run", "n"))
    none = {"pieces": 0, "money": 0}
    return [
        DayRow(run.day, run.at, row["pieces"], exceptions.get(run.id, 0), int(row["money"]))
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
    """A page of what somebody must act on in the actor's area, in the order of its numbers, after one of them."""
    actor.need(TREASURY)
    found = _open(actor, today, run=run, number__gt=after)
    if outcome:
        found = found.filter(outcome=outcome)
    rows = list(found.order_by("number")[:PAGE])
    codes = dict(Order.objects.filter(id__in=[row.order for row in rows if row.order]).values_list("id", "code"))
    opened = {one.key: one for one in Discrepancy.objects.filter(key__in=[row.discrepancy for row in rows])}
    return [
        Exceptional(
            _piece(row, codes.get(row.order, "") if row.order else ""),
            one.id,
            DiscrepancyKind(one.kind),
            ROLES[one.role],
            one.unit,
        )
        for row in rows
        if (one := opened.get(row.discrepancy))
    ]


def every_piece(actor: Actor, today: date, run: UUID) -> Iterator[ReconciledRow]:
    """All pieces of money of a reconciliation in the actor's area, read as they are taken; `order` is the order's id."""
    actor.need(TREASURY)
    rows = Reconciled.objects.filter(units.within(actor.unit, today), run=run)
    for row in rows.order_by("number").iterator(2000):
        yield _piece(row, str(row.order or ""))


def _open(actor: Actor, today: date, **which: object) -> QuerySet[Reconciled]:
    """Pieces of money of the actor's area whose discrepancy nobody has resolved."""
    waits = Discrepancy.objects.filter(key=OuterRef("discrepancy"), resolved=None)
    mine = Reconciled.objects.filter(units.within(actor.unit, today), discrepancy__gt="", **which)
    return mine.filter(Exists(waits))


def _piece(row: Reconciled, order: str) -> ReconciledRow:
    return ReconciledRow(
        number=row.number,
        piece=Piece(row.piece),
        outcome=Outcome(row.outcome),
        lacking=Lacking(row.lacking) if row.lacking else None,
        unit=row.unit,
        asker=row.asker,
        order=order,
        booking=row.booking,
        bank=row.bank,
        ours=row.ours,
        stated=row.stated,
        discrepancy=row.discrepancy,
    )


def _complete(day: date) -> bool:
    """Whether each bank account's statement of the day is there and read, and those of all askers who stated anything lately.

    On a day on which banks book nothing there is none to wait for.
    """
    banks = profile().calendar.working_day(day) and BankFeed.objects.filter(day__lte=day).exists()
    unread = Statement.objects.filter(day=day, recorded__lt=F("lines")).exists()
    whole = FeeStatement.objects.filter(day=day, complete__isnull=False).values("asker")
    lately = FeeStatement.objects.filter(day__gte=day - BACK, day__lt=day + BACK).exclude(asker__in=whole)
    return not (banks or unread or lately.exists())
