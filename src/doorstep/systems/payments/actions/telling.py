"""Payers are told what became of their money: in the transaction that moves it, by the way that each chose."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from doorstep.kernel.country import profile
from doorstep.kernel.declare.notices import NoticeKind
from doorstep.kernel.store.writing import Act
from doorstep.kernel.values.money import Money
from doorstep.systems.identity.contract import PersonToTell
from doorstep.systems.payments import notices
from doorstep.systems.payments.models import Order, Receipt
from doorstep.systems.payments.rules.receipts import number_of


def tell_paid(act: Act, rows: Iterable[Order], receipts: Sequence[Receipt]) -> None:
    """That the payment has arrived, with the receipt's number and the address of the page that confirms it."""
    given: Mapping[UUID, Receipt] = {one.order_id: one for one in receipts}
    for row in rows:
        receipt = given[row.id]
        address = settings.SITE_URL + reverse("payments:receipt", args=[receipt.code])
        number = number_of(receipt.unit, receipt.year, receipt.number)
        _tell(act, row, notices.PAID, row.paid, number=number, address=address)


def tell_refunded(act: Act, row: Order, amount: int) -> None:
    _tell(act, row, notices.REFUNDED, amount)


def tell_differing(act: Act, row: Order, amount: int) -> None:
    """Money of another amount came for the order, and the unit's people look into it."""
    _tell(act, row, notices.DIFFERS, amount)


def tell_returning(act: Act, row: Order, amount: int) -> None:
    """Money that came for the order and does not pay it goes back."""
    _tell(act, row, notices.GOES_BACK, amount)


def tell_moved(act: Act, row: Order, target: Order) -> None:
    _tell(act, row, notices.MOVED, row.paid, other=target.code)


def _tell(act: Act, row: Order, kind: NoticeKind, amount: int, **more: str) -> None:
    if not row.payer:
        return
    currency = profile().currency
    # Whole units are written as the reader's language does; those with decimals as they are.
    written = str(Money(amount, currency).decimal()) if currency.decimals else amount
    given = {"amount": written, "currency": currency.code, "code": row.code, **more}
    act.tell(PersonToTell(row.payer, notice=kind.code, names=tuple(given), values=tuple(given.values())))
