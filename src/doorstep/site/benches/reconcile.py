"""Reconciliation of a day: orders, the bank's statement and the fee statement of as many lines, in seconds and memory."""

import argparse
import os
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from doorstep.site.benches import Measure

_LINES = 10_000
"""Of a page of a fee statement."""

# Of a hundred payments one each is unknown here, of another amount at the bank, not on the statement, and not stated.
_FILL = [
    """CREATE TEMPORARY TABLE made AS SELECT number, gen_random_uuid() AS "order", 1000 + number %% 7 AS amount
        FROM generate_series(1, %(lines)s) AS number""",
    """INSERT INTO payments_bankaccount (id, unit, bank, number, holder, currency, proposed_by, proposed, approved_by, approved)
        VALUES (%(account)s, '', 'BENCH', '1', 'BENCH', 'VND', 'one', %(at)s, 'two', %(at)s)""",
    """INSERT INTO payments_order (id, code, asker, subject, unit, payer, lines, amount, currency, account_id, state, channel,
            paid, refunded, created, until, settled)
        SELECT "order", 'bench-' || number, 'bench', 'bench', 'H38.' || number %% 300, '', '[]', amount, 'VND', %(account)s,
            'settled', 'transfer', amount, 0, %(at)s, %(at)s, %(at)s FROM made WHERE number %% 100 <> 1""",
    """INSERT INTO payments_credit (id, account_id, booking, amount, memo, booked, day, from_bank, from_account, from_name,
            statement, match, state, order_id, assigned)
        SELECT gen_random_uuid(), %(account)s, 'B' || number, amount, '', %(at)s, %(day)s, '', '', '', %(at)s, 'matched',
            'assigned', "order", amount FROM made WHERE number %% 100 <> 1""",
    """INSERT INTO payments_statement (id, account_id, day, number, pages, lines, opening, closing, credits, debits, digest,
            taken, recorded)
        SELECT %(account)s, %(account)s, %(day)s, '1', 1, count(*), 0, sum(amount), sum(amount), 0, '', %(at)s, count(*)
        FROM made WHERE number %% 100 <> 3""",
    """INSERT INTO payments_statementline (statement_id, line, account_id, day, booking, side, amount, memo, booked, returned,
            from_bank, from_account, from_name, to_bank, to_account)
        SELECT %(account)s, number, %(account)s, %(day)s, 'B' || number, 'credit', amount + (number %% 100 = 2)::int, '',
            %(at)s, '', '', '', '', '', '' FROM made WHERE number %% 100 <> 3""",
    """INSERT INTO payments_feestatement (id, asker, day, pages, complete)
        VALUES (%(account)s, 'bench', %(day)s, %(lines)s / %(page)s + 1, %(at)s)""",
    """INSERT INTO payments_feeline (statement_id, page, line, "order", amount, repeated)
        SELECT %(account)s, number / %(page)s + 1, number %% %(page)s, "order", amount, false FROM made
        WHERE number %% 100 <> 4""",
    "ANALYZE payments_order, payments_credit, payments_statementline, payments_feeline",
]


def measure(arguments: argparse.Namespace) -> list[Measure]:
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        os.environ.update(DOORSTEP_HOME=folder, DOORSTEP_MODE="demo", DOORSTEP_SYSTEMS="payments")
        os.environ.pop("DOORSTEP_DATABASE_URL", None)
        from doorstep.site.cli import installation  # noqa: PLC0415  after the environment is set

        with installation("demo"):
            return [reconcile(arguments.lines)]


def reconcile(lines: int) -> Measure:
    """Reconcile a made-up day of so many payments, in an installation that is running; the largest of our own process
    and the database's is the peak.
    """
    from django.db import connection  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
    from doorstep.kernel.store.writing import By  # noqa: PLC0415
    from doorstep.kernel.values.ids import uuid7  # noqa: PLC0415
    from doorstep.systems.payments.actions.reconciliation import reconcile_day  # noqa: PLC0415

    at = datetime.now(UTC)
    day = at.date() - timedelta(days=2)
    with connection.cursor() as cursor:
        names: dict[str, Any] = {"lines": lines, "account": uuid7(at), "at": at, "day": day, "page": _LINES}
        for statement in _FILL:
            cursor.execute(statement, names if "%(" in statement else None)
        connection.close()  # the memory that filling took is not the reconciliation's
    by = By(Actor("task:payments", roles=("payments.clock",), via="bench"), at)
    begun = time.perf_counter()
    done = reconcile_day(by, day)
    seconds = time.perf_counter() - begun
    return Measure(
        name="ledger.reconcile",
        figure=seconds,
        unit="s",
        peak_mib=max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, _database_peak()),
        rows=done.rows,
    )


def _database_peak() -> float:
    """MiB that the database's process of this connection took at most, the buffers that all share among them."""
    from django.db import connection  # noqa: PLC0415  after Django's set-up

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process,) = cursor.fetchone()
    told = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return int(told["VmHWM"].split()[0]) / 1024
