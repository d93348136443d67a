"""Refunds: money is held when it is promised, leaves the book when the bank has paid, and is free again when it has not."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from doorstep.kernel.store.writing import Act
from doorstep.kernel.values.ids import Masked, reference
from doorstep.systems.payments.actions import ledger
from doorstep.systems.payments.actions.orders import lines_of
from doorstep.systems.payments.actions.telling import tell_returning
from doorstep.systems.payments.models import BankAccount, Credit, Order, Refund
from doorstep.systems.payments.rules.ledger import AccountKind, Stage, Transfer
from doorstep.systems.payments.rules.orders import ACCOUNT_OF, by_kind
from doorstep.systems.payments.rules.refunds import HOLDING, REFUNDABLE, UNCLEAR, Destination, RefundState
from doorstep.systems.payments.rules.settlement import state_of

HELD = timedelta(days=3660)
"""How long money stays held for a payout at the longest: it is freed by what the bank says, not by time."""
ITSELF = "task:payments"
"""Who proposes and approves what goes back by itself."""


def accounts_of(act: Act, account: BankAccount) -> tuple[UUID, UUID]:
    """The ledger accounts of a bank account: what is there, and what of it is not assigned yet."""
    label = f"{account.bank}:{account.number}"
    return (
        ledger.account(act, account.unit, AccountKind.BANK, account.currency, label),
        ledger.account(act, account.unit, AccountKind.RECEIVED, account.currency, label),
    )


def return_credits(
    act: Act,
    account: BankAccount,
    back: Sequence[tuple[Credit, int, str]],
    to: Destination | None = None,
    by: tuple[str, str] = (ITSELF, ITSELF),
) -> list[Transfer]:
    """Refunds of what came into `account` and pays nothing, approved: (credit, amount, why) each goes `to` an account,
    without one to that which it came from. `by` says who proposed and who approved it.

    Returns the transfers that hold the money, which the caller makes.
    """
    where = [
        (credit, to or Destination(credit.from_bank, Masked(credit.from_account), credit.from_name))
        for credit, _, _ in back
    ]
    rows = [
        Refund(
            id=act.next_id(),
            code=reference(),
            credit=credit,
            unit=account.unit,
            account=account,
            lines=[[AccountKind.RECEIVED.value, amount]],
            amount=amount,
            currency=account.currency,
            to_bank=goes.bank,
            to_account=str(goes.number),
            to_name=goes.name,
            why=why,
            state=RefundState.APPROVED.value,
            proposed_by=by[0],
            proposed=act.at,
            decided_by=by[1],
            decided=act.at,
        )
        for (credit, amount, why), (_, goes) in zip(back, where, strict=True)
    ]
    Refund.objects.bulk_create(rows)
    for credit, amount, _ in back:
        if credit.order:
            tell_returning(act, credit.order, amount)
    return [one for row in rows for one in holds(act, row, "pending")]


def stand(rows: Sequence[Credit]) -> None:
    """These credits, which are locked, are where their orders and refunds say."""
    sums: dict[UUID, dict[str, int]] = {row.id: {} for row in rows}
    for of, state, amount in Refund.objects.filter(credit__in=rows).values_list("credit", "state", "amount"):
        sums[of][state] = sums[of].get(state, 0) + amount
    for row in rows:
        under_way = sum(sums[row.id].get(state, 0) for state in {*HOLDING, *UNCLEAR})
        row.state = state_of(row.amount, row.assigned, sums[row.id].get(RefundState.PAID, 0), under_way).value
    Credit.objects.bulk_update(rows, ["state"])


def left_of(order: Order, gone: Collection[RefundState], but: Sequence[UUID] = ()) -> dict[str, int]:
    """What of each account kind may still go back of an order, which is locked, where refunds in the states `gone` count."""
    due = by_kind(lines_of(order)) if order.state in REFUNDABLE else {}
    left = {ACCOUNT_OF[kind].value: amount for kind, amount in due.items()}
    for lines in Refund.objects.filter(order=order, state__in=gone).exclude(id__in=but).values_list("lines", flat=True):
        for kind, amount in lines:
            left[kind] = left.get(kind, 0) - amount
    return left


def lost(act: Act, refund: Refund) -> Transfer:
    """The transfer of money that left the bank account although it had been given away otherwise: a loss of the unit."""
    bank, _ = accounts_of(act, refund.account)
    differences = ledger.account(act, refund.unit, AccountKind.DIFFERENCES, refund.currency)
    return Transfer(uuid5(refund.id, "lost"), differences, bank, refund.amount)


def holds(act: Act, refund: Refund, stage: Stage) -> list[Transfer]:
    """The refund's transfers: "pending" when it is approved, "post" when the bank has paid, "void" when it will not;
    "posted" when it has paid what was not held any more.
    """
    bank, received = accounts_of(act, refund.account)
    unit = refund.order.unit if refund.order else refund.unit
    found = []
    for kind, amount in refund.lines:
        held = uuid5(refund.id, kind)
        source = (
            received if kind == AccountKind.RECEIVED else ledger.account(act, unit, AccountKind(kind), refund.currency)
        )
        found.append(
            Transfer(
                held if stage == "pending" else uuid5(refund.id, f"{kind}:{stage}"),
                source,
                bank,
                amount,
                stage,
                pending=held if stage in ("post", "void") else None,
                until=act.at + HELD if stage == "pending" else None,
                order=refund.order_id,
            )
        )
    return found
