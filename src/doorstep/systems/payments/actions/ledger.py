"""The ledger's writes. `transfer` is part of every action that moves money; the tables' triggers do the sums and refuse.

Open accounts first, then transfer once, with all that the action moves: accounts are locked in order of their ids, and whoever
comes back for more could meet somebody crosswise.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from django.db import DatabaseError, connection

from doorstep.kernel.store.prepared import execute
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict, Refused, refuse
from doorstep.systems.payments import models
from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE
from doorstep.systems.payments.rules import ledger as rules
from doorstep.systems.payments.rules.ledger import KINDS, AccountKind, Outcome, Standing, Transfer

AT_ONCE = 1000
"""So many pending transfers expire in one action."""

_INTO = 'INSERT INTO payments_transfer (id, debit_id, credit_id, amount, stage, pending_id, until, "order", at, entry)'
_ONE = f"{_INTO} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING"
_MANY = (
    f"{_INTO} SELECT *, %s, %s FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::uuid[],"  # noqa: S608
    " %s::timestamptz[], %s::uuid[]) AS lines (id) ORDER BY id ON CONFLICT (id) DO NOTHING"
)
_COLUMNS = ("id", "debit", "credit", "amount", "stage", "pending", "until", "order")
_SELECT = 'SELECT id, debit_id, credit_id, amount, stage, pending_id, until, "order" FROM payments_transfer'
_KEPT = f"{_SELECT} WHERE id = ANY(%s::uuid[]) UNION ALL {_SELECT} WHERE pending_id = ANY(%s::uuid[])"
_TOO_LARGE = "22003"  # SQLSTATE numeric_value_out_of_range: a total beyond 64 bits
_BY_CONSTRAINT = {
    "ledger_not_overdrawn": rules.OVERDRAWN,
    "ledger_totals_bounded": rules.TOTAL_TOO_LARGE,
    "ledger_currencies": rules.CURRENCIES_DIFFER,
    "ledger_accounts": rules.ACCOUNT_UNKNOWN,
    "ledger_closed": rules.DAY_CLOSED,
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

    Raises Refused with the reason that the rules or the tables have, Conflict where an id is taken by other content. The
    action ends with that; `transfer_each` is for those that go on.
    """
    refuse(rules.check_transfers(transfers))
    if _insert(act, transfers) < len(transfers):
        _compare(transfers)


def transfer_each(act: Act, transfers: Sequence[Transfer]) -> list[Outcome]:
    """Make those that can be made, judged in their order; an outcome each says why not. Part of an action."""
    touched = {one.debit for one in transfers} | {one.credit for one in transfers}
    accounts = _locked(touched)
    outcomes = rules.judge(transfers, accounts, _kept(transfers), act.at, _closed())
    made = [one for one, outcome in zip(transfers, outcomes, strict=True) if outcome.new]
    if made and _insert(act, made) < len(made):
        # Somebody took one of the ids for other accounts just now: the whole batch ends, and comes back line by line when repeated.
        raise Conflict(rules.TRANSFER_DIFFERS("id"))
    return outcomes


@action(SETTLE, FOR_TREASURY)
def transfer_batch(act: Act, transfers: Sequence[Transfer]) -> list[Outcome]:
    """A batch in one transaction: good lines land, bad ones come back with their reasons; ids that stand change nothing."""
    outcomes = transfer_each(act, transfers)
    made = sum(one.new for one in outcomes)
    act.journal(detail=f"{made} new of {len(transfers)} transfers")
    return outcomes


@action(SETTLE, FOR_TREASURY)
def expire_pending(act: Act) -> int:
    """Expire what is pending past its time, the oldest first; returns how many, at most `AT_ONCE`."""
    due = models.OpenPending.objects.filter(until__lte=act.at).order_by("until")[:AT_ONCE]
    pendings = models.Transfer.objects.filter(id__in=[one.transfer for one in due])
    transfers = [
        Transfer(act.next_id(), one.debit_id, one.credit_id, one.amount, "expire", one.id, order=one.order)
        for one in pendings
    ]
    made = sum(one.new for one in transfer_each(act, transfers))
    act.journal(detail=f"{made} expired")
    return made


def pendings_due(at: datetime) -> bool:
    """Is anything pending past its time?"""
    return models.OpenPending.objects.filter(until__lte=at).exists()


def balance(row: models.Account) -> int:
    """What is on an account, in minor units: positive on the side on which it grows."""
    moved = row.debits - row.credits
    return moved if row.side == "debit" else -moved


def _insert(act: Act, transfers: Sequence[Transfer]) -> int:
    """How many were new."""
    try:
        if len(transfers) == 1:
            (one,) = transfers
            told = (one.id, one.debit, one.credit, one.amount, one.stage, one.pending, one.until, one.order)
            return execute(_ONE, (*told, act.at, act.id)).rowcount
        columns = [[getattr(one, name) for one in transfers] for name in _COLUMNS]
        with connection.cursor() as cursor:
            cursor.execute(_MANY, [act.at, act.id, *columns])
            return int(cursor.rowcount)
    except DatabaseError as failure:
        _refused(failure)


def _compare(transfers: Sequence[Transfer]) -> None:
    """Conflict unless what stands under these ids is the same."""
    kept = _kept(transfers)
    if any(one.id not in kept for one in transfers):
        raise Refused(rules.ACCOUNT_UNKNOWN())
    different = [
        rules.TRANSFER_DIFFERS("id", line=line) for line, one in enumerate(transfers, 1) if one != kept[one.id]
    ]
    if different:
        raise Conflict(different)


def _kept(transfers: Iterable[Transfer]) -> dict[UUID, Transfer]:
    """What stands under their ids and under those that they resolve, and what has resolved the latter."""
    pendings = [one.pending for one in transfers if one.pending]
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [[*(one.id for one in transfers), *pendings], pendings])
        return {row[0]: Transfer(*row) for row in cursor.fetchall()}


def _locked(ids: set[UUID]) -> dict[UUID, Standing]:
    """Accounts as they stand until the transaction ends."""
    rows = models.Account.objects.select_for_update(no_key=True).filter(id__in=ids).order_by("id")
    return {
        row.id: Standing(
            row.currency, row.side, row.limited, row.debits, row.credits, row.pending_debits, row.pending_credits
        )
        for row in rows
    }


def _closed() -> datetime | None:
    return models.Closing.objects.order_by("-until").values_list("until", flat=True).first()


def _refused(failure: DatabaseError) -> NoReturn:
    """The tables' refusal in words; what has none is a fault of ours and goes on as it came."""
    cause: Any = failure.__cause__
    found = _BY_CONSTRAINT.get(cause.diag.constraint_name or "")
    found = rules.TOTAL_TOO_LARGE if cause.sqlstate == _TOO_LARGE else found
    raise (Refused(found()) if found else failure) from failure
