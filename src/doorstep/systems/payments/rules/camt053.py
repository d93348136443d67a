"""A bank's statement of a day (ISO 20022 camt.053.001.08), read as it comes: memory does not grow with the file.

Nothing in it is looked up: a document type, and with it every entity, is refused. Only what is booked (BOOK) counts.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import BinaryIO
from xml.parsers import expat
from zoneinfo import ZoneInfo

import msgspec

from doorstep.kernel.values.money import Currency
from doorstep.kernel.values.reasons import Refused, reason
from doorstep.systems.payments.rules.ledger import AMOUNT_WRONG, MOST
from doorstep.systems.payments.rules.settlement import FIRST_DAY, LAST_DAY, LONGEST, TEXT_UNFIT, TIME_UNFIT

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
CHUNK = 65_536
DEEPEST, LONGEST_TEXT, LONGEST_TAG, MOST_BYTES = 40, 2_000, 200_000, 4_000_000_000
"""Elements in each other, characters of a text, bytes of a tag or comment, bytes of a page."""

NOT_XML = reason("payments.statement_not_xml", "The statement cannot be read as XML.", repair="Fetch it again, whole.")
HOSTILE = reason(
    "payments.statement_hostile",
    "The statement holds what a statement never needs: a document type, or texts, depth or size beyond measure.",
    repair="Ask the bank what it sent, and take it only from there.",
)
OTHER_FORMAT = reason(
    "payments.statement_other_format",
    "This is no statement of the kind {wanted}.",
    repair="Ask the bank for this version of its statements.",
)
INCOMPLETE = reason(
    "payments.statement_incomplete",
    "{element} is missing or cannot be read.",
    repair="Ask the bank for a corrected statement.",
)
AMOUNT_FRACTIONAL = reason(
    "payments.amount_fractional",
    "An amount has more decimals than {currency} has: {decimals}.",
    repair="Ask the bank for a corrected statement.",
)
OTHER_CURRENCY = reason(
    "payments.statement_other_currency",
    "An amount is not in {currency}.",
    repair="Ask the bank for a corrected statement.",
)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says before its entries. `opening` and `closing` are balances in minor units, None where it has none."""

    number: str
    page: int
    last: bool
    account: str
    bank: str
    day: date
    opening: int | None
    closing: int | None


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """One booking: minor units, positive; `incoming` money was credited to us. `reference` is ours, where there is one."""

    booking: str
    amount: int
    incoming: bool
    booked: datetime
    memo: str
    reference: str
    returned: str
    from_bank: str
    from_account: str
    from_name: str
    to_bank: str
    to_account: str


_BANK = ("FinInstnId/ClrSysMmbId/MmbId", "FinInstnId/BICFI")
_ACCOUNT = ("Id/Othr/Id", "Id/IBAN")
_AMOUNT = re.compile(r"\d{1,40}(\.\d{1,20})?", re.ASCII)


def minor(text: str, told: str, currency: Currency, line: int) -> int:
    """An amount in minor units. Raises Refused for what is no positive whole number of them within MOST."""
    if told != currency.code:
        raise Refused(OTHER_CURRENCY(line=line, currency=currency.code))
    if not _AMOUNT.fullmatch(text):
        raise Refused(AMOUNT_WRONG("Amt", line=line, most=MOST))
    whole, _, rest = text.partition(".")
    if rest[currency.decimals :].strip("0"):
        raise Refused(AMOUNT_FRACTIONAL("Amt", line=line, currency=currency.code, decimals=currency.decimals))
    found = int(whole + rest[: currency.decimals].ljust(currency.decimals, "0"))
    if found > MOST:
        raise Refused(AMOUNT_WRONG("Amt", line=line, most=MOST))
    return found


def read(file: BinaryIO, currency: Currency, zone: ZoneInfo) -> Iterator[Head | Booking]:
    """A head for each statement in the file, and after it its bookings. Raises Refused at the line that is wrong."""
    reader, size = _Reader(currency, zone), 0
    try:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > MOST_BYTES:
                raise Refused(HOSTILE())
            reader.parser.Parse(chunk, False)
            if size - max(reader.parser.CurrentByteIndex, 0) > LONGEST_TAG + CHUNK:  # the parser holds it all
                raise Refused(HOSTILE())
            yield from reader.taken()
        reader.parser.Parse(b"", True)
    except expat.ExpatError as failure:
        raise Refused(NOT_XML(line=failure.lineno)) from failure
    yield from reader.taken()


class _Scope:
    """An element whose texts are looked at together, by their path below it."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.texts: dict[str, str] = {}
        self.details: list[dict[str, str]] = []


class _Reader:
    """Collects what is booked, chunk by chunk."""

    def __init__(self, currency: Currency, zone: ZoneInfo) -> None:
        self.currency, self.zone = currency, zone
        self.path: list[str] = []
        self.scopes: list[_Scope] = []
        self.balances: dict[str, int] = {}
        self.closes = ""
        self.headed = False
        self.text = ""
        self.found: list[Head | Booking] = []
        self.parser = expat.ParserCreate("UTF-8", " ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def taken(self) -> list[Head | Booking]:
        """What was found since the last call."""
        found, self.found = self.found, []
        return found

    @property
    def line(self) -> int:
        return self.parser.CurrentLineNumber

    def _doctype(self, *_: object) -> None:
        raise Refused(HOSTILE(line=self.line))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if namespace != NAMESPACE or (not self.path and local != "Document"):
            raise Refused(OTHER_FORMAT(line=self.line, wanted="camt.053.001.08"))
        if len(self.path) >= DEEPEST:
            raise Refused(HOSTILE(line=self.line))
        self.path.append(local)
        self.text = ""
        if local in {"Stmt", "Bal", "Ntry", "TxDtls"}:
            if local == "Ntry":
                self._head()
            self.scopes.append(_Scope(len(self.path)))
        elif local == "Amt" and self.scopes:
            self._keep("@Ccy", attributes.get("Ccy", ""))

    def _characters(self, text: str) -> None:
        self.text += text
        if len(self.text) > LONGEST_TEXT:
            raise Refused(HOSTILE(line=self.line))

    def _keep(self, more: str, text: str) -> None:
        texts = self.scopes[-1].texts
        key = "/".join(self.path[self.scopes[-1].depth :]) + more
        if len(texts) > 200 or (key.endswith("Ustrd") and len(texts.get(key, "")) > LONGEST_TEXT):
            raise Refused(HOSTILE(line=self.line))
        texts[key] = f"{texts[key]} {text}" if key.endswith("Ustrd") and key in texts else texts.get(key, text)

    def _end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        if self.scopes and len(self.path) == self.scopes[-1].depth:
            if local == "Stmt":
                self._head()
                self.headed, self.balances, self.closes = False, {}, ""
            scope = self.scopes.pop()
            if local == "Bal":
                self._balance(scope.texts)
            elif local == "Ntry":
                self._entry(scope)
            elif local == "TxDtls":
                self.scopes[-1].details.append(scope.texts)
                if len(self.scopes[-1].details) > 10_000:
                    raise Refused(HOSTILE(line=self.line))
        elif self.scopes and self.text.strip():
            self._keep("", self.text.strip())
        self.path.pop()
        self.text = ""

    def _head(self) -> None:
        """Once for each statement, when its first entry or its end comes."""
        if self.headed:
            return
        if not self.scopes:
            raise Refused(INCOMPLETE("Stmt", line=self.line, element="Stmt"))
        self.headed = True
        texts = self.scopes[0].texts
        page = self._need(texts, "StmtPgntn/PgNb", fallback="1")
        if not (page.isascii() and page.isdigit() and len(page) <= 7):
            raise Refused(INCOMPLETE("PgNb", line=self.line, element="PgNb"))
        self.found.append(
            Head(
                number=self._number(texts, "Id"),
                page=int(page),
                last=self._need(texts, "StmtPgntn/LastPgInd", fallback="true") in {"true", "1"},
                account=self._need(texts, *(f"Acct/{one}" for one in _ACCOUNT)),
                bank=self._need(texts, *(f"Acct/Svcr/{one}" for one in _BANK)),
                day=self._day(texts),
                opening=self.balances.get("OPBD"),
                closing=self.balances.get("CLBD"),
            )
        )

    def _day(self, texts: dict[str, str]) -> date:
        """The day that it closes: that of the closing balance, else (on earlier pages) the one on which its time ends.

        The closing booked balance is the one at the end of the period reported on (ISO 20022, external code set of balance
        types, CLBD), and the period may begin at the cut-off of the day before; a midnight ends the day before it.
        """
        if self.closes:
            return self._local(self.closes).date()
        begins = self._local(self._need(texts, "FrToDt/FrDtTm", "FrToDt/ToDtTm"))
        ends = self._local(self._need(texts, "FrToDt/ToDtTm", "FrToDt/FrDtTm"))
        return max(begins, ends - timedelta.resolution).date()

    def _local(self, text: str) -> datetime:
        return self._when(text).astimezone(self.zone)

    def _balance(self, texts: dict[str, str]) -> None:
        amount = self._amount(texts)
        sign = -1 if self._need(texts, "CdtDbtInd") == "DBIT" else 1
        kind = self._need(texts, "Tp/CdOrPrtry/Cd")
        self.balances[kind] = sign * amount
        if kind == "CLBD":
            self.closes = texts.get("Dt/Dt") or texts.get("Dt/DtTm", "")

    def _entry(self, scope: _Scope) -> None:
        """An entry's bookings: its own, or where it is a batch those of its details, which have to add up to it."""
        texts = scope.texts
        if self._need(texts, "Sts/Cd", "Sts") != "BOOK":
            return
        amount = self._amount(texts)
        if len(scope.details) < 2:
            only = scope.details[0] if scope.details else {}
            number = texts.get("AcctSvcrRef") or only.get("Refs/AcctSvcrRef", "")
            self.found.append(self._booking(texts, {**only, "Refs/AcctSvcrRef": number}, amount))
            return
        amounts = [self._amount(one) for one in scope.details]
        if sum(amounts) != amount:
            raise Refused(INCOMPLETE("TxDtls", line=self.line, element="TxDtls"))
        self.found += [self._booking(texts, one, part) for one, part in zip(scope.details, amounts, strict=True)]

    def _booking(self, entry: dict[str, str], details: dict[str, str], amount: int) -> Booking:
        if not amount:
            raise Refused(AMOUNT_WRONG("Amt", line=self.line, most=MOST))
        incoming = self._need(entry, "CdtDbtInd") == "CRDT"
        return Booking(
            booking=self._number(details, "Refs/AcctSvcrRef"),
            amount=amount,
            incoming=incoming,
            booked=self._when(self._need(entry, "BookgDt/DtTm", "BookgDt/Dt")),
            memo=details.get("RmtInf/Ustrd", ""),
            reference=details.get("Refs/EndToEndId", ""),
            returned=details.get("RtrInf/Rsn/Cd", "returned")
            if any(key.startswith("RtrInf/") for key in details)
            else "",
            from_bank=_either(details, "RltdAgts/DbtrAgt", *_BANK) if incoming else "",
            from_account=_either(details, "RltdPties/DbtrAcct", *_ACCOUNT) if incoming else "",
            from_name=details.get("RltdPties/Dbtr/Pty/Nm", "") if incoming else "",
            to_bank="" if incoming else _either(details, "RltdAgts/CdtrAgt", *_BANK),
            to_account="" if incoming else _either(details, "RltdPties/CdtrAcct", *_ACCOUNT),
        )

    def _amount(self, texts: dict[str, str]) -> int:
        return minor(self._need(texts, "Amt"), texts.get("Amt@Ccy", ""), self.currency, self.line)

    def _need(self, texts: dict[str, str], *keys: str, fallback: str = "") -> str:
        """The first of these that is there. Raises Refused where none is."""
        found = next((texts[key] for key in keys if texts.get(key)), fallback)
        if not found:
            element = keys[0].rpartition("/")[2]
            raise Refused(INCOMPLETE(element, line=self.line, element=element))
        return found

    def _when(self, text: str) -> datetime:
        """A time or a day, in the bank's zone where it names none."""
        try:
            found = datetime.fromisoformat(text)
            found = (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Refused(INCOMPLETE("DtTm", line=self.line, element="DtTm")) from None
        if not FIRST_DAY <= found.date() <= LAST_DAY:
            raise Refused(TIME_UNFIT("DtTm", line=self.line))
        return found

    def _number(self, texts: dict[str, str], key: str) -> str:
        """A number of the bank's. Raises Refused for one that is too long to tell things apart by it."""
        found = self._need(texts, key)
        if len(found) > LONGEST["booking"]:
            raise Refused(TEXT_UNFIT(key.rpartition("/")[2], line=self.line, most=LONGEST["booking"]))
        return found


def _either(details: dict[str, str], whose: str, *keys: str) -> str:
    """The first of these that its account or bank has, "" without one."""
    return next((told for key in keys if (told := details.get(f"{whose}/{key}"))), "")
