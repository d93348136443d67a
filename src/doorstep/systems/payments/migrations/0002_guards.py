"""The ledger's law in the database: totals follow transfers, nothing is changed, deleted or emptied, currencies do not mix,
pending transfers are resolved once, closed days stay closed; receipts and their papers stay.
"""

from typing import ClassVar

from django.db import migrations

ROOM = "ALTER TABLE payments_account SET (fillfactor = 50)"  # totals change all the time

# One transfer is judged by statements that are planned once; many by EXECUTE, which plans for as many as there are.
# Accounts are locked in the order of their ids by everybody, so that two transactions wait for each other and never deadlock.
TOTALS = """
CREATE FUNCTION payments_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger refuses this' USING ERRCODE = 'check_violation', CONSTRAINT = what;
END $$;

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
        posted := CASE WHEN one.stage IN ('posted', 'post') THEN one.amount ELSE 0 END;
        waiting := CASE one.stage WHEN 'pending' THEN one.amount WHEN 'posted' THEN 0 ELSE -one.amount END;
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
                        LATERAL (SELECT CASE WHEN stage IN ('posted', 'post') THEN amount ELSE 0 END AS posted,
                            CASE stage WHEN 'pending' THEN amount WHEN 'posted' THEN 0 ELSE -amount END AS waiting) AS own,
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
    IF TG_OP = 'TRUNCATE' AND current_setting('doorstep.may_empty_ledger', true) = 'yes' THEN RETURN NULL; END IF;
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

STAY = """
CREATE TRIGGER history_stays BEFORE UPDATE OR DELETE ON payments_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE UPDATE OR DELETE ON payments_receiptpaper
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(sql) for sql in (ROOM, TOTALS, HISTORY, STAY)]
