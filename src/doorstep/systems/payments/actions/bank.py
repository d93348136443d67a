"""What a bank tells us is kept: each message once, how far accounts are read, and statements, whole or refused."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID

import msgspec
from django.db import IntegrityError, connection

from doorstep.kernel.country import law, profile
from doorstep.kernel.store import spent
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict, Reason, Refused, reason
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import BankAccount, BankFeed, Statement, StatementRefusal
from doorstep.systems.payments.permissions import FOR_PAYMENT, SETTLE
from doorstep.systems.payments.queries.bank import banking_day_of
from doorstep.systems.payments.rules.camt053 import CHUNK, Booking, Head, read
from doorstep.systems.payments.rules.ledger import AMOUNT_WRONG, MOST
from doorstep.systems.payments.rules.signatures import REPLAYED, Proof
from doorstep.systems.payments.rules.statements import whole

BOOKING_REPEATED = reason(
    "payments.statement_booking_repeated",
    "A booking stands on the statement twice, or was on an earlier one.",
    repair="Ask the bank for a corrected statement.",
)
STATEMENT_KNOWN = reason(
    "payments.statement_known", "The statement of this day was taken before.", repair="Compare the two with the bank."
)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
"""Before the bank is asked again after a failure, doubled each time."""
_COPY = """
COPY payments_statementline (statement_id, line, account_id, day, booking, side, amount, memo, booked, payout, returned,
  from_bank, from_account, from_name) FROM STDIN"""


@action(SETTLE, FOR_PAYMENT)
def take_proof(act: Act, proof: Proof) -> None:
    """A signed message is taken once. Raises Conflict for a nonce that its key used before."""
    key = hashlib.sha256(f"{proof.keyid}\0{proof.nonce}".encode()).digest()
    if not spent.spend("payments.callback", key, proof.until):
        raise Conflict(REPLAYED())
    act.journal(detail=f"message signed by {proof.keyid}")


@action(SETTLE, FOR_PAYMENT)
def begin_feeds(act: Act) -> int:
    """Accounts that are new are read from the banking day on at which they were approved; returns how many those are."""
    new = list(
        BankAccount.objects.filter(approved__isnull=False, ended=None, feed=None).select_for_update(of=("self",))
    )
    BankFeed.objects.bulk_create(
        [
            BankFeed(account=row, due=act.at, day=banking_day_of(row.approved or act.at), statement_due=act.at)
            for row in new
        ],
        ignore_conflicts=True,
    )
    act.journal(detail=f"{len(new)} accounts")
    return len(new)


@action(SETTLE, FOR_PAYMENT)
def credits_read(act: Act, account: UUID, cursor: str) -> None:
    """The account was read up to `cursor`."""
    BankFeed.objects.filter(account=account).update(cursor=cursor, failures=0, due=act.at)
    act.journal(detail=f"account {account} read")


@action(SETTLE, FOR_PAYMENT)
def credits_failed(act: Act, account: UUID, failures: int) -> None:
    """The bank did not tell what came in: it is asked again later, the later the more often it failed."""
    BankFeed.objects.filter(account=account).update(failures=failures + 1, due=_later(act.at, failures))
    act.journal(detail=f"account {account} not read, time {failures + 1}")


@action(SETTLE, FOR_PAYMENT)
def statement_failed(act: Act, account: UUID, day: date, failures: int, digest: bytes, why: tuple[Reason, ...]) -> None:
    """The statement of a day did not come, or (with a digest of it and reasons) could not be taken; it is asked for again."""
    BankFeed.objects.filter(account=account, day=day).update(
        statement_failures=failures + 1, statement_due=_later(act.at, failures)
    )
    if why:
        row, new = StatementRefusal.objects.get_or_create(
            account_id=account,
            day=day,
            digest=digest,
            defaults={"id": act.next_id(), "reasons": msgspec.to_builtins(why), "first": act.at, "last": act.at},
        )
        if not new:
            StatementRefusal.objects.filter(id=row.id).update(last=act.at)
    act.journal(detail=f"account {account} {day}: {' '.join(one.code for one in why) or 'no answer'}", digest=digest)


def _later(at: datetime, failures: int) -> datetime:
    pause: timedelta = FIRST_PAUSE * 2 ** min(failures, 20)
    return at + min(pause, LONGEST_PAUSE)


def digest_of(file: BinaryIO) -> bytes:
    """SHA-256 of a file, which is at its beginning before and after."""
    found = hashlib.sha256()
    while chunk := file.read(CHUNK):
        found.update(chunk)
    file.seek(0)
    return found.digest()


@action(SETTLE, FOR_PAYMENT)
def keep_statement(act: Act, account_id: UUID, day: date, file: BinaryIO) -> int:
    """Take the statement of a day, line by line as it is read; returns how many lines it has.

    Raises Refused for one that is not whole, not right, or not of this account and day: then nothing of it is kept.
    """
    account = BankAccount.objects.get(id=account_id)
    if Statement.objects.filter(account=account, day=day).exists():
        raise Conflict(STATEMENT_KNOWN())
    row = Statement(id=act.next_id(), account=account, day=day, pages=0, lines=0, credits=0, debits=0, taken=act.at)
    row.digest = digest_of(file)
    told = whole(read(file, profile().currency, law(Country, "payments").zone), account.bank, account.number, day)
    try:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for line in _lines(row, told):
                copy.write_row(line)
    except IntegrityError as failure:
        raise Refused(BOOKING_REPEATED()) from failure
    row.save(force_insert=True)
    BankFeed.objects.filter(account=account, day=day).update(
        day=_day_after(day), statement_failures=0, statement_due=act.at
    )
    StatementRefusal.objects.filter(account=account, day=day, resolved=None).update(resolved=act.at)
    act.journal(detail=f"account {account.id} {day}: {row.lines} lines", digest=row.digest)
    return row.lines


def _lines(row: Statement, told: Iterator[Head | Booking]) -> Iterator[tuple[Any, ...]]:
    """The columns of each line; sums and balances go into `row` on the way."""
    for one in told:
        if isinstance(one, Head):
            row.pages, row.number = one.page, one.number
            row.opening = row.opening if one.opening is None else one.opening
            row.closing = row.closing if one.closing is None else one.closing
            continue
        row.lines += 1
        row.credits += one.amount if one.incoming else 0
        row.debits += 0 if one.incoming else one.amount
        if max(row.credits, row.debits) > MOST:
            raise Refused(AMOUNT_WRONG("Amt", most=MOST))
        side = "credit" if one.incoming else "debit"
        yield (
            *(row.id, row.lines, row.account_id, row.day, one.booking, side, one.amount, one.memo, one.booked),
            *(_payout(one.reference), one.returned, one.from_bank, one.from_account, one.from_name),
        )


def _payout(reference: str) -> UUID | None:
    """Our payout of this reference, where it is one."""
    try:
        return UUID(reference)
    except ValueError:
        return None


def _day_after(day: date) -> date:
    """The next banking day: its statement follows this one's."""
    calendar = profile().calendar
    day += timedelta(days=1)
    while not calendar.working_day(day):
        day += timedelta(days=1)
    return day


@action(SETTLE, FOR_PAYMENT)
def lines_recorded(act: Act, statement: UUID, upto: int) -> None:
    """The lines up to this one were handed to those whom they settle."""
    Statement.objects.filter(id=statement, recorded__lt=upto).update(recorded=upto)
    act.journal(detail=f"statement {statement} up to line {upto}")
