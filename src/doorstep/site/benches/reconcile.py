"""Reconciliation of a day: orders, the bank's statement and the fee statement of as many lines, in seconds and memory."""

import resource
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

from doorstep.site.benches import Measure

_PAGE = 10_000
"""Lines of a page of a fee statement."""

# Of a hundred payments one each is unknown here, of another amount at the bank, not on the statement, and not stated.
_MADE = """
CREATE TEMPORARY TABLE made AS
SELECT number, (%s || lpad(to_hex(number), 12, '0'))::uuid AS "order", 1000 + number %% 7 AS amount
FROM generate_series(1, %s) AS number
"""
_ORDER = "00000000-0000-7000-8000-"
_ORDERS = {"id": '"order"', "code": "'bench-' || number", "unit": "'H38.' || number %% 300", "amount": "made.amount"}
_ORDERS["paid"] = _ORDERS["amount"]
_CREDITS = {"id": "payments_uuid7()", "booking": "'B' || number", "amount": "made.amount", "order_id": 'made."order"'}
_CREDITS["assigned"] = _CREDITS["amount"]


def reconcile(lines: int) -> list[Measure]:
    """A made-up day of so many payments in an installation that is running: its statement is kept, its fees are stated,
    and it is reconciled. The peak is that of the database's processes together, without the buffers that they share, or ours.
    """
    from django.db import connection, transaction  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
    from doorstep.kernel.store.writing import By  # noqa: PLC0415
    from doorstep.kernel.values.ids import uuid7  # noqa: PLC0415
    from doorstep.systems.payments.actions.reconciliation import reconcile_day  # noqa: PLC0415

    at = datetime.now(UTC)
    day, account = at.date() - timedelta(days=2), uuid7(at)
    with connection.cursor() as cursor, transaction.atomic():
        _fill(cursor, lines, account, at, day)
    by = By(Actor("bench", roles=("payments.clock", "payments.asker"), via="bench"), at)
    told = [_timed("ledger.statement", lines, lambda: _keep(by, account, day, lines))]
    told.append(_timed("ledger.fees", lines, lambda: _state(by, day, lines)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE payments_order, payments_credit, payments_statementline, payments_feeline")
    connection.close()  # the memory that filling took is not the reconciliation's
    return [*told, _timed("ledger.reconcile", lines, lambda: reconcile_day(by, day))]


def _made(lines: int) -> Iterator[tuple[int, UUID, int]]:
    """What the table of that name holds: number, order and amount."""
    for number in range(1, lines + 1):
        yield number, UUID(f"{_ORDER}{number:012x}"), 1000 + number % 7


def _fill(cursor: Any, lines: int, account: UUID, at: datetime, day: date) -> None:
    """Orders and credits as a day of settling leaves them, without the checks of each."""
    from doorstep.systems.payments import models  # noqa: PLC0415  after Django's set-up

    told: dict[str, Any] = {"unit": "", "bank": "BENCH", "number": "1", "holder": "BENCH", "currency": "VND"}
    told |= {"proposed_by": "one", "proposed": at, "approved_by": "two", "approved": at}
    place = models.BankAccount.objects.create(id=account, **told)
    state = {"state": "settled", "channel": "transfer", "created": at, "until": at, "settled": at, "currency": "VND"}
    order = models.Order(
        id=uuid4(), code="", asker="bench", subject="bench", account=place, purpose={}, lines=[], amount=1, **state
    )
    names = {"booked": at, "day": day, "statement": at, "match": "matched", "state": "assigned"}
    credit = models.Credit(id=uuid4(), account=place, booking="", amount=1, **names)
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute(_MADE, [_ORDER, lines])
    _many(cursor, order, _ORDERS)
    _many(cursor, credit, _CREDITS)


def _many(cursor: Any, one: Any, differing: dict[str, str]) -> None:
    """As many rows like this one, with columns that differ; of a hundred the first has none."""
    one.save(force_insert=True)
    table, columns = one._meta.db_table, [field.column for field in one._meta.concrete_fields]  # noqa: SLF001  documented
    into, values = (
        ", ".join(each)
        for each in ([f'"{name}"' for name in columns], [differing.get(name, f'one."{name}"') for name in columns])
    )
    cursor.execute(
        f"INSERT INTO {table} ({into}) SELECT {values} FROM made, (SELECT * FROM {table} WHERE id = %s) AS one"  # noqa: S608
        " WHERE number %% 100 <> 1",
        [one.id],
    )
    one.delete()


def _keep(by: Any, account: Any, day: date, lines: int) -> None:
    """The bank's statement, by the same COPY as those that come as files."""
    from doorstep.kernel.store.writing import Act, action  # noqa: PLC0415  after Django's set-up
    from doorstep.systems.payments.actions.bank import keep_bookings  # noqa: PLC0415
    from doorstep.systems.payments.models import BankAccount  # noqa: PLC0415
    from doorstep.systems.payments.permissions import FOR_PAYMENT, SETTLE  # noqa: PLC0415
    from doorstep.systems.payments.rules.camt053 import Booking, Head  # noqa: PLC0415

    def booked() -> Iterator[tuple[int, int]]:
        return ((number, amount + (number % 100 == 2)) for number, _, amount in _made(lines) if number % 100 != 3)

    def told() -> Iterator[Head | Booking]:
        total = sum(amount for _, amount in booked())
        texts = ("memo", "reference", "returned", "from_bank", "from_account", "from_name", "to_bank", "to_account")
        nothing = dict.fromkeys(texts, "")
        head: dict[str, Any] = {"number": "1", "page": 1, "last": True, "account": "1", "bank": "BENCH", "day": day}
        yield Head(opening=0, closing=total, **head)
        for number, amount in booked():
            yield Booking(booking=f"B{number}", amount=amount, incoming=True, booked=by.at, **nothing)

    @action(SETTLE, FOR_PAYMENT)
    def keep(act: Act) -> None:
        keep_bookings(act, BankAccount.objects.get(id=account), day, told(), b"bench")
        act.journal()

    keep(by)


def _state(by: Any, day: date, lines: int) -> None:
    """The fee statement, page by page."""
    from doorstep.systems.payments.actions.fee_statements import state_fees  # noqa: PLC0415  after Django's set-up
    from doorstep.systems.payments.contract import FeesStated  # noqa: PLC0415

    stated = ((order, amount) for number, order, amount in _made(lines) if number % 100 != 4)
    pages = -(-sum(number % 100 != 4 for number in range(1, lines + 1)) // _PAGE)
    for number in range(1, pages + 1):
        orders, amounts = zip(*islice(stated, _PAGE), strict=True)
        state_fees(by, FeesStated(f"bench:{day}", "bench", day, number, pages, orders, amounts))


def _timed(name: str, lines: int, work: Any) -> Measure:
    with Peak() as peak:
        begun = time.perf_counter()
        work()
        seconds = time.perf_counter() - begun
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measure(name=name, figure=seconds, unit="s", peak_mib=max(peak.mib, ours), rows=lines)


class Peak:
    """The most memory that the database's processes took together while this was open, in MiB; looked at 20 times a second.

    Parallel workers are among them; what all share, the buffers, is not.
    """

    def __enter__(self) -> Self:
        from django.db import connection  # noqa: PLC0415  after Django's set-up

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (backend,) = cursor.fetchone()
        self.mib, self.server, self.over = 0.0, _status(str(backend))["PPid"], threading.Event()
        self.watch = threading.Thread(target=self._watch)
        self.watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.watch.join()

    def _watch(self) -> None:
        while not self.over.wait(0.05):
            found = [_status(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal()]
            own = [
                int(one["RssAnon"].split()[0]) for one in found if one.get("PPid") == self.server and "RssAnon" in one
            ]
            self.mib = max(self.mib, sum(own) / 1024)


def _status(process: str) -> dict[str, str]:
    """What /proc says of a process; nothing of one that has ended."""
    try:
        lines = Path("/proc", process, "status").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
