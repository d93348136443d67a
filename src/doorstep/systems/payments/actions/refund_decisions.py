"""A paid order goes back in part or whole: one person proposes, another one decides, and the bank gets it then."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from doorstep.kernel.country import law
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import Masked, reference
from doorstep.kernel.values.reasons import NOT_FOUND, Conflict, NotFound, Refused, refuse
from doorstep.systems.payments.actions import ledger
from doorstep.systems.payments.actions.orders import lines_of
from doorstep.systems.payments.actions.refunds import holds
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import BankAccount, Credit, Order, Refund
from doorstep.systems.payments.permissions import APPROVE, FOR_REPAIR, PROPOSE
from doorstep.systems.payments.queries.orders import collecting_account
from doorstep.systems.payments.rules import refunds as rules
from doorstep.systems.payments.rules.orders import ACCOUNT_OF, by_kind
from doorstep.systems.payments.rules.refunds import COUNTS, RefundState


class Destination(msgspec.Struct, frozen=True):
    """Into which account money goes back."""

    bank: str
    number: Masked
    name: str = ""


class Proposed(msgspec.Struct, frozen=True):
    """The refund that waits for a second person."""

    id: UUID


@action(PROPOSE, FOR_REPAIR)
def propose_refund(
    act: Act, order_id: UUID, wanted: Mapping[FeeKind, int], why: str, to: Destination | None = None
) -> Proposed:
    """Propose that these amounts of a paid order go back, by kind; `to` where it is not the account that paid.

    Raises NotFound outside the actor's area, Refused with what is too much: whoever comes second finds less left.
    """
    order = _order(act, order_id)
    left = _left(order)
    paid_by = Credit.objects.filter(order=order, assigned__gt=0).select_related("account").order_by("id").first()
    if to is None and paid_by and paid_by.from_account:
        to = Destination(paid_by.from_bank, Masked(paid_by.from_account), paid_by.from_name)
    account = paid_by.account if paid_by else order.account or collecting_account(order.unit, order.currency)
    reasons = rules.check_refund(wanted, left)
    if not why.strip():
        reasons.append(rules.WHY_MISSING("why"))
    reasons += law(Country, "payments").check_account(to.bank, to.number) if to else [rules.ACCOUNT_MISSING("number")]
    refuse(reasons)
    if account is None or to is None:
        raise Refused(rules.NO_BANK_ACCOUNT())
    row = _new(act, order, account, wanted, to, why)
    act.journal(subjects=[order.payer] if order.payer else (), fields=("refund",), detail=f"{order.code} {row.code}")
    return Proposed(row.id)


@action(APPROVE, FOR_REPAIR)
def decide_refund(act: Act, refund_id: UUID, *, approve: bool) -> None:
    """Approve or reject what somebody else proposed. Raises Conflict once it is decided, Refused for one's own."""
    found = Refund.objects.filter(id=refund_id, order__isnull=False).first()
    if found is None or found.order_id is None:
        raise NotFound(NOT_FOUND())
    order = _order(act, found.order_id)
    row = (
        Refund.objects.select_for_update(no_key=True, of=("self",)).select_related("account", "order").get(id=refund_id)
    )
    if row.state != RefundState.PROPOSED:
        raise Conflict(rules.DECIDED_ALREADY())
    if row.proposed_by == act.actor.subject:
        raise Refused(rules.SAME_PERSON())
    row.decided_by, row.decided = act.actor.subject, act.at
    row.state = (RefundState.APPROVED if approve else RefundState.REJECTED).value
    row.ended = None if approve else act.at
    row.save(update_fields=["decided_by", "decided", "state", "ended"])
    if approve:
        ledger.transfer(act, holds(act, row, "pending"))
    act.journal(subjects=[order.payer] if order.payer else (), fields=("refund",), detail=f"{row.code} {row.state}")


def _order(act: Act, order_id: UUID) -> Order:
    """An order of the actor's area, locked."""
    mine = Order.objects.filter(units.within(act.actor.unit, act.day), id=order_id)
    order = mine.select_for_update(no_key=True).first()
    if order is None:
        raise NotFound(NOT_FOUND())
    return order


def _left(order: Order) -> dict[FeeKind, int]:
    """How much of each kind may still go back; the order is locked."""
    left = dict(by_kind(lines_of(order))) if order.paid else {}
    of_account = {ACCOUNT_OF[kind].value: kind for kind in left}
    for lines in Refund.objects.filter(order=order, state__in=COUNTS).values_list("lines", flat=True):
        for account, amount in lines:
            left[of_account[account]] -= amount
    return left


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
