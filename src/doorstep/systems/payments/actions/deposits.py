"""Cash that was brought to the bank arrives: what the bank counted leaves the till, whatever was said to be brought."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid5

from doorstep.kernel.store.writing import Act, action
from doorstep.systems.payments.actions import ledger
from doorstep.systems.payments.actions.discrepancies import Found, close_discrepancies, open_discrepancies
from doorstep.systems.payments.actions.refunds import accounts_of
from doorstep.systems.payments.actions.rows import locked
from doorstep.systems.payments.models import Credit, Deposit
from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE
from doorstep.systems.payments.queries.cash import deposits_late
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind
from doorstep.systems.payments.rules.ledger import AccountKind, Transfer


def under_way(codes: Iterable[str]) -> dict[str, Deposit]:
    """Deposits with these codes whose credit has not come, locked."""
    found = Deposit.objects.filter(code__in=codes, credit=None).select_related("shift__till", "account")
    return {row.code: row for row in locked(found)}


def arrive(act: Act, received: UUID, arrived: Sequence[tuple[Deposit, Credit]]) -> list[Transfer]:
    """Each deposit with its credit, whose money is on `received`. Returns the transfers, which the caller makes.

    What the bank counted too little or too much is booked as a difference, and shown to the treasury.
    """
    found, transfers = [], []
    for row, credit in arrived:
        Deposit.objects.filter(id=row.id).update(credit=credit)
        till = row.shift.till
        cash = ledger.account(act, till.unit, AccountKind.CASH, till.currency, str(till.id))
        bank, _ = accounts_of(act, row.account)
        transfers.append(Transfer(uuid5(row.id, "void"), bank, cash, row.amount, "void", pending=row.id))
        transfers.append(Transfer(uuid5(row.id, "seen"), received, cash, min(row.amount, credit.amount)))
        if missing := row.amount - credit.amount:
            other = ledger.account(act, till.unit, AccountKind.DIFFERENCES, till.currency)
            debit, source = (other, cash) if missing > 0 else (received, other)
            transfers.append(Transfer(uuid5(row.id, "differs"), debit, source, abs(missing)))
            kind = DiscrepancyKind.DEPOSIT_DIFFERS
            found.append(Found(kind, row.unit, amount=abs(missing), credit=credit, about=_about(row.code)))
    open_discrepancies(act, found)
    close_discrepancies(act, DiscrepancyKind.DEPOSIT_MISSING, [_about(row.code) for row, _ in arrived])
    return transfers


@action(SETTLE, FOR_TREASURY)
def miss_deposits(act: Act) -> int:
    """Cash that the bank should have counted by now waits for the treasury, once for each deposit; returns how many."""
    rows = (
        Deposit.objects.filter(code__in=deposits_late(act.at), credit=None)
        .order_by("id")
        .select_for_update(no_key=True)
    )
    kind = DiscrepancyKind.DEPOSIT_MISSING
    found = [Found(kind, row.unit, amount=row.amount, about=_about(row.code)) for row in rows]
    open_discrepancies(act, found)
    act.journal(detail=f"{len(found)} deposits")
    return len(found)


def _about(code: str) -> str:
    return f"deposit:{code}"
