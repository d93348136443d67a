"""Payments: what is owed, what came, and where every unit of money is."""

from doorstep.kernel.system import SystemConfig
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.routes import Entry
from doorstep.systems.payments.permissions import OWN, READ


class Payments(SystemConfig):
    label = "payments"
    title = N_("Payments")
    retention = N_("Ledger, orders, receipts and statements: for good, as accounts rest on them.")
    menu = (
        Entry(OWN, "payments:own_receipts", N_("My receipts")),
        Entry(READ, "payments:area_receipts", N_("Receipts")),
    )
