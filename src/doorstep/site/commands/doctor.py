"""`doorstep doctor`: checks what an installation stands on, and says the repair of each finding."""

import argparse
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from doorstep.site.cli import home, old_server, port, say, set_up

EXAMPLES = ["doorstep doctor", "DOORSTEP_HOME=/srv/doorstep doorstep doctor"]

Finding = tuple[bool, str, str]
"""Is it well, what was looked at, and the repair where it is not."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=os.environ.get("DOORSTEP_PORT", "8000"))


def run(arguments: argparse.Namespace) -> int:
    set_up()
    from django.conf import settings  # noqa: PLC0415  after Django's set-up

    say(
        f"{home()}: {settings.MODE}, {settings.PROFILE}, {' '.join(settings.SYSTEMS)}; its log signs as {settings.ORIGIN}"
    )
    ill = 0
    checks = (
        _python,
        lambda: _port(arguments.port),
        _disk,
        _proxies,
        _keys,
        _fonts,
        _assets,
        _clock,
        _elsewhere,
        _bank,
    )
    for check in (*checks, _database):
        for well, what, repair in check():
            say(f"{'well' if well else 'ILL '}  {what}{'' if well else f'. {repair}'}")
            ill += not well
    say("Everything is well." if not ill else "One thing is ill." if ill == 1 else f"{ill} things are ill.")
    return 1 if ill else 0


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield sys.version_info >= (3, 11), f"Python {version}", "Install Python 3.11 or newer and run `make setup`."


def _port(port: int) -> Iterator[Finding]:
    from doorstep.site.processes import port_refusal  # noqa: PLC0415  after Django's set-up

    refusal = port_refusal(port)
    running = refusal is not None and _alive(home() / "run" / "tasks.pid")
    yield (
        refusal is None or running,
        f"port {port} is {'ours' if running else 'taken' if refusal else 'free'}",
        refusal or "",
    )


def _alive(pid_file: Path) -> bool:
    with suppress(FileNotFoundError):
        return bool(psutil.pid_exists(int(pid_file.read_text())))
    return False


def _proxies() -> Iterator[Finding]:
    from django.conf import settings  # noqa: PLC0415

    well = settings.PROXIES > 0 or settings.MODE != "production"
    repair = "Behind one, all visitors share one limit on tries: set DOORSTEP_PROXIES (docs/operating.md)."
    yield well, f"addresses of visitors come by way of {settings.PROXIES} proxies", repair


def _disk() -> Iterator[Finding]:
    place = home() if home().exists() else home().parent
    free = shutil.disk_usage(place).free
    yield free > 1_000_000_000, f"{free / 1e9:.1f} GB are free at {place}", "Make room, or move DOORSTEP_HOME."
    ours = os.access(place, os.W_OK)
    yield ours, f"{place} can{'' if ours else 'not'} be written", "Give this account the right to write there."
    if home().exists():
        shut = not stat.S_IMODE(home().stat().st_mode) & 0o007
        yield shut, f"{home()} is {'closed' if shut else 'open'} to other accounts", f"Close it: chmod 700 {home()}."


def _keys() -> Iterator[Finding]:
    for key in sorted((home() / "keys").glob("*")):
        shut = not stat.S_IMODE(key.stat().st_mode) & 0o077
        what = f"key {key.name} is {'closed' if shut else 'open'} to others"
        yield shut, what, f"They may have read it: replace {key}."


def _fonts() -> Iterator[Finding]:
    from doorstep.kernel.documents import covers  # noqa: PLC0415

    sample = "Nguyễn Thị Hường – Straße – الإدارة الأولى"
    there = covers(sample)
    what = f"documents {'have' if there else 'lack'} Vietnamese, German and Arabic letters"
    yield there, what, "Run `make setup` for the fonts."


def _assets() -> Iterator[Finding]:
    from django.contrib.staticfiles import finders  # noqa: PLC0415

    for name in ("designsystemet.css", "kernel/doorstep.css"):
        built = finders.find(name) is not None
        yield built, f"{name} is {'' if built else 'not '}built", "Run `make setup`."


def _clock() -> Iterator[Finding]:
    now = datetime.now(UTC)
    newest = max((path.stat().st_mtime for path in Path(home()).glob("lake/**/*.parquet")), default=0)
    yield now.year >= 2024, f"the clock says {now:%Y-%m-%d %H:%M} UTC", "Set the clock (NTP)."
    past = newest <= time.time() + 60
    yield past, f"{'no' if past else 'a'} file of the lake is from the future", "The clock went back: set it (NTP)."


def _elsewhere() -> Iterator[Finding]:
    from django.conf import settings  # noqa: PLC0415  after Django's set-up

    biometrics = {"biometrics": settings.BIOMETRICS} if settings.BIOMETRICS else {}
    bank = {"bank": settings.BANK} if settings.BANK else {}
    for system, place in {**settings.ELSEWHERE, **biometrics, **bank}.items():
        there = place.token.is_file()
        yield there, f"{system} is asked at {place.url}", f"Put the key that it gave you into {place.token}."
        if there:
            shut = not stat.S_IMODE(place.token.stat().st_mode) & 0o077
            yield shut, f"{place.token} is closed to others", "Others may have read it: have a new one issued."
    if settings.PRODUCTION and "identity" in settings.SYSTEMS and not biometrics:
        yield False, "no system of biometrics is named", "Level 2 cannot be collected: set DOORSTEP_BIOMETRICS."


def _bank() -> Iterator[Finding]:
    from django.conf import settings  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel.values.reasons import Unavailable  # noqa: PLC0415
    from doorstep.systems.payments.actions.bank_line import key_file, signing_key  # noqa: PLC0415

    if "payments" not in settings.SYSTEMS:
        return
    if settings.BANK is None:
        named = not settings.PRODUCTION
        yield named, "no bank is named", "Payments by transfer do not settle: set DOORSTEP_BANK."
        return
    try:
        signing_key(settings.BANK)
        keys = key_file(settings.BANK.theirs)
    except Unavailable:
        yield (
            False,
            "keys of DOORSTEP_BANK cannot be read",
            "Both files hold a JSON Web Key Set; one of our keys serves.",
        )
    else:
        for key in sorted(keys.values(), key=lambda one: one.keyid):
            speaks = ", ".join(key.accounts) or "all accounts"
            yield True, f"messages of the bank are signed by {key.keyid}, which speaks for {speaks}", ""


def _database() -> Iterator[Finding]:
    """The embedded one is started for the time of the check, where there is one."""
    from django.db import connections  # noqa: PLC0415

    from doorstep.site.embedded import Embedded, database  # noqa: PLC0415
    from doorstep.site.programs import EmbeddedDatabaseError  # noqa: PLC0415

    if os.environ.get("DOORSTEP_DATABASE_URL"):
        yield from _answers()
    elif not Embedded(home()).data.exists():
        yield True, "there is no database yet; `doorstep up` makes one", ""
    else:
        try:
            with database(home()):
                yield from _answers()
                connections.close_all()
        except EmbeddedDatabaseError as error:
            yield False, "the embedded database does not start", str(error)


def _answers() -> Iterator[Finding]:
    from django.conf import settings  # noqa: PLC0415
    from django.db import Error, connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    try:
        if old := old_server():
            what, _, repair = old.partition(". ")
            yield False, what, repair
            return
        plan = MigrationExecutor(connection).migration_plan(MigrationExecutor(connection).loader.graph.leaf_nodes())
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), now()")
            version, there = cursor.fetchone()
    except Error as error:
        yield (
            False,
            f"the database does not answer: {error}",
            "Look into log/postgres.log, or check DOORSTEP_DATABASE_URL.",
        )
        return
    what = f"PostgreSQL {version}, its tables are of {'an older' if plan else 'this'} version"
    yield not plan, what, "Run `doorstep up`, which migrates."
    away = abs((datetime.now(UTC) - there).total_seconds())
    yield away < 5, f"its clock is {away:.0f} s from ours", "Set both (NTP)."
    if not plan:
        yield from _log_keys()
        yield from _waiting()
        yield from _notices()
        yield from _expiring()
        if "payments" in settings.SYSTEMS:
            yield from _feeds()


def _feeds() -> Iterator[Finding]:
    """What banks do not tell, and what of it nobody could take."""
    from doorstep.systems.payments.queries.bank import feeds_behind, unresolved  # noqa: PLC0415

    behind = feeds_behind()
    for feed in behind:
        silent = f"account {feed.number} at {feed.bank} was not read {feed.failures} times in a row"
        lacking = f"its statement of {feed.day} lacks after {feed.statement_failures} tries"
        told = [text for text, many in ((silent, feed.failures), (lacking, feed.statement_failures)) if many]
        yield (
            False,
            ", ".join(told),
            "Look into log/tasks.log, and ask the bank; all that came in is read once it answers.",
        )
    waiting = unresolved()
    yield (
        not waiting,
        f"{waiting} messages and statements of banks could not be taken",
        "Each waits for the treasury of its unit, at /payments/discrepancies/.",
    )
    if not behind:
        yield True, "banks answer for all accounts", ""


def _log_keys() -> Iterator[Finding]:
    from doorstep.kernel.lake.models import Ring  # noqa: PLC0415
    from doorstep.kernel.lake.rings import foreign_key  # noqa: PLC0415

    for ring in Ring:
        with suppress(PermissionError):  # said of each key above
            wrong = foreign_key(ring)
            yield not wrong, f"the key of the {ring} ring is {'not ' * bool(wrong)}that of the database's log", wrong


def _waiting() -> Iterator[Finding]:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(sum(rows), 0) FROM kernel_factbatch")
        batches, facts = cursor.fetchone()
        cursor.execute(
            "SELECT hearer, kind, failure, count(*) FROM kernel_message WHERE due IS NULL"
            " GROUP BY hearer, kind, failure ORDER BY hearer, kind"
        )
        parked = cursor.fetchall()
    waiting = f"{facts} facts in {batches} batches wait to be sealed"
    yield batches < 100_000, waiting, "Is the process `tasks` running? `doorstep seal` seals at once."
    for hearer, kind, failure, count in parked:
        repair = "See `doorstep messages list`, mend the cause, then `retry` or `drop`."
        yield False, f"{hearer} could not handle {kind}: {count} parked for {failure}", repair
    if not parked:
        yield True, "no message between systems is parked", ""


def _notices() -> Iterator[Finding]:
    from django.db.models import Count  # noqa: PLC0415

    from doorstep.kernel.declare.notices import Channel, State  # noqa: PLC0415
    from doorstep.kernel.store.models import Notice  # noqa: PLC0415
    from doorstep.kernel.values.ids import first_uuid7  # noqa: PLC0415

    now = datetime.now(UTC)
    late = Notice.objects.filter(due__lt=now - timedelta(minutes=10)).exclude(channel=Channel.LETTER).count()
    yield not late, f"{late} notices to people are late", "Is the process `tasks` running? Look into log/tasks.log."
    failed = Notice.objects.filter(
        id__gte=first_uuid7(now - timedelta(days=7)), state__in=(State.FAILED, State.GIVEN_UP)
    )
    for channel, reason, many in (
        failed.exclude(reason="expired").values_list("channel", "reason").annotate(Count("id"))
    ):
        yield (
            False,
            f"{many} notices of the last 7 days did not go by {channel}: {reason}",
            "Check the gateway's settings.",
        )


def _expiring() -> Iterator[Finding]:
    from doorstep.kernel.expiry import expiring  # noqa: PLC0415
    from doorstep.site.tasks import all_work  # noqa: PLC0415

    all_work()  # loads what each system watches
    now = datetime.now(UTC)
    for one in expiring(now):
        verb = "expires" if one.expires > now else "has expired"
        what = f"{one.credential.text} {one.what!r} of {one.owner} {verb} on {one.expires:%Y-%m-%d}"
        yield one.expires > now + timedelta(days=30), what, "Renew it, or take it out of use."
