"""Payments: what is owed, what came, and where every unit of money is."""

from doorstep.kernel.system import SystemConfig
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.routes import Entry
from doorstep.systems.payments.permissions import APPROVE, MANAGE_ACCOUNTS, OWN, PROPOSE, READ, TILL, TREASURY

MONEY = N_("Money")


class Payments(SystemConfig):
    label = "payments"
    title = N_("Payments")
    retention = N_("Ledger, orders, receipts and statements: for good, as accounts rest on them.")
    menu = (
        Entry(OWN, "payments:own", N_("My payments")),
        Entry(OWN, "payments:own_receipts", N_("My receipts")),
        Entry(READ, "payments:orders", N_("Payments"), MONEY),
        Entry(READ, "payments:area_receipts", N_("Receipts"), MONEY),
        Entry(PROPOSE, "payments:discrepancies", N_("Discrepancies"), MONEY),
        Entry(APPROVE, "payments:waiting", N_("What waits for a second person"), MONEY),
        Entry(MANAGE_ACCOUNTS, "payments:accounts", N_("Bank accounts"), MONEY),
        Entry(TILL, "payments:till", N_("Till"), MONEY),
        Entry(PROPOSE, "payments:moves", N_("Payments for the wrong order"), MONEY),
        Entry(TREASURY, "payments:days", N_("Days of payments"), MONEY),
        Entry(TREASURY, "payments:trial", N_("Trial balance"), MONEY),
    )
