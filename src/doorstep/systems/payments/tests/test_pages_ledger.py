"""The ledger's pages: both sides of a trial balance, of now and of any day, and accounts down to each line; also as files."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from doorstep.systems.payments import models
from doorstep.systems.payments.actions import settlement, tills
from doorstep.systems.payments.queries import ledger as queries
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.tests.builders import CASHIER, CLOCK, TREASURER, bank_account, credit, order
from doorstep.systems.payments.tests.desks import browser
from doorstep.systems.payments.tests.values import AT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def books(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fee by transfer and one in cash."""
    monkeypatch.setattr(timezone, "now", lambda: AT + timedelta(days=1))
    account, paid, cash = bank_account(), order(), order()
    settlement.record_credits(CLOCK, account.id, [credit(paid.code)], Evidence.POLL)
    tills.open_till(CASHIER, "1", 0)
    tills.take_cash(CASHIER, cash.code)


def shown(name: str, *args: object, unit: str = "H38", language: str = "en", status: int = 200, **asked: str) -> str:
    import msgspec

    client = browser(msgspec.structs.replace(TREASURER.actor, unit=unit), language)
    page = client.get(reverse(f"payments:{name}", args=args), asked)
    assert page.status_code == status
    return (b"".join(page.streaming_content) if page.streaming else page.content).decode()


def test_both_sides_of_a_trial_balance_are_equal():
    page = shown("trial")
    assert "Both sides are equal." in page
    for row in models.Account.objects.all():
        assert reverse("payments:account", args=[row.id]) in page
    assert 'href="/payments/ledger/"' in shown("days")
    assert "There are no accounts." in shown("trial", unit="H39")
    assert "All that moved before" in shown("trial", day=str(AT.date()))
    before = shown("trial", day=str(AT.date() - timedelta(days=1)))
    assert "750" not in before


def test_a_unit_whose_money_lies_elsewhere_differs_by_it():
    settlement.record_credits(CLOCK, bank_account("", 2).id, [credit(order().code)], Evidence.POLL)
    page = shown("trial")
    assert "The sides differ by" in page
    assert "750" in page.split("The sides differ by")[1]
    assert "Both sides are equal." in shown("trial", unit="")


def test_an_account_down_to_its_lines_and_at_any_time(monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 1)
    fees = models.Account.objects.get(kind="fees")
    page = shown("account", fees.id)
    assert "1,000" in page
    assert "In the books" in page
    assert "after=" in page
    then = shown("account", fees.id, at="2024-02-01T00:00")
    assert "Balance before" in then
    last = queries.statement(TREASURER.actor, fees.id, AT.date()).more
    assert "after=" not in shown("account", fees.id, after=str(last)).split("<table")[1]
    shown("account", fees.id, unit="H39", status=404)


def test_all_of_it_as_files():
    fees = models.Account.objects.get(kind="fees")
    assert f"{fees.id},H38,fees,,0,1000,0" in shown("trial_file").splitlines()
    assert f"{fees.id},H38,fees,,0,0,0" in shown("trial_file", day="2024-02-01").splitlines()
    lines = shown("account_file", fees.id).splitlines()
    assert len(lines) == 3
    assert lines[1].endswith(",1000")
    shown("account_file", fees.id, unit="H39", status=404)


def test_arabic_stands_as_it_should():
    page = shown("trial", language="ar")
    assert 'dir="rtl"' in page
