"""Payments: orders, evidence from banks, receipts, refunds, tills, and the ledger under all of them."""
