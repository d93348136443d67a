"""The book of the stand-in for a bank, on disk: each booking moves money from one account to another, so that none is lost.

A booking and the messages that tell it are one transaction: a bank that is killed comes back with both.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from threading import RLock
from uuid import UUID, uuid4

import msgspec

from doorstep.kernel.declare.messages import revived
from doorstep.kernel.values.ids import Masked
from doorstep.systems.payments.rules.bank_messages import CreditsTold, Told, written
from doorstep.systems.payments.rules.evidence import Credit, Payout, PayoutResult, PayoutState

AT_ONCE = 500
"""Credits in one answer."""
MOST = 2**62
_TABLES = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS booking (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, from_bank TEXT, from_account TEXT, from_name TEXT,
  to_bank TEXT, to_account TEXT, to_name TEXT, amount INTEGER CHECK (amount > 0), currency TEXT, memo TEXT, at TEXT,
  day TEXT, payout TEXT, returned TEXT);
CREATE INDEX IF NOT EXISTS came ON booking (to_bank, to_account, seq);
CREATE INDEX IF NOT EXISTS went ON booking (from_bank, from_account, seq);
CREATE TABLE IF NOT EXISTS payout (id TEXT PRIMARY KEY, content BLOB, result BLOB);
CREATE TABLE IF NOT EXISTS message (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB, tries INTEGER DEFAULT 0, due REAL DEFAULT 0, answer INTEGER);
CREATE INDEX IF NOT EXISTS unsent ON message (due) WHERE answer IS NULL;
"""
_KEPT = "from_bank, from_account, from_name, to_bank, to_account, to_name, amount, currency, memo"
_LINES = "FROM booking WHERE {side}_bank = ? AND {side}_account = ?"


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """Money from one account to another; `key` is the payer's, and the same again is the same payment. `at` is now, or was."""

    from_bank: str
    from_account: str
    from_name: str = ""
    to_bank: str
    to_account: str
    to_name: str = ""
    amount: int
    currency: str
    memo: str = ""
    at: datetime | None = None
    key: str = msgspec.field(default_factory=lambda: str(uuid4()))


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A booking as the book has it; `day` is the banking day."""

    seq: int
    from_bank: str
    from_account: str
    from_name: str
    to_bank: str
    to_account: str
    to_name: str
    amount: int
    currency: str
    memo: str
    at: datetime
    day: date
    payout: str
    returned: str

    @property
    def booking(self) -> str:
        return f"BK{self.seq:012}"


class Message(msgspec.Struct, frozen=True):
    """What is to be told, and how often that was tried."""

    seq: int
    body: bytes
    tries: int


class Book:
    """`day_of` says under which banking day something is booked."""

    def __init__(self, file: Path, day_of: Callable[[datetime], date]) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.day_of = day_of
        self.lock = RLock()
        self.rows = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self.rows.executescript(_TABLES)

    def close(self) -> None:
        with self.lock:
            self.rows.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self.lock:
            self.rows.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.rows.execute("ROLLBACK")
                raise
            self.rows.execute("COMMIT")

    def pay(self, asked: Payment, at: datetime) -> Line:
        """Book it, once for each key, and note what is to be told to whom it reached."""
        with self._writing():
            if found := self._line("key = ?", asked.key):
                return found
            return self._book(asked, min(asked.at or at, at))

    def _book(self, asked: Payment, at: datetime, payout: str = "", returned: str = "") -> Line:
        kept = [getattr(asked, name) for name in _KEPT.split(", ")]
        self.rows.execute(
            f"INSERT INTO booking (key, {_KEPT}, at, day, payout, returned) VALUES ({', '.join('?' * 14)})",  # noqa: S608  our own names
            [asked.key, *kept, at.isoformat(), self.day_of(at).isoformat(), payout, returned],
        )
        line = self._line("key = ?", asked.key)
        if line is None:
            raise RuntimeError("a booking is gone")
        if not payout or returned:  # whom a payout reaches is another's customer
            self._note(Told(line.to_bank, line.to_account, credits=(credit_of(line),)))
        return line

    def _note(self, told: Told) -> None:
        self.rows.execute("INSERT INTO message (body) VALUES (?)", [written(told)])

    def _line(self, condition: str, *values: object) -> Line | None:
        return next(self._lines(f"FROM booking WHERE {condition}", *values), None)

    def _lines(self, rest: str, *values: object) -> Iterator[Line]:
        found = self.rows.execute(f"SELECT seq, {_KEPT}, at, day, payout, returned {rest}", values)
        for row in found:
            yield msgspec.convert(dict(zip(Line.__struct_fields__, row, strict=True)), Line)

    def balance(self, bank: str, account: str, before: str = "9999-12-31") -> int:
        """What is on an account, of the banking days before `before`; an account that nobody used has nothing."""
        with self.lock:
            came, went = (
                self.rows.execute(
                    f"SELECT coalesce(sum(amount), 0) {_LINES.format(side=side)} AND day < ?", (bank, account, before)
                ).fetchone()[0]
                for side in ("to", "from")
            )
        return int(came) - int(went)

    def pay_out(self, asked: Payout, at: datetime, failure: str = "", returned: str = "") -> PayoutResult:
        """Pay out what is on the account, once for each id; `failure` and `returned` are reasons to refuse or return it.

        Raises ValueError for the same id with other content.
        """
        content = written(asked)
        with self._writing():
            kept = self.rows.execute("SELECT content FROM payout WHERE id = ?", (str(asked.id),)).fetchone()
            if kept and kept[0] != content:
                raise ValueError("another payout has this id")
            if kept:
                return self._result(asked.id)
            if not failure and self.balance(asked.bank, asked.account) < asked.amount:
                failure = "AM04"
            self._end(asked, content, at, failure, returned)
            return PayoutResult(
                payout=asked.id, state=PayoutState.REFUSED if failure else PayoutState.TAKEN, reason=failure
            )

    def _end(self, asked: Payout, content: bytes, at: datetime, failure: str, returned: str) -> None:
        """Book the payout, and back again where it is returned; what became of it is kept and told."""
        result = PayoutResult(payout=asked.id, state=PayoutState.REFUSED, reason=failure)
        if not failure:
            there, here = (asked.to_bank, asked.to_account, asked.to_name), (asked.bank, asked.account, "")
            line = self._book(_between(here, there, asked), at, payout=str(asked.id))
            state = PayoutState.PAID
            if returned:
                state = PayoutState.RETURNED
                self._book(_between(there, here, asked), at, payout=str(asked.id), returned=returned)
            result = PayoutResult(
                payout=asked.id,
                state=state,
                booking=line.booking,
                reason=returned,
                day=line.day,
                amount=line.amount,
                currency=line.currency,
                bank=line.from_bank,
                account=line.from_account,
                to_bank=line.to_bank,
                to_account=Masked(line.to_account),
            )
        self.rows.execute("INSERT INTO payout VALUES (?, ?, ?)", (str(asked.id), content, written(result)))
        self._note(Told(asked.bank, asked.account, payouts=(result,)))

    def result(self, payout: UUID) -> PayoutResult | None:
        with self.lock:
            return self._result(payout) if self._knows(payout) else None

    def _knows(self, payout: UUID) -> bool:
        return bool(self.rows.execute("SELECT 1 FROM payout WHERE id = ?", (str(payout),)).fetchone())

    def _result(self, payout: UUID) -> PayoutResult:
        (kept,) = self.rows.execute("SELECT result FROM payout WHERE id = ?", (str(payout),)).fetchone()
        return msgspec.json.decode(kept, type=PayoutResult, dec_hook=revived)

    def credits(self, bank: str, account: str, after: str) -> CreditsTold:
        """What came into the account after the booking `after`."""
        with self.lock:
            rest = f"{_LINES.format(side='to')} AND seq > ? ORDER BY seq LIMIT ?"
            found = [*self._lines(rest, bank, account, int(after or 0), AT_ONCE)]
        last = str(found[-1].seq) if found else after
        told = tuple(map(credit_of, found))
        return CreditsTold(told, last, sum(one.amount for one in told), more=len(found) == AT_ONCE)

    def day(self, bank: str, account: str, day: date) -> list[Line]:
        """All bookings of an account on a banking day."""
        either = " OR ".join(f"({side}_bank = ? AND {side}_account = ?)" for side in ("to", "from"))
        with self.lock:
            return [
                *self._lines(
                    f"FROM booking WHERE day = ? AND ({either}) ORDER BY seq",
                    day.isoformat(),
                    bank,
                    account,
                    bank,
                    account,
                )
            ]

    def due(self, now: float) -> list[Message]:
        """What is to be told now, oldest first."""
        with self.lock:
            asked = "SELECT seq, body, tries FROM message WHERE answer IS NULL AND due <= ? ORDER BY seq LIMIT 50"
            return [Message(*row) for row in self.rows.execute(asked, (now,))]

    def later(self, message: Message, due: float) -> None:
        with self._writing():
            self.rows.execute("UPDATE message SET tries = tries + 1, due = ? WHERE seq = ?", (due, message.seq))

    def hurry(self, seq: int) -> None:
        """It is due now, unless it was answered."""
        with self._writing():
            self.rows.execute("UPDATE message SET due = 0 WHERE seq = ? AND answer IS NULL", (seq,))

    def told(self, message: Message, answer: int) -> None:
        """It was answered with this status, or given up (0): it is not told again."""
        with self._writing():
            self.rows.execute("UPDATE message SET tries = tries + 1, answer = ? WHERE seq = ?", (answer, message.seq))

    def answers(self) -> list[int | None]:
        """With which status each message was answered, None where it is still to be told."""
        with self.lock:
            return [row[0] for row in self.rows.execute("SELECT answer FROM message ORDER BY seq")]


def credit_of(line: Line) -> Credit:
    return Credit(
        booking=line.booking,
        amount=line.amount,
        currency=line.currency,
        memo=line.memo,
        booked=line.at,
        day=line.day,
        from_bank=line.from_bank,
        from_account=Masked(line.from_account),
        from_name=line.from_name,
    )


def _between(source: tuple[str, str, str], target: tuple[str, str, str], asked: Payout) -> Payment:
    return Payment(
        from_bank=source[0],
        from_account=str(source[1]),
        from_name=source[2],
        to_bank=target[0],
        to_account=str(target[1]),
        to_name=target[2],
        amount=asked.amount,
        currency=asked.currency,
        memo=asked.memo,
    )
