"""Every write of payments: the ledger, orders and their settlement, refunds, receipts, tills, reconciliation."""
