"""The ledger's law in the database: totals follow transfers, nothing is changed or deleted, currencies do not mix."""

from typing import ClassVar

from django.db import migrations

TOTALS = """
CREATE FUNCTION payments_keep_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In one order for everybody, so that two transactions wait for each other and never deadlock.
    PERFORM FROM payments_account WHERE id IN (SELECT debit_id FROM added UNION SELECT credit_id FROM added)
        ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM added t JOIN payments_account d ON d.id = t.debit_id
               JOIN payments_account c ON c.id = t.credit_id WHERE d.currency <> c.currency) THEN
        RAISE EXCEPTION 'two currencies' USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_currencies';
    END IF;
    IF EXISTS (SELECT FROM added t LEFT JOIN payments_transfer p ON p.id = t.pending_id
               WHERE t.pending_id IS NOT NULL AND (p.stage, p.debit_id, p.credit_id, p.amount)
                   IS DISTINCT FROM ('pending', t.debit_id, t.credit_id, t.amount)) THEN
        RAISE EXCEPTION 'not pending' USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_resolves';
    END IF;
    UPDATE payments_account a SET debits = a.debits + m.debits, credits = a.credits + m.credits,
        pending_debits = a.pending_debits + m.pending_debits, pending_credits = a.pending_credits + m.pending_credits
    FROM (
        SELECT account, sum(debit) AS debits, sum(credit) AS credits,
            sum(pending_debit) AS pending_debits, sum(pending_credit) AS pending_credits
        FROM (
            SELECT debit_id AS account, CASE WHEN stage IN ('posted', 'post') THEN amount ELSE 0 END AS debit, 0 AS credit,
                CASE stage WHEN 'pending' THEN amount WHEN 'posted' THEN 0 ELSE -amount END AS pending_debit,
                0 AS pending_credit FROM added
            UNION ALL
            SELECT credit_id, 0, CASE WHEN stage IN ('posted', 'post') THEN amount ELSE 0 END, 0,
                CASE stage WHEN 'pending' THEN amount WHEN 'posted' THEN 0 ELSE -amount END FROM added
        ) AS sides GROUP BY account
    ) AS m WHERE a.id = m.account;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_totals AFTER INSERT ON payments_transfer REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION payments_keep_totals();
"""

HISTORY = """
CREATE FUNCTION payments_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what the ledger holds stays as it is' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_history';
END $$;
CREATE TRIGGER history_stays BEFORE UPDATE OR DELETE ON payments_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE TRIGGER history_stays BEFORE DELETE ON payments_account
    FOR EACH STATEMENT EXECUTE FUNCTION payments_history_stays();
CREATE FUNCTION payments_totals_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND (NEW.debits, NEW.credits, NEW.pending_debits, NEW.pending_credits) <> (0, 0, 0, 0)
        OR TG_OP = 'UPDATE' AND (pg_trigger_depth() < 2
            OR (NEW.id, NEW.unit, NEW.kind, NEW.label, NEW.currency, NEW.side, NEW.limited, NEW.opened)
            IS DISTINCT FROM (OLD.id, OLD.unit, OLD.kind, OLD.label, OLD.currency, OLD.side, OLD.limited, OLD.opened)) THEN
        RAISE EXCEPTION 'totals follow transfers' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_history';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER totals_follow BEFORE INSERT OR UPDATE ON payments_account
    FOR EACH ROW EXECUTE FUNCTION payments_totals_follow();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(TOTALS), migrations.RunSQL(HISTORY)]
