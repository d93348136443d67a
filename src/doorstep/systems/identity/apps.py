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
    READ_TRUST,
    RECORD,
    SUPPORT,
)

MYSELF = N_("For myself")
E_IDS = N_("e-IDs and mandates")
REGISTERS = N_("Registers")
PROTECTION = N_("Data protection")
ADMINISTRATION = N_("Administration")


class Identity(SystemConfig):
    label = "identity"
    title = N_("Identity")
    retention = N_("The register: for good. Codes, tokens and sessions: until they expire. Usage: as the profile says.")
    menu = (
        Entry(OWN, "identity:offices", N_("My offices"), MYSELF),
        Entry(OWN, "identity:mandates", N_("Act for somebody"), MYSELF),
        Entry(OWN, "identity:devices", N_("My passkeys and sessions"), MYSELF),
        Entry(OWN, "identity:telling", N_("How I am told"), MYSELF),
        Entry(CARE, "identity:care", N_("Whom I answer for"), MYSELF),
        Entry(OWN, "identity:connections", N_("Where my e-ID is known"), MYSELF),
        Entry(OWN, "identity:journal", N_("Who looked at my data"), MYSELF),
        Entry(COLLECT, "identity:to_approve", N_("e-IDs to approve"), E_IDS),
        Entry(COLLECT, "identity:applications", N_("Applications from home"), E_IDS),
        Entry(CHECK, "identity:check_document", N_("Check a document"), E_IDS),
        Entry(READ_TRUST, "identity:trust", N_("Certificates that checks rest on"), E_IDS),
        Entry(DRIVE, "identity:drive", N_("Not yet activated"), E_IDS),
        Entry(SUPPORT, "identity:help_desk", N_("Help desk for e-identity"), E_IDS),
        Entry(RECORD, "identity:mandates_counter", N_("Mandates on paper"), E_IDS),
        Entry(READ_PERSON, "identity:register", N_("Population register"), REGISTERS),
        Entry(READ_ORGANISATION, "identity:organisations", N_("Organisations"), REGISTERS),
        Entry(PROTECT, "identity:questions", N_("Questions about looks at data"), PROTECTION),
        Entry(PROTECT, "identity:incidents", N_("Register of breaches"), PROTECTION),
        Entry(MANAGE_CLIENTS, "identity:parties", N_("Relying parties"), ADMINISTRATION),
        Entry(OUTSIDE, "identity:outside_providers", N_("Outside e-IDs and directories"), ADMINISTRATION),
        Entry(GRANT, "identity:staff", N_("Staff"), ADMINISTRATION),
        Entry(APPROVE, "identity:offices_waiting", N_("Offices that wait for a second person"), ADMINISTRATION),
    )
