"""What the bank says of payouts: paid ones leave the book, failed ones free the money and wait for a person."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from django.db.models import F

from doorstep.kernel.declare.facts import Minor
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.units import UnitCode
from doorstep.systems.payments.actions import ledger, orders
from doorstep.systems.payments.actions.discrepancies import Found, open_discrepancies
from doorstep.systems.payments.actions.refunds import holds
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.facts import Channel, PaymentSettled
from doorstep.systems.payments.models import Credit, Order, Refund
from doorstep.systems.payments.permissions import FOR_REPAIR, SETTLE
from doorstep.systems.payments.rules import orders as order_rules
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind
from doorstep.systems.payments.rules.evidence import PayoutResult, PayoutState
from doorstep.systems.payments.rules.orders import Event
from doorstep.systems.payments.rules.refunds import RefundState, follow
from doorstep.systems.payments.rules.settlement import CreditState


class Taken(msgspec.Struct, frozen=True):
    """The refunds' states now, whose orders were refunded, and what the journal says of it."""

    states: list[RefundState | None]
    subjects: list[str]
    detail: str


@action(SETTLE, FOR_REPAIR)
def record_payouts(act: Act, results: list[PayoutResult], account: UUID | None = None) -> list[RefundState | None]:
    """Take what the bank says became of payouts; the refunds' states now, in the order given, None for unknown ones.

    What is known already changes nothing. Money that was paid out and returned comes in again as a credit of its own,
    whose memo names the refund; one that the bank names a booking for was paid out, whatever became of it since.
    With `account`, payouts from another one are unknown.
    """
    taken = take_payouts(act, results, account)
    act.journal(subjects=taken.subjects, detail=taken.detail)
    return taken.states


def take_payouts(act: Act, results: Sequence[PayoutResult], account: UUID | None = None) -> Taken:
    """`record_payouts` as part of an action."""
    wanted = {one.payout for one in results}
    # The orders first, then their refunds, each by id: the order in which everybody locks them.
    of = [*Refund.objects.filter(id__in=wanted, order__isnull=False).values_list("order", flat=True)]
    paid = {row.id: row for row in Order.objects.select_for_update(no_key=True).filter(id__in=of).order_by("id")}
    locked = Refund.objects.select_for_update(no_key=True, of=("self",)).filter(id__in=wanted)
    if account:
        locked = locked.filter(account=account)
    rows = {row.id: row for row in locked.select_related("account", "order").order_by("id")}
    ended: list[Refund] = []
    for result in results:
        row = rows.get(result.payout)
        came_back = result.state == PayoutState.RETURNED and result.booking
        state = follow(RefundState(row.state), PayoutState.PAID if came_back else result.state) if row else None
        if row is None or state is None:
            continue
        row.state, row.booking, row.failure = state.value, result.booking, result.reason
        if state != RefundState.TAKEN:
            row.ended = act.at
            ended.append(row)
    Refund.objects.bulk_update(rows.values(), ["state", "booking", "failure", "ended"])
    done = [row for row in ended if row.state == RefundState.PAID]
    failed = [row for row in ended if row.state != RefundState.PAID]
    ledger.transfer(act, [one for row in ended for one in holds(act, row, "post" if row in done else "void")])
    _credits(done, failed)
    subjects = _refunded(act, done, paid)
    open_discrepancies(act, [_failure(row) for row in failed])
    return Taken(
        [RefundState(rows[one.payout].state) if one.payout in rows else None for one in results],
        subjects,
        f"{len(done)} paid out, {len(failed)} failed",
    )


def _credits(done: Sequence[Refund], failed: Sequence[Refund]) -> None:
    """Credits whose money went back are returned; those whose payout failed are open again."""
    for rows, state in ((done, CreditState.RETURNED), (failed, CreditState.OPEN)):
        Credit.objects.filter(id__in=[row.credit_id for row in rows if row.credit_id]).update(state=state.value)


def _refunded(act: Act, done: Sequence[Refund], paid: Mapping[UUID, Order]) -> list[str]:
    """Orders whose refunds were paid out follow, and their askers hear it; returns the payers' keys."""
    touched: dict[UUID, Order] = {}
    for row in done:
        if row.order_id is None:
            continue
        order = touched[row.order_id] = paid[row.order_id]
        order.refunded += row.amount
        whole = order.refunded == order.paid
        state = order_rules.follow(OrderState(order.state), Event.REFUNDED if whole else Event.REFUNDED_IN_PART)
        if state is None:
            raise RuntimeError(f"an order that is {order.state} was refunded")
        order.state, order.version = state.value, order.version + 1
    for order in touched.values():
        Order.objects.filter(id=order.id).update(refunded=order.refunded, state=order.state, version=F("version") + 1)
    back = [order for order in touched.values() if order.state == OrderState.REFUNDED]
    act.fact(
        *[
            PaymentSettled(day=act.day, unit=UnitCode(one.unit), channel=Channel(one.channel), amount=Minor(-one.paid))
            for one in back
        ],
        n=-1,
    )
    orders.moved(act, [*touched.values()])
    return sorted({order.payer for order in touched.values() if order.payer})


def _failure(row: Refund) -> Found:
    unit = row.order.unit if row.order else row.unit
    return Found(DiscrepancyKind.PAYOUT_FAILED, unit, amount=row.amount, order=row.order, refund=row)
