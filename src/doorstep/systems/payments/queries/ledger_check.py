"""Proofs of the ledger over everything that is kept: each is one statement that finds what contradicts it.

The database does the sums, on disk where they are large, and says no more than a few rows of each kind.
"""

from collections.abc import Iterator

import msgspec
from django.db import connection, models, transaction

from doorstep.systems.payments.models import Account, Transfer
from doorstep.systems.payments.queries.proofs import CASH, DAYS, Proof
from doorstep.systems.payments.rules.ledger import KINDS

SHOWN = 20
"""So many contradictions of one proof are said; then that there are more."""

TRIGGERS = (
    ("payments_transfer", "keep_totals"),
    ("payments_transfer", "history_stays"),
    ("payments_closing", "history_stays"),
    ("payments_closedtotals", "history_stays"),
    ("payments_account", "history_stays"),
    ("payments_account", "totals_begin_at_zero"),
    ("payments_account", "names_stay"),
    ("payments_account", "totals_follow"),
    ("payments_openpending", "pendings_follow"),
    ("payments_openpending", "history_stays"),
    *(
        (f"payments_{table}", "history_stays")
        for table in (
            *("receipt", "receiptpaper", "ordermovement", "statement", "statementline", "feestatement", "feepage"),
            *("feeline", "reconciliation", "reconciled", "reconciledsum", "credit", "bankaccount", "order"),
        )
    ),
    *(
        (f"payments_{table}", "content_stays")
        for table in ("statement", "feestatement", "reconciliation", "credit", "bankaccount", "order")
    ),
    ("payments_bankaccount", "approved_stays"),
    *((f"payments_{table}", "day_changes_update") for table in ("credit", "refund", "order", "move")),
    *(
        (f"payments_{table}", "day_changes_insert")
        for table in ("credit", "statement", "statementline", "refund", "order", "move", "feepage", "feeline")
    ),
)
"""What the migrations made to keep the ledger's law, by table."""

_SUMS = "sum(debit) AS debits, sum(credit) AS credits, sum(pending_debit) AS pending_debits, sum(pending_credit) AS pending_credits"


PROOFS = (
    Proof(
        "each account's totals are the sums of its transfers",
        "Account {} ({} of {}) says {} debited and {} credited, {} and {} pending; its transfers add up to {}, {}, {} and {}.",
        f"""
        SELECT a.id, a.kind, a.unit, a.debits, a.credits, a.pending_debits, a.pending_credits,
            coalesce(s.debits, 0), coalesce(s.credits, 0), coalesce(s.pending_debits, 0), coalesce(s.pending_credits, 0)
        FROM payments_account a LEFT JOIN (SELECT account, {_SUMS} FROM payments_leg GROUP BY account) s ON s.account = a.id
        WHERE (a.debits, a.credits, a.pending_debits, a.pending_credits) IS DISTINCT FROM
            (coalesce(s.debits, 0), coalesce(s.credits, 0), coalesce(s.pending_debits, 0), coalesce(s.pending_credits, 0))
        """,  # noqa: S608  of constants
    ),
    Proof(
        "each transfer moves something between two accounts of one currency",
        "Transfer {} of {} is not between two accounts of one currency that exist.",
        """
        SELECT t.id, t.amount FROM payments_transfer t
        LEFT JOIN payments_account d ON d.id = t.debit_id LEFT JOIN payments_account c ON c.id = t.credit_id
        WHERE (d.currency = c.currency AND d.id <> c.id AND t.amount > 0) IS NOT TRUE
        """,
    ),
    Proof(
        "each end of a pending transfer is that of one that was pending, with its accounts and amount, not too early",
        "Transfer {} ({}) ends {}, which is not pending, is between other accounts or of another amount, or may not end yet.",
        """
        SELECT t.id, t.stage, t.pending_id FROM payments_transfer t LEFT JOIN payments_transfer p ON p.id = t.pending_id
        WHERE t.pending_id IS NOT NULL AND (p.stage = 'pending' AND (p.debit_id, p.credit_id, p.amount)
            = (t.debit_id, t.credit_id, t.amount) AND (t.stage <> 'expire' OR p.until <= t.at)) IS NOT TRUE
        """,
    ),
    Proof(
        "each pending transfer was ended at most once",
        "Pending transfer {} was ended {} times.",
        """
        SELECT pending_id, count(*) FROM payments_transfer WHERE pending_id IS NOT NULL
        GROUP BY pending_id HAVING count(*) > 1
        """,
    ),
    Proof(
        "what is listed as open is what nobody has ended",
        "Pending transfer {}: the transfers say it is open until {}, the list says {}.",
        """
        SELECT coalesce(p.id, o.transfer), coalesce(p.until::text, 'never'), coalesce(o.until::text, 'nothing') FROM (
            SELECT id, until FROM payments_transfer t WHERE stage = 'pending'
                AND NOT EXISTS (SELECT FROM payments_transfer r WHERE r.pending_id = t.id)
        ) p FULL JOIN payments_openpending o ON o.transfer = p.id WHERE p.until IS DISTINCT FROM o.until
        """,
    ),
    Proof(
        "no account that may not is overdrawn",
        "Account {} ({} of {}) is overdrawn by {}.",
        """
        SELECT id, kind, unit, -free FROM payments_account, LATERAL (SELECT CASE side
            WHEN 'credit' THEN credits - debits - pending_debits ELSE debits - credits - pending_credits END AS free) f
        WHERE limited AND free < 0
        """,
    ),
    Proof(
        "each closing has what its accounts had moved before it",
        "Account {}, closed until {}: kept are {}, {}, {} and {}, its transfers before add up to {}, {}, {} and {}.",
        f"""
        WITH ends AS (SELECT array_agg(until ORDER BY until) AS ends FROM payments_closing),
        moved AS (
            SELECT account, width_bucket(at, (SELECT ends FROM ends)) + 1 AS place, {_SUMS} FROM payments_leg
            WHERE at < (SELECT max(until) FROM payments_closing) GROUP BY 1, 2
        ), due AS (
            SELECT account, (SELECT ends FROM ends)[place] AS until, sum(debits) OVER w AS debits, sum(credits) OVER w AS credits,
                sum(pending_debits) OVER w AS pending_debits, sum(pending_credits) OVER w AS pending_credits
            FROM moved WINDOW w AS (PARTITION BY account ORDER BY place)
        )
        SELECT coalesce(account, account_id), coalesce(d.until, c.until), c.debits, c.credits, c.pending_debits,
            c.pending_credits, d.debits, d.credits, d.pending_debits, d.pending_credits
        FROM due d FULL JOIN payments_closedtotals c ON c.account_id = d.account AND c.until = d.until
        WHERE (d.debits, d.credits, d.pending_debits, d.pending_credits) IS DISTINCT FROM
            (c.debits, c.credits, c.pending_debits, c.pending_credits)
        """,  # noqa: S608  of constants
    ),
    Proof(
        "each order that was paid was paid in whole, and no other one",
        "Order {} is {}, with {} of {} paid and {} refunded.",
        """
        SELECT code, state, paid, amount, refunded FROM payments_order WHERE CASE state
            WHEN 'settled' THEN (paid, refunded) <> (amount, 0) WHEN 'refunded' THEN (paid, refunded) <> (amount, amount)
            WHEN 'refunded_in_part' THEN paid <> amount OR refunded <= 0 OR refunded >= paid ELSE (paid, refunded) <> (0, 0) END
        """,
    ),
    Proof(
        "each order's money is what its transfers moved",
        "Order {} has {} paid and not refunded, and {} held for refunds; its transfers say {} and {}.",
        """
        WITH moved AS (
            SELECT "order", sum(credit - debit) AS kept, sum(pending_debit - pending_credit) AS held
            FROM payments_leg JOIN payments_account a ON a.id = account
            WHERE "order" IS NOT NULL AND a.kind IN ('fees', 'charges', 'other') GROUP BY "order"
        ), held AS (
            SELECT order_id, sum(amount) AS held FROM payments_refund
            WHERE order_id IS NOT NULL AND state IN ('approved', 'taken', 'disputed') GROUP BY order_id
        )
        SELECT coalesce(o.code, m."order"::text), coalesce(o.paid - o.refunded, 0), coalesce(h.held, 0),
            coalesce(m.kept, 0), coalesce(m.held, 0)
        FROM payments_order o FULL JOIN moved m ON m."order" = o.id LEFT JOIN held h ON h.order_id = o.id
        WHERE (coalesce(o.paid - o.refunded, 0), coalesce(h.held, 0)) <> (coalesce(m.kept, 0), coalesce(m.held, 0))
        """,
    ),
    Proof(
        "each order that was paid has one receipt, and each receipt such an order",
        "Order {} has {} paid and {} receipts.",
        """
        SELECT coalesce(o.code, r.order_id::text), coalesce(o.paid, 0), coalesce(r.receipts, 0) FROM payments_order o
        FULL JOIN (SELECT order_id, count(*) AS receipts FROM payments_receipt GROUP BY order_id) r ON r.order_id = o.id
        WHERE coalesce(r.receipts, 0) <> (coalesce(o.paid, 0) > 0)::int
        """,
    ),
    Proof(
        "receipts of a unit and year are numbered from 1 without a gap",
        "Receipts of {} in {}: {} of them, from number {} to {}, and the series stands at {}.",
        """
        SELECT coalesce(s.unit, r.unit), coalesce(s.year, r.year), coalesce(r.receipts, 0), r.first, r.last, s.last
        FROM payments_receiptseries s FULL JOIN (
            SELECT unit, year, count(DISTINCT number) AS receipts, min(number) AS first, max(number) AS last
            FROM payments_receipt GROUP BY unit, year
        ) r ON r.unit = s.unit AND r.year = s.year
        WHERE (r.receipts, r.first, r.last) IS DISTINCT FROM (s.last::bigint, 1, s.last)
            AND NOT (r.receipts IS NULL AND s.last = 0)
        """,
    ),
    Proof(
        "each credit came into the ledger, whole",
        "Credit {} of {} on account {} has no transfer of its amount to the account of what is received.",
        """
        SELECT c.id, c.amount, own.label FROM payments_credit c JOIN payments_bankaccount b ON b.id = c.account_id,
            LATERAL (SELECT b.bank || ':' || b.number AS label) own
        WHERE NOT EXISTS (
            SELECT FROM payments_transfer t JOIN payments_account d ON d.id = t.debit_id JOIN payments_account k ON k.id = t.credit_id
            WHERE t.id = c.id AND t.stage = 'posted' AND t.amount = c.amount AND d.kind = 'bank' AND k.kind = 'received'
                AND d.label = own.label AND k.label = own.label
        )
        """,
    ),
    Proof(
        "what lies received and not assigned is what credits say, and so is what of it is on its way back",
        "Received on {}: the ledger has {} and {} held; the credits say {} and {}.",
        """
        WITH ledger AS (
            SELECT label, sum(credits - debits) AS there, sum(pending_debits) AS held
            FROM payments_account WHERE kind = 'received' GROUP BY label
        ), refunds AS (
            SELECT credit_id, sum(amount) FILTER (WHERE state = 'paid') AS gone,
                sum(amount) FILTER (WHERE state IN ('approved', 'taken', 'disputed')) AS held
            FROM payments_refund WHERE credit_id IS NOT NULL GROUP BY credit_id
        ), told AS (
            SELECT b.bank || ':' || b.number AS label, sum(c.amount - c.assigned - coalesce(r.gone, 0)) AS there,
                coalesce(sum(r.held), 0) AS held
            FROM payments_credit c JOIN payments_bankaccount b ON b.id = c.account_id
            LEFT JOIN refunds r ON r.credit_id = c.id GROUP BY 1
        )
        SELECT label, coalesce(l.there, 0), coalesce(l.held, 0), coalesce(t.there, 0), coalesce(t.held, 0)
        FROM ledger l FULL JOIN told t USING (label)
        WHERE (coalesce(l.there, 0), coalesce(l.held, 0)) <> (coalesce(t.there, 0), coalesce(t.held, 0))
        """,
    ),
    Proof(
        "no credit is given away twice",
        "Credit {} of {} has {} assigned to orders and {} returned or on its way back.",
        """
        SELECT c.id, c.amount, c.assigned, r.back FROM payments_credit c JOIN (
            SELECT credit_id, sum(amount) AS back FROM payments_refund
            WHERE state IN ('approved', 'taken', 'disputed', 'paid') GROUP BY credit_id
        ) r ON r.credit_id = c.id WHERE c.assigned + r.back > c.amount
        """,
    ),
    Proof(
        "each credit is where its orders and refunds say",
        "Credit {} of {} is {}, with {} assigned to orders, {} returned and {} that is or may be on its way back.",
        """
        SELECT c.id, c.amount, c.state, c.assigned, coalesce(r.gone, 0), coalesce(r.way, 0) FROM payments_credit c LEFT JOIN (
            SELECT credit_id, sum(amount) FILTER (WHERE state = 'paid') AS gone,
                sum(amount) FILTER (WHERE state IN ('approved', 'taken', 'disputed', 'contradicted')) AS way
            FROM payments_refund WHERE credit_id IS NOT NULL GROUP BY credit_id
        ) r ON r.credit_id = c.id WHERE c.state <> CASE WHEN r.way > 0 THEN 'returning'
            WHEN c.assigned + coalesce(r.gone, 0) < c.amount THEN 'open' WHEN r.gone > 0 THEN 'returned' ELSE 'assigned' END
        """,
    ),
    Proof(
        "of each payout on a bank's statement the refund is paid out, with this amount, or the treasury was asked about it",
        "Booking {} paid out {} for refund {}, which is {} and of {}, and nobody was asked about it.",
        """
        SELECT l.booking, l.amount, r.code, r.state, r.amount FROM payments_statementline l
        JOIN payments_statement s ON s.id = l.statement_id AND s.recorded >= l.line JOIN payments_refund r ON r.id = l.payout
        WHERE l.side = 'debit' AND NOT (r.state = 'paid' AND (r.amount, r.booking) = (l.amount, l.booking))
            AND NOT EXISTS (SELECT FROM payments_discrepancy d WHERE d.refund_id = r.id AND d.kind = 'payout_unclear')
        """,
    ),
    Proof(
        "what waits for a person has somebody who was asked",
        "{} {} of {} is {}, and no discrepancy about it is open.",
        """
        SELECT 'Credit', c.id::text, c.amount, c.state FROM payments_credit c WHERE c.state = 'open' AND NOT EXISTS (
            SELECT FROM payments_discrepancy d LEFT JOIN payments_refund r ON r.id = d.refund_id
            WHERE d.resolved IS NULL AND (d.credit_id = c.id OR r.credit_id = c.id))
        UNION ALL
        SELECT 'Refund', r.code, r.amount, r.state FROM payments_refund r
        WHERE r.state IN ('disputed', 'contradicted') AND NOT EXISTS (
            SELECT FROM payments_discrepancy d WHERE d.resolved IS NULL AND d.refund_id = r.id AND d.kind = 'payout_unclear')
        """,
    ),
)


class Found(msgspec.Struct, frozen=True):
    """What came of one proof: the statement and the sentences against it, none where it holds."""

    holds: str
    against: tuple[str, ...]


def check() -> Iterator[Found]:
    """All proofs over one moment of the database; others go on writing meanwhile."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield from prove()


def prove() -> Iterator[Found]:
    """The proofs one after the other, in the present transaction."""
    yield Found("what keeps the ledger's law is in place", tuple(_missing()))
    yield Found("each account has the side and the limit of its kind", tuple(_unnatural()))
    for proof in (*PROOFS, *CASH, *DAYS):
        with connection.cursor() as cursor:
            cursor.execute(f"{proof.sql} LIMIT {SHOWN + 1}")
            said = [proof.says.format(*("nothing" if value is None else value for value in row)) for row in cursor]
        yield Found(proof.holds, (*said[:SHOWN], *(["There are more like these."] if said[SHOWN:] else [])))


def _missing() -> Iterator[str]:
    """Triggers that are gone or disabled, constraints that are gone or were never checked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')")
        found = set(cursor.fetchall())
        for table, name in TRIGGERS:
            if (table, name) not in found:
                yield f"The trigger {name} of the table {table} is gone or disabled."
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE convalidated UNION ALL"
            " SELECT indrelid::regclass::text, indexrelid::regclass::text FROM pg_index WHERE indisvalid AND indisunique"
        )
        found = set(cursor.fetchall())
    model: type[models.Model]
    for model in (Account, Transfer):
        table = model._meta.db_table  # noqa: SLF001  documented by Django
        for constraint in model._meta.constraints:  # noqa: SLF001
            if (table, constraint.name) not in found:
                yield f"The constraint {constraint.name} of the table {table} is gone or does not hold for all rows."


def _unnatural() -> Iterator[str]:
    """Accounts that are of no kind, or are not as their kind is."""
    natures = {(kind.value, nature.side, nature.limited) for kind, nature in KINDS.items()}
    seen = Account.objects.values_list("kind", "side", "limited").order_by().distinct()
    for kind, side, limited in seen:
        if (kind, side, limited) not in natures:
            one = Account.objects.filter(kind=kind, side=side, limited=limited).first()
            yield f"Account {one.id if one else ''} is of kind {kind} and grows in {side}, {'' if limited else 'not '}limited."
