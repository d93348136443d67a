"""Whatever is broken behind the back of the triggers is said; what is right is proved."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from doorstep.kernel.country import law
from doorstep.kernel.values.ids import Masked
from doorstep.systems.payments import models, tasks
from doorstep.systems.payments.actions import refund_decisions, settlement
from doorstep.systems.payments.actions.payouts import record_payouts
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.queries import ledger_check
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.rules.refunds import Destination
from doorstep.systems.payments.tests.builders import CASHIER, CLOCK, TREASURER, bank_account, credit, order, paid_out
from doorstep.systems.payments.tests.values import AT

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_books]
LEDGER = ("account", "transfer", "openpending", "closing", "closedtotals", "receipt", "credit", "statementline")


def books() -> None:
    """One order refunded in part, one paid twice whose second payment is on its way back, one unknown credit, a closed day."""
    account, first, second = bank_account(), order(), order()
    told = [credit(first.code), credit(second.code), credit(second.code), credit("hello", 33)]
    settlement.record_credits(CLOCK, account.id, told, Evidence.POLL)
    country = law(Country, "payments")
    to = Destination(country.fictitious_bank, Masked(country.fictitious_account(7)))
    for kind in (FeeKind.FEE, FeeKind.CHARGE):
        refund = refund_decisions.propose_refund(CASHIER, first.id, {kind: 20}, "Paid too much", to).id
        refund_decisions.decide_refund(TREASURER, refund, approve=True)
    record_payouts(CLOCK, [paid_out(models.Refund.objects.get(id=refund))])
    tasks.close_days(AT + timedelta(days=2))


def past_the_triggers(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in LEDGER:
            cursor.execute(f"ALTER TABLE payments_{table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        for table in LEDGER:
            cursor.execute(f"ALTER TABLE payments_{table} ENABLE TRIGGER USER")


def sentences() -> list[str]:
    return [sentence for found in ledger_check.prove() for sentence in found.against]


def test_books_that_are_right_are_proved():
    assert sentences() == []
    books()
    assert sentences() == []
    assert models.Closing.objects.count() == 1
    assert models.OpenPending.objects.count() == 2


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        ("UPDATE payments_account SET debits = debits + 1 WHERE kind = 'bank'", "(bank of H38) says"),
        ("UPDATE payments_transfer SET amount = amount + 1 WHERE stage = 'posted'", "its transfers add up to"),
        ("DELETE FROM payments_transfer WHERE stage = 'post'", "the list says nothing"),
        ("UPDATE payments_account SET currency = 'XXX' WHERE kind = 'fees'", "accounts of one currency"),
        ("UPDATE payments_transfer SET debit_id = gen_random_uuid() WHERE stage = 'posted'", "that exist"),
        ("UPDATE payments_transfer SET amount = 1 WHERE stage = 'pending'", "of another amount"),
        (
            (
                "DROP INDEX resolved_once; INSERT INTO payments_transfer"
                " (id, debit_id, credit_id, amount, stage, pending_id, at, entry) SELECT gen_random_uuid(), debit_id, credit_id,"
                " amount, 'void', pending_id, at, entry FROM payments_transfer WHERE stage = 'post'"
            ),
            "was ended 2 times",
        ),
        ("DELETE FROM payments_openpending", "the list says nothing"),
        ("UPDATE payments_openpending SET until = until + '1 day'", "the list says"),
        (
            (
                "ALTER TABLE payments_account DROP CONSTRAINT ledger_not_overdrawn;"
                " UPDATE payments_account SET debits = 99999 WHERE kind = 'fees'"
            ),
            "is overdrawn by",
        ),
        (
            "UPDATE payments_account SET limited = false WHERE kind = 'fees'",
            "of kind fees and grows in credit, not limited",
        ),
        ("ALTER TABLE payments_account DROP CONSTRAINT ledger_totals_bounded", "constraint ledger_totals_bounded"),
        ("DROP TRIGGER keep_totals ON payments_transfer", "trigger keep_totals of the table payments_transfer is gone"),
        ("UPDATE payments_closedtotals SET credits = credits + 1 WHERE credits > 0", "closed until"),
        ("DELETE FROM payments_closedtotals WHERE debits > 0", "kept are nothing"),
        (
            (
                "DROP TRIGGER content_stays ON payments_order;"
                " UPDATE payments_order SET paid = paid - 1, amount = amount - 1 WHERE state = 'settled'"
            ),
            "its transfers say",
        ),
        ("UPDATE payments_transfer SET \"order\" = gen_random_uuid() WHERE stage = 'post'", "its transfers say"),
        ("UPDATE payments_order SET state = 'awaiting' WHERE state = 'settled'", "is awaiting, with 750 of 750 paid"),
        ("DELETE FROM payments_receipt WHERE number = 1", "has 750 paid and 0 receipts"),
        (
            "UPDATE payments_receipt SET number = 7 WHERE number = 2",
            "2 of them, from number 1 to 7, and the series stands at 2",
        ),
        ("UPDATE payments_receiptseries SET last = 3", "the series stands at 3"),
        ("UPDATE payments_credit SET amount = 34 WHERE amount = 33", "Credit"),
        (
            "DELETE FROM payments_discrepancy; DELETE FROM payments_credit WHERE amount = 33",
            "the ledger has 783 and 750 held; the credits say 750 and 750",
        ),
        ("UPDATE payments_credit SET assigned = 33 WHERE amount = 33", "the credits say 750 and 750"),
        (
            "UPDATE payments_credit SET assigned = 750 WHERE state = 'returning'",
            "has 750 assigned to orders and 750 returned",
        ),
        ("DELETE FROM payments_refund WHERE credit_id IS NOT NULL", "the credits say 783 and 0"),
        ("UPDATE payments_refund SET state = 'rejected' WHERE state = 'approved'", "and 0 held for refunds"),
        ("UPDATE payments_credit SET state = 'assigned' WHERE state = 'open'", "of 33 is assigned, with 0 assigned"),
        ("UPDATE payments_discrepancy SET resolved = opened", "of 33 is open, and no discrepancy"),
        (
            (
                "INSERT INTO payments_statement (id, account_id, day, number, pages, lines, opening, closing, credits, debits,"
                " digest, taken, recorded) SELECT id, id, '2024-03-01', '1', 1, 1, 20, 0, 0, 20, '', approved, 1"
                " FROM payments_bankaccount; INSERT INTO payments_statementline (statement_id, line, account_id, day, booking,"
                " side, amount, memo, booked, payout, returned, from_bank, from_account, from_name, to_bank, to_account)"
                " SELECT account_id, 1, account_id, '2024-03-01', 'P1', 'debit', 20, '', proposed, id, '', '', '', '', '', ''"
                " FROM payments_refund WHERE state = 'approved' LIMIT 1"
            ),
            "Booking P1 paid out 20 for refund",
        ),
    ],
)
def test_what_is_broken_is_said(breaking, said):
    books()
    past_the_triggers(breaking)
    assert any(said in sentence for sentence in sentences()), sentences()


def test_a_disabled_trigger_is_said():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_transfer DISABLE TRIGGER history_stays")
    assert sentences() == ["The trigger history_stays of the table payments_transfer is gone or disabled."]


def test_many_of_a_kind_are_not_all_said(monkeypatch):
    monkeypatch.setattr(ledger_check, "SHOWN", 1)
    books()
    models.Credit.objects.update(state="returned")
    assert "There are more like these." in sentences()
    assert not [one for one in sentences() if UUID(int=0).hex in one]
