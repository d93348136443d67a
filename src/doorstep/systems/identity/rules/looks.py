"""Who looked at somebody's data: how the journal's entries read, and until when a question about one is answered."""

from datetime import datetime

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import N_, TEXT_MISSING, TEXT_TOO_LONG, check_text
from doorstep.systems.identity.country import Country

QUESTION_OPEN = reason(
    "identity.question_open",
    "A question about this entry waits for its answer already.",
    repair="Wait for the answer; then you can ask again.",
)
QUESTION_ANSWERED = reason(
    "identity.question_answered", "Somebody has answered this question already.", repair="Read the answer."
)
OWN_LOOK = reason(
    "identity.question_own_look",
    "Whoever did what the question is about cannot answer it.",
    repair="Leave it to another data protection officer, here or of the unit above.",
)

LONGEST_QUESTION, LONGEST_ANSWER = 1_000, 4_000


class Kind(Code):
    """What an entry is."""

    LOOK = "look", "Looked at"
    ASK = "ask", "Asked by another system"
    DEED = "deed", "Entered or changed"


class ActorKind(Code):
    """Who acted; officials are named by their office and unit."""

    OWN = "own", "The person"
    GUARDIAN = "guardian", "You, as guardian"
    OFFICE = "office", "An office"
    PERSON = "person", "Somebody without an office"
    ENTRANCE = "entrance", "Somebody before signing in"
    PLATFORM = "platform", "This platform, by itself"
    OPERATOR = "operator", "Whoever runs this platform"
    INSTALLATION = "installation", "Another installation"
    RELYING_PARTY = "relying_party", "A service that people sign in to with their e-ID"
    SIMULATION = "simulation", "The simulation"


def kind_of(action: str) -> Kind:
    """By the journal's name of the action: `system.look.query`, `system.ask.noun` or `system.verb`."""
    return {"look": Kind.LOOK, "ask": Kind.ASK}.get("".join(action.split(".")[1:-1]), Kind.DEED)


def actor_kind_of(actor: str, via: str, *, own: bool, viewer: bool, office: bool) -> ActorKind:
    """Who an entry's actor is. `own`: an account of the person concerned; `viewer`: whoever reads; `office`: held one."""
    if own:
        return ActorKind.OWN
    if viewer:
        return ActorKind.GUARDIAN
    if office:
        return ActorKind.OFFICE
    by_subject = {
        "visitor": ActorKind.ENTRANCE,
        "installation": ActorKind.INSTALLATION,
        "client": ActorKind.RELYING_PARTY,
    }
    by_way = {"task": ActorKind.PLATFORM, "command": ActorKind.OPERATOR, "simulation": ActorKind.SIMULATION}
    return by_subject.get(actor.partition(":")[0]) or by_way.get(via, ActorKind.PERSON)


def answer_due(asked: datetime, country: Country) -> datetime | None:
    """Until when a question is to be answered; None where no law of its day says."""
    return next((asked + row.within for row in in_force(country.answers, country.day(asked))), None)


def check_prose(text: str, field: str, longest: int) -> list[Reason]:
    """Against text of several lines that must be there; it may begin like a formula, since no sheet shows it bare."""
    if not text.strip():
        return [TEXT_MISSING(field)]
    if len(text) > longest:
        return [TEXT_TOO_LONG(field, limit=longest)]
    return [found for line in text.split("\n") for found in check_text(f"·{line}", field, longest + 1)][:1]


FIELDS = {
    "number": N_("Personal number"),
    "full_name": N_("Name"),
    "birth": N_("Birth date"),
    "sex": N_("Sex"),
    "nationality": N_("Nationality"),
    "died": N_("Day of death"),
    "expires": N_("Day of expiry"),
    "unit": N_("Commune"),
    "address": N_("Address"),
    "entered": N_("First entry in the register"),
    "residence": N_("Residence"),
    "homes": N_("Residences"),
    "guardian": N_("Guardian"),
    "guardians": N_("Guardians"),
    "wards": N_("Minors in their care"),
    "changes": N_("History"),
    "tax_code": N_("Tax code"),
    "name": N_("Name"),
    "kind": N_("Kind"),
    "representative": N_("Personal number of the legal representative"),
    "active_from": N_("Active since"),
    "active_to": N_("First day on which it is closed"),
    "holder": N_("Kind of holder"),
    "level": N_("Level"),
    "state": N_("State"),
    "phone": N_("Phone number"),
    "email": N_("E-mail"),
    "due": N_("Due"),
    "can_sign_in": N_("Can sign in"),
    "password": N_("Password"),
    "passcode": N_("Passcode"),
    "passkey": N_("Passkey"),
    "session": N_("Session"),
    "office": N_("Office"),
    "account": N_("Account"),
    "contact": N_("Contact"),
    "appointment": N_("Appointment"),
    "question": N_("Question"),
    "document": N_("Document"),
    "document_type": N_("Document"),
    "document_number": N_("Document number"),
    "name_latin": N_("Name in Latin letters"),
    "visa_number": N_("Visa or card number"),
    "ethnicity": N_("Ethnicity"),
    "guest": N_("Guest"),
    "arrival": N_("Arrival"),
    "expected_departure": N_("Day of departure, as planned"),
    "departed": N_("Departure"),
    "room": N_("Room"),
    "reason": N_("Reason of the stay"),
    "relation": N_("What the guest is to the house"),
    "facility_type": N_("Kind of house"),
    "remote": N_("The house lies in a remote area"),
    "reference": N_("Reference"),
    "notified": N_("Notified"),
    "deadline": N_("Deadline"),
    "code": N_("Code"),
    "mandate": N_("Mandate"),
    "claims": N_("What the person agreed to"),
    "consent": N_("What the person agreed to"),
}
"""What fields are called; a field that is not here is shown by the name that programs use."""
