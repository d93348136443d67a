"""A paper of a receipt is kept once for each language and never changes; names come from the register where it answers."""

import hashlib
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from doorstep.kernel.declare.messages import ANSWERERS
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import NotAllowed, NotFound
from doorstep.systems.payments import models
from doorstep.systems.payments.actions.receipt_papers import keep_paper, payer_names
from doorstep.systems.payments.queries import receipts as queries
from doorstep.systems.payments.tests.builders import ASKER, CASHIER
from doorstep.systems.payments.tests.desks import Told, receipt
from doorstep.systems.payments.tests.values import AT, PAYER

pytestmark = pytest.mark.django_db(transaction=True)
BY_PAYER = By(Actor(PAYER, roles=("payments.payer",)), AT)


def test_first_views_that_meet_keep_one_paper():
    code = receipt().code
    papers = [f"%PDF {place}".encode() for place in range(6)]
    told = at_once(*[partial(keep_paper, BY_PAYER, code, "vi", paper) for paper in papers])
    kept = models.ReceiptPaper.objects.get()
    assert set(told) == {bytes(kept.content)} <= set(papers)
    assert bytes(kept.digest) == hashlib.sha256(bytes(kept.content)).digest()
    assert queries.paper_told(code, bytes(kept.digest)).language == "vi"
    assert {bytes(one.digest) for one in JournalEntry.objects.filter(action="payments.keep_paper")} == {
        bytes(kept.digest)
    }


def test_each_language_has_a_paper_of_its_own():
    code = receipt().code
    assert keep_paper(BY_PAYER, code, "vi", b"one") == b"one"
    assert keep_paper(CASHIER, code, "ar", b"two") == b"two"
    assert keep_paper(CASHIER, code, "vi", b"three") == b"one"


def test_papers_and_receipts_stay_as_they_are():
    keep_paper(BY_PAYER, receipt().code, "vi", b"one")
    for change in (
        partial(models.ReceiptPaper.objects.update, language="en"),
        models.ReceiptPaper.objects.all().delete,
        partial(models.Receipt.objects.update, number=7),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    with pytest.raises(IntegrityError, match="receipt_paper_digest"), transaction.atomic():
        models.ReceiptPaper.objects.create(
            id=models.Receipt.objects.get().id,
            receipt=models.Receipt.objects.get(),
            language="en",
            content=b"one",
            digest=b"another",
            made=AT,
        )


@pytest.mark.parametrize(
    "actor",
    [
        Actor("national_id:XT:900002", roles=("payments.payer",)),
        Actor("cashier:2", "H39", ("payments.cashier",), level=2),
        Actor("cashier:1", "H38", ("payments.cashier",), level=1),
        Actor("cashier:1", "H38", ("payments.payer",), level=2),
    ],
)
def test_nobody_keeps_papers_of_receipts_that_they_may_not_see(actor):
    code = receipt().code
    with pytest.raises(NotFound):
        keep_paper(By(actor, AT), code, "vi", b"one")
    assert not models.ReceiptPaper.objects.exists()


def test_the_nation_s_treasurer_sees_every_unit():
    nation = Actor("treasurer:9", "", ("payments.treasurer",), level=2)
    assert keep_paper(By(nation, AT), receipt(payer="").code, "vi", b"one") == b"one"
    with pytest.raises(NotAllowed):
        keep_paper(ASKER, receipt().code, "vi", b"one")


def test_names_are_asked_of_the_register_by_payments_itself(monkeypatch):
    def told(by, purpose, asked):
        assert (by.actor.subject, purpose.code) == ("task:payments", "payments.pay")
        return [Told(full_name="Ví Dụ") if person == PAYER else None for person in asked.persons]

    monkeypatch.setitem(ANSWERERS, "identity.particulars", told)
    others = [f"national_id:XT:{number}" for number in range(120)]
    assert payer_names(CASHIER, [PAYER, *others, "", "passport:FR:1"]) == {PAYER: "Ví Dụ"}
    asked = JournalEntry.objects.filter(action="identity.ask.particulars")
    assert asked.count() == 2
    assert JournalSubject.objects.filter(id__in=asked.values("id")).count() == 121
    assert payer_names(CASHIER, [""]) == {}


def test_without_an_answer_there_is_no_name(monkeypatch):
    monkeypatch.delitem(ANSWERERS, "identity.particulars")
    assert payer_names(CASHIER, [PAYER]) == {}
