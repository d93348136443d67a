"""Payments' recurring work: what time ends, what the bank is asked and told, days closed and reconciled."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.conf import settings

from doorstep.kernel.access import look
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.expiry import OPERATOR, Expiring, watch
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import Reason, Refused, Unavailable
from doorstep.systems.payments.actions import bank as actions
from doorstep.systems.payments.actions.bank_line import Bank, key_file
from doorstep.systems.payments.actions.bank_line import bank as connected
from doorstep.systems.payments.actions.closings import close_day, closing_due
from doorstep.systems.payments.actions.ledger import expire_pending, pendings_due
from doorstep.systems.payments.actions.orders import expire_orders
from doorstep.systems.payments.actions.payouts import record_payouts
from doorstep.systems.payments.actions.reconciliation import reconcile_day
from doorstep.systems.payments.actions.settlement import record_credits
from doorstep.systems.payments.permissions import FOR_PAYMENT, FOR_REPAIR
from doorstep.systems.payments.queries.bank import (
    Feed,
    accounts_without_feed,
    feeds_due,
    lines_to_record,
    lines_waiting,
    refunds_in,
    statements_due,
)
from doorstep.systems.payments.queries.days import due_days, waiting_days
from doorstep.systems.payments.queries.orders import any_due
from doorstep.systems.payments.queries.refunds import AT_ONCE, payouts_to_send
from doorstep.systems.payments.rules.evidence import Evidence, Payout, PayoutResult
from doorstep.systems.payments.rules.refunds import RefundState

CLOCK = Actor("task:payments", roles=("payments.clock",), via="task")


def expire(at: datetime) -> int:
    """Expire the orders that were not paid in time, a thousand at once; returns how many."""
    total = 0
    while any_due(at):
        total += expire_orders(By(CLOCK, at))
    return total


def expire_held(at: datetime) -> int:
    """Free the money that was held until now, a thousand transfers at once; returns how many."""
    total = 0
    while pendings_due(at):
        total += expire_pending(By(CLOCK, at))
    return total


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
    if accounts_without_feed():
        actions.begin_feeds(by)
    for feed in feeds_due(at):
        try:
            _read(by, bank, feed)
        except Unavailable:
            actions.credits_failed(by, feed.account, feed.failures)


def _read(by: By, bank: Bank, feed: Feed) -> None:
    """All that the bank has of one account since. Raises Unavailable."""
    cursor, more = feed.cursor, True
    while more:
        told = bank.credits(feed.bank, feed.number, cursor)
        if told.credits:
            record_credits(by, feed.account, list(told.credits), Evidence.POLL)
        if told.after != cursor or feed.failures:
            actions.credits_read(by, feed.account, told.after)
        cursor, more = told.after, told.more


def statements(at: datetime) -> bool:
    """Fetch the next statement of each account whose day is over; True where another day may be waiting."""
    bank = connected()
    if bank is None:
        return False
    taken = [_take_statement(By(CLOCK, at), bank, feed) for feed in statements_due(at)]
    return any(taken)


def _take_statement(by: By, bank: Bank, feed: Feed) -> bool:
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
    actions.statement_failed(by, feed.account, feed.day, feed.statement_failures, digest, why)
    return False


def record_statements(at: datetime) -> bool:
    """Hand on what statements tell, some hundred lines at once; True while there is more."""
    if not lines_waiting():
        return False
    by = By(CLOCK, at)
    lines = look(CLOCK, FOR_PAYMENT, at, lines_to_record)
    if lines is None:
        return False
    if lines.credits:
        record_credits(by, lines.account, list(lines.credits), Evidence.STATEMENT)
    if lines.payouts:
        record_payouts(by, list(lines.payouts))
    actions.lines_recorded(by, lines.statement, lines.upto)
    return True


def pay_out(at: datetime) -> bool:
    """Order what was approved, a hundred at once; True while there is more. Raises Unavailable: it is tried again later."""
    if not refunds_in(RefundState.APPROVED):
        return False
    return _ask_for_payouts(at, RefundState.APPROVED, lambda bank, payout: bank.pay_out(payout))


def ask_for_payouts(at: datetime) -> None:
    """Ask what became of payouts that the bank took; one that it does not know is ordered again."""
    if refunds_in(RefundState.TAKEN):
        _ask_for_payouts(at, RefundState.TAKEN, lambda bank, payout: bank.payout(payout.id) or bank.pay_out(payout))


def _ask_for_payouts(at: datetime, state: RefundState, ask: Callable[[Bank, Payout], PayoutResult]) -> bool:
    """Ask for each payout in this state and record what is said, also where the bank falls silent in between."""
    bank = connected()
    if bank is None:
        return False
    results = []
    payouts = look(CLOCK, FOR_REPAIR, at, payouts_to_send, state)
    try:
        for payout in payouts:
            results.append(ask(bank, payout))  # noqa: PERF401  what was said before a failure counts
    finally:
        if results:
            record_payouts(By(CLOCK, at), results)
    return len(payouts) == AT_ONCE and state == RefundState.APPROVED


def reconcile(at: datetime) -> int:
    """Reconcile what waits and what is due, each day in a transaction of its own; returns how many days."""
    days = dict.fromkeys([*waiting_days(), *due_days(at)])
    for day in days:
        reconcile_day(By(CLOCK, at), day)
    return len(days)


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
    (timedelta(seconds=5), poll),
    (timedelta(minutes=1), statements),
    (timedelta(seconds=10), record_statements),
    (timedelta(seconds=5), pay_out),
    (timedelta(seconds=30), ask_for_payouts),
    (timedelta(hours=1), close_days),
    (timedelta(minutes=10), reconcile),
)
