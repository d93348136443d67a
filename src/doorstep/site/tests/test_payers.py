"""A payer with an e-ID: told once of each thing that becomes of the money, and shown what is owed and was paid under the own key."""

from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from doorstep.kernel.contracts import drain
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, Notice
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import person_key
from doorstep.kernel.web.actors import sign_in
from doorstep.systems.identity.models import Account
from doorstep.systems.identity.tests.builders import NUMBER, account
from doorstep.systems.payments.actions import payouts, refund_decisions, settlement
from doorstep.systems.payments.actions.moves import decide_move, propose_move
from doorstep.systems.payments.actions.payers import key_of
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.models import Receipt, Refund
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.tests.builders import (
    AT,
    CASHIER,
    CLOCK,
    TREASURER,
    bank_account,
    credit,
    order,
    paid_out,
)

pytestmark = pytest.mark.django_db
KEY = person_key("national_id", "VN", NUMBER)
LATER = AT + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: LATER)


def told() -> dict[str, dict[str, object]]:
    """What was told, by kind; none of them twice."""
    drain(LATER)
    rows = Notice.objects.filter(kind__startswith="payments.").values_list("kind", "given")
    found = dict(rows)
    assert len(found) == len(rows)
    return found


def bank_pays(refund: Refund) -> None:
    payouts.record_payouts(CLOCK, [paid_out(refund)])


def test_arrived_and_refunded_are_told_once_each_however_often_the_bank_says_it(settings):
    lan, collects = account(), bank_account()
    owed = order(payer=KEY)
    assert not told()
    paid, again = credit(owed.code), credit(owed.code)
    for way in Evidence:
        settlement.record_credits(CLOCK, collects.id, [paid], way)
    receipt = Receipt.objects.get()
    assert told().keys() == {"payments.paid"}
    given = told()["payments.paid"]
    assert (given["amount"], given["number"]) == (750, "DS/H38/2024/0000001")
    assert given["address"] == f"{settings.SITE_URL}{reverse('payments:receipt', args=[receipt.code])}"
    assert Notice.objects.get().subject == lan.subject

    for way in Evidence:
        settlement.record_credits(CLOCK, collects.id, [again], way)
    assert told().keys() == {"payments.paid", "payments.goes_back"}
    bank_pays(Refund.objects.get())
    assert len(told()) == 2

    refund = refund_decisions.propose_refund(CASHIER, owed.id, {FeeKind.FEE: 20}, "Paid too much").id
    assert len(told()) == 2
    refund_decisions.decide_refund(TREASURER, refund, approve=True)
    for _ in range(2):
        bank_pays(Refund.objects.get(id=refund))
    given = told()["payments.refunded"]
    assert (given["amount"], given["code"], len(told())) == (20, owed.code, 3)


def test_money_of_another_amount_is_told_once():
    account()
    collects, owed = bank_account(), order(payer=KEY)
    paid = credit(owed.code, 700)
    for way in Evidence:
        settlement.record_credits(CLOCK, collects.id, [paid], way)
    assert told().keys() == {"payments.differs"}
    given = told()["payments.differs"]
    assert (given["amount"], given["code"]) == (700, owed.code)


def test_both_payers_are_told_of_a_payment_that_is_moved():
    account()
    collects, mine, other = bank_account(), order(payer=KEY), order(payer="")
    settlement.record_credits(CLOCK, collects.id, [credit(mine.code)], Evidence.POLL)
    decide_move(TREASURER, propose_move(CASHIER, mine.code, other.code, "wrong order").id, approve=True)
    assert told().keys() == {"payments.paid", "payments.moved"}
    assert told()["payments.moved"]["other"] == other.code


def test_a_payer_without_an_eid_is_not_told_and_nothing_waits():
    collects, owed = bank_account(), order(payer=person_key("national_id", "VN", "900099999999"))
    settlement.record_credits(CLOCK, collects.id, [credit(owed.code)], Evidence.POLL)
    assert not told()
    assert JournalEntry.objects.filter(action="identity.tell_person").get().detail == "payments.paid: not told"


def browser(actor: Actor) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    request = RequestFactory().get("/")
    request.session = client.session
    sign_in(request, actor, name="Lan")
    request.session.save()
    client.cookies["session"] = request.session.session_key
    return client


def test_who_signs_in_with_an_eid_sees_what_is_asked_of_its_key(home):
    lan, collects = account(), bank_account()
    owed, paid = order(payer=KEY), order(payer=KEY, subject="dossier:2")
    order(payer=person_key("national_id", "VN", "900099999999"), subject="dossier:3")
    settlement.record_credits(CLOCK, collects.id, [credit(paid.code)], Evidence.POLL)
    client = browser(Actor(lan.subject, roles=("identity.person", "payments.payer")))
    page = client.get(reverse("payments:own"))
    assert {row.code for row, _ in page.context["rows"]} == {owed.code, paid.code}
    for which, code in (("open", owed.code), ("paid", paid.code)):
        assert [row.code for row, _ in client.get(reverse("payments:own"), {"which": which}).context["rows"]] == [code]
    receipt = Receipt.objects.get()
    for year, found in (("2024", [receipt.code]), ("", [receipt.code]), ("2023", [receipt.code])):
        rows = client.get(reverse("payments:own_receipts"), {"year": year}).context["rows"]
        assert [row.code for row, _ in rows] == found, "a year without receipts is no choice"
    assert client.get(reverse("payments:own_paper", args=[receipt.code])).content.startswith(b"%PDF-")
    assert JournalEntry.objects.filter(action="identity.ask.key").count() == 1, "asked once in a session"
    agent = Actor("account:other", roles=("payments.payer",), principal=KEY, stands_for=lan.subject)
    assert key_of(By(agent, LATER)) == KEY
    Account.objects.update(subject="account:somebody-else")
    assert not browser(Actor(lan.subject, roles=("payments.payer",))).get(reverse("payments:own")).context["rows"]
