"""Cash that was brought to the bank arrives: what the bank counted leaves the till, whatever was said to be brought."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid5

from doorstep.kernel.store.writing import Act
from doorstep.systems.payments.actions import ledger
from doorstep.systems.payments.actions.discrepancies import Found, open_discrepancies
from doorstep.systems.payments.actions.refunds import accounts_of
from doorstep.systems.payments.actions.rows import locked
from doorstep.systems.payments.models import Credit, Deposit
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
            found.append(Found(kind, row.unit, amount=abs(missing), credit=credit, about=f"deposit:{row.code}"))
    open_discrepancies(act, found)
    return transfers
