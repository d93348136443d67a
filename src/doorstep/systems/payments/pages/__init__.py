"""Payments' pages: the payer's, the cashier's, the treasury's, and the address that banks call."""
