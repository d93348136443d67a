"""The store: one transaction an action, with its journal, facts and idempotency, in PostgreSQL."""
