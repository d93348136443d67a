"""What people may do in identity, as which role, and why they touch a person's record."""

from doorstep.kernel.declare.scopes import Purpose, Role, Scope
from doorstep.systems.identity.contract import ASK_REGISTER

# The population register

REGISTER = Scope("identity.person.register", "Enter and change persons and organisations in the register", level=2)
READ_PERSON = Scope("identity.person.read", "Find and open persons of one's area in the register", level=2)
READ_ORGANISATION = Scope("identity.organisation.read", "Find and open organisations in the register")

# e-IDs and accounts

COLLECT = Scope("identity.eid.collect", "Collect and approve e-identity records", level=2)
SUPPORT = Scope("identity.eid.support", "See the state of an e-ID and do the permitted repair", level=2)
DRIVE = Scope("identity.eid.drive", "List who has not activated, note contacts and make appointments", level=2)
CHECK = Scope("identity.document.check", "Check documents and their chips", level=2)
CARE = Scope("identity.care.manage", "See and manage the e-IDs of those whom one answers for", level=2)
TRUST = Scope("identity.trust.manage", "Say which states' certificates checks of documents rest on", level=2)
READ_TRUST = Scope("identity.trust.read", "See which states' certificates checks of documents rest on")
OWN = Scope("identity.own.manage", "See and manage the own e-ID, devices, mandates, consents and journal")
LINK = Scope("identity.own.link", "Link the own account with the directory of one's unit", level=2)
SIGN_IN = Scope("identity.session.begin", "Sign in")
STEP = Scope("identity.eid.step", "Let time pass for e-IDs: notify, lock and remind")

# Mandates

GIVE = Scope(
    "identity.mandate.give", "Let somebody act for oneself, or for an organisation that one represents", level=2
)
RECORD = Scope("identity.mandate.record", "Record, confirm and end mandates that are brought on paper", level=2)

# Offices

GRANT = Scope("identity.office.grant", "Invite, assign, transfer and end the staff of one's unit", level=2)
APPROVE = Scope("identity.office.approve", "Approve offices that need a second person", level=2)
FOUND = Scope("identity.office.found", "Make the first administrator of an installation")
REVIEW = Scope("identity.office.review", "Review the rights of one's unit once a year", level=2)

# OpenID Provider and protection

EXCHANGE = Scope("identity.grant.exchange", "Take the tokens of persons who signed in at a relying party")
MANAGE_CLIENTS = Scope("identity.client.manage", "Register and change the relying parties of the e-ID", level=2)
OUTSIDE = Scope("identity.outside.manage", "Register outside e-IDs and directories that people sign in with", level=2)
PROTECT = Scope("identity.incident.manage", "Keep the breach register and answer questions about the journal", level=2)

PERSON = Role("identity.person", "Person", (OWN, CARE, GIVE, LINK), for_everybody=True)
VISITOR = Role("identity.visitor", "Visitor who signs in", (SIGN_IN,))
REGISTRAR = Role(
    "identity.registrar",
    "Registrar of the population register",
    (REGISTER, READ_PERSON, READ_ORGANISATION),
    powerful=True,
)
OFFICER = Role(
    "identity.officer",
    "Officer for e-identity",
    (COLLECT, SUPPORT, DRIVE, RECORD, CHECK, READ_TRUST, READ_PERSON, ASK_REGISTER),
)
ASKER = Role("identity.asker", "Asks the register", (ASK_REGISTER,))
HELP_DESK = Role("identity.help_desk", "Help desk for e-identity", (SUPPORT,))
ADMINISTRATOR = Role(
    "identity.administrator", "Administrator of a unit", (GRANT, APPROVE, REVIEW, OUTSIDE), powerful=True
)
TRUST_KEEPER = Role(
    "identity.trust_keeper",
    "Keeper of the states' certificates for checks of documents",
    (TRUST, READ_TRUST),
    powerful=True,
)
PROVIDER = Role("identity.provider", "Manager of relying parties", (MANAGE_CLIENTS, OUTSIDE), powerful=True)
RELYING_PARTY = Role("identity.relying_party", "Relying party", (EXCHANGE,))
PROTECTOR = Role("identity.protector", "Data protection officer", (PROTECT,), powerful=True)
FOUNDER = Role("identity.founder", "Runs the installation", (FOUND,), powerful=True)
CLOCK = Role("identity.clock", "Does what is due by time", (STEP,))

FOR_REGISTER = Purpose("identity.register", "To keep the population register")
FOR_MATCH = Purpose("identity.match", "To answer whether particulars are right")
FOR_EID = Purpose("identity.eid", "To issue and keep e-identities")
FOR_DOCUMENT = Purpose("identity.document", "To check whether a document is genuine")
FOR_SIGN_IN = Purpose("identity.sign_in", "To let a person sign in")
FOR_OFFICE = Purpose("identity.office", "To grant and end offices")
FOR_MANDATE = Purpose("identity.mandate", "To act for another person")
FOR_RELYING_PARTY = Purpose("identity.relying_party", "To tell a relying party who signed in, as the person consented")
FOR_PROTECTION = Purpose("identity.protection", "To show people who looked at their data, and to handle breaches")
