"""Steering: the committee's report, whose every figure is a function of the records or says who submitted it."""

from doorstep.kernel.system import SystemConfig
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.routes import PUBLIC, Entry
from doorstep.systems.steering.permissions import REQUEST, SUBMIT


class Steering(SystemConfig):
    label = "steering"
    title = N_("Steering and reports")
    retention = N_("Figures and published reports are kept for good; they name no person.")
    menu = (
        Entry(PUBLIC, "steering:reports", N_("Reports")),
        Entry(REQUEST, "steering:requests", N_("Make a report")),
        Entry(SUBMIT, "steering:figures", N_("Submitted figures")),
    )
