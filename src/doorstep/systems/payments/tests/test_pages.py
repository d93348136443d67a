"""Pages of payments: whoever has the code pays and sees it arrive; two officials give money back and name accounts."""

import re
from pathlib import Path

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.values.reasons import Refused
from doorstep.kernel.web.actors import sign_in
from doorstep.systems.payments import models, tasks
from doorstep.systems.payments.actions import settlement
from doorstep.systems.payments.actions.refund_decisions import propose_refund
from doorstep.systems.payments.actions.repairs import decide_repair, propose_repair
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.rules.bank_place import BankPlace
from doorstep.systems.payments.rules.discrepancies import Repair
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.rules.orders import Line
from doorstep.systems.payments.tests.builders import (
    AT,
    CASHIER,
    CLOCK,
    SECOND_TREASURER,
    TREASURER,
    bank_account,
    credit,
    known_unit,
    order,
    reread,
)
from doorstep.systems.payments.tests.values import PAYER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)


def browser(actor: Actor | None = None) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    if actor:
        session = client.session
        request = RequestFactory().get("/")
        request.session = session
        sign_in(request, actor, name="Hoa")
        session.save()
        client.cookies["session"] = session.session_key
    return client


def text(client: Client, name: str, *args: object, status: int = 200) -> str:
    answer = client.get(reverse(f"payments:{name}", args=args))
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def paid_order() -> models.Order:
    account, row = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(row.code)], Evidence.POLL)
    return reread(row)


def test_the_page_of_a_code_shows_how_to_pay_and_then_that_it_is_paid():
    account, row = bank_account(), order()
    page = text(browser(), "pay", row.code)
    for shown in ("<svg", account.number, row.code.replace("-", ""), "Waiting for payment", 'http-equiv="refresh"'):
        assert shown in page
    assert PAYER.rpartition(":")[2] not in page
    assert "style=" not in page
    assert (
        'http-equiv="refresh"'
        not in browser().get(reverse("payments:pay", args=[row.code]), {"still": 1}).content.decode()
    )

    settlement.record_credits(CLOCK, account.id, [credit(row.code)], Evidence.POLL)
    page = text(browser(), "pay", row.code)
    assert "Paid" in page
    assert not {one for one in ("<svg", account.number, 'http-equiv="refresh"') if one in page}


def test_an_expired_order_is_not_to_be_paid_any_more_but_money_on_its_way_still_arrives():
    account, row = bank_account(), order()
    tasks.expire(row.until)
    page = text(browser(), "pay", row.code)
    assert "<svg" not in page
    assert "The time to pay is over." in page
    assert 'http-equiv="refresh"' in page
    settlement.record_credits(CLOCK, account.id, [credit(row.code)], Evidence.POLL)
    assert 'http-equiv="refresh"' not in text(browser(), "pay", row.code)


def test_money_of_another_amount_is_shown_until_two_have_decided_about_it():
    account, row = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(row.code, 1_100)], Evidence.POLL)
    page = text(browser(), "pay", row.code)
    shown = re.search(r'data-color="warning" role="status"><p>(.*?)</p>', page)
    assert shown
    assert "looking into it" in shown[1]
    assert re.sub(r"\D", "", shown[1]) == "1100"
    assert not {one for one in ("<svg", "not known yet") if one in page}, "nobody is asked to pay twice"
    found = models.Discrepancy.objects.get().id
    propose_repair(CASHIER, found, Repair.ASSIGN, code=row.code, note="Paid too much")
    assert "looking into it" in text(browser(), "pay", row.code)
    decide_repair(TREASURER, found, 1, approve=True)
    assert "looking into it" not in text(browser(), "pay", row.code)


def test_the_largest_amount_that_can_be_asked_for_has_a_payment_code():
    bank_account()
    most = law(Country, "payments").largest_amount
    assert "<svg" in text(browser(), "pay", order(lines=(Line("permit", FeeKind.FEE, most),)).code)
    with pytest.raises(Refused):
        order(lines=(Line("permit", FeeKind.FEE, most + 1),))


def test_an_order_without_an_account_waits():
    page = text(browser(), "pay", order().code)
    assert "not known yet" in page
    assert "<svg" not in page


@pytest.mark.parametrize("code", ["0000-0000-0000-0001-G", "nonsense", "ă"])
def test_an_unknown_code_is_not_found(code):
    text(browser(), "pay", code, status=404)


def test_the_own_payments_are_those_of_the_payer():
    row = paid_order()
    assert row.code in text(browser(Actor(PAYER, roles=("payments.payer",))), "own")
    assert row.code not in text(browser(Actor("national_id:XT:900002", roles=("payments.payer",))), "own")


def test_an_official_opens_a_payment_and_the_payer_can_read_of_it():
    row = paid_order()
    cashier = browser(CASHIER.actor)
    assert row.code in text(cashier, "orders")
    assert row.code in cashier.get(reverse("payments:orders"), {"text": row.code.lower()}).content.decode()
    assert row.code not in cashier.get(reverse("payments:orders"), {"text": "dossier:9"}).content.decode()
    page = text(cashier, "order", row.id)
    assert PAYER.rpartition(":")[2] not in page
    entry = JournalEntry.objects.get(action="payments.look.order_in_area")
    assert JournalSubject.objects.get(id=entry.id).subject == PAYER
    text(browser(Actor("c", "H39", ("payments.cashier",), level=2)), "order", row.id, status=404)


def test_two_officials_give_money_back():
    row = paid_order()
    url = reverse("payments:order", args=[row.id])
    cashier, treasurer = browser(CASHIER.actor), browser(TREASURER.actor)
    assert cashier.post(url, {"fee": "", "why": "x"}).status_code == 422
    assert cashier.post(url, {"fee": str(10**17), "why": "x"}).status_code == 422
    decimals = profile().currency.decimals
    assert (
        cashier.post(url, {"fee": f"{500 / 10**decimals}" if decimals else "500", "why": "withdrawn"}).status_code
        == 303
    )
    refund = models.Refund.objects.get()
    assert (refund.amount, refund.state) == (500, "proposed")
    page = text(treasurer, "refunds")
    for shown in ("withdrawn", "111222333", "NGUYEN VAN VI DU", "The account that paid"):
        assert shown in page
    done = treasurer.post(reverse("payments:refund_decide", args=[refund.id]), {"approve": "yes"})
    assert done.status_code == 303
    assert reread(refund).state == "approved"
    assert "withdrawn" not in text(treasurer, "refunds")
    assert cashier.get(reverse("payments:refunds")).status_code == 403


def test_whoever_approves_sees_whole_where_money_goes_and_that_it_is_another_account():
    row, country = paid_order(), law(Country, "payments")
    other = {"bank": country.fictitious_bank, "number": country.fictitious_account(7), "name": "SOMEBODY ELSE"}
    cashier, treasurer = browser(CASHIER.actor), browser(TREASURER.actor)
    unit = f"{1 / 10 ** profile().currency.decimals:.{profile().currency.decimals}f}"
    assert cashier.post(reverse("payments:order", args=[row.id]), {"fee": unit, "why": "x", **other}).status_code == 303
    settlement.record_credits(CLOCK, models.BankAccount.objects.get().id, [credit("no code")], Evidence.POLL)
    one = models.Discrepancy.objects.get()
    url = reverse("payments:discrepancy", args=[one.id])
    assert cashier.post(url, {"repair": "refund", "note": "x", **other}).status_code == 303
    bank = next(bank.name for bank in country.banks if bank.number == country.fictitious_bank)
    for shown in (text(treasurer, "refunds"), text(treasurer, "discrepancy", one.id)):
        for wanted in (bank, other["number"], "SOMEBODY ELSE", "Not the account that paid"):
            assert wanted in shown
    assert other["number"] not in text(cashier, "discrepancy", one.id) + text(cashier, "order", row.id)
    assert (
        treasurer.post(
            reverse("payments:discrepancy_decide", args=[one.id]), {"approve": "yes", "seen": "1"}
        ).status_code
        == 303
    )
    back = models.Refund.objects.get(credit__isnull=False)
    assert (back.to_account, back.to_name) == (other["number"], "SOMEBODY ELSE")
    assert (reread(back.credit).from_account, reread(back.credit).from_name) == ("111222333", "NGUYEN VAN VI DU")


def test_a_treasurer_reaches_from_one_page_what_waits_for_a_second_person():
    row = paid_order()
    treasurer = browser(TREASURER.actor)
    assert "Nothing waits" in text(treasurer, "refunds")
    settlement.record_credits(CLOCK, models.BankAccount.objects.get().id, [credit("x"), credit("y")], Evidence.POLL)
    one, other = models.Discrepancy.objects.all()
    propose_repair(CASHIER, one.id, Repair.REFUND, note="x")
    propose_refund(CASHIER, row.id, {FeeKind.FEE: 1}, "x")
    propose_refund(TREASURER, row.id, {FeeKind.FEE: 1}, "x")
    page = text(treasurer, "waiting")
    queues = dict(
        re.findall(
            r'href="/payments/([a-z]+)/[^"]*">[^<]*</a> <span class="status" data-status="[a-z]+"><bdi>(\d+)<', page
        )
    )
    assert queues == {"refunds": "1", "discrepancies": "1", "moves": "0", "accounts": "0"}
    assert "for another person to decide: <bdi>1</bdi>" in page
    listed = treasurer.get(reverse("payments:discrepancies"), {"chosen": "yes"}).content.decode()
    assert (str(one.id) in listed, str(other.id) in listed) == (True, False)
    text(browser(CASHIER.actor), "waiting", status=403)


def test_two_treasurers_name_an_account():
    known_unit()
    country = law(Country, "payments")
    one, two = browser(TREASURER.actor), browser(SECOND_TREASURER.actor)
    url = reverse("payments:accounts")
    told = {
        "unit": "H38",
        "bank": country.fictitious_bank,
        "number": country.fictitious_account(1),
        "holder": "KHO BAC",
    }
    assert one.post(url, {**told, "number": "?"}).status_code == 422
    assert one.post(url, told).status_code == 303
    row = models.BankAccount.objects.get()
    decide = reverse("payments:account_decide", args=[row.id])
    assert "another person decides" in text(one, "accounts")
    assert one.post(decide, {"approve": "yes"}).status_code == 422
    assert two.post(decide, {"approve": "yes"}).status_code == 303
    assert "In use" in text(one, "accounts")
    assert one.post(reverse("payments:account_end", args=[row.id])).status_code == 303
    assert reread(row).ended == AT


def test_two_officials_repair_a_discrepancy():
    account, row = bank_account(), order()
    settlement.record_credits(CLOCK, account.id, [credit(row.code, 1000)], Evidence.POLL)
    cashier, treasurer = browser(CASHIER.actor), browser(TREASURER.actor)
    one = models.Discrepancy.objects.get()
    assert "The amount paid differs" in text(cashier, "discrepancies")
    url = reverse("payments:discrepancy", args=[one.id])
    assert "111222333" not in cashier.get(url).content.decode()
    assert cashier.post(url, {"repair": "assign", "code": row.code}).status_code == 422
    assert cashier.post(url, {"repair": "assign", "code": row.code, "note": "typed wrongly"}).status_code == 303
    assert "It waits for a second person." in cashier.get(url).content.decode()
    decide = reverse("payments:discrepancy_decide", args=[one.id])
    assert cashier.post(decide, {"approve": "yes"}).status_code == 403
    assert '<input type="hidden" name="seen" value="1">' in treasurer.get(url).content.decode()
    assert treasurer.post(decide, {"approve": "yes", "seen": "2"}).status_code == 409
    assert treasurer.post(decide, {"approve": "yes", "seen": "1"}).status_code == 303
    assert reread(row).state == "settled"
    assert "The amount paid differs" not in text(cashier, "discrepancies")
    text(browser(Actor("c", "H39", ("payments.cashier",), level=2)), "discrepancy", one.id, status=404)


def test_a_paid_order_leads_to_its_receipt():
    row = paid_order()
    page = text(browser(), "pay", row.code)
    assert reverse("payments:receipt", args=[models.Receipt.objects.get().code]) in page


@pytest.mark.parametrize(
    ("url", "production", "there"),
    [
        ("http://127.0.0.1:8077/stand-in/bank/", False, True),
        ("http://127.0.0.1:8077/stand-in/bank/", True, False),
        ("https://bank.example.org/v1/", False, False),
    ],
)
def test_only_a_demonstration_leads_to_its_bank(settings, url, production, there):
    bank_account()
    settings.BANK = BankPlace(url, Path("ours"), Path("theirs"))
    settings.PRODUCTION = production
    page = text(browser(), "pay", order().code)
    assert ("http://127.0.0.1:8077/?code=" in page) is there
