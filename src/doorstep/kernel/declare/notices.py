"""Notices: what people are told, declared once in English and put into each reader's language when shown or sent."""

import re
from datetime import date, datetime, timedelta

import msgspec

from doorstep.kernel.declare.codes import Code

NOTICES: dict[str, "NoticeKind"] = {}
LONGEST = timedelta(days=31)

Given = str | int | date | datetime | Code
"""What fills a placeholder: numbers, days and instants are written as the language does, codes by their text."""


class Channel(Code):
    """The way that a person chose. The inbox comes with each of them, but for what is secret."""

    INBOX = "inbox", "Only the inbox on this site"
    SMS = "sms", "Text message (SMS)"
    EMAIL = "email", "E-mail"
    LETTER = "letter", "Letter"


class State(Code):
    """How far a notice got; `delivered` where the receiving side said so, which few do."""

    WAITING = "waiting", "Waiting"
    FAILED = "failed", "Failed, will be tried again"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Given up"


class Reach(msgspec.Struct, frozen=True):
    """Who is told, and how: `subject` as it signs in, `language` "" the country's own.

    A letter needs `address`, its lines from the name down, and is printed by the mail room of `unit` or one above it.
    """

    subject: str
    language: str = ""
    phone: str = ""
    email: str = ""
    channel: Channel = Channel.INBOX
    address: tuple[str, ...] = ()
    unit: str = ""


class NoticeKind(msgspec.Struct, frozen=True):
    """A notice `system.what_happened`, declared in a system's room `notices`, which each process loads at start.

    What is `secret` (a one-time code) is in no inbox, and is deleted once sent or expired. `link` is the URL name,
    without arguments, of the page where the person goes on. After `lasts` it is not sent any more.
    """

    code: str
    title: str
    text: str
    secret: bool = False
    link: str = ""
    lasts: timedelta = timedelta(days=3)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.lasts <= LONGEST or NOTICES.setdefault(self.code, self) is not self:
            raise ValueError(f"notice {self.code} is declared twice, or lasts longer than {LONGEST.days} days")

    @property
    def placeholders(self) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", self.title + self.text))


notice = NoticeKind

EXPIRES = notice(
    "kernel.expires",
    title="Something of yours will expire",
    text="{credential}: {what}. It ends on {day}. At most {days} days are left: renew it in time.",
)
