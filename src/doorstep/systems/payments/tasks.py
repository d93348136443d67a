"""Payments' recurring work: what time ends, what the bank is asked and told, days closed and reconciled.

What fails for one account, statement, payout or day is said in the log and tried again; the others go on. What asks the
bank has threads of its own, and no run of it takes much longer than PATIENCE, however slow the bank is.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from doorstep.kernel.access import look
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.expiry import OPERATOR, Expiring, watch
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import Reason, Refused, Unavailable, reason
from doorstep.systems.payments.actions import bank as actions
from doorstep.systems.payments.actions.bank_line import Bank, key_file
from doorstep.systems.payments.actions.bank_line import bank as connected
from doorstep.systems.payments.actions.closings import close_day, closing_due
from doorstep.systems.payments.actions.deposits import miss_deposits
from doorstep.systems.payments.actions.ledger import expire_pending, pendings_due
from doorstep.systems.payments.actions.orders import expire_orders
from doorstep.systems.payments.actions.payouts import record_payouts, show_late_payouts
from doorstep.systems.payments.actions.reconciliation import reconcile_day
from doorstep.systems.payments.actions.settlement import record_credits, refuse_credit
from doorstep.systems.payments.permissions import FOR_PAYMENT, FOR_REPAIR
from doorstep.systems.payments.queries.bank import (
    Feed,
    accounts_without_feed,
    feeds_due,
    lines_to_record,
    refunds_in,
    statements_due,
    statements_waiting,
)
from doorstep.systems.payments.queries.cash import deposits_late
from doorstep.systems.payments.queries.days import due_days, waiting_days
from doorstep.systems.payments.queries.orders import any_due
from doorstep.systems.payments.queries.refunds import AT_ONCE, payouts_in
from doorstep.systems.payments.rules.evidence import Credit, Evidence, Payout, PayoutResult, Unreadable
from doorstep.systems.payments.rules.refunds import RefundState

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which a run asks the bank nothing more; what is left comes first in the next one."""
UNRECORDED = reason(
    "payments.money_unrecorded",
    "The bank's message can be read, but could not be recorded.",
    repair="Ask the operator of this installation to look into log/tasks.log, and compare it with the bank's statement.",
)
MOST_MISSED = 3
"""So many payouts more than the bank has answered for, and it is left alone for a while."""
CLOCK = Actor("task:payments", roles=("payments.clock",), via="task")


def expire(at: datetime) -> int:
    """Expire the orders that were not paid in time, a thousand at once; returns how many."""
    return _all(at, any_due, expire_orders)


def _all(at: datetime, due: Callable[[datetime], object], work: Callable[[By], int]) -> int:
    """Work as long as something is due and something comes of it: what another transaction holds waits for the next run."""
    total = 0
    while due(at) and (made := work(By(CLOCK, at))):
        total += made
    return total


def expire_held(at: datetime) -> int:
    """Free the money that was held until now, a thousand transfers at once; returns how many."""
    return _all(at, pendings_due, expire_pending)


def miss(at: datetime) -> int:
    """Show the treasury the cash that the bank should have counted; returns how many deposits."""
    return _all(at, deposits_late, miss_deposits)


def close_days(at: datetime) -> int:
    """Close the days that can be closed, the oldest first; returns how many."""
    closed = 0
    while closing_due(at):
        close_day(By(CLOCK, at))
        closed += 1
    return closed


def poll(at: datetime) -> None:
    """Ask what came into each account; what does not come is asked for again later."""
    bank = connected()
    if bank is None:
        return
    by = By(CLOCK, at)
    if accounts_without_feed(at):
        actions.begin_feeds(by)
    until = time.monotonic() + PATIENCE

    def read(feed: Feed) -> None:
        try:
            _read(by, bank, feed, until)
        except Exception as failure:
            actions.credits_failed(by, feed.account, feed.failures)
            if not isinstance(failure, Unavailable):
                raise

    _each(_POLLED, feeds_due(at), lambda feed: feed.account, read, until)


def _read(by: By, bank: Bank, feed: Feed, until: float) -> None:
    """All that the bank has of one account since, as far as time allows. Raises Unavailable."""
    cursor, more = feed.cursor, True
    while more:
        told = bank.credits(feed.bank, feed.number, cursor)
        _record(by, feed.account, told.credits, Evidence.POLL)
        if told.after != cursor or feed.failures:
            actions.credits_read(by, feed.account, told.after)
        cursor, more = told.after, told.more and time.monotonic() < until


def _record(by: By, account: UUID, said: Sequence[Credit | Unreadable], evidence: Evidence) -> None:
    """Record them all; where that fails, one by one, and whatever fails alone waits for a person."""
    if not said:
        return
    try:
        record_credits(by, account, list(said), evidence)
    except (OperationalError, InterfaceError):  # the database's own trouble: it is told again
        raise
    except Exception as failure:  # noqa: BLE001  whatever it is, the other money is recorded
        if len(said) > 1:
            for one in said:
                _record(by, account, [one], evidence)
            return
        _say(f"a credit by {evidence}", failure)
        why = tuple(failure.reasons) if isinstance(failure, Refused) else (UNRECORDED(),)
        refuse_credit(by, account, said[0], why)


class _Turns:
    """Whose turn was last: where there is not time for all, the next run begins behind it."""

    last: UUID | None = None


_POLLED, _STATED, _PAID_OUT, _ASKED = _Turns(), _Turns(), _Turns(), _Turns()


def _each(
    turns: _Turns, things: Iterable[T], key: Callable[[T], UUID], work: Callable[[T], object], until: float
) -> None:
    """Do the work for each, from the one on whose turn it is, until time is over; what fails does not stop the others."""
    ordered = sorted(things, key=lambda one: (turns.last is not None and key(one) <= turns.last, key(one)))
    for one in ordered:
        if time.monotonic() >= until:
            return
        turns.last = key(one)
        try:
            work(one)
        except Exception as failure:  # noqa: BLE001  the others go on
            _say(f"{getattr(work, '__qualname__', work)} of {key(one)}", failure)


def _say(what: str, failure: Exception) -> None:
    """Where and of what kind, not its message, which may quote a person's record."""
    place = "".join(traceback.format_tb(failure.__traceback__))
    log.error("%s failed: %s\n%s", what, type(failure).__name__, place)


def statements(at: datetime) -> bool:
    """Fetch the next statement of each account whose day is over; True where another day may be waiting."""
    bank = connected()
    if bank is None:
        return False
    by, taken = By(CLOCK, at), []
    until = time.monotonic() + PATIENCE
    _each(
        _STATED, statements_due(at), lambda feed: feed.account, lambda feed: taken.append(_take(by, bank, feed)), until
    )
    return any(taken)


def _take(by: By, bank: Bank, feed: Feed) -> bool:
    """Whether it was taken; one that is not is asked for again later, with its reasons kept."""
    why: tuple[Reason, ...] = ()
    digest = b""
    try:
        if file := bank.statement(feed.bank, feed.number, feed.day):
            with file:
                digest = actions.digest_of(file)
                actions.keep_statement(by, feed.account, feed.day, file)
                return True
    except Unavailable:
        pass
    except Refused as refusal:
        why = tuple(refusal.reasons)
    except (OperationalError, InterfaceError):
        raise
    except Exception as failure:  # noqa: BLE001  whatever is in it, somebody has to ask for another one
        _say(f"the statement of {feed.account} of {feed.day}", failure)
        why = (actions.STATEMENT_UNKEPT(),)
    actions.statement_failed(by, feed.account, feed.day, feed.statement_failures, digest, why)
    return False


def record_statements(at: datetime) -> bool:
    """Hand on what statements tell, some hundred lines at once; True while there is more."""
    waiting = statements_waiting()
    for statement in waiting:
        try:
            _hand_on(By(CLOCK, at), statement)
        except Exception as failure:  # noqa: BLE001  the other statements go on
            _say(f"statement {statement}", failure)
            waiting = [one for one in waiting if one != statement]
    return bool(waiting)


def _hand_on(by: By, statement: UUID) -> None:
    """The next lines of a statement: its credits, and what left the account for payouts, each by itself where together fails."""
    lines = look(CLOCK, FOR_PAYMENT, by.at, lines_to_record, statement)
    if lines is None:
        return
    _record(by, lines.account, lines.credits, Evidence.STATEMENT)
    _record_payouts(by, lines.payouts)
    actions.lines_recorded(by, lines.statement, lines.upto)


def pay_out(at: datetime) -> bool:
    """Order what was approved, some at once; True while there is more."""
    if not refunds_in(RefundState.APPROVED):
        return False
    return _ask_for_payouts(at, RefundState.APPROVED, _PAID_OUT, lambda bank, payout: bank.pay_out(payout))


def ask_for_payouts(at: datetime) -> None:
    """Ask what became of payouts that the bank took; one that it does not know is ordered again."""
    if refunds_in(RefundState.TAKEN):
        _ask_for_payouts(
            at, RefundState.TAKEN, _ASKED, lambda bank, payout: bank.payout(payout.id) or bank.pay_out(payout)
        )


def _ask_for_payouts(
    at: datetime, state: RefundState, turns: _Turns, ask: Callable[[Bank, Payout], PayoutResult]
) -> bool:
    """Ask for payouts in this state and record what is said; True where there may be more.

    One that the bank does not take does not stop the others; a bank that answers none of several is left alone for a
    while: raises Unavailable.
    """
    bank = connected()
    if bank is None:
        return False
    results: list[PayoutResult] = []
    missed, until = 0, time.monotonic() + PATIENCE
    for payout in look(CLOCK, FOR_REPAIR, at, payouts_in, state, turns.last):
        if missed - len(results) >= MOST_MISSED or time.monotonic() >= until:
            break
        turns.last = payout.id
        try:
            results.append(ask(bank, payout))
        except Unavailable as failure:
            missed, silent = missed + 1, failure
    _record_payouts(By(CLOCK, at), results)
    if missed and not results:
        raise silent
    return len(results) == AT_ONCE and state == RefundState.APPROVED


def _record_payouts(by: By, results: Sequence[PayoutResult]) -> None:
    """Record what became of them all; where that fails, one by one. What fails alone is asked for again."""
    if not results:
        return
    try:
        record_payouts(by, list(results))
    except (OperationalError, InterfaceError):
        raise
    except Exception as failure:  # noqa: BLE001
        if len(results) > 1:
            for one in results:
                _record_payouts(by, [one])
            return
        _say(f"what became of payout {results[0].payout}", failure)


def show_late(at: datetime) -> None:
    """Refunds that the bank is silent about wait for a person."""
    show_late_payouts(By(CLOCK, at))


def reconcile(at: datetime) -> int:
    """Reconcile what waits and what is due, each day in a transaction of its own; returns how many days that were."""
    done = 0
    for day in dict.fromkeys([*waiting_days(), *due_days(at)]):
        try:
            reconcile_day(By(CLOCK, at), day)
            done += 1
        except Exception as failure:  # noqa: BLE001  the other days go on
            _say(f"reconciling {day}", failure)
    return done


def keys_ending(_at: datetime) -> Iterator[Expiring]:
    """Our keys and the bank's, where they say until when they serve."""
    place = settings.BANK
    for file in (place.token, place.theirs) if place else ():
        for key in key_file(file).values():
            if key.expires:
                yield Expiring(key.keyid, OPERATOR, key.expires)


watch("payments.bank_keys", keys_ending)
EVERY = (
    (timedelta(minutes=1), expire),
    (timedelta(minutes=1), expire_held),
    (timedelta(seconds=10), record_statements),
    (timedelta(hours=1), close_days),
    (timedelta(hours=1), miss),
    (timedelta(hours=1), show_late),
    (timedelta(minutes=10), reconcile),
)
ASIDE = (
    (
        (timedelta(seconds=5), poll),
        (timedelta(seconds=5), pay_out),
        (timedelta(seconds=30), ask_for_payouts),
    ),
    ((timedelta(minutes=1), statements),),
)
