"""Asks the system of biometrics (`DOORSTEP_BIOMETRICS`) before an action; what it answered goes into the action.

    POST capture {"subject"}             whoever stands at the counter is captured and compared
    POST compare {"subject", "portrait"} a portrait, JPEG in base64, is compared

Both answer with a `Capture`. `subject` is the key of a personal number.
"""

from base64 import b64encode

import msgspec
from django.conf import settings

from doorstep.kernel import wire
from doorstep.kernel.country import law
from doorstep.kernel.values.reasons import Unavailable, reason
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.rules.captures import Capture
from doorstep.systems.identity.rules.register import subject_of

NO_BIOMETRICS = reason(
    "identity.no_biometrics",
    "No system of biometrics is connected, and this cannot be done without one.",
    repair="Ask those who run this installation to connect one.",
)


def capture_for(number: str, level: Level) -> Capture | None:
    """What the counter's device says of whoever stands there; None where the level needs none.

    Raises Unavailable where nothing good comes back: then nothing is collected, and it can be tried again.
    """
    country = law(Country, "identity")
    if level not in country.capture_levels:
        return None
    return _ask("capture", {"subject": subject_of(number, country)})


def compare(number: str, portrait: bytes) -> Capture:
    """Whether the portrait is that of whoever has the number. Raises Unavailable as above."""
    subject = subject_of(number, law(Country, "identity"))
    return _ask("compare", {"subject": subject, "portrait": b64encode(portrait).decode()})


def _ask(what: str, told: dict[str, str]) -> Capture:
    place = settings.BIOMETRICS
    if place is None:
        raise Unavailable(NO_BIOMETRICS())
    content = wire.post(place, what, msgspec.json.encode(told))
    try:
        return msgspec.json.decode(content, type=Capture)
    except msgspec.DecodeError as fault:
        raise wire.unavailable(place, "an answer of another form") from fault
