"""Discrepancies are repaired by two persons: money is assigned to an order or goes back, or a note says what was found."""

from typing import Any
from uuid import UUID

from doorstep.kernel.country import law
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import read_reference
from doorstep.kernel.values.reasons import Conflict, Refused, refuse
from doorstep.systems.payments.actions import ledger, rows
from doorstep.systems.payments.actions.bank import go_on
from doorstep.systems.payments.actions.payouts import decide_payout
from doorstep.systems.payments.actions.refunds import accounts_of, return_credits, stand
from doorstep.systems.payments.actions.settlement import settle
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.facts import Channel
from doorstep.systems.payments.models import BankAccount, Credit, Discrepancy, Order
from doorstep.systems.payments.permissions import APPROVE, FOR_REPAIR, PROPOSE
from doorstep.systems.payments.queries.discrepancies import destination_of, fitting_of, lacking_of, money_of
from doorstep.systems.payments.rules import discrepancies as rules
from doorstep.systems.payments.rules.cash import ORDER_NOT_FOUND
from doorstep.systems.payments.rules.discrepancies import Repair
from doorstep.systems.payments.rules.orders import NOT_PAYABLE, payable
from doorstep.systems.payments.rules.refunds import (
    ACCOUNT_MISSING,
    DECIDED_ALREADY,
    SAME_PERSON,
    WHY_MISSING,
    Destination,
)
from doorstep.systems.payments.rules.settlement import CreditState

_MONEY = (Repair.ASSIGN, Repair.REFUND)
_CLEARED: dict[str, Any] = {
    **dict.fromkeys(("repair", "to_bank", "to_account", "to_name", "note", "proposed_by"), ""),
    "target": None,
}


@action(PROPOSE, FOR_REPAIR)
def propose_repair(
    act: Act, discrepancy_id: UUID, repair: Repair, *, code: str = "", to: Destination | None = None, note: str
) -> None:
    """Choose a repair: `code` of the order to assign to, `to` where money goes back elsewhere than it came from, and why.

    Raises NotFound outside the actor's area, Conflict where somebody has chosen already, Refused for what does not fit.
    """
    row = rows.mine(act, Discrepancy.objects.select_related("credit", "refund__credit"), id=discrepancy_id)
    if row.resolved or row.repair:
        raise Conflict(DECIDED_ALREADY())
    reasons = [] if note.strip() else [WHY_MISSING("note")]
    if repair not in fitting_of(row):
        reasons.append(rules.REPAIR_UNFIT("repair"))
    if to:
        reasons += law(Country, "payments").check_account(to.bank, to.number)
    refuse(reasons)
    if repair in _MONEY:
        row.repair = repair.value
        credit = _open(row)
        row.target = _target(act, code) if repair == Repair.ASSIGN else None
        over = credit.amount - credit.assigned - (row.target.amount if row.target else 0)
        if over < 0:
            raise Refused(rules.TOO_LITTLE("code"))
        if over and not (to or credit.from_account):
            raise Refused(ACCOUNT_MISSING("number"))
    row.repair, row.note, row.proposed_by = repair.value, note.strip(), act.actor.subject
    row.chosen += 1
    if to:
        row.to_bank, row.to_account, row.to_name = to.bank, str(to.number), to.name
    row.save(update_fields=[*_CLEARED, "chosen"])
    act.journal(fields=("repair",), detail=f"discrepancy {row.id} {repair}")


@action(APPROVE, FOR_REPAIR)
def decide_repair(act: Act, discrepancy_id: UUID, chosen: int, *, approve: bool) -> None:
    """Carry out what somebody else chose, or reject it, so that another repair can be chosen; `chosen` says which choice was seen.

    Raises Conflict where there is nothing to decide or what was chosen does not fit any more, Refused for one's own.
    """
    row = rows.mine(act, Discrepancy.objects.select_related("credit", "refund__credit"), id=discrepancy_id)
    if row.resolved or not row.repair or row.chosen != chosen:
        raise Conflict(DECIDED_ALREADY())
    if row.proposed_by == act.actor.subject:
        raise Refused(SAME_PERSON())
    detail = f"discrepancy {row.id} {row.repair} {'approved' if approve else 'rejected'}"
    payer = ""
    if approve:
        if row.repair in _MONEY:
            payer = _carry_out(act, row)
        elif row.repair != Repair.CLARIFY and row.refund:
            payer = decide_payout(act, row.refund, left=row.repair == Repair.PAID_OUT)
        elif lacking := lacking_of(row):  # the days after it wait no more
            go_on(act, BankAccount.objects.get(id=lacking.account), lacking.day)
        row.decided_by, row.resolved = act.actor.subject, act.at
    else:
        for name, value in _CLEARED.items():
            setattr(row, name, value)
    row.save(update_fields=[*_CLEARED, "decided_by", "resolved"])
    act.journal(subjects=rows.payers_of(payer), fields=("repair",), detail=detail)


def _carry_out(act: Act, row: Discrepancy) -> str:
    """Settle the order that was chosen, send back what is over; returns the key of the payer, "" where there is none."""
    credit = _open(row)
    order = rows.locked(Order.objects.filter(id=row.target_id)).first() if row.target_id else None
    credit.assigned += order.amount if order else 0
    credit.order = order or credit.order
    over = credit.amount - credit.assigned
    held = []
    if over:
        by = (row.proposed_by, act.actor.subject)
        held = return_credits(act, credit.account, [(credit, over, row.note)], destination_of(row, credit), by)
    credit.save(update_fields=["assigned", "order"])
    stand([credit])
    if order is None:
        ledger.transfer(act, held)
        return ""
    _, received = accounts_of(act, credit.account)
    settle(act, [order], Channel.TRANSFER, received, held)
    return order.payer


def _open(row: Discrepancy) -> Credit:
    """Its money, locked; raises Conflict where it lies no longer unassigned."""
    known = money_of(row)
    found = Credit.objects.select_related("account").filter(id=known.id, state=CreditState.OPEN) if known else None
    credit = rows.locked(found).first() if found is not None else None
    if credit is None or (credit.assigned and row.repair == Repair.ASSIGN):
        raise Conflict(rules.MONEY_GONE())
    return credit


def _target(act: Act, code: str) -> Order:
    """The order of the actor's area that has this code and can be paid."""
    read = read_reference(code)
    mine = Order.objects.filter(units.within(act.actor.unit, act.day), code=read) if read else Order.objects.none()
    order = mine.first()
    if order is None:
        raise Refused(ORDER_NOT_FOUND("code"))
    if not payable(OrderState(order.state)):
        raise Refused(NOT_PAYABLE("code"))
    return order
