"""The ledger's law in the database: totals follow transfers, nothing is changed, deleted or emptied, currencies do not mix,
pending transfers are resolved once, closed days stay closed; receipts, statements and reconciliations stay. Whatever
changes what a day rests on says so.
"""

from typing import ClassVar

from django.db import migrations

ROOM = "ALTER TABLE payments_account SET (fillfactor = 50)"  # totals change all the time

# Numbers of rows that statements make, as kernel.values.ids.uuid7 makes them: the time, and the rest by chance (RFC 9562).
IDS = """
CREATE FUNCTION payments_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(
        int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;
"""

# One transfer is judged by statements that are planned once; many by EXECUTE, which plans for as many as there are.
# Accounts are locked in the order of their ids by everybody, so that two transactions wait for each other and never deadlock.
TOTALS = """
CREATE FUNCTION payments_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger refuses this' USING ERRCODE = 'check_violation', CONSTRAINT = what;
END $$;

-- What a transfer moves, and what of it is pending from then on (or not any more, where it is less than zero).
CREATE FUNCTION payments_posted(stage text, amount bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE WHEN stage IN ('posted', 'post') THEN amount ELSE 0 END $$;
CREATE FUNCTION payments_waiting(stage text, amount bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE stage WHEN 'pending' THEN amount WHEN 'posted' THEN 0 ELSE -amount END $$;
CREATE VIEW payments_leg AS
    SELECT t.id, t.at, t."order", leg.* FROM payments_transfer t,
        LATERAL (SELECT payments_posted(stage, amount) AS posted, payments_waiting(stage, amount) AS waiting) AS own,
        LATERAL (VALUES (debit_id, posted, 0::bigint, waiting, 0::bigint), (credit_id, 0, posted, 0, waiting))
            AS leg (account, debit, credit, pending_debit, pending_credit);

CREATE FUNCTION payments_keep_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines bigint; closed boolean; simple boolean; one payments_transfer; posted bigint; waiting bigint;
    touched uuid; held text; other text; wanted bigint; changed bigint; mixed boolean;
BEGIN
    SELECT count(*), min(at) < (SELECT max(until) FROM payments_closing), bool_and(stage = 'posted')
        INTO lines, closed, simple FROM added;
    IF lines = 0 THEN RETURN NULL; END IF;
    IF closed THEN PERFORM payments_refuse('ledger_closed'); END IF;
    IF lines = 1 THEN
        SELECT * INTO one FROM added;
    ELSE
        EXECUTE 'SELECT FROM payments_account WHERE id IN (SELECT debit_id FROM added UNION SELECT credit_id FROM added)
            ORDER BY id FOR NO KEY UPDATE';
    END IF;
    IF NOT simple THEN
        EXECUTE $pending$INSERT INTO payments_openpending (transfer, until) SELECT id, until FROM added WHERE stage = 'pending'$pending$;
        EXECUTE $resolved$
            DELETE FROM payments_openpending o USING added t, payments_transfer p
            WHERE o.transfer = t.pending_id AND p.id = t.pending_id
                AND (p.debit_id, p.credit_id, p.amount) = (t.debit_id, t.credit_id, t.amount)
                AND (t.stage <> 'expire' OR p.until <= t.at)
        $resolved$;
        GET DIAGNOSTICS changed = ROW_COUNT;
        IF changed <> (SELECT count(*) FROM added WHERE pending_id IS NOT NULL) THEN
            PERFORM payments_refuse('transfer_resolves');
        END IF;
    END IF;
    IF lines = 1 THEN
        posted := payments_posted(one.stage, one.amount);
        waiting := payments_waiting(one.stage, one.amount);
        FOREACH touched IN ARRAY ARRAY[least(one.debit_id, one.credit_id), greatest(one.debit_id, one.credit_id)] LOOP
            UPDATE payments_account SET
                debits = debits + CASE id WHEN one.debit_id THEN posted ELSE 0 END,
                credits = credits + CASE id WHEN one.credit_id THEN posted ELSE 0 END,
                pending_debits = pending_debits + CASE id WHEN one.debit_id THEN waiting ELSE 0 END,
                pending_credits = pending_credits + CASE id WHEN one.credit_id THEN waiting ELSE 0 END
            WHERE id = touched RETURNING currency INTO held;
            IF NOT FOUND THEN PERFORM payments_refuse('ledger_accounts'); END IF;
            mixed := held <> other;
            other := held;
        END LOOP;
    ELSE
        EXECUTE 'SELECT count(DISTINCT id) FROM (SELECT debit_id AS id FROM added UNION ALL SELECT credit_id FROM added) s'
            INTO wanted;
        EXECUTE 'SELECT bool_or(d.currency <> c.currency) FROM added t
            JOIN payments_account d ON d.id = t.debit_id JOIN payments_account c ON c.id = t.credit_id' INTO mixed;
        EXECUTE $many$
            UPDATE payments_account a SET debits = a.debits + m.debits, credits = a.credits + m.credits,
                pending_debits = a.pending_debits + m.pending_debits, pending_credits = a.pending_credits + m.pending_credits
            FROM (
                SELECT account, sum(debit) AS debits, sum(credit) AS credits,
                    sum(pending_debit) AS pending_debits, sum(pending_credit) AS pending_credits
                FROM (
                    SELECT side.* FROM added,
                        LATERAL (SELECT payments_posted(stage, amount) AS posted, payments_waiting(stage, amount) AS waiting) AS own,
                        LATERAL (VALUES (debit_id, posted, 0, waiting, 0), (credit_id, 0, posted, 0, waiting))
                            AS side (account, debit, credit, pending_debit, pending_credit)
                ) AS sides GROUP BY account
            ) AS m WHERE a.id = m.account
        $many$;
        GET DIAGNOSTICS changed = ROW_COUNT;
        IF changed <> wanted THEN PERFORM payments_refuse('ledger_accounts'); END IF;
    END IF;
    IF mixed THEN PERFORM payments_refuse('ledger_currencies'); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_totals AFTER INSERT ON payments_transfer REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION payments_keep_totals();
"""

# Only tests empty tables, in databases that say so: ALTER DATABASE ... SET doorstep.may_empty_ledger = 'yes'.
# A depth of 0 is a statement of its own: what a trigger above writes comes at depth 1.
HISTORY = """
CREATE FUNCTION payments_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('doorstep.may_empty_ledger', true) = 'yes' AND EXISTS (
        SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE d.datname = current_database() AND 'doorstep.may_empty_ledger=yes' = ANY(s.setconfig)
    ) THEN RETURN NULL; END IF;
    RAISE EXCEPTION 'what the ledger holds stays as it is' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_history';
END $$;
CREATE TRIGGER history_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_closing
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_closedtotals
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE DELETE OR TRUNCATE ON payments_account
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER totals_begin_at_zero BEFORE INSERT ON payments_account FOR EACH ROW
    WHEN ((NEW.debits, NEW.credits, NEW.pending_debits, NEW.pending_credits) <> (0, 0, 0, 0))
    EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER names_stay BEFORE UPDATE OF id, unit, kind, label, currency, side, limited, opened ON payments_account
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER totals_follow BEFORE UPDATE ON payments_account FOR EACH STATEMENT
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER pendings_follow BEFORE INSERT OR UPDATE OR DELETE ON payments_openpending FOR EACH STATEMENT
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE TRUNCATE ON payments_openpending
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
"""

STAY = (
    "receipt",
    "receiptpaper",
    "ordermovement",
    "statementline",
    "feepage",
    "feeline",
    "reconciled",
    "reconciledsum",
)
"""Tables of which nothing is ever changed."""

ONCE = """
CREATE TRIGGER history_stays BEFORE DELETE OR TRUNCATE ON payments_credit
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER content_stays BEFORE UPDATE ON payments_credit FOR EACH ROW
    WHEN ((NEW.id, NEW.account_id, NEW.booking, NEW.amount, NEW.memo, NEW.booked, NEW.day, NEW.from_bank, NEW.from_account, NEW.from_name)
        IS DISTINCT FROM (OLD.id, OLD.account_id, OLD.booking, OLD.amount, OLD.memo, OLD.booked, OLD.day, OLD.from_bank, OLD.from_account,
            OLD.from_name)) EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE DELETE OR TRUNCATE ON payments_statement
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER content_stays BEFORE UPDATE ON payments_statement FOR EACH ROW
    WHEN (to_jsonb(NEW) - 'recorded' <> to_jsonb(OLD) - 'recorded' OR NEW.recorded < OLD.recorded)
    EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE DELETE OR TRUNCATE ON payments_feestatement
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER content_stays BEFORE UPDATE ON payments_feestatement FOR EACH ROW
    WHEN (to_jsonb(NEW) - 'complete' <> to_jsonb(OLD) - 'complete' OR OLD.complete IS NOT NULL)
    EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE DELETE OR TRUNCATE ON payments_reconciliation
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER content_stays BEFORE UPDATE ON payments_reconciliation FOR EACH ROW
    WHEN (to_jsonb(NEW) - 'at' - 'rows' <> to_jsonb(OLD) - 'at' - 'rows' OR OLD.at IS NOT NULL)
    EXECUTE FUNCTION payments_history_stays();
"""

# What two persons approved, and what was asked of a payer. An account that was rejected goes, and may be named again.
AGREED = """
CREATE TRIGGER history_stays BEFORE TRUNCATE ON payments_bankaccount
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER approved_stays BEFORE DELETE ON payments_bankaccount FOR EACH ROW
    WHEN (OLD.approved IS NOT NULL) EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER content_stays BEFORE UPDATE ON payments_bankaccount FOR EACH ROW
    WHEN (OLD.approved IS NOT NULL AND (to_jsonb(NEW) - 'ended' <> to_jsonb(OLD) - 'ended'
        OR OLD.ended IS NOT NULL AND NEW.ended IS DISTINCT FROM OLD.ended)) EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE DELETE OR TRUNCATE ON payments_order
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER content_stays BEFORE UPDATE OF id, code, asker, subject, unit, payer, purpose, lines, amount, currency, created
    ON payments_order FOR EACH ROW
    WHEN ((NEW.id, NEW.code, NEW.asker, NEW.subject, NEW.unit, NEW.payer, NEW.purpose, NEW.lines, NEW.amount, NEW.currency, NEW.created)
        IS DISTINCT FROM (OLD.id, OLD.code, OLD.asker, OLD.subject, OLD.unit, OLD.payer, OLD.purpose, OLD.lines, OLD.amount,
            OLD.currency, OLD.created)) EXECUTE FUNCTION payments_history_stays();
"""

# Each statement appends what it touched, so that writers never wait for each other. Money of an order is on the days of
# its credits, its cash and its moves, and lists of askers are on those that they were stated for.
DAYS = """
CREATE FUNCTION payments_days_of_orders(wanted uuid[]) RETURNS TABLE (day date, at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT coalesce(l.day, c.day), NULL::timestamptz FROM payments_credit c
        LEFT JOIN payments_statementline l USING (account_id, booking) WHERE c.order_id = ANY (wanted)
    UNION SELECT s.day, NULL FROM payments_feeline f JOIN payments_feestatement s ON s.id = f.statement_id
        WHERE f."order" = ANY (wanted)
    UNION SELECT NULL, settled FROM payments_order WHERE id = ANY (wanted) AND channel = 'cash'
    UNION SELECT NULL, decided FROM payments_move WHERE approved AND (source_id = ANY (wanted) OR target_id = ANY (wanted))
$$;

CREATE FUNCTION payments_day_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE TG_TABLE_NAME || ' ' || TG_OP
    WHEN 'payments_credit INSERT' THEN
        INSERT INTO payments_daychange (day) SELECT DISTINCT coalesce(l.day, n.day)
            FROM added n LEFT JOIN payments_statementline l USING (account_id, booking);
    WHEN 'payments_credit UPDATE' THEN
        INSERT INTO payments_daychange (day) SELECT DISTINCT coalesce(l.day, n.day)
            FROM added n JOIN removed o USING (id) LEFT JOIN payments_statementline l
            ON (l.account_id, l.booking) = (n.account_id, n.booking)
            WHERE (n.amount, n.match, n.state, n.order_id, n.assigned, n.day)
                IS DISTINCT FROM (o.amount, o.match, o.state, o.order_id, o.assigned, o.day);
    WHEN 'payments_statement INSERT' THEN
        INSERT INTO payments_daychange (day) SELECT DISTINCT day FROM added;
    WHEN 'payments_statementline INSERT' THEN  -- planned for as many as there are
        EXECUTE 'INSERT INTO payments_daychange (day) SELECT day FROM added
            UNION SELECT c.day FROM added n JOIN payments_credit c USING (account_id, booking) WHERE c.day <> n.day
            UNION SELECT r.day FROM added n JOIN payments_refund r ON r.id = n.payout WHERE r.day <> n.day';
    WHEN 'payments_refund INSERT' THEN
        INSERT INTO payments_daychange (day) SELECT day FROM added WHERE day IS NOT NULL
            UNION SELECT l.day FROM added n JOIN payments_statementline l ON l.payout = n.id;
    WHEN 'payments_refund UPDATE' THEN
        INSERT INTO payments_daychange (day) SELECT d.day FROM added n JOIN removed o USING (id), LATERAL (
            SELECT n.day UNION SELECT o.day UNION SELECT l.day FROM payments_statementline l WHERE l.payout = n.id) d
            WHERE d.day IS NOT NULL AND (n.state, n.day, n.amount, n.booking) IS DISTINCT FROM (o.state, o.day, o.amount, o.booking)
            GROUP BY 1;
    WHEN 'payments_order INSERT' THEN
        INSERT INTO payments_daychange (day, at)
            SELECT * FROM payments_days_of_orders(ARRAY(SELECT id FROM added WHERE channel <> ''));
    WHEN 'payments_order UPDATE' THEN  -- whether it went back matters only where no asker lists it
        INSERT INTO payments_daychange (day, at)
            SELECT * FROM payments_days_of_orders(ARRAY(SELECT id FROM added n JOIN removed o USING (id)
                WHERE (n.channel, n.paid, n.settled, n.unit, n.asker)
                    IS DISTINCT FROM (o.channel, o.paid, o.settled, o.unit, o.asker)
                    OR (n.state = 'refunded') <> (o.state = 'refunded')
                        AND NOT EXISTS (SELECT FROM payments_feeline f WHERE f."order" = n.id)));
    WHEN 'payments_move INSERT', 'payments_move UPDATE' THEN
        INSERT INTO payments_daychange (at) SELECT decided FROM added WHERE approved;
    WHEN 'payments_feepage INSERT' THEN
        INSERT INTO payments_daychange (day)
            SELECT DISTINCT s.day FROM added n JOIN payments_feestatement s ON s.id = n.statement_id;
    WHEN 'payments_feeline INSERT' THEN
        INSERT INTO payments_daychange (day, at) SELECT * FROM payments_days_of_orders(ARRAY(SELECT "order" FROM added));
    END CASE;
    RETURN NULL;
END $$;
"""
REST = {
    "credit": ("INSERT", "UPDATE"),
    "statement": ("INSERT",),
    "statementline": ("INSERT",),
    "refund": ("INSERT", "UPDATE"),
    "order": ("INSERT", "UPDATE"),
    "move": ("INSERT", "UPDATE"),
    "feepage": ("INSERT",),
    "feeline": ("INSERT",),
}
"""On what a day rests."""


def _stays(table: str) -> str:
    return (
        f"CREATE TRIGGER history_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_{table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays()"
    )


def _changes(table: str, what: str) -> str:
    seen = "NEW TABLE AS added" + (" OLD TABLE AS removed" if what == "UPDATE" else "")
    return (
        f"CREATE TRIGGER day_changes_{what.lower()} AFTER {what} ON payments_{table} REFERENCING {seen}"
        " FOR EACH STATEMENT EXECUTE FUNCTION payments_day_changes()"
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(sql)
        for sql in (
            ROOM,
            IDS,
            TOTALS,
            HISTORY,
            *map(_stays, STAY),
            ONCE,
            AGREED,
            DAYS,
            *(_changes(table, what) for table, events in REST.items() for what in events),
        )
    ]
