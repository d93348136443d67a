"""Kill -9 while messages are handled: each leaves its effect once, whether the dispatcher dies or the database."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from doorstep.kernel import contracts
from doorstep.kernel.declare import messages as declared
from doorstep.kernel.store.models import FactBatch, JournalEntry, Message
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING, Tried
from doorstep.site.embedded import Embedded

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
HANDLER = """
import sys, time
from django.utils import timezone
from doorstep.kernel import contracts
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING, Colour, Happened, Tried
from doorstep.kernel.values.units import UnitCode

def on_tried(act, message):
    act.journal(subjects=[message.subject], detail=str(message.number))
    act.fact(Happened(day=act.day, unit=UnitCode("H38"), colour=Colour.RED, late=False))
    if message.number == STOP_AT:
        print("in the middle", flush=True)
        time.sleep(600)

STOP_AT = None
contracts.hears(Tried, TRYING)(on_tried)
"""
KILLED = f"""
import django
django.setup()
{HANDLER}
STOP_AT = 2
contracts.drain(timezone.now())
"""
TELL_MANY = """
from doorstep.site.cli import installation
with installation("demo"):
    HANDLER
    @action(DO_IT, TRYING)
    def tell(act, number):
        act.journal(detail="told")
        act.tell(*(Tried(f"s{place}", number) for place in range(20)))

    for number in range(30):
        tell(By(ACTOR, timezone.now()), number)
""".replace("HANDLER", HANDLER.replace("\n", "\n    "))
DELIVER = """
import json
from doorstep.site.cli import installation
with installation():
    HANDLER
    contracts.ROUND = 25
    while contracts.deliver(timezone.now()):
        print("a round", flush=True)
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT e.detail || s.subject) FROM kernel_journalentry e"
                       " JOIN kernel_journalsubject s ON s.id = e.id")
        entries, different = cursor.fetchone()
        cursor.execute("SELECT (SELECT count(*) FROM kernel_factbatch), (SELECT count(*) FROM kernel_message)")
        print(json.dumps([entries, different, *cursor.fetchone()]), flush=True)
""".replace("HANDLER", HANDLER.replace("\n", "\n    "))


@action(DO_IT, TRYING)
def tell(act: Act, *told: Tried) -> None:
    act.journal(detail="told")
    act.tell(*told)


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setitem(declared.HEARERS, "tryout.tried", {})
    namespace = {"__name__": "heard"}
    exec(HANDLER, namespace)  # noqa: S102  the very handler that the other process runs
    return namespace


def own_database() -> str:
    """The tests' database, for a process of its own."""
    made = connection.settings_dict
    return f"postgresql://{made['USER']}@/{made['NAME']}?host={quote(made['HOST'], safe='')}&port={made['PORT']}"


@pytest.mark.django_db(transaction=True)
def test_a_dispatcher_killed_in_the_middle_of_a_handler_loses_nothing_and_does_nothing_twice(heard):
    today = datetime.now(UTC).date()
    ensure_months(today, today)
    tell(By(ACTOR, AT), *(Tried("a", number) for number in (1, 2, 3)))
    environment = {**os.environ, "DOORSTEP_DATABASE_URL": own_database()}
    environment["DJANGO_SETTINGS_MODULE"] = "doorstep.site.settings"
    with subprocess.Popen([sys.executable, "-c", KILLED], env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "in the middle\n"
        assert contracts.drain(datetime.now(UTC)) == 0, "it holds the second, and the third waits behind it"
        child.kill()
    assert set(JournalEntry.objects.exclude(detail="told").values_list("detail", flat=True)) == {"1"}
    assert FactBatch.objects.count() == 1
    assert list(Message.objects.values_list("failures", flat=True)) == [0, 0]
    while Message.objects.exists():  # the server notices at once that nobody is there any more
        contracts.drain(datetime.now(UTC))
    details = JournalEntry.objects.exclude(detail="told").values_list("detail", flat=True)
    assert sorted(details) == ["1", "2", "3"]
    assert FactBatch.objects.count() == 3


def test_a_database_killed_while_messages_are_handled_has_each_effect_once(tmp_path: Path):
    """Handlers do not wait for the disk: what the crash takes back brings its message back."""
    environment = {
        **os.environ,
        "DOORSTEP_HOME": str(tmp_path),
        "DOORSTEP_MODE": "demo",
        "DOORSTEP_SYSTEMS": "steering",
    }
    subprocess.run([sys.executable, "-c", TELL_MANY], env=environment, check=True)
    rounds = []
    for kill_after in (3, 8, None):
        with subprocess.Popen(
            [sys.executable, "-c", DELIVER],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as child:
            for number, line in enumerate(child.stdout, 1):
                rounds.append(line)
                if number == kill_after:
                    kill_database(tmp_path)
    assert json.loads(rounds[-1]) == [600, 600, 600, 0]
    assert len(rounds) >= 600 / 25


def kill_database(home: Path) -> None:
    for pid in Embedded(home).pids():
        with suppress(ProcessLookupError):  # a backend may end with its postmaster
            os.kill(pid, signal.SIGKILL)
