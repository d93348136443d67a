"""End to end with a second process as the asking office: it asks, people pay, it hears, it states, the day is reconciled."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import tokens
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.dates import legal_day
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import settlement
from doorstep.systems.payments.actions.reconciliation import reconcile_day
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.queries.days import day_view, exceptions
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.tests.builders import CLOCK, TREASURER, bank_account, credit, known_unit
from doorstep.systems.payments.tests.test_days import keep_statement

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAM = Path(__file__).with_name("asking_office.py")
ORDERS = 5


class Office:
    """Its process, its folder and its token; it shares nothing with us but the address."""

    def __init__(self, address: str, folder: Path) -> None:
        now = timezone.now()
        ensure_months(now.date().replace(day=1), now.date())
        by = By(Actor("service:permits", roles=("payments.asker",)), now)
        self.address, self.folder = f"{address}/api/payments/v1", folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "TOKEN": str(tokens.issue_token(by, "permits").secret),
            "UNTIL": (now + timedelta(days=7)).isoformat(),
        }

    def start(self, *what: str, slow: str = "0") -> subprocess.Popen[bytes]:
        command = [sys.executable, str(PROGRAM), self.address, str(self.folder), *what]
        return subprocess.Popen(command, env={**self.environment, "SLOW": slow})

    def run(self, *what: str) -> None:
        assert self.start(*what).wait(60) == 0

    def kill_in_the_middle(self, *what: str, once: Any) -> None:
        """Killed as soon as `once` holds, before it is at its end."""
        process = self.start(*what, slow="0.3")
        end = time.monotonic() + 30
        while not once():
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        process.kill()
        assert process.wait() != 0

    def kept(self, name: str) -> Any:
        file = self.folder / name
        return json.loads(file.read_text()) if file.exists() else {}


@pytest.fixture
def office(live_server, tmp_path) -> Office:
    known_unit()
    return Office(live_server.url, tmp_path)


def test_an_office_asks_hears_and_states_and_its_day_is_reconciled(office):
    account = bank_account()
    office.kill_in_the_middle("ask", str(ORDERS), once=lambda: len(office.kept("asked")) >= 2)
    assert 2 <= models.Order.objects.count() < ORDERS
    office.run("ask", str(ORDERS))
    office.run("ask", str(ORDERS))
    codes = office.kept("asked")
    assert models.Order.objects.count() == ORDERS == len(codes)

    day = legal_day(timezone.now(), law(Country, "payments").zone)
    paid = [
        credit(code, models.Order.objects.get(code=code).amount, day=day, booked=datetime.now(UTC))
        for code in codes.values()
    ]
    by = By(CLOCK.actor, timezone.now())
    settlement.record_credits(by, account.id, paid[:3], Evidence.CALLBACK)
    office.kill_in_the_middle("hear", once=lambda: len(office.kept("book").get("paid", {})) == 3)
    settlement.record_credits(by, account.id, paid[3:], Evidence.POLL)
    office.run("hear")
    office.run("hear")
    book = office.kept("book")
    assert book["heard"] == models.OrderMovement.objects.count() == 2 * ORDERS
    assert book["paid"] == {str(row.id): row.amount for row in models.Order.objects.all()}

    office.kill_in_the_middle("state", str(day), once=models.FeePage.objects.exists)
    office.run("state", str(day))
    office.run("state", str(day))
    assert models.FeeLine.objects.count() == ORDERS
    assert models.FeeStatement.objects.get().complete

    keep_statement(account, day, [(one.booking, one.amount, None) for one in paid])
    check(day, book["paid"])


def check(day: date, paid: dict[str, int]) -> None:
    """One differs, one is missing, one is listed twice; the rest, and the one of the two lines, fit on all three sides."""
    tomorrow = timezone.now() + timedelta(days=1)
    run = reconcile_day(By(CLOCK.actor, tomorrow), day)
    assert run.rows == ORDERS + 1
    first, second, *_, last = paid
    rows = models.Reconciled.objects.all()
    assert {(str(row.order), row.piece): row.outcome for row in rows} == {
        **{(order, "credit"): "matched" for order in paid},
        (first, "credit"): "amount_differs",
        (last, "credit"): "missing_at_agency",
        (second, "stated"): "duplicate",
    }
    view = day_view(TREASURER.actor, tomorrow.date(), day)
    total = sum(paid.values())
    assert sum(one.amounts.bank for one in view.sums) == sum(one.amounts.ours for one in view.sums) == total
    assert sum(one.amounts.stated for one in view.sums) == total - 1 - paid[last] + paid[second]
    assert view.run
    found = exceptions(TREASURER.actor, tomorrow.date(), view.run)
    assert {(one.kind.value, one.piece.order) for one in found} == {
        (kind, models.Order.objects.get(id=order).code)
        for kind, order in (("stated_differs", first), ("not_stated", last), ("stated_twice", second))
    }
    assert {one.role.code for one in found} == {"payments.treasurer"}
