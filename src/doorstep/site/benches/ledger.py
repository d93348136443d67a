"""The ledger: single transfers beside pgbench's TPC-B, batches beside one plain statement, on the same server in the same run,
and a day of so many payments reconciled.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from doorstep.site.benches import Measure
from doorstep.site.benches.reconcile import reconcile

CLIENTS, BANKS, FEES = 8, 10, 1000
"""As many bank accounts as pgbench has branches at this scale: that is where writers meet."""
ROUNDS, BATCH, BATCHES = 3, 10_000, 10

_PEER_TABLES = """
CREATE TABLE peer_account (
    id uuid PRIMARY KEY, limited boolean NOT NULL, debits bigint NOT NULL DEFAULT 0, credits bigint NOT NULL DEFAULT 0,
    CHECK (NOT limited OR credits >= debits));
CREATE TABLE peer_transfer (
    id uuid PRIMARY KEY, debit uuid NOT NULL REFERENCES peer_account, credit uuid NOT NULL REFERENCES peer_account,
    amount bigint NOT NULL CHECK (amount > 0));
INSERT INTO peer_account (id, limited) SELECT id, limited FROM payments_account
"""
_PEER = """
WITH added AS (
    INSERT INTO peer_transfer SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[]) RETURNING *
), sides AS (
    SELECT account, sum(more) AS more, sum(less) AS less FROM added,
        LATERAL (VALUES (debit, amount, 0), (credit, 0, amount)) AS side (account, more, less) GROUP BY account
) UPDATE peer_account a SET debits = a.debits + s.more, credits = a.credits + s.less FROM sides s WHERE a.id = s.account
"""


def measure(arguments: argparse.Namespace) -> list[Measure]:
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        os.environ.update(DOORSTEP_HOME=folder, DOORSTEP_MODE="demo", DOORSTEP_SYSTEMS="payments")
        os.environ.pop("DOORSTEP_DATABASE_URL", None)
        from doorstep.site.cli import installation  # noqa: PLC0415  after the environment is set

        with installation("demo"):
            return [*_measure(arguments.seconds, Path(folder)), *reconcile(arguments.lines)]


def _measure(seconds: float, folder: Path) -> list[Measure]:
    _open()
    peer = _pgbench(folder)
    rounds = [(_tpc_b(peer, seconds / ROUNDS), _singles(seconds / ROUNDS)) for _ in range(ROUNDS)]
    tpc_b, singles = (sum(column) / ROUNDS for column in zip(*rounds, strict=True))
    plain, batches = _plain(), _batches()
    _prove()
    return [
        _named("ledger.single", singles, f"pgbench TPC-B, {CLIENTS} clients", tpc_b, round(singles * seconds)),
        _named("ledger.batch", batches, "plain set-based SQL", plain, BATCH * BATCHES),
    ]


def _named(name: str, figure: float, peer: str, peer_figure: float, rows: int) -> Measure:
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return Measure(
        name=name,
        figure=figure,
        unit="transfers/s",
        peer=peer,
        peer_figure=peer_figure,
        ratio=figure / peer_figure,
        peak_mib=peak,
        rows=rows,
    )


def _open() -> None:
    """The accounts that transfers go between."""
    from doorstep.kernel.store.writing import Act, By, action  # noqa: PLC0415  after Django's set-up
    from doorstep.systems.payments.actions import ledger  # noqa: PLC0415
    from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE  # noqa: PLC0415
    from doorstep.systems.payments.rules.ledger import AccountKind  # noqa: PLC0415
    from doorstep.systems.payments.tasks import CLOCK  # noqa: PLC0415

    @action(SETTLE, FOR_TREASURY)
    def open_accounts(act: Act) -> None:
        for number in range(FEES):
            ledger.account(act, f"H{number}", AccountKind.FEES, "XTS")
            if number < BANKS:
                ledger.account(act, f"H{number}", AccountKind.BANK, "XTS", "1")
        act.journal()

    open_accounts(By(CLOCK, datetime.now(UTC)))


def _pgbench(folder: Path) -> str:
    """The address of a database that pgbench has filled, on the same server."""
    from doorstep.site.embedded import Embedded  # noqa: PLC0415
    from doorstep.site.programs import environment, program  # noqa: PLC0415

    url = Embedded(folder).url
    peer = url.replace("/doorstep?", "/pgbench?")
    subprocess.run([program("createdb"), "--maintenance-db", url, "pgbench"], check=True, env=environment())
    _run("pgbench", "-q", "-i", "-s", str(BANKS), peer)
    return peer


def _tpc_b(peer: str, seconds: float) -> float:
    """Transactions a second; prepared, as ours are."""
    clients = ("-c", str(CLIENTS), "-j", "2", "-M", "prepared")
    said = _run("pgbench", "-n", *clients, "-T", str(max(1, round(seconds))), peer)
    return float(next(line for line in said.splitlines() if line.startswith("tps")).split()[2])


def _run(name: str, *arguments: str) -> str:
    from doorstep.site.programs import environment, program  # noqa: PLC0415

    done = subprocess.run([program(name), *arguments], check=True, env=environment(), capture_output=True, text=True)
    return done.stdout


def _singles(seconds: float) -> float:
    """Transfers a second of as many processes as pgbench has clients; their start is not counted."""
    code = "from doorstep.site.benches.ledger import work; work()"
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, "-c", code], **pipes) for _ in range(CLIENTS)]
    for one in running:
        one.stdout.readline()  # type: ignore[union-attr]  # a pipe, as asked for
    for one in running:
        one.stdin.write(f"{seconds}\n")  # type: ignore[union-attr]
        one.stdin.flush()  # type: ignore[union-attr]
    return sum(int(one.communicate()[0]) for one in running) / seconds


def work() -> None:
    """A client's process: ready, then transfers one by one for so many seconds as a line says; says how many it made."""
    from doorstep.site.cli import set_up  # noqa: PLC0415

    set_up()
    from doorstep.kernel.store.writing import Act, By, action  # noqa: PLC0415  after Django's set-up
    from doorstep.systems.payments.actions import ledger  # noqa: PLC0415
    from doorstep.systems.payments.permissions import FOR_TREASURY, SETTLE  # noqa: PLC0415
    from doorstep.systems.payments.rules.ledger import Transfer  # noqa: PLC0415
    from doorstep.systems.payments.tasks import CLOCK  # noqa: PLC0415

    @action(SETTLE, FOR_TREASURY)
    def move(act: Act, one: Transfer) -> None:
        ledger.transfer(act, [one])
        act.journal()

    chance, (banks, fees), done = random.Random(), _accounts(), 0  # noqa: S311  no secret
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    end = float(sys.stdin.readline()) + time.monotonic()
    while time.monotonic() < end:
        move(By(CLOCK, datetime.now(UTC)), Transfer(uuid4(), chance.choice(banks), chance.choice(fees), 1000))
        done += 1
    sys.stdout.write(f"{done}\n")


def _accounts() -> tuple[list[UUID], list[UUID]]:
    from doorstep.systems.payments.models import Account  # noqa: PLC0415

    banks, fees = (list(Account.objects.filter(kind=kind).values_list("id", flat=True)) for kind in ("bank", "fees"))
    return banks, fees


def _batches() -> float:
    """Transfers a second of one process that hands in batches."""
    from doorstep.kernel.store.writing import By  # noqa: PLC0415
    from doorstep.systems.payments.actions import ledger  # noqa: PLC0415
    from doorstep.systems.payments.rules.ledger import Transfer  # noqa: PLC0415
    from doorstep.systems.payments.tasks import CLOCK  # noqa: PLC0415

    chance, (banks, fees) = random.Random(1), _accounts()  # noqa: S311  no secret
    batches = [
        [Transfer(uuid4(), chance.choice(banks), chance.choice(fees), 1000) for _ in range(BATCH)]
        for _ in range(BATCHES)
    ]
    began = time.monotonic()
    made = sum(one.new for batch in batches for one in ledger.transfer_batch(By(CLOCK, datetime.now(UTC)), batch))
    spent = time.monotonic() - began
    if made != BATCH * BATCHES:
        raise RuntimeError(f"{made} of {BATCH * BATCHES} transfers were made")
    return made / spent


def _plain() -> float:
    """The same batches as one statement each: rows, sums, foreign keys and the check on overdrafts; no judgement of lines, no history,
    no journal, no other index.
    """
    from django.db import connection, transaction  # noqa: PLC0415

    chance, (banks, fees) = random.Random(1), _accounts()  # noqa: S311  no secret
    batches: list[list[Any]] = [
        [
            [uuid4() for _ in range(BATCH)],
            chance.choices(banks, k=BATCH),
            chance.choices(fees, k=BATCH),
            [1000] * BATCH,
        ]
        for _ in range(BATCHES)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_PEER_TABLES)
        began = time.monotonic()
        for columns in batches:
            with transaction.atomic():
                cursor.execute(_PEER, columns)
        return BATCH * BATCHES / (time.monotonic() - began)


def _prove() -> None:
    """Figures of books that are wrong are worth nothing."""
    from doorstep.systems.payments.queries.ledger_check import check  # noqa: PLC0415

    if said := [sentence for found in check() for sentence in found.against]:
        raise RuntimeError(" ".join(said))
