"""The line to the bank: what is asked of it (`Bank`), and how that goes over HTTP to `DOORSTEP_BANK`, signed and bounded.

    POST credits    CreditsAsked     answered with CreditsTold
    POST payouts    Payout           PayoutResult; the same id again is the same payout
    POST payout     PayoutAsked      PayoutResult, or 404
    POST statement  StatementAsked   camt.053.001.08, or 404 as long as there is none

Call it before an action, not inside one: a bank may take its time.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from secrets import token_urlsafe
from tempfile import TemporaryFile
from typing import BinaryIO, Protocol, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils import timezone

from doorstep.kernel import wire
from doorstep.kernel.values.reasons import Refused, Unavailable, reason
from doorstep.systems.payments.rules import bank_messages as messages
from doorstep.systems.payments.rules.bank_messages import CreditsTold
from doorstep.systems.payments.rules.bank_place import BankPlace
from doorstep.systems.payments.rules.camt053 import CHUNK, MOST_BYTES
from doorstep.systems.payments.rules.evidence import Payout, PayoutResult
from doorstep.systems.payments.rules.settlement import check_payout, holdable
from doorstep.systems.payments.rules.signatures import Key, Signed, read_keys, sign

log = logging.getLogger(__name__)
T = TypeVar("T")

NO_BANK = reason(
    "payments.no_bank",
    "No bank is connected, or its keys cannot be read.",
    repair="Ask those who run this installation to connect one.",
)
STATEMENT_SECONDS = 300
"""Until a whole statement is here."""
LONGEST_CURSOR = 1_000
"""Characters of the bank's word for how far we have read."""


class Bank(Protocol):
    """What a bank, or a gateway before one, does for us. Each raises Unavailable where no good answer comes in time."""

    def credits(self, bank: str, account: str, after: str) -> CreditsTold:
        """What came into our account since."""

    def pay_out(self, payout: Payout) -> PayoutResult:
        """Order it, however often this is called for the same payout."""

    def payout(self, number: UUID) -> PayoutResult | None:
        """What became of it; None where the bank does not know it."""

    def statement(self, bank: str, account: str, day: date) -> BinaryIO | None:
        """The statement of a banking day, at its beginning, to be closed by the caller; None as long as there is none."""


def bank() -> Bank | None:
    """The bank that is connected; None without one. Raises Unavailable where our keys cannot be read."""
    place = settings.BANK
    return HttpBank(place, signing_key(place)) if place else None


def signing_key(place: BankPlace) -> Key:
    """Our newest key that serves now, from a file that nobody else may read: it orders payouts."""
    now = timezone.now()
    if place.token.exists() and place.token.stat().st_mode & 0o077:
        log.error("others may read %s: chmod 600 it, and replace the key if they did", place.token)
        raise Unavailable(NO_BANK())
    serving = [key for key in key_file(place.token).values() if key.secret and key.serves(now)]
    if not serving:
        raise Unavailable(NO_BANK())
    return serving[-1]


def key_file(file: Path) -> dict[str, Key]:
    """The keys in a file, by id. Raises Unavailable where it cannot be read."""
    try:
        return read_keys(file.read_bytes())
    except (OSError, ValueError) as fault:
        raise Unavailable(NO_BANK()) from fault


class HttpBank:
    """Asks the place with requests that `key` signs."""

    def __init__(self, place: BankPlace, key: Key) -> None:
        self.place, self.key = place, key

    def credits(self, bank: str, account: str, after: str) -> CreditsTold:
        told = self._ask("credits", messages.CreditsAsked(bank, account, after), messages.read_credits)
        if told is None or not told.adds_up or (told.more and told.after == after):
            raise wire.unavailable(self.place, "credits that do not add up to their total, or do not go on")
        if not holdable(told.after, LONGEST_CURSOR):
            raise wire.unavailable(self.place, "a place to go on that cannot be kept")
        return told

    def pay_out(self, payout: Payout) -> PayoutResult:
        result = self._ask("payouts", payout, _result)
        if result is None or result.payout != payout.id or check_payout(result):
            raise wire.unavailable(self.place, "an answer about another payout")
        return result

    def payout(self, number: UUID) -> PayoutResult | None:
        result = self._ask("payout", messages.PayoutAsked(number), _result)
        if result is not None and (result.payout != number or check_payout(result)):
            raise wire.unavailable(self.place, "an answer about another payout")
        return result

    def statement(self, bank: str, account: str, day: date) -> BinaryIO | None:
        with self._answer("statement", messages.StatementAsked(bank, account, day), STATEMENT_SECONDS) as response:
            if response.status == HTTPStatus.NOT_FOUND:
                return None
            self._check(response, "application/xml")
            kept: BinaryIO = TemporaryFile()  # noqa: SIM115  the caller closes it
            size = 0
            while chunk := response.read(CHUNK):
                size += kept.write(chunk)
                if size > MOST_BYTES:
                    kept.close()
                    raise wire.unavailable(self.place, "a statement beyond measure")
            if not (response.chunked or response.length == 0):
                kept.close()
                raise wire.unavailable(self.place, f"a statement that was cut off after {size} bytes")
        kept.seek(0)
        return kept

    def _ask(self, what: str, asked: msgspec.Struct, read: Callable[[bytes], T]) -> T | None:
        """The answer, None for 404."""
        with self._answer(what, asked, wire.WHOLE) as response:
            content = response.read(wire.MOST + 1)
            if response.status == HTTPStatus.NOT_FOUND:
                return None
            self._check(response, "application/json")
            if len(content) > wire.MOST or not (response.chunked or response.length == 0):
                raise wire.unavailable(self.place, f"an answer that is cut off or too long: {len(content)} bytes")
        try:
            return read(content)
        except Refused as refusal:
            raise wire.unavailable(self.place, "an answer of another form") from refusal

    def _check(self, response: HTTPResponse, kind: str) -> None:
        told = response.headers.get_content_type()
        if response.status != HTTPStatus.OK or told != kind:
            raise wire.unavailable(self.place, f"status {response.status}, {told}")

    @contextmanager
    def _answer(self, what: str, asked: msgspec.Struct, seconds: float) -> Iterator[HTTPResponse]:
        """Asks, and gives the answer while the connection stands; what goes wrong on the way is Unavailable."""
        body = messages.written(asked)
        request = Signed("POST", f"{self.place.url}{what}", {"Content-Type": "application/json"}, body)
        sign(request, self.key, timezone.now(), token_urlsafe())
        url = urlsplit(request.url)
        try:
            with wire.line(url, seconds) as there:
                there.request("POST", url.path, body, request.headers)
                with there.getresponse() as response:
                    yield response
        except (OSError, HTTPException, ValueError) as failure:
            raise wire.unavailable(self.place, type(failure).__name__) from failure


def _result(content: bytes) -> PayoutResult:
    return messages.read(content, PayoutResult)
