"""The ledger's writes. `transfer` is part of every action that moves money; the tables' triggers do the sums and refuse."""

from collections.abc import Sequence
from typing import Any, NoReturn
from uuid import UUID

from django.db import DatabaseError, IntegrityError, connection, transaction

from doorstep.kernel.store.writing import Act
from doorstep.kernel.values.reasons import Conflict, Refused, refuse
from doorstep.systems.payments import models
from doorstep.systems.payments.rules import ledger as rules
from doorstep.systems.payments.rules.ledger import KINDS, AccountKind, Transfer

_COLUMNS = ("id", "debit", "credit", "amount", "stage", "pending", "until", "order")
_INSERT = (
    'INSERT INTO payments_transfer (id, debit_id, credit_id, amount, stage, pending_id, until, "order", at, entry)'
    " SELECT *, %s, %s FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::uuid[],"
    " %s::timestamptz[], %s::uuid[])"
)
_BY_CONSTRAINT = {
    "ledger_not_overdrawn": rules.OVERDRAWN,
    "ledger_currencies": rules.CURRENCIES_DIFFER,
    "payments_transfer_debit_id_fk": rules.ACCOUNT_UNKNOWN,
    "resolved_once": rules.NOT_PENDING,
    "transfer_resolves": rules.NOT_PENDING,
}


def account(act: Act, unit: str, kind: AccountKind, currency: str, label: str = "") -> UUID:
    """The unit's account of this kind, opened by this transaction where there is none."""
    key = {"unit": unit, "kind": kind.value, "currency": currency, "label": label}
    nature = KINDS[kind]
    found, _ = models.Account.objects.only("id").get_or_create(
        **key, defaults={"id": act.next_id(), "side": nature.side, "limited": nature.limited, "opened": act.at}
    )
    return found.id


def transfer(act: Act, transfers: Sequence[Transfer]) -> None:
    """Make these transfers in the action's transaction, all or none; the same ones again change nothing.

    Raises Refused with the reason that the rules or the tables have, Conflict where an id is taken by other content.
    """
    refuse(rules.check_transfers(transfers))
    columns = [[getattr(one, name) for one in transfers] for name in _COLUMNS]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{_INSERT} ON CONFLICT (id) DO NOTHING", [act.at, act.id, *columns])
            made = cursor.rowcount
    except IntegrityError as failure:
        _refused(failure)
    if made < len(transfers):
        _compare(transfers)


def _compare(transfers: Sequence[Transfer]) -> None:
    """Conflict unless what stands under these ids is the same."""
    kept = models.Transfer.objects.in_bulk([one.id for one in transfers])
    different = [
        rules.TRANSFER_DIFFERS("id", line=line) for line, one in enumerate(transfers, 1) if one != _told(kept[one.id])
    ]
    if different:
        raise Conflict(different)


def _told(row: models.Transfer) -> Transfer:
    stage: Any = row.stage
    return Transfer(row.id, row.debit_id, row.credit_id, row.amount, stage, row.pending_id, row.until, row.order)


def _refused(failure: DatabaseError) -> NoReturn:
    """The tables' refusal in words; what has none is a fault of ours and goes on as it came."""
    cause: Any = failure.__cause__
    found = _BY_CONSTRAINT.get(cause.diag.constraint_name or "")
    raise (Refused(found()) if found else failure) from failure


def balance(row: models.Account) -> int:
    """What is on an account, in minor units: positive on the side on which it grows."""
    moved = row.debits - row.credits
    return moved if row.side == "debit" else -moved
