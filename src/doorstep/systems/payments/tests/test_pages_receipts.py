"""Receipts as people meet them: the payer's list and PDFs, the public page, and what officials print and export."""

import csv
import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.messages import ANSWERERS
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.values.money import Money
from doorstep.kernel.web import layout
from doorstep.systems.payments import models
from doorstep.systems.payments.actions.moves import decide_move, propose_move
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.pages import receipts as pages
from doorstep.systems.payments.rules.orders import Line
from doorstep.systems.payments.tests.builders import CASHIER, TREASURER, order
from doorstep.systems.payments.tests.desks import Told, browser, cashier, payer, receipt, text_of
from doorstep.systems.payments.tests.values import AT, PAYER, PURPOSE, UNIT

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "Nguyễn Thị Ví Dụ"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is `AT`, and the register knows every payer by one name."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    monkeypatch.setitem(
        ANSWERERS,
        "identity.particulars",
        lambda by, purpose, asked: [Told(full_name=NAME)] * len(asked.persons),
    )


def own_paper(code: str, language: str = "en", subject: str = PAYER):
    return payer(subject, language).get(reverse("payments:own_paper", args=[code]))


def issued(code: str):
    """At one instant ids decide what is newer."""
    return models.Receipt.objects.get(code=code).id


def test_a_payer_lists_own_receipts_in_pages(monkeypatch):
    mine = [receipt(subject=f"dossier:{place}").code for place in range(3)]
    receipt(payer="national_id:XT:900002")
    monkeypatch.setattr(pages.queries, "PAGE", 2)
    first = payer().get(reverse("payments:own_receipts"))
    assert [row.code for row, *_ in first.context["rows"]] == sorted(mine, key=issued, reverse=True)[:2]
    assert first.content.decode().count("<bdi>DS/H38/2024/000000") == 2
    assert all(
        reverse("payments:own_paper", args=[row.code]) in first.content.decode() for row, *_ in first.context["rows"]
    )
    then = payer().get(reverse("payments:own_receipts") + first.context["older"])
    assert [row.code for row, *_ in then.context["rows"]] == [min(mine, key=issued)]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", ["Biên lai", "Người nộp", "Bằng chữ"]),
        ("en", ["Receipt", "Payer", "In words"]),
        ("de", ["Quittung", "Zahlende Person", "In Worten"]),
        ("ar", []),
    ],
)
def test_the_paper_says_everything_in_the_reader_s_language(home, language, words):
    one = receipt()
    booking = models.Credit.objects.get().booking
    content = own_paper(one.code, language).content
    text = text_of(content)
    assert content.startswith(b"%PDF-")
    assert b"ETSI.CAdES.detached" in content
    assert PdfReader(io.BytesIO(content)).root_object["/Lang"] == language
    for shown in (
        "DS/H38/2024/0000001",
        "001",
        "dossier:1",
        PURPOSE["en" if language == "en" else "vi"],
        "stamp",
        booking,
        f"/payments/receipts/{one.code}/",
    ):
        assert shown in text
    assert "national_id" not in text
    assert PAYER.rpartition(":")[2] not in text
    if language != "ar":  # whose letters are copied out in their joined shapes
        said = law(Country, "payments").in_words(Money(750, profile().currency), language)
        assert all(part in text for part in [*words, NAME, said])


def test_a_paper_is_made_once_and_given_out_ever_since(home, monkeypatch):
    code = receipt().code
    first = own_paper(code).content
    monkeypatch.setattr(pages, "typeset", None)
    assert own_paper(code).content == first
    assert cashier().get(reverse("payments:area_paper", args=[code])).content == first
    looks = JournalSubject.objects.filter(subject=PAYER).values("id")
    assert set(JournalEntry.objects.filter(id__in=looks).values_list("action", flat=True)) >= {
        "payments.look.own_receipt",
        "payments.keep_paper",
        "identity.ask.particulars",
    }


def test_without_a_name_the_masked_number_stands_alone(home, monkeypatch):
    monkeypatch.delitem(ANSWERERS, "identity.particulars")
    text = text_of(own_paper(receipt().code).content)
    assert "•••001" in text
    assert NAME not in text


def test_a_simulated_receipt_says_so(home, monkeypatch):
    monkeypatch.setattr("doorstep.systems.payments.pages.receipt_papers.simulated_scale", lambda: layout.Decimal("0.1"))
    assert "Made from simulated records at a scale of 0.1." in text_of(own_paper(receipt().code).content)


def test_others_papers_are_not_there(home):
    code = receipt().code
    assert own_paper(code, subject="national_id:XT:900002").status_code == 404
    assert cashier("H39").get(reverse("payments:area_paper", args=[code])).status_code == 404
    assert payer().get(reverse("payments:area_paper", args=[code])).status_code == 403
    assert browser().get(reverse("payments:own_paper", args=[code])).status_code == 303
    assert not models.ReceiptPaper.objects.exists()


def test_everybody_with_the_code_has_it_confirmed_without_the_payer(home):
    code = receipt().code
    own_paper(code)
    page = browser().get(reverse("payments:receipt", args=[code.lower()]))
    said = page.content.decode()
    assert page.status_code == 200
    assert "DS/H38/2024/0000001" in said
    assert page.context["receipt"].amount.minor == 750
    assert "900001" not in said
    assert "001</" not in said.replace("0000001</", "")
    assert NAME not in said
    for wrong in ("0000-0000-0000-0001-G", "nonsense"):
        assert browser().get(reverse("payments:receipt", args=[wrong])).status_code == 404


def test_a_file_is_compared_with_the_kept_papers(home):
    one, other = receipt(), receipt()
    kept, german = own_paper(one.code).content, own_paper(one.code, "de").content

    def compared(code: str, content: bytes):
        file = SimpleUploadedFile("receipt.pdf", content)
        return browser().post(reverse("payments:receipt", args=[code]), {"file": file})

    assert compared(one.code, kept).context["paper"].language == "en"
    assert "Deutsch" in compared(one.code, german).content.decode()
    for code, content in ((one.code, kept + b" "), (one.code, b""), (other.code, kept)):
        page = compared(code, content)
        assert page.context["paper"] is None
        assert "is not the one" in page.content.decode()
    missing = browser().post(reverse("payments:receipt", args=[one.code]))
    assert (missing.status_code, missing.context["form"].errors.keys()) == (422, {"file"})
    assert compared(one.code, b"%" * 2_100_000).status_code == 422


def test_looking_codes_up_is_limited_by_address(monkeypatch):
    url = reverse("payments:receipt", args=["0000-0000-0000-0001-G"])
    told = [browser().get(url).status_code for _ in range(61)]
    assert told == [404] * 60 + [429]


def test_officials_filter_their_area_and_each_look_is_journalled():
    receipt()
    receipt(unit="H39", subject="dossier:2")
    url = reverse("payments:area_receipts")

    def numbers(own: str, /, **asked: str) -> list[str]:
        return [row.receipt.number for row, *_ in cashier(own).get(url, asked).context["rows"]]

    assert numbers(UNIT) == ["DS/H38/2024/0000001"]
    assert numbers("") == ["DS/H38/2024/0000001", "DS/H39/2024/0000001"]
    assert numbers("", unit="H39") == ["DS/H39/2024/0000001"]
    assert numbers("", first="2") == numbers("", day="2024-02-29") == numbers(UNIT, unit="H39") == []
    assert numbers("", day="2024-03-01") == numbers("", first="-1", day="nonsense") == numbers("")
    page = cashier().get(url).content.decode()
    assert "900001" not in page
    assert "•••001" in page
    assert JournalEntry.objects.filter(action="payments.look.receipts_in_area", detail__contains="H39").count() == 2
    assert payer().get(url).status_code == 403


def test_the_list_goes_on_after_unit_and_number(monkeypatch):
    for unit in ("H39", UNIT, "H39", UNIT, UNIT):
        receipt(unit=unit)
    monkeypatch.setattr(pages.queries, "PAGE", 2)
    monkeypatch.setattr(pages.queries.receipts_in_area.__wrapped__, "__defaults__", ("", 1, None, 2))
    url, seen, further = reverse("payments:area_receipts"), [], "?"
    while further:
        page = cashier("").get(url + further)
        seen += [row.receipt.number[3:] for row, *_ in page.context["rows"]]
        further = page.context["older"]
    assert seen == [
        *("H38/2024/0000001", "H38/2024/0000002", "H38/2024/0000003"),
        *("H39/2024/0000001", "H39/2024/0000002"),
    ]


def test_receipts_of_a_day_are_printed_in_one_file(home, monkeypatch):
    for place in range(3):
        receipt(subject=f"dossier:{place}", payer=PAYER if place else "")
    url = reverse("payments:area_print")
    printed = cashier().get(url).content
    reader = PdfReader(io.BytesIO(printed))
    assert len(reader.pages) == 3
    assert all(f"H38/2024/000000{place}" in page.extract_text() for place, page in enumerate(reader.pages, 1))
    assert NAME in text_of(printed)
    assert "0000001" not in text_of(cashier().get(url, {"first": "2"}).content)
    assert not models.ReceiptPaper.objects.exists()

    monkeypatch.setattr(pages, "MOST_PRINTED", 2)
    too_many = cashier().get(url)
    assert (too_many.status_code, too_many.context["form"].errors.keys()) == (422, {"first"})
    assert cashier().get(url, {"first": "2"}).status_code == 200
    none = cashier().get(url, {"day": "2024-02-29"})
    assert (none.status_code, bool(none.context["form"].non_field_errors())) == (422, True)
    assert none.context["day"] == date(2024, 2, 29)


def test_receipts_of_a_day_are_exported():
    one = receipt(subject="=1+1", lines=(Line("permit", FeeKind.FEE, 1_234_567),))
    answer = cashier().get(reverse("payments:area_export"))
    header, line = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    booking = models.Credit.objects.get()
    amount = Money(1_234_567, profile().currency)
    assert dict(zip(header, line, strict=True)) == {
        "Receipt number": "DS/H38/2024/0000001",
        "Unit": "H38",
        "Paid": "2024-03-01T03:00:00+00:00",
        "Amount": str(amount.decimal()),
        "Currency": amount.currency.code,
        "By way of": "transfer",
        "Payer": "•••001",
        "Paid for": "Permit for building a house",
        "Case reference": "'=1+1",
        "Bank transaction": f"{booking.account.bank}:{booking.booking}",
        "Code": one.code,
        "Refunded": "0",
    }


def confirmed(code: str) -> str:
    return browser().get(reverse("payments:receipt", args=[code])).content.decode()


@pytest.mark.breaks_books
def test_who_checks_a_receipt_learns_what_of_its_money_is_gone(home):
    one = receipt()
    assert not any(word in confirmed(one.code) for word in ("since", "proves no payment"))
    models.Order.objects.update(refunded=250, state="refunded_in_part")
    assert "went back to the payer since" in confirmed(one.code)
    models.Order.objects.update(refunded=750, state="refunded")
    assert "All of it went back" in confirmed(one.code)


def test_who_checks_a_receipt_learns_that_the_payment_was_moved(home):
    one, other = receipt(), order()
    decide_move(TREASURER, propose_move(CASHIER, one.order.code, other.code, "wrong order").id, approve=True)
    assert "moved to another order since" in confirmed(one.code)
    assert "Moved to another order" in payer().get(reverse("payments:own_receipts")).content.decode()
    assert "proves no payment" not in confirmed(models.Receipt.objects.get(order=other).code)
