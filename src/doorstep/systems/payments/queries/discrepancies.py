"""What a person must resolve, as its owners see it: a list without people, and one of them whole."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec

from doorstep.kernel.access import personal
from doorstep.kernel.declare.scopes import ROLES, Actor, Role
from doorstep.kernel.store import units
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Reason
from doorstep.systems.payments.models import BankAccount, Credit, Deposit, Discrepancy, Shift, Statement
from doorstep.systems.payments.permissions import PROPOSE
from doorstep.systems.payments.queries.rows import PAGE, Going, RefundRow, going, money, refund_row
from doorstep.systems.payments.rules.discrepancies import (
    OF_DAYS,
    OF_DEPOSITS,
    OF_FEEDS,
    DiscrepancyKind,
    Repair,
    fitting,
)
from doorstep.systems.payments.rules.refunds import Destination, RefundState
from doorstep.systems.payments.rules.settlement import CreditState

_ALONG = ("credit", "refund__credit")


class DiscrepancyRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is not as it should be, who must act, what is proposed and what was chosen; `mine` where the reader chose it."""

    id: UUID
    kind: DiscrepancyKind
    unit: str
    role: Role
    amount: Money
    opened: datetime
    proposal: Repair
    repair: Repair | None
    chosen: int
    mine: bool


class Counted(msgspec.Struct, frozen=True):
    """Cash that was counted: out of which till, who answered for it, and whether it was too much, None before it is counted.

    `brought` says when it was brought to the bank that counts it; else it is counted at the `opening` of a shift or its end.
    """

    till: str
    cashier: str
    over: bool | None
    opening: bool = False
    brought: datetime | None = None


class Lacking(msgspec.Struct, frozen=True):
    """A statement that is not there: which account of ours, and the day."""

    account: UUID
    bank: str
    number: str
    day: date


class DiscrepancyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One of them whole: what the bank said of the money, which order or refund it is about, and which repairs fit.

    `said` is what a bank says of a payout that cannot be, or of money that cannot be recorded; `reasons` say why it or a
    statement was not taken. `going` is what goes back by the repair that was chosen. `found_on` is the day whose
    reconciliation found it, `about` then a booking or an asking system, else an account with a booking or a day, or a
    deposit's code. `counted` says more of cash, `lacking` is the statement that can be handed in.
    """

    row: DiscrepancyRow
    fitting: list[Repair]
    memo: str
    from_name: str
    from_account: str
    order: str
    refund: RefundRow | None
    said: str
    reasons: list[Reason]
    going: Going | None
    about: str
    counted: Counted | None
    found_on: date | None
    lacking: Lacking | None
    target: str
    note: str
    resolved: datetime | None
    subject_key: str


def open_in_area(actor: Actor, day: date, after: UUID | None = None, *, chosen: bool = False) -> list[DiscrepancyRow]:
    """Those of the actor's area that wait, oldest first; with `chosen` only those that wait for a second person."""
    actor.need(PROPOSE)
    mine = Discrepancy.objects.filter(units.within(actor.unit, day), resolved=None)
    found = mine.select_related(*_ALONG).order_by("id")
    if after:
        found = found.filter(id__gt=after)
    if chosen:
        found = found.exclude(repair="")
    return [_row(actor, row) for row in found[:PAGE]]


@personal(PROPOSE)
def discrepancy(actor: Actor, day: date, discrepancy_id: UUID) -> DiscrepancyRecord:
    """One of the actor's area; raises NotFound elsewhere."""
    mine = Discrepancy.objects.filter(units.within(actor.unit, day), id=discrepancy_id)
    row = mine.select_related(*_ALONG, "order", "target").first()
    if row is None:
        raise NotFound(NOT_FOUND())
    credit, counted = money_of(row), _counted(row)
    return DiscrepancyRecord(
        row=_row(actor, row),
        fitting=list(fitting_of(row)),
        memo=credit.memo if credit else "",
        from_name=credit.from_name if credit else "",
        from_account=Masked(credit.from_account).masked if credit else "",
        order=row.order.code if row.order else "",
        refund=refund_row(actor, row.refund) if row.refund else None,
        said=row.about if row.kind == DiscrepancyKind.PAYOUT_UNCLEAR else "" if counted else _said(row.said),
        reasons=msgspec.convert(row.reasons, list[Reason]),
        going=_going(actor, row, credit) if credit else None,
        about=row.about.removeprefix("deposit:")
        if row.kind in (*OF_DAYS, *OF_FEEDS, *OF_DEPOSITS, DiscrepancyKind.FEES_REFUSED)
        else "",
        counted=counted,
        found_on=row.day,
        lacking=lacking_of(row),
        target=row.target.code if row.target else "",
        note=row.note,
        resolved=row.resolved,
        subject_key=row.order.payer if row.order else "",
    )


def _counted(row: Discrepancy) -> Counted | None:
    about = row.about.partition(":")[2]
    if row.kind in OF_DEPOSITS:
        deposit = Deposit.objects.select_related("shift__till", "credit").get(code=about)
        over = deposit.credit.amount > deposit.amount if deposit.credit else None
        return Counted(deposit.shift.till.name, deposit.shift.cashier, over, brought=deposit.at)
    if row.kind != DiscrepancyKind.TILL_DIFFERS:
        return None
    shift = Shift.objects.select_related("till").get(id=about)
    ((when, difference),) = row.said.items()
    return Counted(shift.till.name, shift.cashier, int(difference) > 0, opening=when == "opening")


def _said(told: Mapping[str, str]) -> str:
    """What a bank said of money, in one line."""
    hidden = {"from_account": Masked(told.get("from_account", "")).masked} if "from_account" in told else {}
    return " · ".join({**told, **hidden}.values())


def _going(actor: Actor, row: Discrepancy, credit: Credit) -> Going | None:
    """What the repair that was chosen, and is not carried out, sends back; None where it sends nothing."""
    over = credit.amount - credit.assigned - (row.target.amount if row.target else 0)
    if row.resolved or over <= 0 or row.repair not in (Repair.ASSIGN, Repair.REFUND):
        return None
    return going(actor, over, destination_of(row, credit), [credit])


def destination_of(row: Discrepancy, credit: Credit) -> Destination:
    """Where money goes back to: the account that was chosen, else the one that paid."""
    if row.to_account:
        return Destination(row.to_bank, Masked(row.to_account), row.to_name)
    return Destination(credit.from_bank, Masked(credit.from_account), credit.from_name)


def money_of(row: Discrepancy) -> Credit | None:
    """The money that it is about: what came in, or what could not go back."""
    return row.credit or (row.refund.credit if row.refund else None)


def fitting_of(row: Discrepancy) -> tuple[Repair, ...]:
    """The repairs that can be chosen now."""
    credit = money_of(row)
    return fitting(
        DiscrepancyKind(row.kind),
        waiting=credit is not None and credit.state == CreditState.OPEN,
        assigned=credit is not None and credit.assigned > 0,
        payout=RefundState(row.refund.state) if row.refund else None,
    )


def lacking_of(row: Discrepancy) -> Lacking | None:
    """The statement that it is about, unless that one is here or it is about something else."""
    if row.kind == DiscrepancyKind.STATEMENT_LACKING:
        account, _, day = row.about.rpartition(" ")
        bank, _, number = account.partition(":")
        found = BankAccount.objects.get(bank=bank, number=number)
    elif row.kind == DiscrepancyKind.STATEMENT_MISSING:
        _, known, day = row.key.split(":")
        found = BankAccount.objects.get(id=known)
    else:
        return None
    told = Lacking(found.id, found.bank, found.number, date.fromisoformat(day))
    return None if Statement.objects.filter(account=found, day=told.day).exists() else told


def _row(actor: Actor, row: Discrepancy) -> DiscrepancyRow:
    can = fitting_of(row)
    return DiscrepancyRow(
        id=row.id,
        kind=DiscrepancyKind(row.kind),
        unit=row.unit,
        role=ROLES[row.role],
        amount=money(row.amount),
        opened=row.opened,
        proposal=Repair(row.proposal) if row.proposal in can else can[0],
        repair=Repair(row.repair) if row.repair else None,
        chosen=row.chosen,
        mine=row.proposed_by == actor.subject,
    )
