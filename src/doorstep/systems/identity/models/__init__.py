"""Identity's tables, one file for each field of work; no decisions here."""

from doorstep.systems.identity.models.accounts import Account, OneTimeCode, Passkey, RefusedSignIn
from doorstep.systems.identity.models.drive import Appointment, Contact
from doorstep.systems.identity.models.eid import Eid, EidChange
from doorstep.systems.identity.models.home import Application, DocumentCheck, TrustFile
from doorstep.systems.identity.models.offices import Invitation, Mandate, Office
from doorstep.systems.identity.models.openid import Consent, Grant, PushedRequest, RelyingParty, SigningKey
from doorstep.systems.identity.models.outside import OutsideLink, OutsideProvider, OutsideReading
from doorstep.systems.identity.models.protection import Incident, IncidentVersion, JournalQuestion
from doorstep.systems.identity.models.register import (
    Correction,
    Guardian,
    Organisation,
    OrganisationVersion,
    Person,
    PersonVersion,
    Residence,
)

__all__ = [
    "Account",
    "Application",
    "Appointment",
    "Consent",
    "Contact",
    "Correction",
    "DocumentCheck",
    "Eid",
    "EidChange",
    "Grant",
    "Guardian",
    "Incident",
    "IncidentVersion",
    "Invitation",
    "JournalQuestion",
    "Mandate",
    "Office",
    "OneTimeCode",
    "Organisation",
    "OrganisationVersion",
    "OutsideLink",
    "OutsideProvider",
    "OutsideReading",
    "Passkey",
    "Person",
    "PersonVersion",
    "PushedRequest",
    "RefusedSignIn",
    "RelyingParty",
    "Residence",
    "SigningKey",
    "TrustFile",
]
