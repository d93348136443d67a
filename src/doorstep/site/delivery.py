"""Sends the outbox of notices: claim one, send it outside any transaction, write down what came of it.

A kill between sending and writing lets the claim run out, and the notice goes out again under the same id, by which
gateways (`Idempotency-Key`) and mail programs (`Message-ID`) know it: nothing is lost, or knowingly sent twice.
"""

import http.client
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from doorstep.kernel.declare.notices import LONGEST, NOTICES, Channel, State
from doorstep.kernel.notices import close
from doorstep.kernel.store.models import Notice
from doorstep.kernel.values.ids import first_uuid7, instant_of
from doorstep.kernel.web import wording

PATIENCE = 10
"""Seconds for each answer of a gateway or mail server."""
CLAIMED = {Channel.SMS: timedelta(seconds=45), Channel.EMAIL: timedelta(minutes=3)}
"""How long a claim holds: longer than all answers of one delivery may take."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(hours=1)
NEVER = (400, 422)
"""A gateway's answers that say: this one will never go."""

_MAILBOX = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+", re.ASCII)
"""One dot-atom address of RFC 5322, so that nothing in it could end a header or name a second recipient."""
_CLAIM = """
UPDATE kernel_notice SET due = %(until)s, attempts = attempts + 1 WHERE id = (
  SELECT id FROM kernel_notice WHERE channel = %(channel)s AND due <= %(at)s AND expires > %(at)s AND id >= %(oldest)s
    AND kind = ANY(%(kinds)s) ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING *"""


class Failed(Exception):  # noqa: N818  an answer of the other side, not an error of ours
    """It did not go, and may later."""


class Undeliverable(Failed):
    """It will never go."""


def deliver(channel: Channel, at: datetime) -> bool:
    """Send one notice that is due at `at`; False when there was none."""
    bounds = {"at": at, "until": at + CLAIMED[channel], "oldest": first_uuid7(at - LONGEST)}
    values: dict[str, Any] = {**bounds, "channel": channel.value, "kinds": list(NOTICES)}
    row = next(iter(Notice.objects.raw(_CLAIM, values)), None)
    if row is None:
        return False
    mine = Notice.objects.filter(id=row.id)
    with translation.override(row.language):
        # Old telephones show isolates as boxes: only text from right to left gets them.
        bare = channel is Channel.SMS and not translation.get_language_bidi()
        title, text = wording.told(row.kind, row.given, **{"around": "{}"} if bare else {})
    try:
        state = _SENDERS[channel](row, title, text)
    except (Failed, OSError, http.client.HTTPException, smtplib.SMTPException) as failure:
        # Not the other side's words, which may quote the person's address.
        reason = str(failure) if isinstance(failure, Failed) else type(failure).__name__
        again = at + min(FIRST_PAUSE * 2 ** min(row.attempts, 20), LONGEST_PAUSE)
        if isinstance(failure, Undeliverable) or again >= row.expires:
            close(mine, State.GIVEN_UP, reason=reason)
        else:
            mine.update(state=State.FAILED, due=again, reason=reason)
    else:
        close(mine, state, at=at)
    return True


def _sms(row: Notice, _title: str, text: str) -> State:
    """One POST to the gateway. 2xx took it, NEVER never will, anything else may later; redirects are not followed."""
    if not settings.SMS_URL:
        raise Failed("no DOORSTEP_SMS_URL")
    url = urlsplit(settings.SMS_URL)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    gateway = kind(url.hostname or "", url.port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(row.id)}
    headers["Authorization"] = f"Bearer {settings.SMS_TOKEN}"
    body = msgspec.json.encode({"id": row.id, "to": row.target, "text": text})
    try:
        gateway.request("POST", url._replace(scheme="", netloc="").geturl(), body, headers)
        answer = gateway.getresponse()
        if answer.status // 100 != 2:
            raise (Undeliverable if answer.status in NEVER else Failed)(f"gateway {answer.status}")
        with suppress(OSError, http.client.HTTPException, msgspec.DecodeError):  # it was taken, whatever follows
            if msgspec.json.decode(answer.read(10_000), type=dict[str, Any]).get("state") == "delivered":
                return State.DELIVERED
        return State.SENT
    finally:
        gateway.close()


def _email(row: Notice, title: str, text: str) -> State:
    """By SMTP, encrypted unless the server is on this machine: `smtps` from the start, `smtp` by STARTTLS or not at all."""
    if not settings.SMTP_URL:
        raise Failed("no DOORSTEP_SMTP")
    url, link = urlsplit(settings.SMTP_URL), NOTICES[row.kind].link
    domain = settings.MAIL_FROM.rpartition("@")[2]
    if not _MAILBOX.fullmatch(row.target):
        raise Undeliverable("address malformed")
    message = EmailMessage()
    message["Subject"] = " ".join(title.split())
    message["From"], message["To"] = settings.MAIL_FROM, row.target
    message["Date"], message["Message-ID"] = instant_of(row.id), f"<{row.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = row.language
    body = f"{text}\n\n{settings.SITE_URL}{reverse(link)}\n" if link else f"{text}\n"
    message.set_content(body, cte="quoted-printable")  # not every server takes 8 bits
    context = ssl.create_default_context()
    secure: dict[str, Any] = {"context": context} if url.scheme == "smtps" else {}
    kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
    server = kind(url.hostname or "", url.port or (465 if secure else 25), domain, timeout=PATIENCE, **secure)
    try:
        if not secure and url.hostname not in settings.LOOPBACK:
            server.starttls(context=context)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message, settings.MAIL_FROM, [row.target])
        with suppress(OSError, smtplib.SMTPException):  # it was taken, whatever follows
            server.putcmd("quit")
    except smtplib.SMTPRecipientsRefused as refused:
        code, _ = refused.recipients[row.target]
        raise (Undeliverable if code >= 500 else Failed)(f"recipient {code}") from refused
    finally:
        server.close()
    return State.SENT


_SENDERS: dict[Channel, Callable[[Notice, str, str], State]] = {Channel.SMS: _sms, Channel.EMAIL: _email}
EVERY = (
    *[(timedelta(seconds=0.5), partial(deliver, Channel.SMS))] * 4,
    *[(timedelta(seconds=0.5), partial(deliver, Channel.EMAIL))] * 2,
)
