"""Payments: what is owed, what came, and where every unit of money is."""

from doorstep.kernel.system import SystemConfig
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.routes import Entry
from doorstep.systems.payments.permissions import PROPOSE, TILL, TREASURY


class Payments(SystemConfig):
    label = "payments"
    title = N_("Payments")
    retention = N_("Ledger, orders, receipts and statements: for good, as accounts rest on them.")
    menu = (
        Entry(TILL, "payments:till", N_("Till")),
        Entry(PROPOSE, "payments:moves", N_("Payments for the wrong order")),
        Entry(TREASURY, "payments:days", N_("Days of payments")),
    )
