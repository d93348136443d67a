"""Discrepancies are repaired by two persons: money is assigned to an order or goes back, or a note says what was found."""

from typing import Any
from uuid import UUID

from doorstep.kernel.country import law
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import read_reference
from doorstep.kernel.values.reasons import NOT_FOUND, Conflict, NotFound, Refused, refuse
from doorstep.systems.payments.actions import ledger
from doorstep.systems.payments.actions.refund_decisions import Destination
from doorstep.systems.payments.actions.refunds import accounts_of, return_credits
from doorstep.systems.payments.actions.settlement import settle
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.facts import Channel
from doorstep.systems.payments.models import Credit, Discrepancy, Order
from doorstep.systems.payments.permissions import APPROVE, FOR_REPAIR, PROPOSE
from doorstep.systems.payments.rules import discrepancies as rules
from doorstep.systems.payments.rules.discrepancies import KINDS, DiscrepancyKind, Repair
from doorstep.systems.payments.rules.orders import ORDER_UNKNOWN, payable
from doorstep.systems.payments.rules.refunds import ACCOUNT_MISSING, DECIDED_ALREADY, SAME_PERSON, WHY_MISSING
from doorstep.systems.payments.rules.settlement import CreditState

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
    row = _locked(act, discrepancy_id)
    if row.resolved or row.repair:
        raise Conflict(DECIDED_ALREADY())
    reasons = [] if note.strip() else [WHY_MISSING("note")]
    if repair not in KINDS[DiscrepancyKind(row.kind)].fitting or (repair != Repair.CLARIFY and _credit(row) is None):
        reasons.append(rules.REPAIR_UNFIT("repair"))
    if to:
        reasons += law(Country, "payments").check_account(to.bank, to.number)
    refuse(reasons)
    if repair != Repair.CLARIFY:
        row.repair = repair.value
        credit = _open(row)
        row.target = _target(act, code) if repair == Repair.ASSIGN else None
        over = credit.amount - credit.assigned - (row.target.amount if row.target else 0)
        if over < 0:
            raise Refused(rules.TOO_LITTLE("code"))
        if over and not (to or credit.from_account):
            raise Refused(ACCOUNT_MISSING("number"))
    row.repair, row.note, row.proposed_by = repair.value, note.strip(), act.actor.subject
    if to:
        row.to_bank, row.to_account, row.to_name = to.bank, str(to.number), to.name
    row.save(update_fields=[*_CLEARED])
    act.journal(fields=("repair",), detail=f"discrepancy {row.id} {repair}")


@action(APPROVE, FOR_REPAIR)
def decide_repair(act: Act, discrepancy_id: UUID, *, approve: bool) -> None:
    """Carry out what somebody else chose, or reject it, so that another repair can be chosen.

    Raises Conflict where there is nothing to decide or what was chosen does not fit any more, Refused for one's own.
    """
    row = _locked(act, discrepancy_id)
    if row.resolved or not row.repair:
        raise Conflict(DECIDED_ALREADY())
    if row.proposed_by == act.actor.subject:
        raise Refused(SAME_PERSON())
    detail = f"discrepancy {row.id} {row.repair} {'approved' if approve else 'rejected'}"
    payer = ""
    if approve:
        if row.repair != Repair.CLARIFY:
            payer = _carry_out(act, row)
        row.decided_by, row.resolved = act.actor.subject, act.at
    else:
        for name, value in _CLEARED.items():
            setattr(row, name, value)
    row.save(update_fields=[*_CLEARED, "decided_by", "resolved"])
    act.journal(subjects=[payer] if payer else (), fields=("repair",), detail=detail)


def _carry_out(act: Act, row: Discrepancy) -> str:
    """Settle the order that was chosen, send back what is over; returns the key of the payer, "" where there is none."""
    credit = _open(row)
    order = Order.objects.select_for_update(no_key=True).filter(id=row.target_id).first() if row.target_id else None
    credit.assigned += order.amount if order else 0
    credit.order = order or credit.order
    over = credit.amount - credit.assigned
    credit.state = (CreditState.RETURNING if over else CreditState.ASSIGNED).value
    credit.save(update_fields=["assigned", "order", "state"])
    held = []
    if over:
        if row.to_account:
            credit.from_bank, credit.from_account, credit.from_name = row.to_bank, row.to_account, row.to_name
        by = (row.proposed_by, act.actor.subject)
        held = return_credits(act, credit.account, [(credit, over, row.note)], by=by)
    if order is None:
        ledger.transfer(act, held)
        return ""
    _, received = accounts_of(act, credit.account)
    settle(act, [order], Channel.TRANSFER, received, held)
    return order.payer


def _locked(act: Act, discrepancy_id: UUID) -> Discrepancy:
    mine = Discrepancy.objects.filter(units.within(act.actor.unit, act.day), id=discrepancy_id)
    row = mine.select_for_update(no_key=True, of=("self",)).select_related("refund").first()
    if row is None:
        raise NotFound(NOT_FOUND())
    return row


def _credit(row: Discrepancy) -> UUID | None:
    """The money that it is about: what came in, or what could not go back."""
    return row.credit_id or (row.refund.credit_id if row.refund else None)


def _open(row: Discrepancy) -> Credit:
    """The money, locked; raises Conflict where it lies no longer unassigned."""
    found = Credit.objects.select_for_update(no_key=True, of=("self",)).select_related("account")
    number = _credit(row)
    credit = found.filter(id=number, state=CreditState.OPEN).first() if number else None
    if credit is None or (credit.assigned and row.repair == Repair.ASSIGN):
        raise Conflict(rules.MONEY_GONE())
    return credit


def _target(act: Act, code: str) -> Order:
    """The order of the actor's area that has this code and can be paid."""
    read = read_reference(code)
    mine = Order.objects.filter(units.within(act.actor.unit, act.day), code=read) if read else Order.objects.none()
    order = mine.first()
    if order is None:
        raise Refused(ORDER_UNKNOWN("code"))
    if not payable(OrderState(order.state)):
        raise Refused(rules.NOT_PAYABLE_NOW("code"))
    return order
