"""What is to be asked of the bank, and what its statements still have to tell."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from django.db.models import F, Q

from doorstep.kernel.access import personal
from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NotFound
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import BankAccount, BankFeed, Discrepancy, Refund, Statement, StatementLine
from doorstep.systems.payments.permissions import SETTLE
from doorstep.systems.payments.rules.banking_days import banking_day
from doorstep.systems.payments.rules.discrepancies import OF_FEEDS
from doorstep.systems.payments.rules.evidence import Credit, PayoutResult, PayoutState
from doorstep.systems.payments.rules.ledger import ACCOUNT_UNKNOWN
from doorstep.systems.payments.rules.refunds import RefundState
from doorstep.systems.payments.rules.settlement import holdable

LINES_AT_ONCE = 500
WATCHED = timedelta(days=366)
"""So long after its end an account is still read; no rule says how long."""
FAILING, NOTEWORTHY = 5, 20
"""After so many failures in a row, some minutes, the doctor says so; after so many, half a day, somebody has to act."""


class Feed(msgspec.Struct, frozen=True):
    """An account of ours and how far it was read: `cursor` of its credits, `day` of the next statement."""

    account: UUID
    bank: str
    number: str
    cursor: str
    failures: int
    day: date
    statement_failures: int


class Lines(msgspec.Struct, frozen=True):
    """Some lines of a statement, as what they tell; `upto` is the number of the last one."""

    statement: UUID
    account: UUID
    upto: int
    credits: tuple[Credit, ...]
    payouts: tuple[PayoutResult, ...]


def account_of(bank: str, number: str) -> UUID:
    """Our account of this number. Raises NotFound."""
    if not (holdable(bank, 100) and holdable(number, 100)):
        raise NotFound(ACCOUNT_UNKNOWN("account"))
    found = BankAccount.objects.filter(bank=bank, number=number, approved__isnull=False).values_list("id", flat=True)
    if not found:
        raise NotFound(ACCOUNT_UNKNOWN("account"))
    return found[0]


def watched(at: datetime) -> Q:
    """Accounts that banks are asked about: money may come into one that has ended, too."""
    return Q(approved__isnull=False) & (Q(ended=None) | Q(ended__gt=at - WATCHED))


def accounts_without_feed(at: datetime) -> bool:
    return BankAccount.objects.filter(watched(at), feed=None).exists()


def feeds_due(at: datetime) -> list[Feed]:
    """Accounts whose credits are to be asked for now."""
    return _feeds(at, due__lte=at)


def statements_due(at: datetime) -> list[Feed]:
    """Accounts with a banking day that is over and whose statement we lack."""
    return _feeds(at, statement_due__lte=at, day__lt=banking_day_of(at))


def _feeds(at: datetime, **due: object) -> list[Feed]:
    accounts = BankAccount.objects.filter(watched(at))
    found = BankFeed.objects.filter(account__in=accounts, **due).select_related("account").order_by("account_id")
    return [_feed(row) for row in found]


def _feed(row: BankFeed) -> Feed:
    own = row.account
    return Feed(own.id, own.bank, own.number, row.cursor, row.failures, row.day, row.statement_failures)


def feeds_behind() -> list[Feed]:
    """Accounts that could not be read several times in a row, or whose statement is long due."""
    late = Q(failures__gte=FAILING) | Q(statement_failures__gte=NOTEWORTHY)
    return [_feed(row) for row in BankFeed.objects.filter(late).select_related("account").order_by("account_id")]


def unresolved() -> int:
    """How much that banks told could not be taken and waits for a person."""
    return Discrepancy.objects.filter(kind__in=OF_FEEDS, resolved=None).count()


def refunds_in(state: RefundState) -> bool:
    return Refund.objects.filter(state=state.value, ended=None).exists()


def statements_waiting() -> list[UUID]:
    """Statements with lines that nobody was told of, oldest first."""
    return [*Statement.objects.filter(recorded__lt=F("lines")).order_by("taken").values_list("id", flat=True)]


@personal(SETTLE)
def lines_to_record(_actor: Actor, statement_id: UUID) -> Lines | None:
    """The next lines of a statement that nobody was told of."""
    statement = Statement.objects.filter(id=statement_id, recorded__lt=F("lines")).first()
    if statement is None:
        return None
    found = (
        StatementLine.objects.filter(statement=statement, line__gt=statement.recorded)
        .select_related("account")
        .order_by("line")
    )
    rows = list(found[:LINES_AT_ONCE])
    currency = profile().currency.code
    return Lines(
        statement.id,
        statement.account_id,
        rows[-1].line,
        tuple(_credit(row, currency) for row in rows if row.side == "credit"),
        _payouts(rows),
    )


def _credit(row: StatementLine, currency: str) -> Credit:
    return Credit(
        booking=row.booking,
        amount=row.amount,
        currency=currency,
        memo=row.memo,
        booked=row.booked,
        day=row.day,
        from_bank=row.from_bank,
        from_account=Masked(row.from_account),
        from_name=row.from_name,
    )


def _payouts(rows: Sequence[StatementLine]) -> tuple[PayoutResult, ...]:
    """What left the account for one of our payouts was paid out; what came back is a credit beside it."""
    return tuple(
        PayoutResult(
            payout=row.payout,
            state=PayoutState.PAID,
            booking=row.booking,
            day=row.day,
            amount=row.amount,
            bank=row.account.bank,
            account=row.account.number,
            to_bank=row.to_bank,
            to_account=Masked(row.to_account),
        )
        for row in rows
        if row.payout and row.side == "debit"
    )


def banking_day_of(at: datetime) -> date:
    """The day under which banks book what comes at `at`."""
    country = law(Country, "payments")
    return banking_day(at, country.zone, country.cut_offs, profile().calendar.working_day)
