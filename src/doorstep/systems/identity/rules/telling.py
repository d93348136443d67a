"""How a person is told: the ways that are open, and the one that holds."""

from collections.abc import Collection, Sequence

from doorstep.kernel.declare.notices import Channel
from doorstep.kernel.values.reasons import Reason, reason

CHANNEL_CLOSED = reason(
    "identity.channel_closed",
    "You cannot be told this way: we do not have what it needs.",
    repair="Choose another way, or have your phone number or address entered by an officer.",
)
LANGUAGE_UNKNOWN = reason(
    "identity.language_unknown", "Messages are not written in this language.", repair="Choose one of the list."
)

USUAL = (Channel.SMS, Channel.EMAIL)
"""Where nothing was chosen, or no more fits: the first of these that is open, else the inbox."""


def channels(phone: str, email: str, address: Sequence[str] = (), unit: str = "") -> list[Channel]:
    """The ways that are open; a letter needs the address, and the unit whose mail room prints it.

    >>> [one.value for one in channels("0000123456", "", ("Lan", "1 Example Street"), "")]
    ['inbox', 'sms']
    """
    needed = {Channel.INBOX: True, Channel.SMS: phone, Channel.EMAIL: email, Channel.LETTER: address and unit}
    return [channel for channel in Channel if needed[channel]]


def channel_of(choice: str, opened: Collection[Channel], usual: Sequence[Channel] = USUAL) -> Channel:
    """The way that holds: the chosen one as long as it is open."""
    return next((Channel(one) for one in (choice, *usual) if one in opened), Channel.INBOX)


def check_choice(channel: Channel, opened: Collection[Channel], language: str, known: Collection[str]) -> list[Reason]:
    """Against choosing this way and this language, of those that are open and known."""
    found = [] if channel in opened else [CHANNEL_CLOSED("channel")]
    return found if language in known else [*found, LANGUAGE_UNKNOWN("language")]
