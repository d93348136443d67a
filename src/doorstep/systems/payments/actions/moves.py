"""A payment that was made for the wrong order is moved to the one that was meant: one proposes, another one decides."""

from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import F

from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import read_reference
from doorstep.kernel.values.reasons import NOT_FOUND, Conflict, NotFound, Refused, refuse
from doorstep.systems.payments.actions import ledger, orders
from doorstep.systems.payments.actions.rows import Proposed, locked, payers_of
from doorstep.systems.payments.actions.settlement import settle, take_back
from doorstep.systems.payments.actions.telling import tell_moved
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.facts import Channel
from doorstep.systems.payments.models import Move, Order, Refund
from doorstep.systems.payments.permissions import APPROVE, FOR_REPAIR, PROPOSE
from doorstep.systems.payments.rules import cash as rules
from doorstep.systems.payments.rules.ledger import AccountKind, Transfer
from doorstep.systems.payments.rules.orders import ACCOUNT_OF, Event, by_kind
from doorstep.systems.payments.rules.refunds import COUNTS, DECIDED_ALREADY, SAME_PERSON, WHY_MISSING


@action(PROPOSE, FOR_REPAIR)
def propose_move(act: Act, source: str, target: str, why: str) -> Proposed:
    """Propose that what was paid for the order of one public code pays that of another; both of the actor's area."""
    if not why.strip():
        raise Refused(WHY_MISSING("why"))
    codes = {name: read_reference(code) or "" for name, code in (("source", source), ("target", target))}
    if codes["source"] and codes["source"] == codes["target"]:
        raise Refused(rules.MOVE_TO_ITSELF("target"))
    found = {row.code: row for row in _locked(act, code__in=[*codes.values()])}
    refuse([rules.ORDER_NOT_FOUND(name) for name, code in codes.items() if code not in found])
    paid, meant = found[codes["source"]], found[codes["target"]]
    _check(paid, meant)
    try:
        with transaction.atomic():
            Move.objects.create(
                id=act.id,
                source=paid,
                target=meant,
                unit=paid.unit,
                amount=paid.paid,
                why=why.strip(),
                proposed_by=act.actor.subject,
                proposed=act.at,
            )
    except IntegrityError as waits:
        raise Conflict(rules.MOVE_WAITS("source")) from waits
    act.journal(subjects=payers_of(paid.payer, meant.payer), fields=("move",), detail=f"{paid.code} {meant.code}")
    return Proposed(act.id)


@action(APPROVE, FOR_REPAIR)
def decide_move(act: Act, move_id: UUID, *, approve: bool) -> None:
    """Approve or reject what somebody else proposed: the one order counts as refunded, the other one is paid.

    Raises NotFound outside the actor's area, Refused for one's own, Conflict once it is decided.
    """
    row = locked(Move.objects.filter(id=move_id)).first()
    rows = {one.id: one for one in _locked(act, id__in=[row.source_id, row.target_id])} if row else {}
    if row is None or len(rows) < 2:
        raise NotFound(NOT_FOUND())
    if row.decided:
        raise Conflict(DECIDED_ALREADY())
    if row.proposed_by == act.actor.subject:
        raise Refused(SAME_PERSON())
    row.decided_by, row.decided, row.approved = act.actor.subject, act.at, approve
    row.save(update_fields=["decided_by", "decided", "approved"])
    source, target = rows[row.source_id], rows[row.target_id]
    if approve:
        _move(act, row, source, target)
    act.journal(
        subjects=payers_of(source.payer, target.payer),
        fields=("move",),
        detail=f"{source.code} {target.code} {approve}",
    )


def _move(act: Act, row: Move, source: Order, target: Order) -> None:
    """Out of the accounts of the one order, over the unit's account of unassigned money, into those of the other."""
    _check(source, target)
    over = ledger.account(act, source.unit, AccountKind.RECEIVED, source.currency, "moved")
    out = [
        Transfer(
            uuid5(row.id, kind.value),
            ledger.account(act, source.unit, ACCOUNT_OF[kind], source.currency),
            over,
            amount,
            order=source.id,
        )
        for kind, amount in by_kind(orders.lines_of(source)).items()
    ]
    orders.advance([source], Event.REFUNDED, refunded=F("paid"))
    settle(act, [target], Channel(source.channel), over, out)
    take_back(act, [source])
    orders.moved(act, [source])
    tell_moved(act, source, target)


def _locked(act: Act, **which: object) -> list[Order]:
    return list(locked(Order.objects.filter(units.within(act.actor.unit, act.day), **which)))


def _check(source: Order, target: Order) -> None:
    refunds = list(Refund.objects.filter(order=source, state__in=COUNTS).values_list("amount", flat=True))
    standing = OrderState(source.state), source.paid, refunds
    refuse(rules.check_move(*standing, OrderState(target.state), target.amount))
