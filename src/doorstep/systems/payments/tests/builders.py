"""Builders of payments' values for tests with tables; money in minor units."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any
from uuid import uuid4

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import orders
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.rules.evidence import Credit, PayoutResult, PayoutState
from doorstep.systems.payments.tests import values
from doorstep.systems.payments.tests.values import AT, UNIT, asked

CLOCK = By(Actor("task:payments", roles=("payments.clock",), via="task"), AT)
ASKER = By(Actor(values.ASKER, roles=("payments.asker",), via="token:1"), AT)
CASHIER = By(Actor("cashier:1", UNIT, ("payments.cashier",), level=2), AT)
SECOND_TREASURER = By(Actor("treasurer:2", UNIT, ("payments.treasurer",), level=2), AT)
TREASURER = By(Actor("treasurer:1", UNIT, ("payments.treasurer",), level=2), AT)
_bookings: Iterator[int] = count(1)


def bank_account(unit: str = UNIT, serial: int = 1, approved: datetime = AT) -> models.BankAccount:
    """An account that collects for the unit."""
    country = law(Country, "payments")
    return models.BankAccount.objects.create(
        id=uuid4(),
        unit=unit,
        bank=country.fictitious_bank,
        number=country.fictitious_account(serial),
        holder="TREASURY",
        currency=profile().currency.code,
        proposed_by="treasurer:1",
        proposed=AT,
        approved_by="treasurer:2",
        approved=approved,
    )


def known_unit() -> None:
    """The table of units knows the unit."""
    units.load(row for row in profile().units.rows if row.code == UNIT)


def order(**changes: Any) -> models.Order:
    """An order that was asked for, of a unit that the table knows."""
    known_unit()
    wanted = asked(**changes)
    orders.request_order(ASKER, wanted)
    return models.Order.objects.get(id=wanted.order)


def credit(memo: str, amount: int = 750, **changes: Any) -> Credit:
    """Money that came in from an account that the bank names."""
    passing: dict[str, Any] = {
        "booking": f"B{next(_bookings):06}",
        "amount": amount,
        "currency": profile().currency.code,
        "memo": memo,
        "booked": AT,
        "day": AT.date(),
        "from_bank": "TB02",
        "from_account": Masked("111222333"),
        "from_name": "NGUYEN VAN VI DU",
    }
    return Credit(**{**passing, **changes})


def paid_out(refund: Any, **changes: Any) -> PayoutResult:
    """The bank has paid out a refund (or what has its id), as it was ordered to."""
    row = models.Refund.objects.select_related("account").get(id=refund.id)
    passing: dict[str, Any] = {"state": PayoutState.PAID, "booking": "P1", "amount": row.amount}
    accounts = {"bank": row.account.bank, "account": row.account.number, "to_bank": row.to_bank}
    passing |= {**accounts, "to_account": Masked(row.to_account)}
    return PayoutResult(payout=row.id, **{**passing, **changes})


def balances() -> dict[str, int]:
    """What is on the ledger's accounts now, by kind; pending money is not subtracted."""
    found: dict[str, int] = {}
    for row in models.Account.objects.all():
        moved = row.debits - row.credits
        found[row.kind] = found.get(row.kind, 0) + (moved if row.side == "debit" else -moved)
    return {kind: amount for kind, amount in found.items() if amount}


def reread(row: Any) -> Any:
    """The row as it is now."""
    return type(row).objects.get(pk=row.pk)
