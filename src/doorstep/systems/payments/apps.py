"""Payments: what is owed, what came, and where every unit of money is."""

from doorstep.kernel.system import SystemConfig
from doorstep.kernel.values.text import N_


class Payments(SystemConfig):
    label = "payments"
    title = N_("Payments")
    retention = N_("Ledger, orders, receipts and statements: for good, as accounts rest on them.")
    menu = ()
