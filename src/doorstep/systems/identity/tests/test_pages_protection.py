"""Pages: who looked at my data, a question and its answer, the register of breaches and its printed notice."""

import io
import json
from datetime import timedelta

import pytest
from django.test import Client
from pypdf import PdfReader

from doorstep.kernel.store import journal
from doorstep.kernel.store.models import JournalEntry, Notice
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import uuid7
from doorstep.systems.identity.actions import incidents, looks
from doorstep.systems.identity.models import Incident, IncidentVersion, JournalQuestion
from doorstep.systems.identity.pages import looks as pages
from doorstep.systems.identity.permissions import FOR_REGISTER
from doorstep.systems.identity.tests.builders import account, eid
from doorstep.systems.identity.tests.people import AT, enter, key, places, registrar
from doorstep.systems.identity.tests.test_looks import guardian_and_ward, office, opened, owner, protector
from doorstep.systems.identity.tests.test_pages_register import at, browser
from doorstep.systems.identity.tests.test_rules_incidents import incident

pytestmark = pytest.mark.usefixtures("clock")
HOUR = timedelta(hours=1)
ASKED = AT - timedelta(days=1)


def text(answer) -> str:
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def entries(number: str, count: int, step: timedelta = timedelta(minutes=1)) -> None:
    for place in range(count):
        journal.write(
            uuid7(AT - place * step),
            registrar(),
            "identity.look.person",
            FOR_REGISTER,
            subjects=[key(number)],
            fields=["address"],
        )


def test_the_page_says_who_for_what_and_by_which_law():
    person = enter()
    client = browser(owner(person))
    office("registrar", "identity.registrar")
    opened(person, AT)
    page = text(client.get(at("journal")))
    for part in (
        "Registrar of the population register",
        "Place H38",
        "Looked at",
        "Find and open persons of one&#x27;s area in the register",
        "<bdi>Address</bdi>",
        "To keep the population register",
        "Decree 137/2015",
    ):
        assert part in page, part
    assert "Whose data" not in page
    assert person.number not in page


def test_the_page_is_in_the_menu_and_officials_are_told_of_it():
    person = enter()
    assert at("journal") in text(browser(owner(person)).get("/"))
    desk = browser(registrar())
    assert "the person can read it" in text(desk.get(at("person", person.id)))


def test_pages_follow_and_a_month_bounds_them():
    person = enter()
    client = browser(owner(person))
    entries(person.number, pages.PAGE + 3)
    entries(person.number, 2, timedelta(days=40))
    first = client.get(at("journal"))
    assert len(first.context["told"]) == pages.PAGE
    second = client.get(at("journal") + first.context["older"].replace("&amp;", "&"))
    assert len(second.context["told"]) == 6  # with the registration
    assert second.context["older"] == ""
    january = client.get(at("journal") + "?month=2024-01")
    assert [one.row.entry.at for one in january.context["told"]] == [AT - timedelta(days=40)]
    for odd in ("?month=2024-13", "?month=x", "?by=x"):
        assert client.get(at("journal") + odd).status_code == 200
    assert client.get(at("journal") + "?after=x").status_code == 404


def test_no_day_and_no_entry_lies_beyond_what_can_be_asked_for():
    lan = browser(owner(enter()))
    for month in ("0001-01", "1960-01", "9999-12"):
        assert lan.get(f"/identity/journal/?month={month}").status_code == 200
    for first, last in (("1000-01-01", "1969-12-31"), ("1960-01-01", "9999-12-31")):
        answer = lan.post("/identity/journal/export/", {"first": first, "last": last, "kind": "csv"})
        assert answer.status_code in {200, 422}
    assert lan.get(f"/identity/journal/{'f' * 8}-ffff-ffff-ffff-{'f' * 12}/ask/").status_code == 404


def test_reading_ones_own_journal_leaves_no_trace_in_it():
    person = enter()
    client = browser(owner(person))
    before = JournalEntry.objects.count()
    client.get(at("journal") + "?by=all")
    assert JournalEntry.objects.count() == before


def test_a_guardian_chooses_the_ward():
    lan, ward = guardian_and_ward()
    client = browser(lan)
    page = text(client.get(at("journal")))
    assert "Whose data" in page
    assert ward.full_name in page
    mine = [one.row.entry.id for one in client.get(at("journal")).context["told"]]
    theirs = [one.row.entry.id for one in client.get(at("journal") + f"?ward={ward.id}").context["told"]]
    assert theirs
    assert mine != theirs
    stranger = enter(9)
    assert client.get(at("journal") + f"?ward={stranger.id}").status_code == 404


def rows_of(answer) -> list[list[str]]:
    import csv

    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))


def test_the_file_has_all_entries_and_nothing_that_a_spreadsheet_runs(monkeypatch):
    monkeypatch.setattr(pages, "CHUNK", 4)
    person = enter()
    lan = owner(person)
    entries(person.number, 9)
    looks.ask_about(By(lan, AT), JournalEntry.objects.filter(action="identity.look.person").latest("id").id, "=1+1")
    answer = browser(lan).post(at("journal_export"), {"kind": "csv"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="journal-2024-03-01.csv"'
    header, *lines = rows_of(answer)
    assert header[:4] == ["Number of the entry", "Time (UTC)", "Who", "For which unit"]
    assert len(lines) == 9 + 1 + 1 + 1  # looks, registration, question, this file
    assert [line[1] for line in lines] == sorted((line[1] for line in lines), reverse=True)
    assert [line[10] for line in lines if line[10]] == ["'=1+1"]
    assert JournalEntry.objects.filter(action="identity.take_away").count() == 1


def test_the_file_for_programs_and_its_days():
    person = enter()
    lan = owner(person)
    entries(person.number, 3, timedelta(days=1))
    days = {"kind": "json", "first": "2024-02-28", "last": "2024-02-29"}
    answer = browser(lan, "ar").post(at("journal_export"), days)
    told = json.loads(b"".join(answer.streaming_content))
    assert [one["at"][:10] for one in told] == ["2024-02-29", "2024-02-28"]
    assert told[0]["action"] == "identity.look.person"
    assert told[0]["unit"] == "Place H38"
    nothing = {**days, "first": "2023-01-01", "last": "2023-01-02"}
    assert json.loads(b"".join(browser(lan).post(at("journal_export"), nothing).streaming_content)) == []
    assert browser(lan).post(at("journal_export"), {"first": "x"}).status_code == 422


def test_a_question_goes_to_the_officer_and_the_answer_stands_at_the_entry():
    person = enter()
    lan = owner(person)
    entry = opened(person, ASKED)
    client = browser(lan)
    assert "Ask about this entry" in text(client.get(at("journal_ask", entry)))
    too_long = client.post(at("journal_ask", entry), {"text": "x" * 1001})
    assert (too_long.status_code, "longer than" in too_long.content.decode()) == (422, True)
    assert client.post(at("journal_ask", entry), {"text": "Why?\r\nReally."}).status_code == 303
    waiting = text(client.get(at("journal")))
    assert "To be answered by" in waiting
    assert at("journal_ask", entry) not in waiting
    desk = browser(protector())
    page = text(desk.get(at("questions")))
    assert "Really." in page
    question = JournalQuestion.objects.get()
    opened_page = text(desk.get(at("question", question.id)))
    assert person.number not in opened_page
    assert "To keep the population register" in opened_page
    assert desk.post(at("question", question.id), {"text": ""}).status_code == 422
    assert desk.post(at("question", question.id), {"text": "A move was entered."}).status_code == 303
    assert desk.post(at("question", question.id), {"text": "Twice."}).status_code == 422
    assert "Nothing waits." in text(desk.get(at("questions")))
    assert "A move was entered." in text(client.get(at("journal")))
    assert Notice.objects.get().subject == lan.subject
    assert client.get(at("journal_ask", uuid7(AT))).status_code == 200
    assert client.post(at("journal_ask", uuid7(AT)), {"text": "Why?"}).status_code == 404


def test_who_looked_is_not_offered_the_answer():
    person = enter()
    entry = opened(person, ASKED)
    looks.ask_about(By(owner(person), ASKED), entry, "Why?")
    page = text(browser(protector(subject="registrar")).get(at("question", JournalQuestion.objects.get().id)))
    assert "cannot answer it" in page
    assert "Send the answer" not in page


TOLD = {
    "happened": "2024-02-28T10:00",
    "found": "2024-02-29T10:00",
    "people": "12",
    **dict.fromkeys(
        ("place", "act", "organisation", "kinds", "amount", "contact", "consequences", "measures"), "Unknown"
    ),
}


@pytest.fixture
def desk(db) -> Client:
    places()
    return browser(protector())


def test_an_incident_from_entry_to_closing(desk):
    refused = desk.post(at("incident_new"), {**TOLD, "act": "", "found": "2024-02-27T10:00"})
    assert refused.status_code == 422
    assert {"act", "found"} <= set(refused.context["form"].errors)
    answer = desk.post(at("incident_new"), TOLD)
    assert answer.status_code == 303
    row = Incident.objects.get()
    page = text(desk.get(answer.headers["Location"]))
    assert "The authority is to be told" in page
    assert "2 March 2024" in page  # 72 hours after 28 February, 10:00
    assert "Notice is due" in text(desk.get(at("incidents")))
    added = text(desk.get(at("incident_add", row.id)))
    assert 'value="2024-02-28T10:00"' in added
    assert desk.post(at("incident_add", row.id), {**TOLD, "people": "90", "version": "1"}).status_code == 303
    stale = desk.post(at("incident_add", row.id), {**TOLD, "version": "1"})
    assert stale.status_code == 422
    assert IncidentVersion.objects.count() == 2
    assert "History" in text(desk.get(at("incident", row.id)))
    assert desk.post(at("incident_close", row.id), {"why": ""}).status_code == 422
    bad = desk.post(at("incident_notified", row.id), {"notified": "2024-03-05T10:00", "notice_reference": "A05-77"})
    assert bad.status_code == 422
    given = {"notified": "2024-03-01T09:00", "notice_reference": "A05-77", "late_reason": ""}
    assert desk.post(at("incident_notified", row.id), given).status_code == 303
    assert "Authority told" in text(desk.get(at("incidents")))
    assert desk.post(at("incident_close", row.id), {"why": ""}).status_code == 303
    assert "Case closed" in text(desk.get(at("incidents")))


def test_people_are_told_from_the_page(desk):
    person = enter()
    account(eid(person), "account:lan")
    number = incidents.enter_incident(By(protector(), AT), incident()).id
    numbers = f"{person.number}\r\n\r\n900090000999"
    page = text(desk.post(at("incident_tell", number), {"numbers": numbers, "message": "A list was lost."}))
    assert "<bdi>1</bdi> person was told." in page
    assert "•••999" in page
    assert person.number not in page
    assert desk.post(at("incident_tell", number), {"numbers": numbers, "message": ""}).status_code == 422


@pytest.mark.parametrize("language", ["en", "ar", "vi", "de"])
def test_the_notice_is_printed_in_each_language(language):
    places()
    desk = browser(protector(), language)
    made = incidents.enter_incident(By(protector(), AT), incident(act="Somebody\nread a list. 🙈"))
    answer = desk.get(at("incident_notice", made.id))
    assert answer.headers["Content-Type"] == "application/pdf"
    read = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert made.reference in read
    assert "A05" in read
    assert "read a list." in read


def test_the_register_is_for_data_protection_officers(desk):
    made = incidents.enter_incident(By(protector(), AT), incident())
    for client in (browser(registrar()), browser(owner(enter()))):
        for name, *arguments in (
            ("questions",),
            ("incidents",),
            ("incident_new",),
            ("incident", made.id),
            ("incident_notice", made.id),
        ):
            assert client.get(at(name, *arguments)).status_code == 403, name
    assert browser(protector("H26")).get(at("incident", made.id)).status_code == 404
    assert at("incidents") in text(desk.get("/"))
