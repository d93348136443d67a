"""What a keeper prints: the signed acknowledgement with every kind of name, the register, the bill, the months."""

import io
import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.values.reasons import NotFound
from doorstep.kernel.web.actors import Acting
from doorstep.systems.lodging.facts import Channel
from doorstep.systems.lodging.models import Notice, Stay
from doorstep.systems.lodging.pages import papers
from doorstep.systems.lodging.pages.visits import enter_house
from doorstep.systems.lodging.tests.desks import AT, a_house, keeper, number, room
from doorstep.systems.lodging.tests.test_pages_notify import guest, party

pytestmark = pytest.mark.django_db


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def guests_of_many_scripts() -> list[dict[str, str]]:
    abroad = {"kind": "foreign", "visa_number": "E0000001"}
    return [
        guest(1, full_name="Nguyễn Thị Ánh"),
        guest(2, **abroad, full_name="王伟", name_latin="WANG WEI", nationality="CN", document_number="E90000001"),
        guest(3, **abroad, full_name="김민준", name_latin="KIM MINJUN", nationality="KR", document_number="M90000001"),
        guest(4, **abroad, full_name="محمد لاوي", nationality="EG", document_number="A90000001"),
    ]


@pytest.mark.parametrize(("language", "words"), [("vi", "Nguyễn Thị Ánh"), ("ar", "محمد")])
def test_the_acknowledgement_is_signed_and_prints_every_name(desk: Client, home, language: str, words: str) -> None:
    code = a_house(desk, name="Nhà nghỉ 🏠 Hoa Ban")
    desk.post(reverse("lodging:notify", args=[code]), party(*guests_of_many_scripts(), send="1"))
    notice = Notice.objects.get()

    reader = keeper(language=language)
    done = reader.get(reverse("lodging:acknowledgement", args=[code, notice.reference]))

    assert done.headers["Content-Type"] == "application/pdf"
    text = text_of(done.content)
    assert notice.reference in text
    assert "Nhà nghỉ  Hoa Ban" in text.replace("\n", " ") or "Hoa Ban" in text
    assert words in text
    assert "WANG WEI" in text
    assert "KIM MINJUN" in text
    assert number(1) not in text
    assert number(1)[-3:] in text
    assert bytes(notice.digest).hex()[:16] in text.replace("\n", "").replace(" ", "")
    assert "21:00" in text  # the time of the notice
    assert "23:00" in text  # the deadline of domestic guests
    fields = PdfReader(io.BytesIO(done.content)).get_fields()
    assert [field["/FT"] for field in fields.values()] == ["/Sig"]


def test_a_late_notice_says_so_with_its_cause(desk: Client, home) -> None:
    code = a_house(desk)
    sent = party(guest(1), send="1", arrival_date="2024-05-20")
    desk.post(reverse("lodging:notify", args=[code]), sent)

    reference = Notice.objects.get().reference
    page = desk.get(reverse("lodging:notice", args=[code, reference])).content.decode()
    pdf = desk.get(reverse("lodging:acknowledgement", args=[code, reference]))

    assert "Notified after the deadline on the day of arrival" in page
    assert "Notified after the deadline on the day of arrival" in " ".join(text_of(pdf.content).split())


def test_close_family_at_home_is_told_that_no_notice_is_needed(
    desk: Client, home, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, inn = a_house(desk, facility_type="household"), a_house(desk)
    hint, said = "need no further notice", "No notice needed: close family, notified here before"
    assert hint in desk.get(reverse("lodging:notify", args=[code])).content.decode()
    assert hint not in desk.get(reverse("lodging:notify", args=[inn])).content.decode()
    aunt = guest(1, relation="close_family")
    desk.post(reverse("lodging:notify", args=[code]), party(aunt, send="1"))
    stay = Stay.objects.get()
    left = {"version": "1", "left_date": "2024-05-21", "left_time": "20:45"}
    desk.post(reverse("lodging:check_out", args=[code, stay.id]), left)
    monkeypatch.setattr(timezone, "now", lambda: AT + timedelta(hours=1))

    sent = desk.post(reverse("lodging:notify", args=[code]), party(aunt, send="1", room="2"), follow=True)

    again = Stay.objects.get(room="2")
    assert said in sent.content.decode()
    assert said in desk.get(reverse("lodging:stay", args=[code, again.id])).content.decode()
    reference = Notice.objects.exclude(id=stay.notice).get().reference
    text = text_of(desk.get(reverse("lodging:acknowledgement", args=[code, reference])).content)
    assert said in " ".join(text.split())
    assert said in desk.get(reverse("lodging:board", args=[code])).content.decode()


def test_the_register_prints_the_days_that_were_asked_for(desk: Client, home) -> None:
    code = a_house(desk)
    desk.post(reverse("lodging:notify", args=[code]), party(*guests_of_many_scripts(), send="1"))
    url = reverse("lodging:register", args=[code])

    assert desk.get(url).status_code == 200
    assert desk.get(url, {"first": "2024-05-21", "last": "2024-05-01"}).status_code == 422
    assert desk.get(url, {"first": "2024-02-30", "last": "2024-05-01"}).status_code == 422
    text = text_of(desk.get(url, {"first": "2024-05-01", "last": "2024-05-31"}).content)
    none = text_of(desk.get(url, {"first": "2024-04-01", "last": "2024-04-30"}).content)

    assert "WANG WEI" in text
    assert number(1) in text.replace("\n", "")  # the keeper's own register is whole
    assert "WANG WEI" not in none
    assert "No guest arrived in these days." in none


def test_bill_and_months_count_nights_at_the_rooms_price(desk: Client, home, monkeypatch: pytest.MonkeyPatch) -> None:
    code = a_house(desk)
    room(desk, code, price="350.000")
    desk.post(reverse("lodging:notify", args=[code]), party(guest(1), guest(2), send="1"))
    stay = Stay.objects.first()

    bill = desk.get(reverse("lodging:bill", args=[code, stay.id]))
    assert "700,000" in bill.content.decode()
    assert "700,000" in text_of(desk.get(reverse("lodging:bill_pdf", args=[code, stay.id])).content)
    assert "700.000" in text_of(keeper(language="vi").get(reverse("lodging:bill_pdf", args=[code, stay.id])).content)

    monkeypatch.setattr(timezone, "now", lambda: AT + timedelta(days=3))
    desk = keeper()  # the session ended
    for each in Stay.objects.all():
        left = {"version": "1", "left_date": "2024-05-24", "left_time": "10:00"}
        desk.post(reverse("lodging:check_out", args=[code, each.id]), left)
    months = desk.get(reverse("lodging:months", args=[code]))
    assert [(row.month, row.nights, row.income) for row, _ in months.context["months"]] == [
        (datetime(2024, 5, 1, tzinfo=UTC).date(), 6, 3 * 350_000)
    ]


def test_whoever_acts_by_mandate_prints_the_principals_register_and_it_says_so(desk: Client, home) -> None:
    code = a_house(desk)
    agent = Actor("agent", roles=("lodging.notifying",), principal="national_id:VN:900090000123", stands_for="keeper")
    request = RequestFactory().get("/", {"first": "2024-05-01", "last": "2024-05-21"})
    request.session = {"name": "Minh"}
    request.actor, request.acting = agent, Acting("Trần Thị Mẫu", Channel.PAGE, "")

    text = text_of(papers.register(request, code).content).replace("\n", " ")

    assert "Made by Minh for Trần Thị Mẫu." in re.sub("[\u2068\u2069]", "", text)
    entry = JournalEntry.objects.get(action="lodging.look.register")
    assert (entry.actor, entry.principal) == ("agent", agent.principal)
    assert JournalSubject.objects.filter(id=entry.id, subject=agent.principal).exists()
    with pytest.raises(NotFound):
        enter_house(_as(request, msgspec.structs.replace(agent, stands_for="")), code)


def _as(request: HttpRequest, actor: Actor) -> HttpRequest:
    request.actor = actor
    return request
