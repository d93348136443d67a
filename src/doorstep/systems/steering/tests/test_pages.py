"""Anybody opens the reports: in four languages, every figure with what stands behind it, and never an engine in the web."""

import csv
import gzip
import hashlib
import html
import io
import json
import math
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from doorstep.kernel.lake import rings
from doorstep.kernel.lake.models import Ring
from doorstep.kernel.store import units
from doorstep.kernel.store.models import Installation, Unit
from doorstep.kernel.web import layout
from doorstep.systems.steering import queries
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.tests.builders import LANGUAGES, VECTORS
from doorstep.systems.steering.tests.records import (
    HALF,
    HOUSES,
    LATER,
    ON_TIME,
    STAYS,
    half_a_year,
    official_units,
    published,
    put,
    submit,
    task_side,
    without_engines,
    words,
)

pytestmark = pytest.mark.django_db
SAID = json.loads((VECTORS / "sentences.json").read_text())
"""What the report says of each published figure, in each language, the submitter last."""
NUMBERS = {
    "vi": ("8.778.722", "82,2%"),
    "en": ("8,778,722", "82.2%"),
    "de": ("8.778.722", "82,2\u00a0%"),
    "ar": ("8,778,722", "82.2%"),
}
SUBMITTED_BY = {"vi": "Đơn vị báo cáo:", "en": "Submitted by", "de": "Eingereicht von:", "ar": "الجهة المقدِّمة:"}


@pytest.fixture(autouse=True)
def report(home: Path, monkeypatch) -> reports.Report:
    """A published report; from then on whoever imports an engine fails."""
    monkeypatch.setattr(layout, "_scale", (math.inf, ""))
    official_units()
    submit()
    half_a_year()
    made = published()
    without_engines(monkeypatch)
    return made


def get(path: str, language: str = "en", status: int = 200) -> str:
    answer = Client(headers={"Accept-Language": language}).get(f"/steering/{path}")
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_published_figure_is_said_in_every_language(language):
    page = get("2024-H1/", language)
    read = words(page)
    capital = units.name("H26", HALF.last, language)
    for key, said in SAID.items():
        sentence = " ".join(said[language].partition(SUBMITTED_BY[language])[0].split())
        assert sentence.replace("Ha Noi", capital) in read, key
        assert f'href="figures/{key}/"' in page
    assert len(SAID) == 36
    assert read.count(SUBMITTED_BY[language]) == 36
    direction = "rtl" if language == "ar" else "ltr"
    assert re.search(rf'<html[^>]* lang="{language}"', page)
    assert re.search(rf'<html[^>]* dir="{direction}"', page)
    for number in NUMBERS[language]:
        assert number in html.unescape(page), number
    assert not re.search("[٠-٩]", page), "western digits, as the official reports have them"


def test_both_numbers_stand_there_where_both_exist():
    read = words(get("2024-H1/"))
    assert "8,778,722" in read
    assert re.search(r"Computed from the records: 92; difference from the submitted figure: .8,778,630\b", read), read
    assert "computed from the records: 89.1" in read, "the on-time rate is computed alone"


def test_simulated_records_are_called_so_on_every_page():
    addresses = ("2024-H1/", f"2024-H1/figures/{STAYS}/", "2024-H1/figures/ipv6.rate/")
    assert not any("Simulated" in get(path) for path in addresses)
    Installation.objects.create(key="simulated", value={"scale": "0.001", "seed": 1})
    with task_side():
        published(LATER)
    for path in addresses:
        assert "the computed figures come from simulated records at the scale 1:1,000" in words(get(path)), path
    assert b"1:1,000" in download("csv")


def test_the_list_names_each_report_newest_first_and_opens_those_that_were_replaced(report, monkeypatch):
    put(STAYS, ("H38", "2024-05-05", 8))
    with task_side():
        published(LATER)
        published(LATER + timedelta(seconds=1), "H38")
    page = get("")
    read = words(page)
    assert read.index("first half of 2024 Lao Cai") < read.index("first half of 2024 The whole country")
    assert read.index("The whole country") < read.index("first half of 2024 Replaced The whole country")
    assert page.count('href="/steering/2024-H1/"') == 1, "only the newest opens under the period"
    unit, newer, older = queries.published()
    assert (unit.newest, newer.newest, older.newest) == (True, True, False)
    for one in (unit, newer, older):
        assert f'href="/steering/published/{one.sha256}.json"' in page
    assert get(f"published/{older.sha256}.json").encode() == reports.to_json(report)
    assert get(f"published/{older.sha256}.csv")
    monkeypatch.setattr(queries, "PAGE", 2)
    assert f'href="?after={newer.id}"' in get("")
    assert older.sha256 in get(f"?after={newer.id}")
    assert newer.sha256 not in get(f"?after={newer.id}")


def test_the_list_says_until_which_day_a_report_of_an_open_period_goes():
    assert "until" not in words(get(""))
    with task_side():
        published(LATER - timedelta(days=100), "H38")
    assert "first half of 2024 until 2 April 2024 Lao Cai" in words(get(""))
    assert "The period is not over: this report goes until 2 April 2024." in words(get("2024-H1/units/H38/"))


def test_a_figure_that_is_computed_opens_to_what_it_rests_on(report):
    for language in LANGUAGES:
        page = get(f"2024-H1/figures/{STAYS}/", language)
        read = words(page)
        assert report.evidence.checkpoint.split("\n")[2] in html.unescape(page)
        for segment in report.evidence.segments:
            named = segment.path in page
            assert named == (segment.fact == "lodging.stay_notified")
            assert (segment.sha256 in page) == named
        for code in ("H26", "H38"):
            assert units.name(code, HALF.last, language) in read
        assert "92" in read
        assert "lodging.stay_notified" in read
        assert 'href="../../#lodging.notifications"' in page
        if language == "en":
            assert f"It rests on {len(re.findall(r'facts/[^<]*parquet', page))} sealed segments" in read
            assert len(re.findall("What it rests on", read)) == 1


def test_a_rate_shows_numerator_and_denominator_by_unit_and_month():
    read = words(get(f"2024-H1/figures/{ON_TIME}/"))
    for text in ("Numerator 82", "Denominator 92", "40 50 80", "42 42 100"):
        assert text in read, text


def test_a_figure_that_is_submitted_says_by_whom_and_that_no_formula_computes_it():
    page = get("2024-H1/figures/ipv6.world_rank/")
    read = words(page)
    assert "At which place does the country stand in the world in IPv6 adoption?" in read
    assert "No formula computes this figure yet" in read
    assert "half-year report of 10 July 2024" in read
    assert "lower is better" in read, "the note of the source"
    assert "checkpoint" not in read.lower()
    assert ".parquet" not in page


def test_the_unit_s_report_has_addresses_of_its_own(report):
    with task_side():
        published(unit="H38")
    page = get("2024-H1/units/H38/")
    read = words(page)
    assert "42" in read
    assert "8,778,722" not in read
    assert 'href="/steering/2024-H1/units/H38/report.json"' in page
    assert "42" in words(get(f"2024-H1/units/H38/figures/{STAYS}/"))
    assert json.loads(get("2024-H1/units/H38/report.json"))["unit"] == "H38"
    assert 'href="/steering/2024-H1/units/H38/"' in get("")


def test_a_unit_that_ended_with_the_period_keeps_its_name():
    Unit.objects.filter(code="H38").update(valid_to=HALF.end)
    assert "Lao Cai" in words(get(f"2024-H1/figures/{STAYS}/"))


NOWHERE = (
    *("2024-H2/", "2019/", "2024-h1/", "nonsense/", "٢٠٢٤-H1/", "%3Cscript%3E/", "2024-H1/units/H38/"),
    *("2024-H1/figures/no.such_figure/", "2024-H2/figures/ipv6.rate/", "2024-H1/units/H99/report.json"),
    *(f"published/{'0' * 64}.json", "published/x.pdf", "?after=x"),
    *("2024-H1/report.exe", "2024-H1/report.html", "2024-H2/report.pdf", "2024-H1/report.", "2024-H2/report.json"),
)


def test_what_is_not_there_is_404_with_a_way_out():
    for path in NOWHERE:
        page = get(path, status=404)
        assert 'href="/"' in page, path
        assert "<script>/" not in page
    get("2024-H1%00/", status=400)


def test_nothing_is_sent_to_it():
    for path in ("", "2024-H1/", f"2024-H1/figures/{STAYS}/", "2024-H1/report.json", "published/x.json"):
        assert Client().post(f"/steering/{path}").status_code == 405


# Files


def download(kind: str, language: str = "en") -> bytes:
    answer = Client(headers={"Accept-Language": language}).get(f"/steering/2024-H1/report.{kind}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="report-2024-H1.{kind}"'
    return answer.content


def test_the_page_links_to_each_file():
    page = get("2024-H1/")
    for kind in ("pdf", "csv", "json"):
        assert f'href="/steering/2024-H1/report.{kind}"' in page


def test_the_json_is_what_was_published_byte_for_byte(report):
    for language in LANGUAGES:
        assert download("json", language) == reports.to_json(report)
    ring = rings.reader(Ring.PUBLIC)
    leaf = json.loads(ring.entry(ring.size - 1))
    assert leaf["report"] == hashlib.sha256(download("json")).hexdigest()


def test_the_csv_has_a_row_for_each_figure():
    for language in LANGUAGES:
        content = download("csv", language)
        assert content.startswith(b"\xef\xbb\xbf"), "so that spreadsheets read the letters"
        rows = {row["key"]: row for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))}
        assert len(rows) == 37
        assert set(SAID) <= set(rows)
        assert (rows[STAYS]["value"], rows[STAYS]["computed"], rows[STAYS]["computed_by"]) == (
            "8778722",
            "92",
            "lodging",
        )
        assert (rows["digital_economy.growth"]["value"], rows["digital_economy.growth"]["qualifier"]) == (
            "22.4",
            "estimate",
        )
        assert rows[HOUSES]["computed"] == "3"
        assert rows["ipv6.rate"]["computed"] == ""


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_pdf_is_one_in_the_reader_s_language(language):
    content = download("pdf", language)
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")


# Time and size


def test_a_page_shows_the_report_as_it_was_published_until_there_is_another(report):
    before = words(get("2024-H1/"))
    put(STAYS, ("H38", "2024-05-05", 8))
    assert words(get("2024-H1/")) == before
    with task_side():
        published(LATER)
    assert "Computed from the records: 100" in words(get("2024-H1/"))


def test_the_first_view_stays_small():
    for path in ("", "2024-H1/", f"2024-H1/figures/{STAYS}/"):
        assert len(gzip.compress(get(path).encode())) < 60_000, path


def test_a_page_asks_the_database_a_few_questions_only(django_assert_max_num_queries):
    get("2024-H1/")
    for path in ("", "2024-H1/", f"2024-H1/figures/{STAYS}/"):
        with django_assert_max_num_queries(6):
            get(path)
