"""A paid order goes back in part or whole: one person proposes, another one decides, and the bank gets it then."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from doorstep.kernel.country import law
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import Masked, reference
from doorstep.kernel.values.reasons import NOT_FOUND, Conflict, NotFound, Refused, refuse
from doorstep.systems.payments.actions import ledger, rows
from doorstep.systems.payments.actions.orders import collecting_account
from doorstep.systems.payments.actions.refunds import holds, left_of
from doorstep.systems.payments.actions.rows import Proposed, payers_of
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import BankAccount, Credit, Order, Refund
from doorstep.systems.payments.permissions import APPROVE, FOR_REPAIR, PROPOSE
from doorstep.systems.payments.rules import refunds as rules
from doorstep.systems.payments.rules.orders import ACCOUNT_OF
from doorstep.systems.payments.rules.refunds import COUNTS, Destination, RefundState

_KIND = {account.value: kind for kind, account in ACCOUNT_OF.items()}


@action(PROPOSE, FOR_REPAIR)
def propose_refund(
    act: Act, order_id: UUID, wanted: Mapping[FeeKind, int], why: str, to: Destination | None = None
) -> Proposed:
    """Propose that these amounts of a paid order go back, by kind; `to` where it is not the account that paid.

    Raises NotFound outside the actor's area, Refused with what is too much: whoever comes second finds less left.
    """
    order = rows.mine(act, Order.objects.all(), id=order_id)
    left = _left(order)
    paid_by = Credit.objects.filter(order=order, assigned__gt=0).select_related("account").order_by("id").first()
    reasons = law(Country, "payments").check_account(to.bank, to.number) if to else []  # what the bank said needs none
    if to is None and paid_by and paid_by.from_account:
        to = Destination(paid_by.from_bank, Masked(paid_by.from_account), paid_by.from_name)
    account = paid_by.account if paid_by else order.account or collecting_account(order.unit, order.currency, act.day)
    reasons += rules.check_refund(wanted, left)
    if not why.strip():
        reasons.append(rules.WHY_MISSING("why"))
    if to is None:
        reasons.append(rules.ACCOUNT_MISSING("number"))
    refuse(reasons)
    if account is None or to is None:
        raise Refused(rules.NO_BANK_ACCOUNT())
    row = _new(act, order, account, wanted, to, why)
    act.journal(subjects=payers_of(order.payer), fields=("refund",), detail=f"{order.code} {row.code}")
    return Proposed(row.id)


@action(APPROVE, FOR_REPAIR)
def decide_refund(act: Act, refund_id: UUID, *, approve: bool) -> None:
    """Approve or reject what somebody else proposed. Raises Conflict once it is decided, Refused for one's own, or where
    so much cannot go back any more.
    """
    found = rows.refunds(units.within(act.actor.unit, act.day), id=refund_id, order__isnull=False)
    if not found or not found[0].order:
        raise NotFound(NOT_FOUND())
    (row,) = found
    order = found[0].order
    if row.state != RefundState.PROPOSED:
        raise Conflict(rules.DECIDED_ALREADY())
    if row.proposed_by == act.actor.subject:
        raise Refused(rules.SAME_PERSON())
    if approve:
        refuse(rules.check_refund({_KIND[kind]: amount for kind, amount in row.lines}, _left(order, but=[row.id])))
    row.decided_by, row.decided = act.actor.subject, act.at
    row.state = (RefundState.APPROVED if approve else RefundState.REJECTED).value
    row.ended = None if approve else act.at
    row.save(update_fields=["decided_by", "decided", "state", "ended"])
    if approve:
        ledger.transfer(act, holds(act, row, "pending"))
    act.journal(subjects=payers_of(order.payer), fields=("refund",), detail=f"{row.code} {row.state}")


def _left(order: Order, but: Sequence[UUID] = ()) -> dict[FeeKind, int]:
    """How much of each kind may still go back; the order is locked."""
    return {_KIND[kind]: amount for kind, amount in left_of(order, COUNTS, but).items()}


def _new(
    act: Act, order: Order, account: BankAccount, wanted: Mapping[FeeKind, int], to: Destination, why: str
) -> Refund:
    lines = [[ACCOUNT_OF[kind].value, amount] for kind, amount in wanted.items() if amount]
    return Refund.objects.create(
        id=act.id,
        code=reference(),
        order=order,
        unit=order.unit,
        account=account,
        lines=lines,
        amount=sum(amount for _, amount in lines),
        currency=order.currency,
        to_bank=to.bank,
        to_account=str(to.number),
        to_name=to.name,
        why=why.strip(),
        state=RefundState.PROPOSED.value,
        proposed_by=act.actor.subject,
        proposed=act.at,
    )
