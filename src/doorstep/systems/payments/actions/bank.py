"""What a bank tells us is kept: each message once, how far accounts are read, and statements, whole or refused."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.notices import Channel, Reach
from doorstep.kernel.expiry import OPERATOR
from doorstep.kernel.notices import notify
from doorstep.kernel.store import spent, units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import NOT_FOUND, Conflict, NotFound, Reason, Refused, reason
from doorstep.systems.payments.actions.discrepancies import Found, close_discrepancies, renew_discrepancy
from doorstep.systems.payments.actions.payouts import take_payouts
from doorstep.systems.payments.actions.settlement import take_credits
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import BankAccount, BankFeed, Discrepancy, Statement
from doorstep.systems.payments.notices import BANK_SILENT
from doorstep.systems.payments.permissions import FOR_PAYMENT, FOR_TREASURY, HAND_IN, SETTLE
from doorstep.systems.payments.queries.bank import NOTEWORTHY, banking_day_of, watched
from doorstep.systems.payments.queries.discrepancies import lacking_of
from doorstep.systems.payments.rules.bank_messages import Told
from doorstep.systems.payments.rules.banking_days import following
from doorstep.systems.payments.rules.camt053 import CHUNK, Booking, Head, read
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind
from doorstep.systems.payments.rules.evidence import Evidence, PayoutResult
from doorstep.systems.payments.rules.ledger import AMOUNT_WRONG, MOST
from doorstep.systems.payments.rules.settlement import Outcome, check_payout
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
NUMBER_REPEATED = reason(
    "payments.statement_number_repeated",
    "An earlier statement of this account has the same number.",
    repair="Ask the bank for a statement with a number of its own.",
)
STATEMENT_MISSING = reason(
    "payments.statement_missing",
    "The bank gives no statement of this day.",
    repair="Ask the bank for it and hand it in; the days after it wait until then, or until two persons note that there is none.",
)
STATEMENT_UNKEPT = reason(
    "payments.statement_unkept",
    "The statement holds something that cannot be kept.",
    repair="Ask the operator of this installation to look into log/tasks.log, and the bank what it sent.",
)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
"""Before the bank is asked again after a failure, doubled each time."""
_COPY = """
COPY payments_statementline (statement_id, line, account_id, day, booking, side, amount, memo, booked, payout, returned,
  from_bank, from_account, from_name, to_bank, to_account) FROM STDIN"""


@action(SETTLE, FOR_PAYMENT)
def take_message(act: Act, proof: Proof, account: UUID, told: Told) -> list[Outcome]:
    """What a bank signed takes effect once, with its nonce or not at all; outcomes of its credits in the order given.

    Raises Conflict for a nonce that its key used before.
    """
    key = hashlib.sha256(f"{proof.key.keyid}\0{proof.nonce}".encode()).digest()
    if not spent.spend("payments.callback", key, proof.until):
        raise Conflict(REPLAYED())
    good = [one for one in told.payouts if isinstance(one, PayoutResult) and not check_payout(one)]
    said, subjects = [f"message signed by {proof.key.keyid}"], set()
    outcomes: list[Outcome] = []
    if told.credits:
        credits_taken = take_credits(act, account, told.credits, Evidence.CALLBACK, [one.payout for one in good])
        outcomes = credits_taken.outcomes
        said.append(credits_taken.detail)
        subjects |= set(credits_taken.subjects)
    if good:
        payouts_taken = take_payouts(act, good, account)
        said.append(payouts_taken.detail)
        subjects |= set(payouts_taken.subjects)
    act.journal(subjects=sorted(subjects), detail="; ".join(said))
    return outcomes


@action(SETTLE, FOR_PAYMENT)
def begin_feeds(act: Act) -> int:
    """Accounts that are new are read from the banking day on at which they were approved; returns how many those are."""
    new = list(BankAccount.objects.filter(watched(act.at), feed=None).select_for_update(of=("self",)))
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
    _tell_operator(act, account, failures + 1)
    act.journal(detail=f"account {account} not read, time {failures + 1}")


@action(SETTLE, FOR_PAYMENT)
def statement_failed(act: Act, account: UUID, day: date, failures: int, digest: bytes, why: tuple[Reason, ...]) -> None:
    """The statement of a day did not come, or (with a digest of it and reasons) could not be taken; it is asked for again.

    The treasury hears of one that was refused at once; of one that does not come, once it was asked for NOTEWORTHY times.
    Nobody hears of one that somebody handed in meanwhile, or that two persons cleared up.
    """
    feed = BankFeed.objects.filter(account=account, day=day)
    if not why and failures + 1 >= NOTEWORTHY:
        why = (STATEMENT_MISSING(),)
    if why and feed.exists():
        row = BankAccount.objects.get(id=account)
        about = _about(row, day)
        found = Found(
            DiscrepancyKind.STATEMENT_LACKING,
            row.unit,
            act.day.isoformat(),
            about=about,
            said={"day": day.isoformat()},
            reasons=why,
        )
        renew_discrepancy(act, found)
    feed.update(statement_failures=failures + 1, statement_due=_later(act.at, failures))
    _tell_operator(act, account, failures + 1)
    act.journal(detail=f"account {account} {day}: {' '.join(one.code for one in why) or 'no answer'}", digest=digest)


def _about(account: BankAccount, day: date) -> str:
    return f"{account.bank}:{account.number} {day}"


def _tell_operator(act: Act, account: UUID, failures: int) -> None:
    """Once for each time that a bank falls silent."""
    if failures == NOTEWORTHY:
        row = BankAccount.objects.get(id=account)
        reach = Reach(OPERATOR, email=settings.OPERATOR, channel=Channel.EMAIL)
        notify(act, reach, BANK_SILENT, bank=row.bank, number=row.number, failures=failures)


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
    return _keep(act, account, day, file)


@action(HAND_IN, FOR_TREASURY)
def hand_in_statement(act: Act, discrepancy_id: UUID, file: BinaryIO) -> int:
    """Take the statement that a discrepancy of the actor's area says is lacking; returns how many lines it has.

    Raises NotFound elsewhere, Conflict where it is here or none is lacking, Refused as `keep_statement`. It locks nothing
    before its lines are written: the bank may be giving the same statement.
    """
    row = Discrepancy.objects.filter(units.within(act.actor.unit, act.day), id=discrepancy_id).first()
    if row is None:
        raise NotFound(NOT_FOUND())
    lacking = lacking_of(row)
    if lacking is None:
        raise Conflict(STATEMENT_KNOWN("file"))
    return _keep(act, BankAccount.objects.get(id=lacking.account), lacking.day, file)


def _keep(act: Act, account: BankAccount, day: date, file: BinaryIO) -> int:
    digest = digest_of(file)
    told = whole(read(file, profile().currency, law(Country, "payments").zone), account.bank, account.number, day)
    row = keep_bookings(act, account, day, told, digest)
    act.journal(detail=f"account {account.id} {day}: {row.lines} lines", digest=digest)
    return row.lines


def keep_bookings(
    act: Act, account: BankAccount, day: date, told: Iterator[Head | Booking], digest: bytes
) -> Statement:
    """A day's statement as it is read, line by line; part of an action, which ends with what it raises."""
    if Statement.objects.filter(account=account, day=day).exists():
        raise Conflict(STATEMENT_KNOWN())
    row = Statement(id=act.next_id(), account=account, day=day, pages=0, lines=0, credits=0, debits=0, taken=act.at)
    row.digest = digest
    try:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for line in _lines(row, told):
                copy.write_row(line)
    except IntegrityError as failure:
        raise Refused(BOOKING_REPEATED()) from failure
    try:
        row.save(force_insert=True)
    except IntegrityError as failure:
        raise Refused(NUMBER_REPEATED()) from failure
    go_on(act, account, day)
    return row


def go_on(act: Act, account: BankAccount, day: date) -> None:
    """The bank is asked for the statement of `day` no more, but for the next that is not here; part of an action."""
    close_discrepancies(act, DiscrepancyKind.STATEMENT_LACKING, [_about(account, day)])
    feed = BankFeed.objects.select_for_update(no_key=True).filter(account=account, day=day).first()
    if feed is None:
        return
    while feed.day == day or Statement.objects.filter(account=account, day=feed.day).exists():
        feed.day = following(feed.day, 1, profile().calendar.working_day)
    feed.statement_failures, feed.statement_due = 0, act.at
    feed.save(update_fields=["day", "statement_failures", "statement_due"])


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
            *(one.to_bank, one.to_account),
        )


def _payout(reference: str) -> UUID | None:
    """Our payout of this reference, where it is one."""
    try:
        return UUID(reference)
    except ValueError:
        return None


@action(SETTLE, FOR_PAYMENT)
def lines_recorded(act: Act, statement: UUID, upto: int) -> None:
    """The lines up to this one were handed to those whom they settle."""
    Statement.objects.filter(id=statement, recorded__lt=upto).update(recorded=upto)
    act.journal(detail=f"statement {statement} up to line {upto}")
