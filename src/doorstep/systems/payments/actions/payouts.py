"""What the bank says of payouts: paid ones leave the book, failed ones free the money, and what is unclear holds it.

Money that left although it had been freed is not forgotten: nothing else of it goes back until two persons have said
what became of it.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
from django.db.models import Q

from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict
from doorstep.systems.payments.actions import ledger, orders, rows
from doorstep.systems.payments.actions.discrepancies import Found, open_discrepancies
from doorstep.systems.payments.actions.refunds import holds, left_of, lost, stand
from doorstep.systems.payments.actions.settlement import take_back
from doorstep.systems.payments.actions.telling import tell_refunded
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.models import Credit, Discrepancy, Order, Refund
from doorstep.systems.payments.permissions import FOR_REPAIR, SETTLE
from doorstep.systems.payments.queries.bank import banking_day_of
from doorstep.systems.payments.queries.refunds import payout_of
from doorstep.systems.payments.rules.discrepancies import MONEY_GONE, DiscrepancyKind
from doorstep.systems.payments.rules.evidence import PayoutResult
from doorstep.systems.payments.rules.ledger import MOST, Transfer
from doorstep.systems.payments.rules.orders import Event
from doorstep.systems.payments.rules.refunds import (
    GOES,
    HOLDING,
    SENT,
    UNCLEAR,
    RefundState,
    Said,
    contradicts,
    follow,
    hear,
)

LATE = timedelta(days=3)
"""The bank has longer than a weekend for a payout."""
MOST_SHOWN = 500
"""Late payouts that are shown at once; the others the next time."""


class Taken(msgspec.Struct, frozen=True):
    """The refunds' states now, whose orders were refunded, and what the journal says of it."""

    states: list[RefundState | None]
    subjects: list[str]
    detail: str


@action(SETTLE, FOR_REPAIR)
def record_payouts(act: Act, results: list[PayoutResult]) -> list[RefundState | None]:
    """Take what the bank says became of payouts; the refunds' states now, in the order given, None for unknown ones.

    What is known already changes nothing. Money that was paid out and returned comes in again as a credit of its own,
    whose memo names the refund. What cannot be true, or is not what was ordered, waits for the treasury.
    """
    taken = take_payouts(act, results)
    act.journal(subjects=taken.subjects, detail=taken.detail)
    return taken.states


def take_payouts(act: Act, results: Sequence[PayoutResult], account: UUID | None = None) -> Taken:
    """`record_payouts` as part of an action; with `account`, payouts from another one are unknown."""
    own = Q(account=account) if account else Q()
    known = {row.id: row for row in rows.refunds(own, id__in={one.payout for one in results})}
    moved: dict[Refund, None] = {}
    transfers, found = [], []
    for result in results:
        row = known.get(result.payout)
        if row is None:
            continue
        said, before = hear(result, payout_of(row)), RefundState(row.state)
        after = follow(before, said)
        if after:
            transfers += _end(act, row, after, result)
            moved[row] = None
            if after in UNCLEAR:
                found.append(_unclear(row, result, str(act.id)))
        elif contradicts(before, said, again=result.booking not in ("", row.booking) and row.booking != ""):
            found.append(_unclear(row, result, f"{result.state} {result.booking} {result.amount}"))
        elif said == Said.LEFT and not row.booking:
            row.booking, row.day = result.booking, result.day or row.day
    Refund.objects.bulk_update(known.values(), ["state", "booking", "day", "failure", "ended"])
    ledger.transfer(act, transfers)
    subjects = _follow(act, [*moved])
    open_discrepancies(act, found)
    states = {state: sum(row.state == state for row in moved) for state in RefundState}
    return Taken(
        [RefundState(known[one.payout].state) if one.payout in known else None for one in results],
        subjects,
        ", ".join(f"{count} {state}" for state, count in states.items() if count),
    )


@action(SETTLE, FOR_REPAIR)
def show_late_payouts(act: Act) -> int:
    """Refunds of which the bank has said nothing for LATE wait for the treasury, until it does; returns how many are new.

    One that somebody cleared up without the bank having said more waits again on another day.
    """
    waits = Discrepancy.objects.filter(kind=DiscrepancyKind.PAYOUT_WAITS.value, resolved=None)
    waits.exclude(refund__state__in=SENT).update(resolved=act.at)
    new = Refund.objects.filter(state__in=SENT, ended=None, decided__lt=act.at - LATE)
    new = new.exclude(id__in=waits.values("refund")).select_related("order").order_by("id")
    kind, day = DiscrepancyKind.PAYOUT_WAITS, act.day.isoformat()
    found = [
        Found(kind, row.order.unit if row.order else row.unit, day, amount=row.amount, order=row.order, refund=row)
        for row in new[:MOST_SHOWN]
    ]
    open_discrepancies(act, found)
    act.journal(detail=f"{len(found)} payouts are late")
    return len(found)


def decide_payout(act: Act, refund: Refund, *, left: bool) -> str:
    """Two persons say whether an unclear payout has left the account; returns the key of the payer, "" for none.

    Money that left and was given away otherwise meanwhile is booked as lost. Raises Conflict where it is not unclear.
    """
    (row,) = rows.refunds(id=refund.id)
    if row.state not in UNCLEAR:
        raise Conflict(MONEY_GONE())
    after = RefundState.PAID if left else RefundState.REFUSED
    if left and row.state == RefundState.CONTRADICTED and not _there(row):
        after = RefundState.LOST
    ledger.transfer(act, _end(act, row, after))
    row.save(update_fields=["state", "booking", "day", "failure", "ended"])
    subjects = _follow(act, [row])
    return next(iter(subjects), "")


def _end(act: Act, row: Refund, after: RefundState, told: PayoutResult | None = None) -> list[Transfer]:
    """The refund takes the state, and what was told; returns the transfers that go with it, which the caller makes."""
    held = row.state in HOLDING
    row.state, row.ended = after.value, None if after in (*HOLDING, *UNCLEAR) else act.at
    if told:
        row.booking, row.failure = told.booking, told.reason
        row.day = told.day if told.booking else row.day
    if after in (RefundState.PAID, RefundState.LOST):
        row.day = row.day or banking_day_of(act.at)
    if after == RefundState.PAID:
        return holds(act, row, "post" if held else "posted")
    if after == RefundState.LOST:
        return [lost(act, row)]
    return holds(act, row, "void") if after == RefundState.REFUSED and held else []


def _there(row: Refund) -> bool:
    """Whether the money of a refund that nothing is held for is still there."""
    if row.credit:
        gone = Refund.objects.filter(credit=row.credit, state__in=GOES).values_list("amount", flat=True)
        return row.credit.amount - row.credit.assigned - sum(gone) >= row.amount
    if row.order is None:
        return False
    left = left_of(row.order, GOES)
    return all(left.get(kind, 0) >= amount for kind, amount in row.lines)


def _follow(act: Act, moved: Sequence[Refund]) -> list[str]:
    """Credits and orders stand as their refunds do, askers and owners hear it; returns the payers' keys."""
    credits_of: dict[Credit, None] = {row.credit: None for row in moved if row.credit}
    stand([*credits_of])
    failed = [row for row in moved if row.state == RefundState.REFUSED]
    open_discrepancies(act, [_failure(row, str(act.id)) for row in failed])
    touched: dict[Order, None] = {}
    for row in moved:
        if row.order and row.state == RefundState.PAID:
            row.order.refunded += row.amount
            whole = row.order.refunded == row.order.paid
            event = Event.REFUNDED if whole else Event.REFUNDED_IN_PART
            orders.advance([row.order], event, refunded=row.order.refunded)
            tell_refunded(act, row.order, row.amount)
            touched[row.order] = None
    take_back(act, [order for order in touched if order.state == OrderState.REFUNDED])
    orders.moved(act, [*touched])
    return rows.payers_of(*(order.payer for order in touched))


def _failure(row: Refund, detail: str) -> Found:
    unit = row.order.unit if row.order else row.unit
    return Found(DiscrepancyKind.PAYOUT_FAILED, unit, detail, amount=row.amount, order=row.order, refund=row)


def _unclear(row: Refund, told: PayoutResult, detail: str) -> Found:
    """`detail` tells it from what was found of this refund before."""
    words = f"{told.state} {told.amount or ''} {told.to_account.masked if told.to_account else ''} {told.booking} {told.reason}"
    about, amount = " ".join(words.split()), told.amount if 0 < told.amount <= MOST else row.amount
    kind = DiscrepancyKind.PAYOUT_UNCLEAR
    return Found(kind, row.unit, detail, amount=amount, order=row.order, refund=row, about=about)
