"""Days are reconciled: three sides set against each other by one statement in the database, each piece with one outcome."""

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction

from doorstep.kernel.country import law
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict, refuse
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import Reconciliation
from doorstep.systems.payments.permissions import FOR_TREASURY, RECONCILE
from doorstep.systems.payments.rules.reconciliation import RECONCILIATION_WAITS, check_day

# What a booking is on the bank's statement decides its day; without one, what we were told of it. Money of an order that
# is stated by its asker carries the stated amount with it, whatever day was stated: so nothing counts on two days.
_RECONCILE = """
WITH line AS (
    SELECT account_id, booking, payout, side, CASE side WHEN 'credit' THEN amount ELSE -amount END AS bank
    FROM payments_statementline WHERE day = %(day)s
), money AS (
    SELECT CASE c.match WHEN 'deposit' THEN 'deposit' ELSE 'credit' END AS piece, l.account_id AS account, l.booking, l.bank, c.amount AS ours, c.order_id AS "order",
        c.match, c.state = 'assigned' AS pays
    FROM line l LEFT JOIN payments_credit c USING (account_id, booking) WHERE l.side = 'credit'
    UNION ALL
    SELECT CASE c.match WHEN 'deposit' THEN 'deposit' ELSE 'credit' END, c.account_id, c.booking, NULL, c.amount, c.order_id, c.match, c.state = 'assigned'
    FROM payments_credit c WHERE c.day = %(day)s AND NOT EXISTS (SELECT FROM payments_statementline s
        WHERE (s.account_id, s.booking) = (c.account_id, c.booking))
    UNION ALL
    SELECT 'payout', l.account_id, l.booking, l.bank, -r.amount, r.order_id, NULL, false
    FROM line l LEFT JOIN payments_refund r ON r.id = l.payout AND r.state = 'paid' AND r.booking = l.booking WHERE l.side = 'debit'
    UNION ALL
    SELECT 'payout', r.account_id, r.booking, NULL, -r.amount, r.order_id, NULL, false
    FROM payments_refund r WHERE r.state IN ('paid', 'returned') AND r.ended >= %(start)s AND r.ended < %(end)s
        AND NOT EXISTS (SELECT FROM payments_statementline s WHERE s.payout = r.id)
    UNION ALL
    SELECT 'cash', NULL, '', NULL, o.paid, o.id, NULL, true
    FROM payments_order o WHERE o.channel = 'cash' AND o.settled >= %(start)s AND o.settled < %(end)s
        AND NOT EXISTS (SELECT FROM payments_move m WHERE m.approved AND m.target_id = o.id)
    UNION ALL
    SELECT 'moved', NULL, '', NULL, s.ours, s."order", NULL, s.ours > 0
    FROM payments_move m, LATERAL (VALUES (-m.amount, m.source_id), (m.amount, m.target_id)) AS s (ours, "order")
    WHERE m.approved AND m.decided >= %(start)s AND m.decided < %(end)s
), fee AS NOT MATERIALIZED (
    SELECT f."order", f.amount, f.repeated, s.asker, s.day FROM payments_feeline f
    JOIN payments_feestatement s ON s.id = f.statement_id
), side AS (
    SELECT m.*, f.amount AS stated, false AS repeated, coalesce(o.asker, '') AS asker,
        coalesce(o.unit, b.unit, '') AS unit, o.state = 'refunded' AS refunded
    FROM money m LEFT JOIN payments_order o ON o.id = m."order" LEFT JOIN payments_bankaccount b ON b.id = m.account
    LEFT JOIN fee f ON m.pays AND f."order" = o.id AND f.asker = o.asker AND NOT f.repeated
    UNION ALL
    SELECT 'stated', NULL, '', NULL, NULL, f."order", NULL, false, f.amount, f.repeated, f.asker, coalesce(o.unit, ''), false
    FROM fee f LEFT JOIN payments_order o ON o.id = f."order" AND o.asker = f.asker
    WHERE f.day = %(day)s AND (f.repeated OR coalesce(o.channel, '') = '')
), judged AS (
    SELECT *, CASE
        WHEN piece = 'stated' THEN CASE WHEN repeated THEN 'duplicate' ELSE 'missing_at_platform' END
        WHEN ours IS NULL THEN 'missing_at_platform'
        WHEN bank IS NULL AND piece NOT IN ('cash', 'moved') THEN 'missing_at_agency'
        WHEN bank <> ours THEN 'amount_differs'
        WHEN piece = 'payout' OR ours < 0 THEN 'refunded'
        WHEN piece = 'deposit' THEN 'matched'
        WHEN NOT pays THEN CASE WHEN match IN ('duplicate', 'withdrawn') THEN 'duplicate'
            WHEN match = 'differs' THEN 'amount_differs' ELSE 'missing_at_platform' END
        WHEN stated IS NULL THEN CASE WHEN refunded THEN 'refunded' ELSE 'missing_at_agency' END
        WHEN stated <> ours THEN 'amount_differs'
        ELSE 'matched' END AS outcome
    FROM side
)
INSERT INTO payments_reconciled
    (run_id, number, piece, outcome, lacking, owner, unit, asker, "order", account, booking, bank, ours, stated)
SELECT %(run)s, row_number() OVER (), piece, outcome,
    CASE outcome WHEN 'missing_at_platform' THEN 'platform'
        WHEN 'missing_at_agency' THEN CASE WHEN bank IS NULL AND piece NOT IN ('cash', 'moved') THEN 'bank' ELSE 'asker' END ELSE '' END,
    CASE WHEN outcome IN ('matched', 'refunded') THEN ''
        WHEN piece = 'stated' OR outcome = 'missing_at_agency' AND (bank IS NOT NULL OR piece IN ('cash', 'moved')) THEN 'payments.asker'
        ELSE 'payments.treasurer' END,
    unit, asker, "order", account, booking, bank, ours, stated
FROM judged
"""
_SUMS = """
INSERT INTO payments_reconciledsum (run_id, unit, piece, outcome, lacking, n, bank, ours, stated)
SELECT run_id, unit, piece, outcome, lacking, count(*), coalesce(sum(bank), 0), coalesce(sum(ours), 0),
    coalesce(sum(stated), 0)
FROM payments_reconciled WHERE run_id = %(run)s GROUP BY 1, 2, 3, 4, 5
"""
_PROOF = """
SELECT (SELECT (count(*), coalesce(sum(CASE side WHEN 'credit' THEN amount ELSE -amount END), 0))
        FROM payments_statementline WHERE day = %(day)s)
    = (SELECT (count(bank), coalesce(sum(bank), 0)) FROM payments_reconciled WHERE run_id = %(run)s)
"""


class Day(msgspec.Struct, frozen=True):
    """A reconciliation that is done, and how many pieces of money it judged."""

    run: str
    rows: int


@action(RECONCILE, FOR_TREASURY)
def ask_reconciliation(act: Act, day: date) -> None:
    """Want a day reconciled again with what came since; it is done within minutes. Raises Conflict where it waits."""
    refuse(check_day(day, act.day))
    row = Reconciliation(id=act.id, day=day, asked_by=act.actor.subject, asked=act.at)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as waits:
        raise Conflict(RECONCILIATION_WAITS("day")) from waits
    act.journal(detail=str(day))


@action(RECONCILE, FOR_TREASURY)
def reconcile_day(act: Act, day: date) -> Day:
    """Reconcile a day with all evidence that is there; earlier results of the day stay.

    Raises RuntimeError where a statement's lines are not each in one outcome: a fault of ours, and nothing is kept.
    """
    asked = Reconciliation.objects.select_for_update().filter(day=day, at=None).first()
    run = asked or Reconciliation(id=act.id, day=day, asked_by=act.actor.subject, asked=act.at)
    run.at = act.at
    run.save()
    zone = law(Country, "payments").zone
    start, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    names: dict[str, Any] = {"day": day, "run": run.id, "start": start, "end": end}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")  # for each step of the plan, however long the day
        cursor.execute(_RECONCILE, names)
        run.rows = cursor.rowcount
        cursor.execute(_SUMS, names)
        cursor.execute(_PROOF, names)
        if cursor.fetchone() != (True,):
            raise RuntimeError(f"the bank's lines of {day} are not each in one outcome")
    run.save(update_fields=["rows"])
    act.journal(detail=f"{day}: {run.rows} pieces")
    return Day(str(run.id), run.rows)
