"""The secretary's desk: nothing is entered unseen, nothing is lost, and a request says what became of it. No engine here."""

import csv
import io
import math
import re
from datetime import timedelta

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from doorstep.kernel.country import profile
from doorstep.kernel.lake import rings
from doorstep.kernel.lake.evidence import Forked
from doorstep.kernel.lake.models import Ring
from doorstep.kernel.store import units
from doorstep.kernel.store.models import JournalEntry
from doorstep.kernel.values.reasons import NotFound
from doorstep.kernel.values.units import UnitCode
from doorstep.kernel.web import layout
from doorstep.systems.steering import queries, tasks
from doorstep.systems.steering.models import Figure, Report, ReportRequest
from doorstep.systems.steering.rules.rows import COLUMNS, LARGEST_FILE
from doorstep.systems.steering.tests.builders import LANGUAGES, PUBLISHED
from doorstep.systems.steering.tests.records import (
    AT,
    SECRETARY,
    STAYS,
    half_a_year,
    official_units,
    submit,
    task_side,
    without_engines,
    words,
)

pytestmark = pytest.mark.django_db
ROWS = list(csv.DictReader(io.StringIO(PUBLISHED.decode())))
FIGURES, ENTER, REQUESTS = "/steering/figures/", "/steering/figures/enter", "/steering/requests/"


@pytest.fixture(autouse=True)
def _desk(home, monkeypatch):
    monkeypatch.setattr(layout, "_scale", (math.inf, ""))
    monkeypatch.setattr(timezone, "now", lambda: AT)
    official_units()
    without_engines(monkeypatch)


def person(subject: str = "demo:secretary", language: str = "en", **options: bool) -> Client:
    client = Client(headers={"Accept-Language": language}, **options)
    if subject:
        signed = Client().post("/sign-in/demo", {"subject": subject})
        client.cookies["session"] = signed.cookies["session"].value
    return client


def file(*rows: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(COLUMNS))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def row(of: str, /, **changes: str) -> dict[str, str]:
    return {**next(one for one in ROWS if one["key"] == of), **changes}


def send(content: bytes, client: Client | None = None, owner: str = "G22", name: str = "figures.csv"):
    return (client or person()).post(FIGURES, {"file": SimpleUploadedFile(name, content), "owner": owner})


def entered(checked, client: Client | None = None):
    """What the button below the checked file does."""
    fields = dict(re.findall(r'<input type="hidden" name="(content|owner)" value="([^"]*)">', checked.content.decode()))
    return (client or person()).post(ENTER, fields)


def cells(page: str, caption: str) -> list[list[str]]:
    """What the rows of a table say, cell by cell."""
    table = next(one for one in re.findall(r"<table.*?</table>", page, re.DOTALL) if caption in one)
    body = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", one, re.DOTALL) for one in body]
    return [[words(re.sub("</?bdi>", "", cell)) for cell in one] for one in found]


# Figures


def test_nothing_is_entered_before_the_secretary_says_so():
    checked = send(PUBLISHED)
    assert checked.status_code == 200
    assert "Lines that can be entered 36 Of these new 36 Places to correct 0" in words(checked.content.decode())
    assert not Figure.objects.exists()
    assert not JournalEntry.objects.exists()
    done = entered(checked)
    assert (done.status_code, done.headers["Location"]) == (303, FIGURES)
    assert len(queries.figures()) == 36
    assert next(one.submitted_by for one in queries.figures() if one.key == STAYS) == "G22", "as was chosen"
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.action, entry.detail) == ("demo:secretary", "steering.import_figures", "36 figures")
    table = cells(person().get(FIGURES).content.decode(), "newest first")
    assert len(table) == 36
    stays = next(one for one in table if one[0] == "Stay notifications")
    assert (stays[3], stays[7]) == ("8,778,722 notifications", "Government Office")


def test_each_line_says_what_it_would_do_or_what_is_wrong():
    submit(file(row(STAYS), row("ipv6.rate"), row("eid.records")))
    rows = (
        row(STAYS, value="8778723"),
        row("ipv6.rate"),
        row("fiber.household_rate", submitted_by="", computed_by=""),
        row("ict.revenue", measure_unit=""),
        row("portal.accounts"),
        row("eid.records", value="1,5", kind="gauge"),
        row("portal.accounts"),
    )
    checked = send(file(*rows))
    page = checked.content.decode()
    assert [(one[0], one[1]) for one in cells(page, "what each would do")] == [
        ("2", "Replaces 8,778,722"),
        ("6", "New"),
        ("3", "Says the same"),
    ]
    wrong = cells(page, "by line and column")
    assert [one[:2] for one in wrong] == [
        ["4", "submitted_by"],
        ["5", "measure_unit"],
        ["7", "value"],
        ["7", "kind"],
        ["8", "key"],
    ]
    assert wrong[0][2].startswith("No unit answers for this figure. Write the unit's code into submitted_by")
    assert wrong[1][2].startswith("The figure has no unit of measure. Write into measure_unit what is counted")
    assert wrong[4][2] == "Line 6 already has this figure for this day. Keep one of the two lines."
    assert entered(checked).status_code == 303
    kept = {one.key: one.value for one in queries.figures()}
    assert set(kept) == {STAYS, "ipv6.rate", "eid.records", "portal.accounts"}
    assert kept[STAYS] == 8778723
    assert kept["eid.records"] == 75_700_000, "a bad line ends nothing"
    assert cells(person().get(FIGURES).content.decode(), "newest first")[0][0] in {"Stay notifications", "Accounts"}


def test_a_file_that_says_nothing_new_offers_nothing_to_enter():
    submit()
    page = send(PUBLISHED).content.decode()
    assert "Nothing in this file is new" in page
    assert ENTER not in page


def test_a_line_of_the_whole_file_has_its_place_too():
    page = send(b"key,name_en\n").content.decode()
    assert ["1", "measure_unit"] in [one[:2] for one in cells(page, "by line and column")]
    assert ENTER not in page
    page = send(file(row(STAYS)) + b'"open').content.decode()
    assert cells(page, "by line and column")[0][:2] == ["3", "the whole line"]
    assert ENTER in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file holds no figures."),
        (file(), "The file holds no figures."),
        (PUBLISHED.decode().encode("utf-16"), "The file is not text in UTF-8."),
        (b"PK\x03\x04\x14\x00" + b"\0" * 99, "The file is a workbook or an archive"),
        (b" " * (LARGEST_FILE + 1), "The file is larger than <bdi>1,000</bdi> kB."),
    ],
)
def test_a_file_that_is_none_is_refused_at_its_field(content, said):
    page = send(content)
    assert page.status_code == 422
    read = page.content.decode()
    assert said in read.split('id="id_file_error"')[1]
    assert '<a class="ds-link" href="#id_file">File with figures</a>' in read
    assert not JournalEntry.objects.exists()


def test_no_file_is_a_reason_too():
    page = person().post(FIGURES, {"owner": "G22"})
    assert page.status_code == 422
    assert "You chose no file. Choose a CSV file" in page.content.decode()


def test_a_body_far_too_large_is_not_even_read():
    page = person().generic("POST", FIGURES, b"x", CONTENT_LENGTH=str(LARGEST_FILE + 20_000))
    assert page.status_code == 422
    assert "The file is larger than" in page.content.decode()


@pytest.mark.parametrize("content", ["", "%", "é", "YQ", "a" * 5])
def test_what_was_altered_on_the_way_enters_nothing(content):
    assert person().post(ENTER, {"content": content, "owner": "G22"}).status_code in {303, 400}
    assert not Figure.objects.exists()


def test_what_a_file_says_is_shown_as_text():
    page = send(file(row(STAYS, key="made.up", name_en="<script>x</script>", note="<b>"))).content.decode()
    assert "<bdi>&lt;script&gt;x&lt;/script&gt;</bdi>" in page
    assert "<script>x" not in page


def test_a_long_file_is_checked_whole_and_shown_in_part(monkeypatch):
    from doorstep.systems.steering.pages import desk

    monkeypatch.setattr(desk, "MOST_SHOWN", 3)
    page = send(PUBLISHED).content.decode()
    assert len(cells(page, "what each would do")) == 3
    assert "Only the first 3 are shown." in words(page)
    entered(send(PUBLISHED))
    assert Figure.objects.count() == 36


# Requests


def ask(client: Client | None = None, period: str = "2024-H1", unit: str = ""):
    return (client or person()).post(REQUESTS, {"period": period, "unit": unit})


def state(client: Client | None = None) -> list[list[str]]:
    return cells((client or person()).get(REQUESTS).content.decode(), "newest first")


def make(at=AT) -> None:
    with task_side():
        tasks.make_requested(at)


def test_a_request_waits_is_made_and_says_so():
    submit()
    half_a_year()
    done = ask()
    assert (done.status_code, done.headers["Location"]) == (303, REQUESTS)
    page = person().get(REQUESTS).content.decode()
    ((period, said, unit, _),) = cells(page, "newest first")
    assert (period, unit) == ("first half of 2024", "The whole country")
    assert said == "Requested It is usually made within a minute."
    assert f'<a class="ds-link" href="{REQUESTS}">Look again</a>' in page
    assert "Not every request is answered yet." in page
    assert not Report.objects.exists(), "a page makes nothing itself"
    make()
    page = person().get(REQUESTS).content.decode()
    ((period, said, *_),) = cells(page, "newest first")
    assert said.startswith("Published Made on 10 July 2024, 14:00.")
    assert 'href="/steering/2024-H1/"' in page
    assert "Look again" not in page
    assert "hx-get" not in page
    assert person().get("/steering/2024-H1/").status_code == 200
    actions = JournalEntry.objects.filter(actor="demo:secretary").values_list("action", flat=True)
    assert list(actions) == ["steering.request_report"]


def test_with_script_the_page_looks_by_itself_and_stays_as_it_is_while_nothing_happens():
    submit()
    ask()
    page = person().get(REQUESTS).content.decode()
    (again,) = re.findall(r'hx-get="(\?waiting=[^"]+)" hx-trigger="every 2s"', page)
    assert person().get(REQUESTS + again, headers={"HX-Request": "true"}).status_code == 204
    assert person().get(REQUESTS + again).status_code == 200, "without script it is a page"
    make()
    answer = person().get(REQUESTS + again, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Every request is answered." in answer.content.decode()


def test_a_report_that_says_nothing_new_is_the_one_before(monkeypatch):
    submit()
    ask()
    make()
    later = AT + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    ask()
    make(later)
    (newest, first) = state()
    assert newest[1].startswith("Nothing new The report made on 10 July 2024, 14:00 still")
    assert first[1].startswith("Published")
    assert Report.objects.count() == 1


def test_a_report_that_cannot_be_made_says_why_and_what_to_do():
    ask(period="2019-Q3")
    make()
    ((_, said, *_),) = state()
    assert said == (
        "Failed There are no figures for 2019-Q3: none was submitted, and no records lead to one. "
        "Choose another period, or import the figures of this one."
    )


def test_a_log_that_signs_nothing_is_named(monkeypatch):
    submit()
    ask()
    with monkeypatch.context() as broken:
        broken.setattr(rings, "publish", lambda _: (_ for _ in ()).throw(Forked("restored")))
        make()
    assert state()[0][1].startswith("Failed The evidence log signs nothing")
    assert not Report.objects.exists(), "what cannot be signed is not published"
    later = AT + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    ask()
    make(later)
    assert rings.reader(Ring.PUBLIC).size
    assert state()[0][1].startswith("Published")


def test_a_request_that_waits_long_says_whom_to_ask(monkeypatch):
    ask()
    monkeypatch.setattr(timezone, "now", lambda: AT + timedelta(minutes=2))
    assert state()[0][1].startswith("Still waiting If this lasts, ask the operator whether the process tasks")


def test_a_unit_s_report_is_asked_for_by_its_name():
    half_a_year()
    page = person().get(REQUESTS).content.decode()
    assert '<option value="" selected>The whole country</option>' in page.replace(' selected="selected"', " selected")
    assert '<option value="H38">Lao Cai</option>' in page
    assert 'value="2024-H1"' in page, "the half-year that ended last"
    ask(unit="H38", period=" 2024-h1 ")
    make()
    ((_, said, unit, _),) = state()
    assert (unit, said[:9]) == ("Lao Cai", "Published")
    assert queries.report("2024-H1", "H38")


def test_the_report_of_a_commune_is_asked_for_in_two_steps():
    half_a_year()
    units.load([msgspec.structs.replace(profile().units.rows[0], code=UnitCode("H38.901"), names={"en": "Vi Du"})])
    page = person().get(REQUESTS).content.decode()
    assert re.findall(r'name="within">(.*?)</select>', page) == ['<option value="H38">Lao Cai</option>']
    assert "H38.901" not in page
    page = person().get(f"{REQUESTS}?within=H38").content.decode()
    assert re.findall(r'<option value="([^"]*)"', page) == ["H38", "H38.901"]
    (action,) = re.findall(r'<form method="post" action="(\?within=H38)">', page)
    assert person().post(REQUESTS + action, {"period": "2024-H1", "unit": "H38.901"}).status_code == 303
    make()
    assert state()[0][2] == "Vi Du"
    assert queries.report("2024-H1", "H38.901")
    assert person().get(f"{REQUESTS}?within=H99").status_code == 200
    clerk = msgspec.structs.replace(SECRETARY, unit="H26")
    with pytest.raises(NotFound):
        queries.reportable(clerk, AT.date(), "en", "H38")


@pytest.mark.parametrize(
    ("period", "unit", "field"),
    [("2024-H3", "", "period"), ("", "", "period"), ("yesterday", "", "period"), ("2024-H1", "H99", "unit")],
)
def test_what_is_no_report_is_refused_at_its_field(period, unit, field):
    page = ask(period=period, unit=unit)
    assert page.status_code == 422
    assert f'id="id_{field}_error"' in page.content.decode()
    assert not ReportRequest.objects.exists()


# Who, and in which language


@pytest.mark.parametrize("path", [FIGURES, ENTER, REQUESTS])
def test_the_desk_is_the_secretary_s(path):
    assert person("").post(path).status_code == 303
    assert person("").post(path).headers["Location"].startswith("/sign-in")
    assert person("demo:keeper").post(path).status_code == 403
    assert person(enforce_csrf_checks=True).post(path, {"content": "", "period": "2024-H1"}).status_code == 403
    assert not Figure.objects.exists()
    assert not ReportRequest.objects.exists()


def test_the_menu_leads_there_and_marks_where_one_is():
    page = person().get(REQUESTS).content.decode()
    (menu,) = re.findall(r'aria-label="Main menu">(.*?)</nav>', page, re.DOTALL)
    assert re.findall(r'<li><a href="([^"]+)"( aria-current="page")?>', menu) == [
        ("/steering/", ""),
        (REQUESTS, ' aria-current="page"'),
        (FIGURES, ""),
    ]
    assert FIGURES not in person("demo:keeper").get("/steering/").content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_speaks_every_language(language):
    client = person(language=language)
    submit(file(row(STAYS)))
    ask(client)
    pages = [
        client.get(FIGURES),
        client.get(REQUESTS),
        send(file(row(STAYS, value="5"), row("ipv6.rate", kind="")), client),
    ]
    for answer in pages:
        page = answer.content.decode()
        assert answer.status_code == 200
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
        if language != "en":
            assert not re.search(r"\b(the|figures|request)\b", words(page.split("<main")[1].split("</main>")[0]))
