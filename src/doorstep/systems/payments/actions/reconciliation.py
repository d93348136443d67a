"""Days are reconciled: three sides set against each other by one statement in the database, each piece with one outcome."""

from datetime import date
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction

from doorstep.kernel.country import law
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict, refuse
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import Reconciliation
from doorstep.systems.payments.permissions import FOR_TREASURY, RECONCILE
from doorstep.systems.payments.rules.banking_days import bounds
from doorstep.systems.payments.rules.discrepancies import KINDS, OF_DAYS, Repair
from doorstep.systems.payments.rules.ledger import MOST
from doorstep.systems.payments.rules.reconciliation import RECONCILIATION_WAITS, check_day

# The law of outcomes, as rules.reconciliation.judge has it: `kind` is the discrepancy under which somebody must act.
JUDGED = """
CASE
    WHEN piece = 'stated' THEN CASE WHEN repeated THEN 'duplicate' ELSE 'missing_at_platform' END
    WHEN ours IS NULL THEN 'missing_at_platform'
    WHEN piece NOT IN ('cash', 'moved') AND bank IS NULL THEN 'missing_at_agency'
    WHEN piece NOT IN ('cash', 'moved') AND bank <> ours THEN 'amount_differs'
    WHEN piece = 'payout' OR ours < 0 THEN 'refunded'
    WHEN piece = 'deposit' THEN 'matched'
    WHEN piece = 'rest' THEN CASE WHEN match IN ('duplicate', 'withdrawn') THEN 'duplicate' WHEN away THEN 'refunded'
        WHEN match = 'differs' THEN 'amount_differs' ELSE 'missing_at_platform' END
    WHEN stated IS NULL THEN CASE WHEN away THEN 'refunded' ELSE 'missing_at_agency' END
    WHEN stated <> ours THEN 'amount_differs'
    ELSE 'matched' END AS outcome,
CASE
    WHEN piece = 'stated' THEN CASE WHEN repeated THEN 'stated_twice' ELSE 'stated_unpaid' END
    WHEN ours IS NULL THEN 'not_booked'
    WHEN piece NOT IN ('cash', 'moved') AND bank IS NULL THEN 'not_banked'
    WHEN piece NOT IN ('cash', 'moved') AND bank <> ours THEN 'bank_differs'
    WHEN piece IN ('payout', 'deposit') OR ours < 0 THEN ''
    WHEN piece = 'rest' THEN CASE WHEN away THEN '' ELSE 'unassigned' END
    WHEN stated IS NULL THEN CASE WHEN away THEN '' ELSE 'not_stated' END
    WHEN stated <> ours THEN 'stated_differs'
    ELSE '' END AS kind
"""
# What a booking is on the bank's statement decides its day; without one, what we were told of it. A credit that pays an
# order in part is two pieces, and so is its booking. Money of an order that is stated by its asker carries the stated
# amount with it, whatever day was stated: so nothing counts on two days.
_RECONCILE = f"""
WITH line AS (
    SELECT account_id AS account, booking, payout, side, CASE side WHEN 'credit' THEN amount ELSE -amount END AS bank
    FROM payments_statementline WHERE day = %(day)s
), came AS (
    SELECT l.account, l.booking, l.bank, c.id, c.amount, c.assigned, c.order_id, c.match, c.state
    FROM line l LEFT JOIN payments_credit c ON c.account_id = l.account AND c.booking = l.booking WHERE l.side = 'credit'
    UNION ALL
    SELECT c.account_id, c.booking, NULL, c.id, c.amount, c.assigned, c.order_id, c.match, c.state FROM payments_credit c
    WHERE c.day = %(day)s AND NOT EXISTS (SELECT FROM payments_statementline s
        WHERE s.account_id = c.account_id AND s.booking = c.booking AND s.side = 'credit')
), gone AS (
    SELECT l.account, l.booking, l.bank, l.payout, r.amount, r.order_id FROM line l
    LEFT JOIN payments_refund r ON r.id = l.payout AND r.state IN ('paid', 'lost') AND r.account_id = l.account AND l.booking = (
        SELECT s.booking FROM payments_statementline s WHERE s.payout = l.payout AND s.account_id = l.account
            AND s.side = 'debit' ORDER BY s.booking <> r.booking, s.day, s.statement_id, s.line LIMIT 1)
    WHERE l.side = 'debit'
    UNION ALL
    SELECT r.account_id, r.booking, NULL, r.id, r.amount, r.order_id FROM payments_refund r
    WHERE r.day = %(day)s AND r.state IN ('paid', 'lost') AND NOT EXISTS (SELECT FROM payments_statementline s
        WHERE s.payout = r.id AND s.account_id = r.account_id AND s.side = 'debit')
), money AS (
    SELECT CASE WHEN NOT pays THEN 'rest' WHEN match = 'deposit' THEN 'deposit' ELSE 'credit' END AS piece, account, booking,
        CASE WHEN NOT pays THEN CASE WHEN bank IS NOT NULL THEN greatest(bank - coalesce(assigned, 0), 0) END
            WHEN assigned < amount THEN bank - greatest(bank - assigned, 0) ELSE bank END AS bank,
        CASE WHEN pays THEN assigned ELSE amount - assigned END AS ours, order_id AS "order", match,
        NOT pays AND state IN ('returning', 'returned') AS back, id AS thing
    FROM came JOIN (VALUES (true), (false)) AS part (pays)
        ON CASE WHEN pays THEN assigned > 0 ELSE coalesce(assigned < amount, true) END
    UNION ALL
    SELECT 'payout', account, booking, bank, -amount, order_id, NULL, false, payout FROM gone
    UNION ALL
    SELECT 'cash', NULL, '', NULL, o.paid, o.id, NULL, false, NULL
    FROM payments_order o WHERE o.channel = 'cash' AND o.settled >= %(start)s AND o.settled < %(end)s
        AND NOT EXISTS (SELECT FROM payments_move m WHERE m.approved AND m.target_id = o.id)
    UNION ALL
    SELECT 'moved', NULL, '', NULL, s.ours, s."order", NULL, false, NULL
    FROM payments_move m, LATERAL (VALUES (-m.amount, m.source_id), (m.amount, m.target_id)) AS s (ours, "order")
    WHERE m.approved AND m.decided >= %(start)s AND m.decided < %(end)s
), fee AS NOT MATERIALIZED (
    SELECT f."order", f.amount, f.repeated, s.asker, s.day FROM payments_feeline f
    JOIN payments_feestatement s ON s.id = f.statement_id
), side AS (
    SELECT m.*, f.amount AS stated, false AS repeated, coalesce(o.asker, '') AS asker,
        coalesce(o.unit, b.unit, '') AS unit, b.bank || ':' || b.number || ' ' AS label, CASE piece WHEN 'rest' THEN back ELSE coalesce(o.state = 'refunded', false) END AS away
    FROM money m LEFT JOIN payments_order o ON o.id = m."order" LEFT JOIN payments_bankaccount b ON b.id = m.account
    LEFT JOIN fee f ON m.piece IN ('credit', 'cash', 'moved') AND m.ours > 0 AND f."order" = o.id AND f.asker = o.asker
        AND NOT f.repeated
    UNION ALL
    SELECT 'stated', NULL, '', NULL, NULL, f."order", NULL, false, NULL, f.amount, f.repeated, f.asker, coalesce(o.unit, ''),
        NULL, false
    FROM fee f LEFT JOIN payments_order o ON o.id = f."order" AND o.asker = f.asker
    WHERE f.day = %(day)s AND (f.repeated OR coalesce(o.channel, '') = '')
), judged AS (
    SELECT *, {JUDGED} FROM side OFFSET 0  -- judged once a row, and not again wherever it is used
), told AS (  -- what bank and people know of already
    SELECT about, min(key) AS key FROM payments_discrepancy
    WHERE kind = 'money_unrecorded' OR kind = 'statement_lacking' AND resolved IS NULL GROUP BY about
)
INSERT INTO payments_reconciled
    (run_id, number, piece, outcome, lacking, discrepancy, unit, asker, "order", account, booking, bank, ours, stated)
SELECT %(run)s, row_number() OVER (), piece, outcome,
    CASE outcome WHEN 'missing_at_platform' THEN 'platform'
        WHEN 'missing_at_agency' THEN CASE kind WHEN 'not_banked' THEN 'bank' ELSE 'asker' END ELSE '' END,
    CASE kind WHEN '' THEN ''
        WHEN 'unassigned' THEN coalesce((SELECT d.key FROM payments_discrepancy d
                WHERE d.credit_id = thing AND d.resolved IS NULL AND d.kind = ANY (%(money)s) ORDER BY d.id LIMIT 1),
            (SELECT d.key FROM payments_refund r JOIN payments_discrepancy d ON d.refund_id = r.id
                WHERE r.credit_id = thing AND d.resolved IS NULL AND d.kind = ANY (%(money)s) ORDER BY d.id LIMIT 1),
            'unassigned:' || thing)
        WHEN 'not_booked' THEN coalesce(told.key, (SELECT d.key FROM payments_discrepancy d WHERE d.refund_id = thing
            AND d.kind = 'payout_unclear' ORDER BY d.id DESC LIMIT 1), 'not_booked:' || account || ':' || booking)
        WHEN 'bank_differs' THEN coalesce(
            (SELECT d.key FROM payments_discrepancy d WHERE d.credit_id = thing AND d.kind = 'contradicted'
                ORDER BY d.id DESC LIMIT 1),
            (SELECT d.key FROM payments_discrepancy d WHERE d.refund_id = thing AND d.kind = 'payout_unclear'
                ORDER BY d.id DESC LIMIT 1),
            'bank_differs:' || thing)
        WHEN 'not_banked' THEN CASE WHEN EXISTS (SELECT FROM payments_statement s
            WHERE s.account_id = judged.account AND s.day = %(day)s) THEN 'not_banked:' || thing
            ELSE coalesce(told.key, 'statement_missing:' || account || ':' || %(day)s::date) END
        WHEN 'not_stated' THEN CASE WHEN EXISTS (SELECT FROM payments_feestatement s
            WHERE s.day = %(day)s AND s.asker = judged.asker AND s.complete IS NOT NULL) THEN 'not_stated:' || "order"
            ELSE 'fees_missing:' || asker || ':' || %(day)s::date || ':' || split_part(unit, '.', 1) END
        WHEN 'stated_twice' THEN kind || ':' || "order" || ':' || asker || ':' || %(day)s::date
        ELSE kind || ':' || "order" || ':' || asker END,
    unit, asker, "order", account, booking, bank, ours, stated
FROM judged LEFT JOIN told
    ON told.about = label || CASE kind WHEN 'not_booked' THEN booking WHEN 'not_banked' THEN %(day)s::date::text END
"""  # noqa: S608  of constants
_SUMS = """
INSERT INTO payments_reconciledsum (run_id, unit, piece, outcome, lacking, n, bank, ours, stated)
SELECT run_id, unit, piece, outcome, lacking, count(*), coalesce(sum(bank), 0), coalesce(sum(ours), 0),
    coalesce(sum(stated), 0)
FROM payments_reconciled WHERE run_id = %(run)s GROUP BY 1, 2, 3, 4, 5
"""
# Each side by itself, counted anew: bank and our books are whole in the pieces of the day, and what was stated is there or
# with money that an order of another day has; no stated line is with two pieces.
_PROOF = """
WITH found AS MATERIALIZED (
    SELECT sum(bank) AS bank, sum(ours) AS ours, (SELECT count(*) FROM (SELECT FROM payments_reconciled
            WHERE run_id = %(run)s AND bank IS NOT NULL GROUP BY account, booking) AS each) AS bookings,
        count(*) FILTER (WHERE piece = 'stated') AS listed, sum(stated) FILTER (WHERE piece = 'stated') AS stated
    FROM payments_reconciled WHERE run_id = %(run)s
), bank AS (
    SELECT count(*) AS n, coalesce(sum(CASE side WHEN 'credit' THEN amount ELSE -amount END), 0) AS amount
    FROM payments_statementline WHERE day = %(day)s
), fees AS (
    SELECT count(*) FILTER (WHERE alone) AS n, coalesce(sum(amount) FILTER (WHERE alone), 0) AS amount FROM (
        SELECT f.amount, f.repeated OR o.id IS NULL AS alone
        FROM payments_feestatement s JOIN payments_feeline f ON f.statement_id = s.id
            LEFT JOIN payments_order o ON o.id = f."order" AND o.asker = s.asker AND o.channel <> ''
        WHERE s.day = %(day)s) AS each
), ours AS (
    SELECT coalesce(sum(amount), 0) AS amount FROM (
        SELECT c.amount FROM payments_credit c
            JOIN payments_statementline l ON l.account_id = c.account_id AND l.booking = c.booking AND l.side = 'credit'
            WHERE l.day = %(day)s
        UNION ALL SELECT c.amount FROM payments_credit c
            LEFT JOIN payments_statementline l ON l.account_id = c.account_id AND l.booking = c.booking AND l.side = 'credit'
            WHERE c.day = %(day)s AND l.line IS NULL
        UNION ALL SELECT -r.amount FROM payments_refund r
            LEFT JOIN LATERAL (SELECT l.day FROM payments_statementline l WHERE l.payout = r.id AND l.side = 'debit'
                AND l.account_id = r.account_id ORDER BY l.booking <> r.booking, l.day, l.statement_id, l.line LIMIT 1) AS l ON true
            WHERE r.state IN ('paid', 'lost') AND coalesce(l.day, r.day) = %(day)s
        UNION ALL SELECT o.paid FROM payments_order o
            LEFT JOIN payments_move m ON m.approved AND m.target_id = o.id
            WHERE o.channel = 'cash' AND o.settled >= %(start)s AND o.settled < %(end)s AND m.id IS NULL) AS each
)
SELECT bookings = bank.n AND coalesce(found.bank, 0) = bank.amount, coalesce(found.ours, 0) = ours.amount,
    found.listed = fees.n AND coalesce(found.stated, 0) = fees.amount AND NOT EXISTS (
        SELECT FROM payments_reconciled WHERE run_id = %(run)s AND stated IS NOT NULL AND piece <> 'stated'
        GROUP BY asker, "order" HAVING count(*) > 1)
FROM found, bank, fees, ours
"""
_SIDES = ("the bank's lines", "our payments", "the stated fees")
# Each exception has a discrepancy: one that is there already, or a new one. What resolved itself before is open again.
_OPEN = """
WITH found AS (
    SELECT discrepancy AS key, split_part(discrepancy, ':', 1) AS kind, min(unit) AS unit, min(asker) AS asker,
        min(booking) AS booking, (array_agg("order"))[1] AS "order", sum(CASE
            WHEN outcome <> 'amount_differs' THEN abs(coalesce(ours, bank, stated)) WHEN bank <> ours THEN abs(bank - ours)
            WHEN stated IS NULL THEN abs(ours) ELSE abs(stated - ours) END) AS amount
    FROM payments_reconciled WHERE run_id = %(run)s AND discrepancy > '' GROUP BY 1
)
INSERT INTO payments_discrepancy (id, key, kind, unit, role, amount, credit_id, order_id, refund_id, about, day, opened, chosen,
    said, reasons, proposal, repair, to_bank, to_account, to_name, note, proposed_by, decided_by)
SELECT payments_uuid7(), key, kind, CASE kind WHEN 'fees_missing' THEN split_part(f.unit, '.', 1) ELSE f.unit END, role,
    least(f.amount, %(most)s), c.id, o.id, r.id, CASE WHEN kind ~ 'stated|fees' THEN f.asker ELSE f.booking END, %(day)s, %(at)s,
    0, '{}', '[]', proposal, '', '', '', '', '', '', ''
FROM found f JOIN unnest(%(kinds)s::text[], %(roles)s::text[], %(proposals)s::text[]) AS k (kind, role, proposal) USING (kind)
CROSS JOIN LATERAL (SELECT CASE WHEN kind IN ('unassigned', 'not_banked', 'bank_differs')
    THEN split_part(key, ':', 2)::uuid END AS id) AS thing
LEFT JOIN payments_credit c ON c.id = thing.id LEFT JOIN payments_refund r ON r.id = thing.id
LEFT JOIN payments_order o ON o.id = f."order" AND kind NOT IN ('statement_missing', 'fees_missing') ORDER BY key
ON CONFLICT (key) DO UPDATE SET resolved = NULL, amount = EXCLUDED.amount
WHERE payments_discrepancy.decided_by = '' AND (payments_discrepancy.resolved IS NOT NULL OR payments_discrepancy.amount <> EXCLUDED.amount)
"""
# What the day's last reconciliation found and none finds now is resolved by what came since.
_RESOLVE = """
UPDATE payments_discrepancy d SET resolved = %(at)s
WHERE resolved IS NULL AND kind = ANY (%(kinds)s)
    AND key IN (SELECT discrepancy FROM payments_reconciled WHERE run_id = %(before)s AND discrepancy > '')
    AND NOT EXISTS (
        SELECT FROM payments_reconciled r JOIN payments_reconciliation x ON x.id = r.run_id
        WHERE r.discrepancy = d.key AND (x.id = %(run)s OR x.day <> %(day)s AND x.at IS NOT NULL AND NOT EXISTS (
            SELECT FROM payments_reconciliation y WHERE y.day = x.day AND y.at IS NOT NULL AND y.id > x.id)))
"""
_SEEN = "DELETE FROM payments_daychange WHERE day = %(day)s OR at >= %(start)s AND at < %(end)s"


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

    Each exception has a discrepancy from now on; those of the last time that are none any more are resolved. Raises
    RuntimeError where a side's money is not each in one outcome: a fault of ours, and nothing is kept.
    """
    asked = Reconciliation.objects.select_for_update().filter(day=day, at=None).first()
    run = asked or Reconciliation(id=act.id, day=day, asked_by=act.actor.subject, asked=act.at)
    if not asked:
        run.save(force_insert=True)
    before = Reconciliation.objects.filter(day=day, at__isnull=False).order_by("-id").first()
    names = {**_names(day), "run": run.id, "before": before.id if before else None, "at": act.at}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")  # for each step of the plan, however long the day
        cursor.execute(_SEEN, names)  # before all else: what is changed from now on stays, and the day with it
        cursor.execute(_RECONCILE, names)
        run.rows = cursor.rowcount
        cursor.execute(_SUMS, names)
        cursor.execute(_PROOF, names)
        if wrong := [side for side, holds in zip(_SIDES, cursor.fetchone(), strict=True) if not holds]:
            raise RuntimeError(f"{' and '.join(wrong)} of {day} are not each in one outcome")
        cursor.execute(_OPEN, names)
        opened = cursor.rowcount
        cursor.execute(_RESOLVE, names)
        resolved = cursor.rowcount
    run.at = act.at
    run.save(update_fields=["rows", "at"])
    act.journal(detail=f"{day}: {run.rows} pieces, {opened} discrepancies opened, {resolved} resolved")
    return Day(str(run.id), run.rows)


def _names(day: date) -> dict[str, Any]:
    start, end = bounds(day, law(Country, "payments").zone)
    natures = [KINDS[kind] for kind in OF_DAYS]
    return {
        "day": day,
        "start": start,
        "end": end,
        "most": MOST,
        "kinds": [kind.value for kind in OF_DAYS],
        "roles": [one.role for one in natures],
        "proposals": [one.proposal.value for one in natures],
        "money": [kind.value for kind, nature in KINDS.items() if Repair.REFUND in nature.fitting],
    }
