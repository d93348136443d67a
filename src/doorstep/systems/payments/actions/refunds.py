"""Refunds: money is held when it is promised, leaves the book when the bank has paid, and is free again when it has not."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from doorstep.kernel.store.writing import Act
from doorstep.kernel.values.ids import reference
from doorstep.systems.payments.actions import ledger
from doorstep.systems.payments.models import BankAccount, Credit, Refund
from doorstep.systems.payments.rules.ledger import AccountKind, Stage, Transfer
from doorstep.systems.payments.rules.refunds import RefundState

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


def return_credits(act: Act, account: BankAccount, back: Sequence[tuple[Credit, int, str]]) -> list[Transfer]:
    """Refunds of what came into `account` and pays nothing: (credit, amount, why) each goes where it came from, approved.

    Returns the transfers that hold the money, which the caller makes.
    """
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
            to_bank=credit.from_bank,
            to_account=str(credit.from_account),
            to_name=credit.from_name,
            why=why,
            state=RefundState.APPROVED.value,
            proposed_by=ITSELF,
            proposed=act.at,
            decided_by=ITSELF,
            decided=act.at,
        )
        for credit, amount, why in back
    ]
    Refund.objects.bulk_create(rows)
    return [one for row in rows for one in holds(act, row, "pending")]


def holds(act: Act, refund: Refund, stage: Stage) -> list[Transfer]:
    """The refund's transfers: "pending" when it is approved, "post" when the bank has paid, "void" when it will not."""
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
                pending=None if stage == "pending" else held,
                until=act.at + HELD if stage == "pending" else None,
                order=refund.order_id,
            )
        )
    return found
