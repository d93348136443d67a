"""Kill -9 of every process while fees are asked for and paid at a bank that misbehaves: each order is settled exactly once."""

import http.client
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from doorstep.site.bank_stand_in import OF_ANSWERS, OF_MESSAGES
from doorstep.site.processes import loopback
from tests.faults.installation import DOORSTEP, environment_of, run_script, up, victims

CLIENTS, AMOUNT = 8, 750
ANSWERS = 0.3
"""How much of the misbehaviour is about answers; a bank that gives no good one for long is asked less and less often."""
TWICE, UNKNOWN, TOO_LITTLE = 50, 70, 90
"""One payment in so many is made twice, one has a memo that says nothing, one is not enough."""
SET_UP = """
import json
from datetime import UTC, datetime
from doorstep.site.cli import installation
with installation("demo"):
    from doorstep.kernel.country import law, profile
    from doorstep.kernel.declare.scopes import Actor
    from doorstep.kernel.store import tokens
    from doorstep.kernel.store.writing import By
    from doorstep.systems.payments.actions import bank_accounts
    from doorstep.systems.payments.country import Country
    at, unit, country = datetime.now(UTC), profile().demo_locality, law(Country, "payments")
    def treasurer(number):
        return By(Actor(f"test:treasurer:{number}", unit, ("payments.treasurer",), 2, "test"), at)
    number = country.fictitious_account(1)
    named = bank_accounts.propose_bank_account(treasurer(1), unit, country.fictitious_bank, number, "KHO BAC VI DU")
    bank_accounts.decide_bank_account(treasurer(2), named.id, approve=True)
    token = str(tokens.issue_token(By(Actor("test:asker", roles=("payments.asker",)), at), "test").secret)
    payers = [country.fictitious_account(1000 + serial) for serial in range(100)]
    print(json.dumps({"unit": unit, "bank": country.fictitious_bank, "account": number, "token": token, "payers": payers}))
"""
COUNT = """
import json
from doorstep.site.cli import installation
with installation():
    from django.db.models import Count, Sum
    from doorstep.systems.payments import models
    def by(model, name):
        return {row[name]: row["n"] for row in model.objects.values(name).annotate(n=Count("pk"))}
    bank = models.Account.objects.filter(kind="bank").aggregate(debits=Sum("debits"), credits=Sum("credits"))
    settled = models.OrderMovement.objects.filter(state="settled")
    print(json.dumps({
        "orders": by(models.Order, "state"), "refunds": by(models.Refund, "state"), "credits": by(models.Credit, "match"),
        "receipts": models.Receipt.objects.count(), "balance": (bank["debits"] or 0) - (bank["credits"] or 0),
        "told": settled.count(), "told_of": settled.values("order").distinct().count(),
        "discrepancies": by(models.Discrepancy, "kind"),
        "without_owner": models.Discrepancy.objects.filter(unit="").count() + models.Discrepancy.objects.filter(role="").count(),
    }))
"""


class Payer(threading.Thread):
    """An asking system and its people: asks for an order until it is acknowledged, then pays it until the bank says so."""

    def __init__(self, number: int, orders: int, told: dict[str, Any], port: int, bank: int) -> None:
        super().__init__()
        self.chance, self.orders, self.told = random.Random(number), orders, told
        self.places = {"PUT": (loopback()[number % len(loopback())], port), "POST": ("127.0.0.1", bank)}
        self.paid: Counter[str] = Counter()
        self.failed: list[str] = []

    def run(self) -> None:
        for _ in range(self.orders):
            if self.failed:
                return
            self.one(str(UUID(int=self.chance.getrandbits(128), version=4)))

    def one(self, order: str) -> None:
        lines = [{"code": "copy", "kind": "fee", "amount": 500}, {"code": "form", "kind": "charge", "amount": 250}]
        asked = {
            "subject": f"D-{order[:8]}",
            "unit": self.told["unit"],
            "purpose": {"en": "Copy of a document", "vi": "Bản sao"},
            "lines": lines,
            "until": "2099-01-01T00:00:00Z",
        }
        code = self.until_acknowledged("PUT", f"/api/payments/v1/orders/{order}", asked).get("code", "")
        way = next((n for n in (TWICE, UNKNOWN, TOO_LITTLE) if not self.chance.randrange(n)), 0)
        memo = {UNKNOWN: "HOC PHI"}.get(
            way, re.sub("[^A-Z0-9]", "", code) if self.chance.random() < 0.5 else f"nop {code} ok"
        )
        for time_ in range(2 if way == TWICE else 1):
            payment = {"to_bank": self.told["bank"], "to_account": self.told["account"], "memo": memo}
            payment |= {"from_account": self.chance.choice(self.told["payers"]), "key": f"{order}-{time_}"}
            payment["amount"] = AMOUNT - (way == TOO_LITTLE)
            self.until_acknowledged("POST", "/pay", payment)
        self.paid[{0: "settled", TWICE: "settled twice", UNKNOWN: "unknown", TOO_LITTLE: "too little"}[way]] += 1

    def until_acknowledged(self, method: str, path: str, told: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.told['token']}", "Content-Type": "application/json"}
        deadline, answer = time.monotonic() + 120, "nothing"
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection(*self.places[method], timeout=20)
            try:
                connection.request(method, path, json.dumps(told), headers)
                response = connection.getresponse()
                answer = response.read().decode()
                if response.status == 200:
                    return json.loads(answer)
                if response.status in {400, 401, 403, 404, 422}:
                    break
            except (OSError, http.client.HTTPException, ValueError) as failure:
                answer = repr(failure)
            finally:
                connection.close()
            time.sleep(0.1)
        self.failed.append(f"{method} {path}: {answer}")
        return {}


def said_to(bank: int, path: str, told: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """The stand-in's answer; None while it is dead."""
    connection = http.client.HTTPConnection("127.0.0.1", bank, timeout=5)
    try:
        body = None if told is None else json.dumps(told)
        connection.request("GET" if told is None else "POST", path, body, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def pay_everything(orders: int, kills: int, home: Path) -> None:
    chance, killed = random.Random(11), Counter[str]()
    environment = environment_of(home, DOORSTEP_SYSTEMS="payments,steering")
    told = run_script(SET_UP, environment)
    with up(environment) as port:
        bank = bank_of(home)
        payers = [Payer(number, orders // CLIENTS, told, port, bank) for number in range(CLIENTS)]
        for payer in payers:
            payer.start()
        while any(payer.is_alive() for payer in payers) or (
            killed.total() < kills and not any(p.failed for p in payers)
        ):
            time.sleep(chance.uniform(0.5, 1.5))
            ways = OF_ANSWERS if chance.random() < ANSWERS else OF_MESSAGES
            said_to(bank, "/misbehave", {"how": chance.choice(ways), "seconds": 1})
            done = sum(payer.paid.total() for payer in payers)
            if killed.total() < kills and done >= killed.total() * orders // (2 * kills) and (found := targets(home)):
                name = sorted(found)[killed.total() % len(found)]
                os.kill(found[name], signal.SIGKILL)
                killed[name] += 1
        assert not [why for payer in payers for why in payer.failed]
        paid = sum((payer.paid for payer in payers), Counter[str]())
        settled = paid["settled"] + paid["settled twice"]
        found = settled_in_time(environment, settled, paid["settled twice"])
        balance = None
        while balance is None:
            balance = said_to(bank, f"/balance?bank={told['bank']}&account={told['account']}")
    print(f"{dict(paid)}; killed {dict(killed)}; {found}")
    assert found["orders"]["settled"] == found["receipts"] == found["told"] == found["told_of"] == settled
    assert sum(found["orders"].values()) == paid.total()
    assert found["refunds"] == ({"paid": paid["settled twice"]} if paid["settled twice"] else {})
    assert sum(found["credits"].values()) == paid.total() + paid["settled twice"], "each booking is one credit"
    assert found["balance"] == balance["balance"], "the bank has what the books say"
    assert sum(found["discrepancies"].values()) == paid["unknown"] + paid["too little"]
    assert found["without_owner"] == 0
    check = subprocess.run([*DOORSTEP, "ledger", "check"], env=environment, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout


def targets(home: Path) -> dict[str, int]:
    """All of its processes that have to do with payments."""
    return {name: pid for name, pid in victims(home).items() if name not in {"sms", "biometrics"}}


def bank_of(home: Path) -> int:
    """The port of the stand-in bank; it is the same when it comes back."""
    while True:
        log = home / "log" / "bank.log"
        if log.exists() and (found := re.search(r"pay at http://[^:]+:(\d+)", log.read_text())):
            return int(found[1])
        time.sleep(0.2)


def settled_in_time(environment: dict[str, str], settled: int, returned: int) -> dict[str, Any]:
    """What the books say once everything that was paid is settled and what was paid twice has gone back; or in the end."""
    deadline = time.monotonic() + 180 + settled / 100
    while True:
        found: dict[str, Any] = run_script(COUNT, environment)
        if (found["orders"].get("settled", 0), found["refunds"].get("paid", 0)) == (settled, returned):
            return found
        assert time.monotonic() < deadline, (settled, returned, found)
        time.sleep(2)


def test_fees_are_settled_once_whoever_dies(tmp_path):
    pay_everything(80, 5, tmp_path)


@pytest.mark.soak
def test_a_hundred_thousand_fees_are_settled_once(tmp_path):
    pay_everything(int(os.environ.get("DOORSTEP_ORDERS", "100000")), 40, tmp_path)
