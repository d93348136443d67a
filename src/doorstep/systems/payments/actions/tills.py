"""Tills: opened with counted money, handed over when two count the same, closed with the difference that was counted."""

from uuid import UUID, uuid5

import msgspec
from django.db import IntegrityError, transaction

from doorstep.kernel.country import profile
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.ids import read_reference, reference
from doorstep.kernel.values.reasons import NOT_FOUND, Conflict, NotFound, Refused, refuse
from doorstep.systems.payments.actions import ledger
from doorstep.systems.payments.actions.discrepancies import Found, open_discrepancies
from doorstep.systems.payments.actions.orders import collecting_account
from doorstep.systems.payments.actions.refunds import HELD, accounts_of
from doorstep.systems.payments.actions.rows import payers_of
from doorstep.systems.payments.actions.settlement import settle
from doorstep.systems.payments.facts import Channel
from doorstep.systems.payments.models import Account, ChangeOut, Deposit, Order, Shift, Taking, Till
from doorstep.systems.payments.permissions import FOR_PAYMENT, TILL
from doorstep.systems.payments.rules import cash as rules
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind
from doorstep.systems.payments.rules.ledger import AccountKind, Stage, Transfer, check_amount
from doorstep.systems.payments.rules.refunds import NO_BANK_ACCOUNT


class ShiftBegun(msgspec.Struct, frozen=True):
    """The shift, and what was counted less what should have been there, in minor units."""

    id: UUID
    difference: int


class ShiftEnded(msgspec.Struct, frozen=True):
    """What was counted less what should have been there, in minor units."""

    difference: int


class Taken(msgspec.Struct, frozen=True):
    """What was taken, what goes back over the counter at once, and the receipt's code and number in its series."""

    order: UUID
    amount: int
    change: int
    receipt: str
    unit: str
    year: int
    number: int


class Deposited(msgspec.Struct, frozen=True):
    """The deposit and the code that the bank is to write into the memo."""

    id: UUID
    code: str


@action(TILL, FOR_PAYMENT)
def open_till(act: Act, name: str, counted: int, brought: int = 0) -> ShiftBegun:
    """Begin a shift at the till of this name in the actor's unit, which begins with its first shift.

    `brought` of the money comes from outside as change; all of it is `counted`. A difference to what the last cashier
    left is booked and shown to the treasury. Raises Conflict where somebody keeps the till, or the actor keeps another.
    """
    if not name.strip():
        raise Refused(rules.TILL_UNNAMED("name"))
    refuse([*rules.check_count(counted, "counted"), *rules.check_count(brought, "brought")])
    till, _ = Till.objects.get_or_create(
        unit=act.actor.unit,
        name=name.strip(),
        defaults={"id": act.next_id(), "currency": profile().currency.code, "opened": act.at},
    )
    shift = _begin(act, till, counted, brought)
    floats = [Transfer(act.id, _cash(act, till), _float(act, till), brought)] if brought else []
    difference = counted - _inside(act, till) - brought
    _book(act, shift, difference, "opening", floats)
    act.journal(fields=("shift",), detail=f"till {till.id}")
    return ShiftBegun(shift.id, difference)


@action(TILL, FOR_PAYMENT)
def take_cash(act: Act, code: str, tendered: int | None = None) -> Taken:
    """Take the whole amount of an order of the actor's area; the receipt has its number at once.

    Raises Refused without a shift, for a code that is no order's here, or for too little; Conflict where it is paid.
    """
    shift = kept_shift(act)
    order = _order(act, code)
    if tendered is not None and tendered < order.amount:
        raise Refused(rules.TENDERED_TOO_LITTLE("tendered"))
    (receipt,) = settle(act, [order], Channel.CASH, _cash(act, shift.till))
    Taking.objects.create(order=order, shift=shift, amount=order.amount, at=act.at)
    act.journal(subjects=payers_of(order.payer), fields=("state",), detail=f"{order.code} {shift.id}")
    change = 0 if tendered is None else tendered - order.amount
    return Taken(order.id, order.amount, change, receipt.code, receipt.unit, receipt.year, receipt.number)


@action(TILL, FOR_PAYMENT)
def close_till(act: Act, counted: int) -> ShiftEnded:
    """End the actor's shift; the money stays in the till, and a difference is booked and shown to the treasury."""
    refuse(rules.check_count(counted, "counted"))
    shift = kept_shift(act)
    _put_back(act, shift)
    difference = _end(act, shift, counted)
    act.journal(fields=("shift",), detail=f"till {shift.till_id}")
    return ShiftEnded(difference)


@action(TILL, FOR_PAYMENT)
def hand_over(act: Act, counted: int) -> None:
    """Say what the actor has counted; from now on the till waits for the next cashier, who counts too."""
    refuse(rules.check_count(counted, "counted"))
    shift = kept_shift(act, counted=True)
    _put_back(act, shift)
    shift.counted = counted
    shift.save(update_fields=["counted"])
    act.journal(fields=("counted",), detail=f"till {shift.till_id}")


@action(TILL, FOR_PAYMENT)
def take_back(act: Act) -> None:
    """Go on with a till that nobody has taken over yet."""
    shift = kept_shift(act, counted=True)
    shift.counted = None
    shift.save(update_fields=["counted"])
    act.journal(fields=("counted",), detail=f"till {shift.till_id}")


@action(TILL, FOR_PAYMENT)
def take_over(act: Act, shift_id: UUID, counted: int) -> ShiftBegun:
    """End somebody else's shift, which waits for it, and begin the actor's with the same money.

    Raises Refused where the two counts differ; nothing is said of the other one.
    """
    mine = Shift.objects.filter(id=shift_id, till__unit=act.actor.unit)
    shift = mine.select_related("till").select_for_update(no_key=True, of=("self",)).first()
    if shift is None:
        raise NotFound(NOT_FOUND())
    if shift.ended or shift.counted is None or shift.cashier == act.actor.subject:
        raise Conflict(rules.NOT_COUNTED())
    if counted != shift.counted:
        raise Refused(rules.COUNTS_DIFFER("counted"))
    difference = _end(act, shift, counted)
    following = _begin(act, shift.till, counted, 0)
    Shift.objects.filter(id=shift.id).update(next=following)
    act.journal(fields=("shift",), detail=f"till {shift.till_id}")
    return ShiftBegun(following.id, difference)


@action(TILL, FOR_PAYMENT)
def deposit_cash(act: Act, amount: int) -> Deposited:
    """Bring cash of the actor's till to the unit's bank account; it is under way until its credit is seen."""
    refuse(check_amount(amount))
    shift = kept_shift(act)
    account = collecting_account(shift.till.unit, shift.till.currency, act.day)
    if account is None:
        raise Refused(NO_BANK_ACCOUNT())
    row = Deposit.objects.create(
        id=act.id,
        code=reference(),
        shift=shift,
        account=account,
        unit=shift.till.unit,
        amount=amount,
        at=act.at,
    )
    bank, _ = accounts_of(act, account)
    ledger.transfer(act, [Transfer(row.id, bank, _cash(act, shift.till), amount, "pending", until=act.at + HELD)])
    act.journal(fields=("deposit",), detail=f"{row.code} {shift.id}")
    return Deposited(row.id, row.code)


def kept_shift(act: Act, *, counted: bool = False) -> Shift:
    """The actor's shift, locked; with `counted` also one that waits for the next cashier."""
    shift = (
        Shift.objects.filter(cashier=act.actor.subject, ended=None)
        .select_related("till")
        .select_for_update(no_key=True, of=("self",))
        .first()
    )
    if shift is None:
        raise Refused(rules.NO_SHIFT())
    if shift.counted is not None and not counted:
        raise Conflict(rules.COUNTED_ALREADY())
    return shift


def _order(act: Act, code: str) -> Order:
    """The order of the actor's area that has this public code, locked."""
    mine = Order.objects.filter(units.within(act.actor.unit, act.day), code=read_reference(code) or "")
    order = mine.select_for_update(no_key=True).first()
    if order is None:
        raise Refused(rules.ORDER_NOT_FOUND("code"))
    return order


def _begin(act: Act, till: Till, counted: int, brought: int) -> Shift:
    try:
        with transaction.atomic():
            return Shift.objects.create(
                id=act.next_id(),
                till=till,
                cashier=act.actor.subject,
                began=act.at,
                brought=brought,
                opening=counted,
            )
    except IntegrityError as taken:
        raise Conflict(rules.TILL_TAKEN("name")) from taken


def move_change(act: Act, held: UUID, till: Till, amount: int, stage: Stage) -> Transfer:
    """The transfer of change money on its way out of a till: "pending", then "post" or "void"."""
    first = stage == "pending"
    return Transfer(
        held if first else uuid5(held, stage),
        _float(act, till),
        _cash(act, till),
        amount,
        stage,
        pending=None if first else held,
        until=act.at + HELD if first else None,
    )


def _put_back(act: Act, shift: Shift) -> None:
    """Change money that was set aside, and about which nobody has decided, is counted with the rest."""
    rows = list(ChangeOut.objects.filter(shift=shift, decided=None).order_by("id").select_for_update(no_key=True))
    ChangeOut.objects.filter(id__in=[row.id for row in rows]).update(decided=act.at)
    ledger.transfer(act, [move_change(act, row.id, shift.till, row.amount, "void") for row in rows])


def _end(act: Act, shift: Shift, counted: int) -> int:
    difference = counted - _inside(act, shift.till)
    shift.counted, shift.difference, shift.ended = counted, difference, act.at
    shift.save(update_fields=["counted", "difference", "ended"])
    _book(act, shift, difference, "closing")
    return difference


def _book(act: Act, shift: Shift, difference: int, when: str, along: list[Transfer] | None = None) -> None:
    """Book what was counted too much or too little, and show it to the treasury."""
    transfers = along or []
    if difference:
        cash, other = (
            _cash(act, shift.till),
            ledger.account(act, shift.till.unit, AccountKind.DIFFERENCES, shift.till.currency),
        )
        debit, credit = (cash, other) if difference > 0 else (other, cash)
        transfers.append(Transfer(uuid5(shift.id, when), debit, credit, abs(difference)))
        kind, about, said = DiscrepancyKind.TILL_DIFFERS, f"shift:{shift.id}", {when: str(difference)}
        open_discrepancies(act, [Found(kind, shift.till.unit, when, amount=abs(difference), about=about, said=said)])
    if transfers:
        ledger.transfer(act, transfers)


def _inside(act: Act, till: Till) -> int:
    """What should be in the drawer: the till's money without what is on its way to the bank. The shift is locked or new."""
    row = Account.objects.get(id=_cash(act, till))
    return ledger.balance(row) - row.pending_credits


def _cash(act: Act, till: Till) -> UUID:
    return ledger.account(act, till.unit, AccountKind.CASH, till.currency, str(till.id))


def _float(act: Act, till: Till) -> UUID:
    return ledger.account(act, till.unit, AccountKind.FLOAT, till.currency, str(till.id))
