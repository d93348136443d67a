"""Receipts get their number in the transaction that settles the order, so that there is neither a gap nor a payment without."""

from django.db import connection

from doorstep.kernel.store.writing import Act
from doorstep.kernel.values.ids import reference
from doorstep.systems.payments.models import Order, Receipt


def issue(act: Act, orders: list[Order]) -> list[Receipt]:
    """Receipts for orders that this transaction settles, in their order; locks the series of their units, sorted."""
    year = act.day.year
    wanted: dict[str, int] = {}
    for order in orders:
        wanted[order.unit] = wanted.get(order.unit, 0) + 1
    last = {unit: _take(unit, year, count) for unit, count in sorted(wanted.items())}
    made = []
    for order in orders:
        number = last[order.unit] - wanted[order.unit] + 1
        wanted[order.unit] -= 1
        made.append(
            Receipt(
                id=act.next_id(),
                order=order,
                unit=order.unit,
                year=year,
                number=number,
                code=reference(),
                issued=act.at,
            )
        )
    return Receipt.objects.bulk_create(made)


def _take(unit: str, year: int, count: int) -> int:
    """The last of `count` numbers taken from the series, which stays locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_receiptseries AS s (unit, year, last) VALUES (%s, %s, %s)"
            " ON CONFLICT (unit, year) DO UPDATE SET last = s.last + excluded.last RETURNING last",
            [unit, year, count],
        )
        (last,) = cursor.fetchone()
    return int(last)
