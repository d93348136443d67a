"""The proofs of cash, of banks' money and of reconciled days: they hold where all is right, and say what is not."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from doorstep.systems.payments import models
from doorstep.systems.payments.actions import moves, settlement, tills
from doorstep.systems.payments.actions.reconciliation import reconcile_day
from doorstep.systems.payments.queries import ledger_check
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.tests.builders import CASHIER, CLOCK, TREASURER, bank_account, credit, order
from doorstep.systems.payments.tests.test_days import keep_statement
from doorstep.systems.payments.tests.values import AT

DAY = AT.date()


def books() -> None:
    """Cash that was taken, miscounted, brought to the bank (which counts less); a payment moved; the day reconciled."""
    account, by_cash, wrong, meant = bank_account(), order(), order(), order()
    tills.open_till(CASHIER, "1", 1010, brought=1000)
    tills.take_cash(CASHIER, by_cash.code)
    deposit = tills.deposit_cash(CASHIER, 700)
    tills.close_till(CASHIER, 1055)
    tills.open_till(CASHIER, "1", 1050)
    told = [credit(wrong.code), credit(deposit.code, 690), credit("hello", 33)]
    settlement.record_credits(CLOCK, account.id, told, Evidence.POLL)
    move = moves.propose_move(CASHIER, wrong.code, meant.code, "wrong")
    moves.decide_move(TREASURER, move.id, approve=True)
    keep_statement(account, DAY, [(one.booking, one.amount, None) for one in told])
    reconcile_day(CLOCK, DAY)


def sentences() -> list[str]:
    return [sentence for found in ledger_check.prove() for sentence in found.against]


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        ("", ""),
        ("UPDATE payments_shift SET difference = difference + 1 WHERE ended IS NOT NULL", "should have ended with"),
        (
            "UPDATE payments_shift SET opening = opening + 1 WHERE ended IS NULL",
            "should hold 1051; the ledger says 1050",
        ),
        ("UPDATE payments_shift SET brought = 999 WHERE brought = 1000", "999 is there as change money"),
        ("UPDATE payments_deposit SET credit_id = NULL", "Differences of H38"),
        ("UPDATE payments_taking SET amount = 751", "of 1 credits, takings and moves it has 751"),
        ("DELETE FROM payments_taking", "of 0 credits, takings and moves it has 0"),
        ("UPDATE payments_move SET amount = 700", "was moved away, but has 750 of 750 refunded"),
        ("UPDATE payments_credit SET amount = 34 WHERE amount = 33", "credits and payouts say 1474, the ledger 1473"),
        ("UPDATE payments_statementline SET amount = amount + 1 WHERE line = 1", "the bank's statements say 1474"),
        ("UPDATE payments_reconciled SET ours = ours + 1 WHERE outcome = 'refunded'", "its sums say"),
        ("UPDATE payments_reconciliation SET rows = rows + 1", "its sums say"),
        ("DELETE FROM payments_discrepancy WHERE day IS NOT NULL", "which is not there"),
        (
            (
                "INSERT INTO payments_reconciliation (id, day, asked_by, asked, at, rows) SELECT payments_uuid7(), day + 1, '', asked,"
                " at, rows FROM payments_reconciliation; INSERT INTO payments_reconciled SELECT (jsonb_populate_record(p,"
                " jsonb_build_object('run_id', n.id))).* FROM payments_reconciled p, payments_reconciliation n"
                " WHERE n.id <> p.run_id"
            ),
            "is on 2 days",
        ),
    ],
)
@pytest.mark.django_db
@pytest.mark.breaks_books
def test_what_is_broken_is_said(breaking, said):
    books()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
        if breaking:
            cursor.execute(breaking)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    found = sentences()
    assert any(said in sentence for sentence in found) if said else found == [], found


@pytest.mark.parametrize(
    "table",
    [
        "credit",
        "statement",
        "statementline",
        "feestatement",
        "feepage",
        "feeline",
        "reconciliation",
        "reconciled",
        "ordermovement",
        "order",
    ],
)
@pytest.mark.django_db
def test_history_stays(table):
    books()
    with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM payments_{table}")  # noqa: S608  of the list above


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE payments_credit SET from_account = '1'",
        "UPDATE payments_statement SET closing = closing + 1, credits = credits + 1",
        "UPDATE payments_statement SET recorded = recorded - 1",
        "UPDATE payments_statementline SET amount = 1",
        "UPDATE payments_reconciliation SET rows = 1",
        "UPDATE payments_reconciled SET outcome = 'refunded', lacking = '', discrepancy = ''",
        "UPDATE payments_ordermovement SET paid = 1",
        "UPDATE payments_bankaccount SET number = '1'",
        "UPDATE payments_bankaccount SET ended = now(); UPDATE payments_bankaccount SET ended = NULL",
        "DELETE FROM payments_bankaccount",
        "UPDATE payments_order SET payer = 'somebody'",
        "UPDATE payments_order SET lines = '[]'",
        "UPDATE payments_order SET amount = amount + 1, paid = paid + 1",
    ],
)
@pytest.mark.django_db
def test_what_was_said_stays_as_it_was(sql):
    books()
    with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
def test_every_guard_that_the_migrations_make_is_looked_for():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'payments\\_%'"
        )
        assert {*cursor.fetchall()} == {*ledger_check.TRIGGERS}


@pytest.mark.django_db
def test_what_one_person_only_proposed_changes_and_goes_and_nobody_approves_the_own_account():
    row = bank_account()
    models.BankAccount.objects.create(
        id=uuid4(),
        unit="H01",
        bank=row.bank,
        number="2",
        holder="X",
        currency=row.currency,
        proposed_by="1",
        proposed=AT,
    )
    mine = models.BankAccount.objects.filter(number="2")
    assert mine.update(number="3", holder="Y") == 1
    mine = models.BankAccount.objects.filter(number="3")
    with pytest.raises(IntegrityError, match="bank_account_by_two"), transaction.atomic():
        mine.update(approved_by="1", approved=AT)
    assert mine.delete()[0] == 1


def _models() -> list[type[models.Order]]:
    return [getattr(models, name) for name in models.__all__]
