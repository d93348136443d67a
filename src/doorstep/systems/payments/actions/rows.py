"""The rows that actions lock. Whoever locks several kinds does so in this order, and each kind in the order that it names:

what waits for somebody (a discrepancy, a move, a shift), credits (new ones are inserted by booking before others are locked by
account and booking), orders by id, refunds by id, deposits by id, and at the end, by `ledger.transfer`, the ledger's accounts
by id. So nobody waits for another crosswise.
"""

from typing import TypeVar
from uuid import UUID

import msgspec
from django.db.models import Model, Q, QuerySet

from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.payments.models import Credit, Order, Refund

T = TypeVar("T", bound=Model)


class Proposed(msgspec.Struct, frozen=True):
    """What waits for a second person."""

    id: UUID


def locked(rows: QuerySet[T], *order: str) -> QuerySet[T]:
    """These rows, locked until the transaction ends, without what is selected along with them."""
    return rows.order_by(*(order or ("id",))).select_for_update(no_key=True, of=("self",))


def mine(act: Act, rows: QuerySet[T], **which: object) -> T:
    """The one of these rows that is of the actor's area, locked. Raises NotFound."""
    row = locked(rows.filter(units.within(act.actor.unit, act.day), **which)).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    return row


def payers_of(*keys: str | None) -> list[str]:
    """The subjects of a journal entry about orders whose payers have these keys, "" or None where nobody is known."""
    return sorted({key for key in keys if key})


def refunds(*conditions: Q, **which: object) -> list[Refund]:
    """Refunds by id with their credits and orders, all of them locked."""
    found = Refund.objects.filter(*conditions, **which)
    of = [*found.values_list("credit", "order")]
    credits_of = locked(Credit.objects.filter(id__in={one for one, _ in of}), "account_id", "booking")
    credited = {row.id: row for row in credits_of}
    ordered = {row.id: row for row in locked(Order.objects.filter(id__in={one for _, one in of}))}
    rows = list(locked(found.select_related("account")))
    for row in rows:
        row.credit = credited[row.credit_id] if row.credit_id else None
        row.order = ordered[row.order_id] if row.order_id else None
    return rows
