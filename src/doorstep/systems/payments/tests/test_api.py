"""An asking system's program: orders under its own ids, the same answer twice, what moved, and its fee statement."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import tokens
from doorstep.kernel.store.writing import By
from doorstep.systems.payments.actions import settlement
from doorstep.systems.payments.models import FeeLine, Order
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.tests.builders import CLOCK, bank_account, credit, known_unit
from doorstep.systems.payments.tests.values import AT, PAYER, UNIT

pytestmark = pytest.mark.django_db

BASE = "/api/payments/v1"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)
    known_unit()


class Program:
    """An asking system with its token."""

    def __init__(self, subject="service:dossiers", role="payments.asker"):
        by = By(Actor(subject, roles=(role,)), AT - timedelta(days=1))
        headers = {"Authorization": f"Bearer {tokens.issue_token(by, 'x').secret}", "Accept-Language": "en"}
        self.client = Client(headers=headers, raise_request_exception=False)

    def put(self, path, told, key=None):
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.put(f"{BASE}/{path}", json.dumps(told), content_type="application/json", headers=headers)

    def get(self, path):
        return self.client.get(f"{BASE}/{path}")

    def withdraw(self, order):
        return self.client.post(f"{BASE}/orders/{order}/withdraw")


def told(**changes):
    passing = {
        "subject": "dossier:1",
        "unit": UNIT,
        "payer": PAYER,
        "purpose": {"en": "Permit for building a house"},
        "lines": [{"code": "permit", "kind": "fee", "amount": 500}, {"code": "stamp", "kind": "charge", "amount": 250}],
        "until": (AT + timedelta(days=7)).isoformat(),
    }
    return {**passing, **changes}


def reasons(answer, status):
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    return [(one["code"], one["field"]) for one in answer.json()["reasons"]]


def test_an_order_from_asking_to_paid_and_stated():
    program, account, order = Program(), bank_account(), uuid4()
    asked = program.put(f"orders/{order}", told(), key="1").json()
    assert (asked["state"], asked["amount"], asked["paid"]) == ("awaiting", 750, 0)
    assert program.put(f"orders/{order}", told(), key="1").json() == asked
    assert program.put(f"orders/{order}", told()).json() == asked
    settlement.record_credits(CLOCK, account.id, [credit(asked["code"])], Evidence.POLL)
    assert program.get(f"orders/{order}").json()["state"] == "settled"
    assert reasons(program.withdraw(order), 409) == [("payments.paid_already", "order")]

    first = program.get("movements").json()
    assert [(one["order"], one["state"]) for one in first["movements"]] == [
        (str(order), "awaiting"),
        (str(order), "settled"),
    ]
    assert program.get(f"movements?after={first['after']}").json() == {"movements": [], "after": first["after"]}

    page = {"pages": 1, "fees": [{"order": str(order), "amount": 750}]}
    for known in (False, True):
        stated = program.put(f"fees/{AT.date()}/1", page).json()
        assert stated == {"lines": 1, "known": known, "complete": True}
    assert FeeLine.objects.count() == 1


def test_an_order_is_withdrawn_and_stays_so():
    program, order = Program(), uuid4()
    assert program.put(f"orders/{order}", told()).json()["state"] == "created"
    assert program.withdraw(order).json()["state"] == "cancelled"
    assert program.withdraw(order).json()["state"] == "cancelled"
    assert program.put(f"orders/{order}", told()).json()["state"] == "cancelled"


def test_the_same_id_with_other_content_is_a_conflict():
    program, order = Program(), uuid4()
    program.put(f"orders/{order}", told())
    assert reasons(program.put(f"orders/{order}", told(subject="dossier:2")), 409) == [
        ("payments.order_differs", "order")
    ]


def test_orders_of_others_are_not_there():
    order = uuid4()
    Program().put(f"orders/{order}", told())
    other = Program("service:others")
    for answer in (other.get(f"orders/{order}"), other.withdraw(order)):
        assert reasons(answer, 404) == [("payments.order_unknown", "order")]
    assert reasons(other.put(f"orders/{order}", told()), 409) == [("payments.order_differs", "order")]
    assert other.get("movements").json()["movements"] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": []}, "kernel.malformed"),
        ({"lines": [{"code": "x", "kind": "fee", "amount": 0}]}, "kernel.malformed"),
        ({"lines": [{"code": "x", "kind": "fee", "amount": -5}]}, "kernel.malformed"),
        ({"lines": [{"code": "x", "kind": "fee", "amount": 1.5}]}, "kernel.malformed"),
        ({"lines": [{"code": "x", "kind": "fee", "amount": 2**64}]}, "kernel.malformed"),
        ({"lines": [{"code": "x", "kind": "fee", "amount": 2**62}] * 2}, "payments.amount_too_large"),
        ({"lines": [{"code": "x", "kind": "bribe", "amount": 5}]}, "kernel.malformed"),
        ({"until": "2024-03-08"}, "kernel.malformed"),
        ({"until": AT.isoformat()}, "payments.until_past"),
        ({"unit": "H99"}, "payments.unit_unknown"),
    ],
)
def test_what_cannot_be_asked_for(changes, code):
    answer = Program().put(f"orders/{uuid4()}", told(**changes))
    assert [why for why, _ in reasons(answer, 422)] == [code]
    assert not Order.objects.exists()


@pytest.mark.parametrize(("path", "code"), [("fees/2024-03-01/0", "page_wrong"), ("fees/2024-03-02/1", "day_not_over")])
def test_fees_that_cannot_be_stated(path, code):
    assert reasons(Program().put(path, {"pages": 1, "fees": []}), 422)[0][0] == f"payments.{code}"


def test_who_does_not_ask_for_payments_is_refused():
    assert Client().get(f"{BASE}/movements").status_code == 401
    secret = tokens.issue_token(By(Actor("x", roles=("lodging.keeper",)), AT), "x").secret
    assert Client(headers={"Authorization": f"Bearer {secret}"}).get(f"{BASE}/movements").status_code == 403
