"""Proofs of what stands around the ledger: cash in tills, money at banks, sources of payments, days that were reconciled."""

import msgspec


class Proof(msgspec.Struct, frozen=True):
    """`holds` is the statement proved; `sql` gives the rows against it, `says` a sentence for each of them."""

    holds: str
    says: str
    sql: str


# A shift's till as it was counted: `inside` at its end, or now.
_SHIFTS = """
shifts AS (
    SELECT s.*, t.unit, s.opening + coalesce(k.taken, 0) - coalesce(d.brought_away, 0) - coalesce(o.change, 0) AS due,
        s.opening - s.brought - coalesce(lag(s.counted) OVER (PARTITION BY s.till_id ORDER BY s.began, s.ended, s.id), 0) AS found
    FROM payments_shift s JOIN payments_till t ON t.id = s.till_id
    LEFT JOIN (SELECT shift_id, sum(amount) AS taken FROM payments_taking GROUP BY 1) k ON k.shift_id = s.id
    LEFT JOIN (SELECT shift_id, sum(amount) AS brought_away FROM payments_deposit GROUP BY 1) d ON d.shift_id = s.id
    LEFT JOIN (
        SELECT shift_id, sum(amount) AS change FROM payments_changeout WHERE approved OR decided IS NULL GROUP BY 1
    ) o ON o.shift_id = s.id
)
"""
_NEWEST = """
newest AS (
    SELECT DISTINCT ON (day) id, day FROM payments_reconciliation r WHERE at IS NOT NULL
        AND NOT EXISTS (SELECT FROM payments_daychange c WHERE c.day = r.day) ORDER BY day, id DESC
)
"""

CASH = (
    Proof(
        "each shift's money is what it began with, took, brought to the bank and let out as change, and what was counted too much or too little",
        "The shift {} of till {} should have ended with {}; counted were {}, and the difference is said to be {}.",
        f"""
        WITH {_SHIFTS} SELECT id, till_id, due, counted, difference FROM shifts
        WHERE ended IS NOT NULL AND counted - difference <> due
        """,  # noqa: S608  of constants
    ),
    Proof(
        "each till holds in the ledger what its last shift has",
        "Till {} should hold {}; the ledger says {}.",
        f"""
        WITH {_SHIFTS}, last AS (
            SELECT DISTINCT ON (till_id) till_id, CASE WHEN ended IS NULL THEN due ELSE counted END AS due
            FROM shifts ORDER BY till_id, began DESC, ended DESC, id DESC
        ), cash AS (
            SELECT label, sum(debits - credits - pending_credits) AS there FROM payments_account WHERE kind = 'cash' GROUP BY 1
        )
        SELECT coalesce(l.till_id::text, c.label), coalesce(l.due, 0), coalesce(c.there, 0)
        FROM last l FULL JOIN cash c ON c.label = l.till_id::text WHERE coalesce(l.due, 0) <> coalesce(c.there, 0)
        """,  # noqa: S608  of constants
    ),
    Proof(
        "change money of each till is what was brought for its shifts and not let out again",
        "Of till {} {} is there as change money; the ledger says {}.",
        """
        SELECT coalesce(s.till_id::text, a.label), coalesce(s.brought, 0), coalesce(a.there, 0)
        FROM (
            SELECT till_id, sum(brought) AS brought FROM (
                SELECT till_id, brought FROM payments_shift
                UNION ALL SELECT s.till_id, -o.amount FROM payments_changeout o JOIN payments_shift s ON s.id = o.shift_id
                    WHERE o.approved) AS each GROUP BY 1
        ) s
        FULL JOIN (SELECT label, sum(credits - debits) AS there FROM payments_account WHERE kind = 'float' GROUP BY 1) a
            ON a.label = s.till_id::text WHERE coalesce(s.brought, 0) <> coalesce(a.there, 0)
        """,
    ),
    Proof(
        "differences of each unit are those that its shifts, deposits and lost payouts have",
        "Differences of {}: its shifts, deposits and payouts say {}, the ledger {}.",
        f"""
        WITH {_SHIFTS}, told AS (
            SELECT unit, sum(amount) AS amount FROM (
                SELECT unit, -found - coalesce(difference, 0) AS amount FROM shifts
                UNION ALL SELECT t.unit, d.amount - c.amount FROM payments_deposit d JOIN payments_credit c ON c.id = d.credit_id
                    JOIN payments_shift s ON s.id = d.shift_id JOIN payments_till t ON t.id = s.till_id
                UNION ALL SELECT unit, amount FROM payments_refund WHERE state = 'lost') AS each GROUP BY 1
        ), ledger AS (
            SELECT unit, sum(debits - credits) AS amount FROM payments_account WHERE kind = 'differences' GROUP BY 1
        )
        SELECT coalesce(t.unit, l.unit), coalesce(t.amount, 0), coalesce(l.amount, 0) FROM told t FULL JOIN ledger l USING (unit)
        WHERE coalesce(t.amount, 0) <> coalesce(l.amount, 0)
        """,  # noqa: S608  of constants
    ),
    Proof(
        "what is on each bank account is what came in and did not go out again",
        "At {}: credits and payouts say {}, the ledger {}.",
        """
        WITH told AS (
            SELECT b.bank || ':' || b.number AS label, sum(amount) AS amount FROM (
                SELECT account_id, amount FROM payments_credit
                UNION ALL SELECT account_id, -amount FROM payments_refund WHERE state IN ('paid', 'lost')) AS each
            JOIN payments_bankaccount b ON b.id = account_id GROUP BY 1
        ), ledger AS (SELECT label, sum(debits - credits) AS amount FROM payments_account WHERE kind = 'bank' GROUP BY 1)
        SELECT own.label, coalesce(t.amount, 0), coalesce(l.amount, 0)
        FROM payments_bankaccount b CROSS JOIN LATERAL (SELECT b.bank || ':' || b.number AS label) own
        LEFT JOIN told t ON t.label = own.label LEFT JOIN ledger l ON l.label = own.label
        WHERE coalesce(t.amount, 0) <> coalesce(l.amount, 0)
        """,
    ),
    Proof(
        "each order that was paid was paid by one credit, one taking or one move, with its amount, and no other one was",
        "Order {} has {} paid; of {} credits, takings and moves it has {}.",
        """
        SELECT coalesce(o.code, s."order"::text), coalesce(o.paid, 0), coalesce(s.n, 0), coalesce(s.amount, 0)
        FROM payments_order o FULL JOIN (
            SELECT "order", count(*) AS n, sum(amount) AS amount FROM (
                SELECT order_id AS "order", assigned AS amount FROM payments_credit WHERE assigned > 0 AND match <> 'deposit'
                UNION ALL SELECT order_id, amount FROM payments_taking
                UNION ALL SELECT target_id, amount FROM payments_move WHERE approved) AS each GROUP BY 1
        ) s ON s."order" = o.id
        WHERE coalesce(o.paid, 0) <> coalesce(s.amount, 0) OR coalesce(s.n, 0) <> (coalesce(o.paid, 0) > 0)::int
        """,
    ),
    Proof(
        "a payment that was moved is not with its first order any more",
        "Order {} was moved away, but has {} of {} refunded.",
        """
        SELECT o.code, o.refunded, o.paid FROM payments_move m JOIN payments_order o ON o.id = m.source_id
        WHERE m.approved AND (o.refunded <> o.paid OR o.paid <> m.amount)
        """,
    ),
)
DAYS = (
    Proof(
        "each day that rests on nothing that has changed since has the bank's lines whole",
        "Day {}: the bank's statements say {}, the reconciliation {}.",
        f"""
        WITH {_NEWEST}, bank AS (
            SELECT day, sum(CASE side WHEN 'credit' THEN amount ELSE -amount END) AS amount FROM payments_statementline GROUP BY 1
        ), sums AS (SELECT run_id, sum(bank) AS amount FROM payments_reconciledsum GROUP BY 1)
        SELECT n.day, coalesce(b.amount, 0), coalesce(s.amount, 0) FROM newest n
        LEFT JOIN bank b ON b.day = n.day LEFT JOIN sums s ON s.run_id = n.id
        WHERE coalesce(b.amount, 0) <> coalesce(s.amount, 0)
        """,  # noqa: S608  of constants
    ),
    Proof(
        "no booking and no stated payment is on two days",
        "{} {} is on {} days.",
        f"""
        WITH {_NEWEST} SELECT 'Booking', r.booking, count(DISTINCT n.day) FROM newest n
            JOIN payments_reconciled r ON r.run_id = n.id AND r.booking > ''
            GROUP BY r.account, r.booking HAVING count(DISTINCT n.day) > 1
        UNION ALL SELECT 'Order', r."order"::text, count(DISTINCT n.day) FROM newest n
            JOIN payments_reconciled r ON r.run_id = n.id AND r.stated IS NOT NULL AND r.piece <> 'stated'
            GROUP BY r."order" HAVING count(DISTINCT n.day) > 1
        """,  # noqa: S608  of constants
    ),
    Proof(
        "each day's sums are those of its pieces",
        "The reconciliation {} of {} has {} pieces; its sums say {}.",
        """
        SELECT r.id, r.day, coalesce(p.n, 0), coalesce(s.n, 0) FROM payments_reconciliation r
        LEFT JOIN (SELECT run_id, count(*) AS n, sum(ours) AS ours, sum(stated) AS stated FROM payments_reconciled GROUP BY 1) p
            ON p.run_id = r.id
        LEFT JOIN (SELECT run_id, sum(n) AS n, sum(ours) AS ours, sum(stated) AS stated FROM payments_reconciledsum GROUP BY 1) s
            ON s.run_id = r.id
        WHERE (coalesce(p.n, 0), coalesce(p.ours, 0), coalesce(p.stated, 0))
            <> (coalesce(s.n, 0), coalesce(s.ours, 0), coalesce(s.stated, 0)) OR r.at IS NOT NULL AND r.rows <> coalesce(p.n, 0)
        """,
    ),
    Proof(
        "each exception of a day has its discrepancy",
        "Piece {} of the reconciliation {} names the discrepancy {}, which is not there.",
        """
        SELECT r.number, r.run_id, r.discrepancy FROM payments_reconciled r WHERE r.discrepancy > ''
            AND NOT EXISTS (SELECT FROM payments_discrepancy d WHERE d.key = r.discrepancy)
        """,
    ),
)
