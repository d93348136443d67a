"""Transfers on PostgreSQL: totals follow, the same id is the same transfer, nothing is overdrawn, nothing is changed."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from django.db import IntegrityError, connection, transaction

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.values.reasons import Conflict, Refused
from doorstep.systems.payments.actions import ledger
from doorstep.systems.payments.models import Account
from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE
from doorstep.systems.payments.rules.ledger import AccountKind, Transfer

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2024, 3, 1, 3, tzinfo=UTC)
CLOCK = By(Actor("task:payments", roles=("payments.clock",), via="task"), AT)


@action(SETTLE, FOR_TREASURY)
def move(act: Act, transfers: list[Transfer]) -> None:
    ledger.transfer(act, transfers)
    act.journal()


@action(SETTLE, FOR_TREASURY)
def open_two(act: Act) -> tuple[UUID, UUID]:
    act.journal()
    return ledger.account(act, "H38", AccountKind.BANK, "XTS", "1"), ledger.account(act, "H38", AccountKind.FEES, "XTS")


def totals(account: UUID) -> tuple[int, int, int, int]:
    row = Account.objects.get(id=account)
    return row.debits, row.credits, row.pending_debits, row.pending_credits


def test_totals_follow_transfers():
    bank, fees = open_two(CLOCK)
    move(CLOCK, [Transfer(uuid4(), bank, fees, 500), Transfer(uuid4(), fees, bank, 200)])
    assert totals(bank) == (500, 200, 0, 0)
    assert totals(fees) == (200, 500, 0, 0)
    assert ledger.balance(Account.objects.get(id=fees)) == 300


def test_the_same_id_is_the_same_transfer():
    bank, fees = open_two(CLOCK)
    one = Transfer(uuid4(), bank, fees, 500)
    move(CLOCK, [one])
    move(CLOCK, [one])
    assert totals(bank) == (500, 0, 0, 0)
    with pytest.raises(Conflict):
        move(CLOCK, [msgspec.structs.replace(one, amount=501)])
    assert totals(bank) == (500, 0, 0, 0)


def test_what_is_not_there_cannot_be_taken():
    bank, fees = open_two(CLOCK)
    move(CLOCK, [Transfer(uuid4(), bank, fees, 500)])
    with pytest.raises(Refused, match="overdrawn"):
        move(CLOCK, [Transfer(uuid4(), fees, bank, 501)])


def test_pending_money_is_gone_until_it_is_voided():
    bank, fees = open_two(CLOCK)
    move(CLOCK, [Transfer(uuid4(), bank, fees, 500)])
    held = Transfer(uuid4(), fees, bank, 400, "pending", until=AT)
    move(CLOCK, [held])
    with pytest.raises(Refused, match="overdrawn"):
        move(CLOCK, [Transfer(uuid4(), fees, bank, 101)])
    move(CLOCK, [Transfer(uuid4(), fees, bank, 400, "void", pending=held.id)])
    with pytest.raises(Refused, match="not_pending"):
        move(CLOCK, [Transfer(uuid4(), fees, bank, 400, "post", pending=held.id)])
    assert totals(fees) == (0, 500, 0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_transfer SET amount = 1",
        "DELETE FROM payments_transfer",
        "UPDATE payments_account SET debits = 9",
        "UPDATE payments_account SET limited = false",
        "DELETE FROM payments_account",
        "INSERT INTO payments_openpending VALUES (gen_random_uuid(), now())",
        "SET LOCAL doorstep.may_empty_ledger = ''; TRUNCATE payments_transfer CASCADE",
        "SET LOCAL doorstep.may_empty_ledger = ''; TRUNCATE payments_account CASCADE",
    ],
)
def test_history_stays(statement):
    bank, fees = open_two(CLOCK)
    move(CLOCK, [Transfer(uuid4(), bank, fees, 500)])
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
