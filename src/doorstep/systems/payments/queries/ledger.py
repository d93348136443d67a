"""Accounts of the ledger as they are read: statement, trial balance, and what was on them at any past time.

What lies before a closing is not summed again: an account's totals at an instant are those of its last closing before it, and
the transfers since.
"""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.systems.payments.models import Account
from doorstep.systems.payments.permissions import TREASURY

PAGE = 100
"""Lines of a page."""
AT_ONCE = 2000
"""So many accounts' totals at a past time are asked for in one statement."""

# `a` is an account and its instant and last id, everything up to which counts.
_TOTALS = """
SELECT a.account, coalesce(b.debits, 0) + s.debits, coalesce(b.credits, 0) + s.credits,
    coalesce(b.pending_debits, 0) + s.pending_debits, coalesce(b.pending_credits, 0) + s.pending_credits
FROM unnest(%s::uuid[]) AS a (account)
LEFT JOIN LATERAL (
    SELECT * FROM payments_closedtotals c WHERE c.account_id = a.account AND c.until <= %s ORDER BY c.until DESC LIMIT 1
) AS b ON true,
LATERAL (
    SELECT coalesce(sum(posted) FILTER (WHERE debit), 0)::bigint AS debits,
        coalesce(sum(posted) FILTER (WHERE NOT debit), 0)::bigint AS credits,
        coalesce(sum(waiting) FILTER (WHERE debit), 0)::bigint AS pending_debits,
        coalesce(sum(waiting) FILTER (WHERE NOT debit), 0)::bigint AS pending_credits
    FROM (
        SELECT true AS debit, amount, stage FROM payments_transfer
        WHERE debit_id = a.account AND at >= coalesce(b.until, '-infinity') AND (at, id) <= (%s, %s)
        UNION ALL SELECT false, amount, stage FROM payments_transfer
        WHERE credit_id = a.account AND at >= coalesce(b.until, '-infinity') AND (at, id) <= (%s, %s)
    ) AS sides,
    LATERAL (SELECT payments_posted(stage, amount) AS posted, payments_waiting(stage, amount) AS waiting) AS own
) AS s
"""

_LINES = """
SELECT * FROM (
    (SELECT id, at, 'debit', credit_id, amount, stage, "order", entry FROM payments_transfer
        WHERE debit_id = %s AND (at, id) < (%s, %s) ORDER BY at DESC, id DESC LIMIT %s)
    UNION ALL (SELECT id, at, 'credit', debit_id, amount, stage, "order", entry FROM payments_transfer
        WHERE credit_id = %s AND (at, id) < (%s, %s) ORDER BY at DESC, id DESC LIMIT %s)
) AS lines (id, at, side, other, amount, stage, "order", entry) ORDER BY at DESC, id DESC LIMIT %s
"""
_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


class Totals(msgspec.Struct, frozen=True):
    """What moved on an account, in minor units."""

    debits: int
    credits: int
    pending_debits: int
    pending_credits: int


class AccountLine(msgspec.Struct, frozen=True):
    """An account and its totals; `balance` is positive on the side on which it grows, `free` what is not held of it."""

    id: UUID
    unit: str
    kind: str
    label: str
    currency: str
    side: str
    totals: Totals

    @property
    def balance(self) -> int:
        moved = self.totals.debits - self.totals.credits
        return moved if self.side == "debit" else -moved

    @property
    def free(self) -> int:
        return self.balance - (self.totals.pending_credits if self.side == "debit" else self.totals.pending_debits)


class KindLine(msgspec.Struct, frozen=True):
    """The accounts of one kind and currency together; `debit` and `credit` are the sums of the balances on each side."""

    kind: str
    currency: str
    debit: int
    credit: int


class Trial(msgspec.Struct, frozen=True):
    """A trial balance: by kind over the whole area, and a page of its accounts; `more` is the `after` of the next page."""

    kinds: tuple[KindLine, ...]
    accounts: tuple[AccountLine, ...]
    more: UUID | None


class Leg(msgspec.Struct, frozen=True):
    """One side of a transfer, as a line of the account: `side` is the account's, `balance` what was on it after this."""

    id: UUID
    at: datetime
    side: str
    other: UUID
    amount: int
    stage: str
    order: UUID | None
    entry: UUID
    balance: int

    @property
    def posted(self) -> bool:
        """Did it move money? What is pending, voided or expired did not."""
        return self.stage in {"posted", "post"}


class OtherAccount(msgspec.Struct, frozen=True):
    """The account on the other side of a line; `mine` where the reader may open it."""

    id: UUID
    kind: str
    mine: bool


class AccountStatement(msgspec.Struct, frozen=True):
    """An account as of now and a page of what moved on it, the newest first; `more` is the `before` of the next page."""

    account: AccountLine
    lines: tuple[Leg, ...]
    more: UUID | None


def statement(actor: Actor, account: UUID, today: date, before: UUID | None = None) -> AccountStatement:
    """What moved on an account of the actor's area; `before` is the last line of the page before.

    Raises NotFound for accounts outside it and for a `before` that is none of its lines.
    """
    row = _in_area(actor, today).filter(id=account).first()
    if row is None:
        raise NotFound(NOT_FOUND("account"))
    with connection.cursor() as cursor:
        until = (datetime.max.replace(tzinfo=row.opened.tzinfo), _LAST)
        if before is not None:
            cursor.execute(
                "SELECT at, id FROM payments_transfer WHERE id = %s AND %s IN (debit_id, credit_id)", [before, account]
            )
            until = cursor.fetchone()
            if until is None:
                raise NotFound(NOT_FOUND("before"))
        side: list[Any] = [account, *until, PAGE + 1]
        cursor.execute(_LINES, [*side, *side, PAGE + 1])
        found = cursor.fetchall()
    lines = found[:PAGE]
    more = lines[-1][0] if len(found) > PAGE else None
    if not lines:
        return AccountStatement(_line(row, _now(row)), (), None)
    (totals,) = _at([account], lines[0][1], lines[0][0]).values()
    return AccountStatement(_line(row, _now(row)), _running(lines, row.side, _line(row, totals).balance), more)


def other_accounts(actor: Actor, today: date, told: AccountStatement) -> dict[UUID, OtherAccount]:
    """The accounts on the other side of the lines, by id; those outside the actor's area say no more than their kind."""
    mine = set(_in_area(actor, today).filter(id__in={one.other for one in told.lines}).values_list("id", flat=True))
    found = Account.objects.filter(id__in={one.other for one in told.lines})
    return {row.id: OtherAccount(row.id, row.kind, row.id in mine) for row in found}


def balance_at(actor: Actor, account: UUID, at: datetime, today: date) -> AccountLine:
    """The account with all that moved before the instant `at`. Raises NotFound outside the actor's area."""
    row = _in_area(actor, today).filter(id=account).first()
    if row is None:
        raise NotFound(NOT_FOUND("account"))
    return _line(row, _at([row.id], at)[row.id])


def trial_balance(actor: Actor, unit: str, today: date, at: datetime | None = None, after: UUID | None = None) -> Trial:
    """The accounts of `unit` ("" the actor's whole area) and of those below it, now or before the instant `at`.

    Over the whole nation both sides are equal; a unit whose money comes into an account of another one differs by that
    money. `after` is the last account of the page before. Raises NotFound where it is none of the area.
    """
    found = _in_area(actor, today).filter(units.within(unit, today))
    page = found.order_by("unit", "kind", "label", "currency", "id")
    if after is not None:
        last = found.filter(id=after).first()
        if last is None:
            raise NotFound(NOT_FOUND("after"))
        page = page.filter(_behind(last))
    rows = list(page[: PAGE + 1])
    shown = rows[:PAGE]
    totals = {row.id: _now(row) for row in shown} if at is None else _at([row.id for row in shown], at)
    lines = tuple([_line(row, totals[row.id]) for row in shown])
    return Trial(_by_kind(every_account(actor, unit, today, at)), lines, shown[-1].id if len(rows) > PAGE else None)


def every_account(actor: Actor, unit: str, today: date, at: datetime | None = None) -> Iterator[AccountLine]:
    """The same accounts, all of them, some thousand at once."""
    found = _in_area(actor, today).filter(units.within(unit, today)).order_by("unit", "kind", "label", "currency")
    rows = found.iterator(AT_ONCE)
    while some := list(islice(rows, AT_ONCE)):
        totals = {row.id: _now(row) for row in some} if at is None else _at([row.id for row in some], at)
        yield from (_line(row, totals[row.id]) for row in some)


def _in_area(actor: Actor, today: date) -> QuerySet[Account]:
    actor.need(TREASURY)
    return Account.objects.filter(units.within(actor.unit, today))


def _behind(last: Account) -> Q:
    """Accounts that follow this one in order of unit, kind, label and currency, which together are unique."""
    found, same = Q(pk__in=()), Q()
    for name in ("unit", "kind", "label", "currency"):
        found |= same & Q(**{f"{name}__gt": getattr(last, name)})
        same &= Q(**{name: getattr(last, name)})
    return found


def _by_kind(rows: Iterator[AccountLine]) -> tuple[KindLine, ...]:
    """Sums over all accounts."""
    sums: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        moved = row.totals.debits - row.totals.credits
        sums.setdefault((row.kind, row.currency), [0, 0])[moved < 0] += abs(moved)
    return tuple([KindLine(*key, *sides) for key, sides in sorted(sums.items())])


def _at(accounts: list[UUID], at: datetime, upto: UUID = _FIRST) -> dict[UUID, Totals]:
    """Totals of all that moved before `at`, and at `at` up to and with the id `upto`."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, [accounts, at, at, upto, at, upto])
        return {number: Totals(*totals) for number, *totals in cursor.fetchall()}


def _running(lines: list[tuple[Any, ...]], side: str, balance: int) -> tuple[Leg, ...]:
    """Lines, the newest first, each with what was on the account after it; `balance` is that of the newest."""
    found = []
    for line in lines:
        one = Leg(*(*line, balance))
        found.append(one)
        if one.posted:
            balance -= one.amount if one.side == side else -one.amount
    return tuple(found)


def _now(row: Account) -> Totals:
    return Totals(row.debits, row.credits, row.pending_debits, row.pending_credits)


def _line(row: Account, totals: Totals) -> AccountLine:
    return AccountLine(row.id, row.unit, row.kind, row.label, row.currency, row.side, totals)
