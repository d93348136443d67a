"""Identity: who is who, who may act for whom, and who looked at whose data."""

from doorstep.kernel.system import SystemConfig
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.routes import Entry
from doorstep.systems.identity.permissions import (
    APPROVE,
    CARE,
    CHECK,
    COLLECT,
    DRIVE,
    GRANT,
    MANAGE_CLIENTS,
    OUTSIDE,
    OWN,
    PROTECT,
    READ_ORGANISATION,
    READ_PERSON,
    RECORD,
    SUPPORT,
)


class Identity(SystemConfig):
    label = "identity"
    title = N_("Identity")
    retention = N_("The register: for good. Codes, tokens and sessions: until they expire. Usage: as the profile says.")
    menu = (
        Entry(OWN, "identity:offices", N_("My offices")),
        Entry(OWN, "identity:mandates", N_("Act for somebody")),
        Entry(OWN, "identity:devices", N_("My passkeys and sessions")),
        Entry(CARE, "identity:care", N_("Whom I answer for")),
        Entry(OWN, "identity:connections", N_("Where my e-ID is known")),
        Entry(OWN, "identity:journal", N_("Who looked at my data")),
        Entry(COLLECT, "identity:to_approve", N_("e-IDs to approve")),
        Entry(COLLECT, "identity:applications", N_("Applications from home")),
        Entry(CHECK, "identity:check_document", N_("Check a document")),
        Entry(DRIVE, "identity:drive", N_("Not yet activated")),
        Entry(SUPPORT, "identity:help_desk", N_("Help desk for e-identity")),
        Entry(MANAGE_CLIENTS, "identity:parties", N_("Relying parties")),
        Entry(OUTSIDE, "identity:outside_providers", N_("Outside e-IDs and directories")),
        Entry(RECORD, "identity:mandates_counter", N_("Mandates on paper")),
        Entry(GRANT, "identity:staff", N_("Staff")),
        Entry(APPROVE, "identity:offices_waiting", N_("Offices that wait for a second person")),
        Entry(READ_PERSON, "identity:register", N_("Population register")),
        Entry(READ_ORGANISATION, "identity:organisations", N_("Organisations")),
        Entry(PROTECT, "identity:questions", N_("Questions about looks at data")),
        Entry(PROTECT, "identity:incidents", N_("Register of breaches")),
    )
