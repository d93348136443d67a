"""Lodging: where people stay tonight, notified in time, and provably so."""

from doorstep.kernel.system import SystemConfig
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.routes import Entry
from doorstep.systems.lodging.permissions import NOTIFY, READ_NOTICES


class Lodging(SystemConfig):
    label = "lodging"
    title = N_("Lodging notices")
    retention = N_("Stays: as the profile says. Notices and establishments: for good, as figures rest on them.")
    menu = (
        Entry(NOTIFY, "lodging:houses", N_("My houses")),
        Entry(READ_NOTICES, "lodging:area", N_("Lodging notices")),
    )
