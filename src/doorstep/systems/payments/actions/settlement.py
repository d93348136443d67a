"""Evidence becomes settlement: what a bank says came in pays the order that it names, once, whoever says it first."""

import hashlib
from collections.abc import Collection, Sequence
from uuid import UUID, uuid5

import msgspec
from django.db import connection
from django.db.models import F, Q

from doorstep.kernel.country import law
from doorstep.kernel.declare.facts import Minor
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict, NotFound, Reason
from doorstep.kernel.values.unit_tree import lineage
from doorstep.kernel.values.units import UnitCode
from doorstep.systems.payments.actions import deposits, ledger, orders, receipts, telling
from doorstep.systems.payments.actions.discrepancies import Found, close_discrepancies, open_discrepancies
from doorstep.systems.payments.actions.refunds import accounts_of, return_credits
from doorstep.systems.payments.actions.rows import locked, payers_of
from doorstep.systems.payments.contract import OrderState
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.facts import Channel, PaymentSettled
from doorstep.systems.payments.models import BankAccount, Credit, Order, Receipt, Refund
from doorstep.systems.payments.permissions import FOR_PAYMENT, SETTLE
from doorstep.systems.payments.rules import evidence as told
from doorstep.systems.payments.rules import orders as order_rules
from doorstep.systems.payments.rules import settlement as rules
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind, Repair, underpaid
from doorstep.systems.payments.rules.evidence import Evidence, Unreadable
from doorstep.systems.payments.rules.ledger import ACCOUNT_UNKNOWN, MOST, Transfer
from doorstep.systems.payments.rules.orders import Event
from doorstep.systems.payments.rules.settlement import CreditState, Match, Outcome, Told

_INSERT = """
INSERT INTO payments_credit (id, account_id, booking, amount, memo, booked, day, from_bank, from_account, from_name,
  {evidence}, match, state, assigned)
SELECT id, %s, booking, amount, memo, booked, day, from_bank, from_account, from_name, %s, %s, %s, 0
FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::text[], %s::timestamptz[], %s::date[], %s::text[], %s::text[],
  %s::text[]) AS t (id, booking, amount, memo, booked, day, from_bank, from_account, from_name)
ON CONFLICT (account_id, booking) DO NOTHING RETURNING id"""
_UPDATE = """
UPDATE payments_credit c SET match = t.match, state = t.state, order_id = t.order_id, assigned = t.assigned
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::bigint[]) AS t (id, match, state, order_id, assigned)
WHERE c.id = t.id"""
_CONTENT = ("booking", "amount", "memo", "booked", "day", "from_bank", "from_account", "from_name")
_KIND = {
    Match.DIFFERS: DiscrepancyKind.AMOUNT_DIFFERS,
    Match.UNKNOWN: DiscrepancyKind.UNKNOWN_REFERENCE,
    Match.SEVERAL: DiscrepancyKind.SEVERAL_ORDERS,
    Match.ELSEWHERE: DiscrepancyKind.PAID_ELSEWHERE,
    Match.DUPLICATE: DiscrepancyKind.PAID_TWICE,
    Match.WITHDRAWN: DiscrepancyKind.PAID_AFTER_WITHDRAWAL,
    Match.CAME_BACK: DiscrepancyKind.PAYOUT_RETURNED,
}


def settle(
    act: Act, rows: Sequence[Order], channel: Channel, source: UUID, along: Sequence[Transfer] = ()
) -> list[Receipt]:
    """Pay these orders, which the caller has locked in order of id, with money on the ledger account `source`.

    Their state, receipts, transfers (`along` are made in the same statement, before them), facts and messages, one set
    of rows however many. Returns the receipts in the order given. Raises Conflict where one cannot be paid any more.
    """
    if not all(order_rules.payable(OrderState(row.state)) for row in rows):
        raise Conflict(order_rules.NOT_PAYABLE("order"))
    orders.advance(rows, Event.PAID, channel=channel.value, paid=F("amount"), settled=act.at)
    made = receipts.issue(act, list(rows))
    ledger.transfer(act, [*along, *_shares(act, rows, source)])
    act.fact(
        *[
            PaymentSettled(day=act.day, unit=UnitCode(row.unit), channel=channel, amount=Minor(row.amount))
            for row in rows
        ]
    )
    orders.moved(act, rows)
    telling.tell_paid(act, rows, made)
    return made


def take_back(act: Act, rows: Sequence[Order]) -> None:
    """The facts of orders that are refunded whole: they count as not paid any more."""
    facts = [
        PaymentSettled(day=act.day, unit=UnitCode(row.unit), channel=Channel(row.channel), amount=Minor(-row.paid))
        for row in rows
    ]
    act.fact(*facts, n=-1)


def _shares(act: Act, rows: Sequence[Order], source: UUID) -> list[Transfer]:
    """From `source` to the accounts of the orders' units, one transfer for each kind of line."""
    due = [(row, kind, amount) for row in rows for kind, amount in order_rules.by_kind(orders.lines_of(row)).items()]
    wanted = sorted({(row.unit, order_rules.ACCOUNT_OF[kind], row.currency) for row, kind, _ in due})
    accounts = {key: ledger.account(act, *key) for key in wanted}
    return [
        Transfer(
            uuid5(row.id, kind.value),
            source,
            accounts[row.unit, order_rules.ACCOUNT_OF[kind], row.currency],
            amount,
            order=row.id,
        )
        for row, kind, amount in due
    ]


class Taken(msgspec.Struct, frozen=True):
    """What became of each credit, whose orders were paid, and what the journal says of it."""

    outcomes: list[Outcome]
    subjects: list[str]
    detail: str


@action(SETTLE, FOR_PAYMENT)
def record_credits(
    act: Act, account_id: UUID, said: Sequence[told.Credit | Unreadable], evidence: Evidence
) -> list[Outcome]:
    """Take what came into one of our bank accounts, as the bank says it by one of its ways; outcomes in the order given.

    Whatever was told before changes nothing but the time at which this way told it. What is new pays the order that
    its memo names; a second payment goes back by itself; the rest waits for a person, and so does what no book could
    hold. Raises NotFound for an account that is not ours.
    """
    taken = take_credits(act, account_id, said, evidence)
    act.journal(subjects=taken.subjects, detail=taken.detail)
    return taken.outcomes


@action(SETTLE, FOR_PAYMENT)
def refuse_credit(act: Act, account_id: UUID, credit: told.Credit | Unreadable, why: tuple[Reason, ...]) -> None:
    """A credit that cannot be recorded, alone either, waits for a person."""
    account = BankAccount.objects.get(id=account_id)
    open_discrepancies(act, [_unrecorded(account, credit, why)])
    act.journal(detail=f"account {account_id}: {' '.join(one.code for one in why)}")


def take_credits(
    act: Act,
    account_id: UUID,
    said: Sequence[told.Credit | Unreadable],
    evidence: Evidence,
    payouts: Collection[UUID] = (),
) -> Taken:
    """`record_credits` as part of an action, which takes what became of these `payouts` afterwards."""
    account = BankAccount.objects.filter(id=account_id, approved__isnull=False).first()
    if account is None:
        raise NotFound(ACCOUNT_UNKNOWN("account"))
    outcomes: list[Outcome | None] = [None] * len(said)
    places: dict[str, list[int]] = {}
    good: dict[int, told.Credit] = {}
    refused = []
    for place, credit in enumerate(said):
        reasons = rules.check_credit(credit, account.currency, act.day)
        if reasons or isinstance(credit, Unreadable):
            outcomes[place] = Outcome(Told.REFUSED, reasons=tuple(one.at_line(place + 1) for one in reasons))
            refused.append(_unrecorded(account, credit, tuple(reasons)))
        else:
            good[place] = credit
            places.setdefault(credit.booking, []).append(place)
    open_discrepancies(act, refused)
    first = [good[places[booking][0]] for booking in sorted(places)]
    new = _insert(act, account, first, evidence)
    again = [one.booking for one in first if one.booking not in new]
    if payouts:
        _lock(account, again, [code for row in new.values() for code in codes_of(row.memo)], payouts)
    known = _seen_again(act, account, again, evidence)
    paid = _assign(act, account, list(new.values()))
    for booking, at in places.items():
        row = new.get(booking) or known[booking]
        for place in at:
            outcomes[place] = _outcome(act, account, row, good[place], fresh=booking in new and place == at[0])
    return Taken(
        [one for one in outcomes if one],
        payers_of(*(row.payer for row in paid)),
        f"account {account.id} {evidence.value}: {len(new)} new, {len(known)} known, {len(refused)} refused",
    )


def _lock(account: BankAccount, bookings: Sequence[str], codes: Sequence[str], payouts: Collection[UUID]) -> None:
    """All credits before all orders, of what came and of what was paid out."""
    of = [*Refund.objects.filter(id__in=payouts, account=account).values_list("credit", "order")]
    credits_of = Credit.objects.filter(Q(account=account, booking__in=bookings) | Q(id__in=[one for one, _ in of]))
    list(locked(credits_of, "account_id", "booking").only("id"))
    list(locked(Order.objects.filter(Q(code__in=codes) | Q(id__in=[one for _, one in of]))).only("id"))


def _unrecorded(account: BankAccount, credit: told.Credit | Unreadable, why: tuple[Reason, ...]) -> Found:
    """The discrepancy that a credit is which no book can hold; the same again is the same discrepancy."""
    said = rules.said(credit)
    amount = credit.amount if isinstance(credit, told.Credit) and 0 < credit.amount <= MOST else 0
    return Found(
        DiscrepancyKind.MONEY_UNRECORDED,
        account.unit,
        hashlib.sha256(repr(credit).encode(errors="backslashreplace")).hexdigest(),
        amount=amount,
        about=_about(account, said.get("booking", "")),
        said=said,
        reasons=why,
    )


def _about(account: BankAccount, booking: str) -> str:
    return f"{account.bank}:{account.number} {booking}"


def _insert(act: Act, account: BankAccount, said: Sequence[told.Credit], evidence: Evidence) -> dict[str, Credit]:
    """Rows for what was not told before, by booking; waits for whoever writes the same ones, in order of booking."""
    rows = {
        (number := act.next_id()): Credit(
            id=number,
            account=account,
            match=Match.UNKNOWN.value,
            state=CreditState.OPEN.value,
            **{name: getattr(one, name) for name in _CONTENT},
        )
        for one in said
    }
    if not rows:
        return {}
    columns = [
        [str(value) if isinstance(value := getattr(row, name), str) else value for row in rows.values()]
        for name in _CONTENT
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT.format(evidence=evidence.value),
            [account.id, act.at, Match.UNKNOWN.value, CreditState.OPEN.value, list(rows), *columns],
        )
        return {rows[number].booking: rows[number] for (number,) in cursor.fetchall()}


def _seen_again(act: Act, account: BankAccount, bookings: Sequence[str], evidence: Evidence) -> dict[str, Credit]:
    """What was told before, by booking; notes when this way told it first."""
    if not bookings:
        return {}
    found = Credit.objects.filter(account=account, booking__in=bookings)
    fresh = locked(found.filter(**{evidence.value: None}), "booking").only("id")
    if ids := [row.id for row in fresh]:
        Credit.objects.filter(id__in=ids).update(**{evidence.value: act.at})
    return {row.booking: row for row in found}


def _outcome(act: Act, account: BankAccount, row: Credit, credit: told.Credit, *, fresh: bool) -> Outcome:
    """What telling `credit` did, of which `row` is kept."""
    if fresh:
        return Outcome(Told.RECORDED, Match(row.match))
    kept, now = _content(row), _content(credit)
    if rules.agree(kept, now):
        return Outcome(Told.REPEATED)
    kind, detail = DiscrepancyKind.CONTRADICTED, hashlib.sha256(repr(now).encode()).hexdigest()
    found = Found(kind, account.unit, detail, amount=credit.amount, credit=row, said=rules.said(credit))
    open_discrepancies(act, [found])
    return Outcome(Told.CONTRADICTED)


def _content(row: Credit | told.Credit) -> rules.Content:
    plain = law(Country, "payments").plain_memo(row.memo)
    return rules.Content(row.amount, row.from_bank, str(row.from_account), plain)


def _assign(act: Act, account: BankAccount, rows: list[Credit]) -> list[Order]:
    """Make of new credits what they are; returns the orders that they paid."""
    if not rows:
        return []
    codes = {row.id: codes_of(row.memo) for row in rows}
    every = {code for found in codes.values() for code in found}
    named = {row.code: row for row in locked(Order.objects.filter(code__in=every))}
    payouts = (
        {row.code: row for row in Refund.objects.filter(code__in=every - set(named))} if every - set(named) else {}
    )
    waiting = deposits.under_way(every - set(named) - set(payouts))
    paid: dict[UUID, Order] = {}
    back, found, arrived = [], [], []
    for row in rows:
        meant = [named[code] for code in codes[row.id] if code in named]
        refund = next((payouts[code] for code in codes[row.id] if code in payouts), None)
        deposit = None if meant else next((waiting.pop(code) for code in codes[row.id] if code in waiting), None)
        row.match = (Match.CAME_BACK if refund and not meant else _judged(account, row, meant, paid)).value
        row.order = meant[0] if len(meant) == 1 else None
        if deposit:
            row.match, row.state, row.assigned = Match.DEPOSIT.value, CreditState.ASSIGNED.value, row.amount
            arrived.append((deposit, row))
        elif row.match == Match.MATCHED and row.order:
            row.state, row.assigned = CreditState.ASSIGNED.value, row.amount
            paid[row.order.id] = row.order
        elif row.match in (Match.DUPLICATE, Match.WITHDRAWN) and row.from_account:
            row.state = CreditState.RETURNING.value
            back.append(row)
        else:
            found.append(_found(account, row, refund))
            if row.order and row.match == Match.DIFFERS:
                telling.tell_differing(act, row.order, row.amount)
    _update(rows)
    close_discrepancies(act, DiscrepancyKind.MONEY_UNRECORDED, [_about(account, row.booking) for row in rows])
    bank, received = accounts_of(act, account)
    arrivals = [Transfer(row.id, bank, received, row.amount) for row in rows]
    held = return_credits(act, account, [(row, row.amount, row.match) for row in back])
    held += deposits.arrive(act, received, arrived)
    open_discrepancies(act, found)
    if paid:
        settle(act, [*paid.values()], Channel.TRANSFER, received, [*arrivals, *held])
    else:
        ledger.transfer(act, [*arrivals, *held])
    return [*paid.values()]


def codes_of(memo: str) -> list[str]:
    """The public codes that a memo may hold, however a bank has stripped it."""
    return list(dict.fromkeys(rules.references(law(Country, "payments").plain_memo(memo))))


def _judged(account: BankAccount, row: Credit, meant: Sequence[Order], paid: dict[UUID, Order]) -> Match:
    """As the rules judge; an order that an earlier credit of this batch pays is paid already, and none is paid by money
    that came into an account of a unit that is neither the order's nor above it.
    """
    standings = [
        rules.Standing(OrderState.SETTLED if one.id in paid else OrderState(one.state), one.amount) for one in meant
    ]
    match = rules.judge(row.amount, standings)
    return Match.ELSEWHERE if match == Match.MATCHED and not _collects(account, meant[0]) else match


def _collects(account: BankAccount, order: Order) -> bool:
    """Whether the order may be paid into the account: it is the one that the payer was told, or was or will be it."""
    return order.account_id == account.id or account.unit in {"", *lineage(order.unit)}


def _found(account: BankAccount, row: Credit, refund: Refund | None) -> Found:
    """The discrepancy that a credit is which neither pays an order nor goes back by itself."""
    kind = _KIND[Match(row.match)]
    proposal: Repair | None = None
    if row.order and kind == DiscrepancyKind.AMOUNT_DIFFERS:
        proposal = underpaid(row.amount, row.order.amount)
    order = None if row.match == Match.ELSEWHERE else row.order  # whoever has the money acts
    unit = order.unit if order else refund.unit if refund else account.unit
    return Found(kind, unit, amount=row.amount, credit=row, order=row.order, refund=refund, proposal=proposal)


def _update(rows: Sequence[Credit]) -> None:
    columns = [[getattr(row, name) for row in rows] for name in ("id", "match", "state", "order_id", "assigned")]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, columns)
