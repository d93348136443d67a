"""Steering: the committee's report, whose every figure is a function of the records or says who submitted it."""

from doorstep.kernel.system import SystemConfig
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.routes import PUBLIC, Entry


class Steering(SystemConfig):
    label = "steering"
    title = N_("Steering and reports")
    retention = N_("Figures and published reports are kept for good; they name no person.")
    menu = (Entry(PUBLIC, "steering:reports", N_("Reports")),)
