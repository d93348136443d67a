"""A stand-in for a bank: takes payments, pays out, writes statements and tells what came in. For demos and tests; no money moves.

    POST /stand-in/bank/credits    CreditsAsked     what came into an account, in the order of booking
    POST /stand-in/bank/payouts    Payout           pays out, once for each id
    POST /stand-in/bank/payout     PayoutAsked      what became of one
    POST /stand-in/bank/statement  StatementAsked   camt.053.001.08, once the banking day is over
    GET  /                         the payer's page; its form posts to /pay, which takes a `Payment` as JSON too
    GET  /balance?bank=&account=   {"balance"}
    POST /misbehave                {"how": WAY, "times": 1, "seconds": 3}

The four are signed by RFC 9421 with the key in `ours.jwks`; the messages to the callback are with that in `bank.jwks`. Of a message
WAYs are "delay", "repeat", "reorder" (after the next one, at most so many seconds) and "lose"; of an answer "late", "error", "wrong" (a sum), "truncate" and
"die" (the process, once it has booked); of a payout "refuse" and "return". The book is on disk: a killed bank comes back with it.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, parse_qsl, urlsplit
from urllib.request import Request, urlopen

import msgspec

from doorstep.kernel.values.money import Currency
from doorstep.kernel.values.reasons import Refused
from doorstep.site.bank_book import MOST, Book, Message, Payment
from doorstep.site.bank_paper import page, statement
from doorstep.site.stand_in import Handler, Server, settings_of_demo, until_stopped
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.rules import bank_messages
from doorstep.systems.payments.rules.bank_messages import CreditsAsked, PayoutAsked, StatementAsked
from doorstep.systems.payments.rules.evidence import Payout
from doorstep.systems.payments.rules.signatures import Key, Signed, check, sign

PATH = "/stand-in/bank/"
OF_MESSAGES = ("delay", "repeat", "reorder", "lose")
OF_ANSWERS = ("late", "error", "wrong", "truncate", "die")
OF_PAYOUTS = ("refuse", "return")
FIRST_WAIT, LONGEST_WAIT, MOST_TRIES = 0.2, 60.0, 30
"""Seconds until a message is told again, doubled each time; how often it is tried."""


class StandIn(Server):
    """Signs with `own`, takes what is signed with one of `known`, tells `callback` (an address, "" for none)."""

    path = PATH
    ways = (*OF_MESSAGES, *OF_ANSWERS, *OF_PAYOUTS)

    def __init__(
        self,
        port: int,
        book: Book,
        country: Country,
        currency: Currency,
        *,
        own: Key,
        known: Mapping[str, Key],
        callback: str = "",
    ) -> None:
        super().__init__(port, _Handler)
        self.book, self.country, self.currency = book, country, currency
        self.own, self.known, self.callback = own, known, callback
        self.held = 0
        self.stopped = threading.Event()
        self.messenger = threading.Thread(target=self._tell, daemon=True)
        if callback:
            self.messenger.start()

    def server_close(self) -> None:
        self.stopped.set()
        if self.messenger.is_alive():
            self.messenger.join()
        super().server_close()
        self.book.close()

    def way_of(self, ways: tuple[str, ...]) -> tuple[str, float]:
        """The first of these ways that was asked for, which it is no longer; "" for none."""
        with self.lock:
            found = next((one for one in self.misbehaviour if one[0] in ways), ("", 0.0))
            if found[0]:
                self.misbehaviour.remove(found)
            return found

    def _tell(self) -> None:
        """Until it is stopped: whatever is due, oldest first."""
        while not self.stopped.wait(0.05):
            for message in self.book.due(time.time()):
                if self.stopped.is_set() or not self._told(message):
                    break

    def _told(self, message: Message) -> bool:
        """Tell it, as well as it was asked to; whether it was answered."""
        how, seconds = self.way_of(OF_MESSAGES) if not message.tries else ("", 0.0)
        if how == "lose":
            self.book.told(message, 0)
            return True
        if how in {"delay", "reorder"}:
            self.held = message.seq if how == "reorder" else self.held
            self.book.later(message, time.time() + seconds)
            return True
        request = self._signed(message.body)
        answer = self._post(request)
        if how == "repeat":
            self._post(request)
            self._post(self._signed(message.body))
        final = 200 <= answer < 500 and answer != HTTPStatus.TOO_MANY_REQUESTS
        if final or message.tries >= MOST_TRIES:
            self.book.told(message, answer)
        else:
            self.book.later(message, time.time() + min(FIRST_WAIT * 2**message.tries, LONGEST_WAIT))
        if self.held not in {0, message.seq}:
            self.book.hurry(self.held)
            self.held = 0
        return answer > 0

    def _signed(self, body: bytes) -> Signed:
        request = Signed("POST", self.callback, {"Content-Type": "application/json"}, body)
        sign(request, self.own, datetime.now(UTC), token_urlsafe())
        return request

    @staticmethod
    def _post(request: Signed) -> int:
        """The status of the answer, 0 for none."""
        try:
            asked = Request(request.url, request.body, request.headers, method="POST")  # noqa: S310  as the operator said
            with urlopen(asked, timeout=10) as answer:  # noqa: S310
                return int(answer.status)
        except HTTPError as failure:
            return failure.code
        except (URLError, OSError):
            return 0


class _Handler(Handler):
    server: StandIn
    server_version = "Doorstep-bank-stand-in"

    def get(self) -> None:
        url = urlsplit(self.path)
        told = {name: texts[0] for name, texts in parse_qs(url.query).items()}
        if url.path == "/":
            self._show(told)
        elif url.path == "/balance":
            self.answer(HTTPStatus.OK, {"balance": self.server.book.balance(told["bank"], told["account"])})
        else:
            self.answer(HTTPStatus.NOT_FOUND, {"error": "nothing here"})

    def posts(self) -> Mapping[str, Callable[[dict[str, Any]], None]]:
        asked = {
            "credits": self._credits,
            "payouts": self._pay_out,
            "payout": self._payout,
            "statement": self._statement,
        }
        return {"/pay": self._pay, **{f"{PATH}{name}": act for name, act in asked.items()}}

    def read(self, content: bytes) -> dict[str, Any]:
        """A form or JSON; what is asked in the name of an account is signed. Raises PermissionError where it is not."""
        self.content = content
        if self.path.startswith(PATH):
            url = f"{self.server.url.removesuffix(PATH)}{self.path}"
            try:
                check(Signed("POST", url, dict(self.headers.items()), content), self.server.known, datetime.now(UTC))
            except Refused as refusal:
                raise PermissionError(str(refusal)) from refusal
        elif self.headers.get_content_type() == "application/x-www-form-urlencoded":
            return dict(parse_qsl(content.decode()))
        return super().read(content)

    def _show(self, told: Mapping[str, str], note: str = "", status: HTTPStatus = HTTPStatus.OK) -> None:
        self.answer(status, page(told, note, self.server.country.fictitious_bank).encode(), "text/html; charset=utf-8")

    def _pay(self, body: dict[str, Any]) -> None:
        """A form is answered with the page, JSON with the booking."""
        form = self.headers.get_content_type() != "application/json"
        try:
            line = self.server.book.pay(self._payment(body, form=form), datetime.now(UTC))
        except ValueError as fault:
            if form:
                self._show(body, str(fault), HTTPStatus.UNPROCESSABLE_ENTITY)
            else:
                self.answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"error": str(fault)})
            return
        if self.server.way_of(("die",))[0]:
            os._exit(9)
        if form:
            self._show({}, f"Paid, booked as {line.booking}.")
        else:
            self.answer(HTTPStatus.OK, {"booking": line.booking, "day": line.day.isoformat()})

    def _payment(self, body: dict[str, Any], *, form: bool) -> Payment:
        """What the form or the JSON asks for. Raises ValueError with a sentence for the payer."""
        country, currency = self.server.country, self.server.currency
        told = {"currency": currency.code, "from_bank": country.fictitious_bank, **body}
        if form and told.pop("code", ""):
            found = country.read_qr(body["code"])
            if isinstance(found, list):
                raise ValueError("This payment code cannot be read.")
            amount = {"amount": found.amount.minor} if found.amount else {}
            told |= {"to_bank": found.payee.bank, "to_account": found.payee.number, "memo": found.memo, **amount}
        if isinstance(told.get("amount"), str):
            told["amount"] = int(told["amount"])
        payment = msgspec.convert(told, Payment)
        for bank, account in ((payment.from_bank, payment.from_account), (payment.to_bank, payment.to_account)):
            if bank != country.fictitious_bank or country.check_account(bank, account):
                raise ValueError(f"{account} at {bank} is no made-up account: this bank has no others.")
        if not 0 < payment.amount <= MOST or payment.currency != currency.code or not payment.memo.isprintable():
            raise ValueError("This amount, currency or memo cannot be.")
        return payment

    def _ask(self, kind: type[Any]) -> Any:
        return bank_messages.read(self.content, kind)

    def _credits(self, _body: dict[str, Any]) -> None:
        asked = self._ask(CreditsAsked)
        told = self.server.book.credits(asked.bank, asked.account, asked.after)
        self._reply(
            bank_messages.written(told), bank_messages.written(msgspec.structs.replace(told, total=told.total + 1))
        )

    def _pay_out(self, _body: dict[str, Any]) -> None:
        how, _ = self.server.way_of(OF_PAYOUTS)
        asked = self._ask(Payout)
        foreign = self.server.country.check_account(asked.to_bank, asked.to_account)
        failure = "AC04" if how == "refuse" else "AC01" if foreign else ""
        result = self.server.book.pay_out(asked, datetime.now(UTC), failure, "AC04" if how == "return" else "")
        self._reply(bank_messages.written(result))

    def _payout(self, _body: dict[str, Any]) -> None:
        result = self.server.book.result(self._ask(PayoutAsked).payout)
        if result:
            self._reply(bank_messages.written(result))
        else:
            self.answer(HTTPStatus.NOT_FOUND, {"error": "no such payout"})

    def _statement(self, _body: dict[str, Any]) -> None:
        asked: StatementAsked = self._ask(StatementAsked)
        book = self.server.book
        if asked.day >= book.day_of(datetime.now(UTC)):
            self.answer(HTTPStatus.NOT_FOUND, {"error": "the day is not over"})
            return
        opening = book.balance(asked.bank, asked.account, asked.day.isoformat())
        told = [
            statement(asked, book.day(asked.bank, asked.account, asked.day), opening, self.server.currency, wrong=wrong)
            for wrong in (0, 1)
        ]
        self._reply(told[0], told[1], "application/xml")

    def _reply(self, content: bytes, wrong: bytes = b"", kind: str = "application/json") -> None:
        """Answer as well as was asked for."""
        how, seconds = self.server.way_of(OF_ANSWERS)
        if how == "die":
            os._exit(9)
        if how == "error":
            self.answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "as asked"})
            return
        if how == "late":
            time.sleep(seconds)
        if how == "truncate":
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self.answer(HTTPStatus.OK, wrong if how == "wrong" and wrong else content, kind)


def book_of(folder: Path) -> Book:
    """The book that is kept in a folder, after Django's set-up."""
    from doorstep.kernel.country import law, profile  # noqa: PLC0415
    from doorstep.systems.payments.rules.banking_days import banking_day  # noqa: PLC0415

    country, calendar = law(Country, "payments"), profile().calendar

    def day_of(at: datetime) -> date:
        return banking_day(at, country.zone, country.cut_offs, calendar.working_day)

    return Book(folder / "book.sqlite", day_of)


def serve(port: int, folder: Path, callback: str) -> int:
    """Until it is stopped; refuses in production. The exit code of the command."""
    settings_of_demo("A stand-in moves no money: production needs a bank (DOORSTEP_BANK).")
    from doorstep.kernel.country import law, profile  # noqa: PLC0415  after Django's set-up
    from doorstep.site.bank_keys import keys  # noqa: PLC0415

    own, known = keys(folder)
    country = law(Country, "payments")
    server = StandIn(port, book_of(folder), country, profile().currency, own=own, known=known, callback=callback)
    front = server.url.removesuffix(PATH)
    return until_stopped(server, f"Bank stand-in: pay at {front}/, ask {server.url}, keys and book in {folder}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("callback")
    said = parser.parse_args()
    sys.exit(serve(said.port, said.folder, said.callback))
