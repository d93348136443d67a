"""Anybody opens the reports: in four languages, every figure with what stands behind it, and never an engine in the web."""

import csv
import html
import io
import json
import re
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from doorstep.kernel.lake import rings
from doorstep.kernel.lake.models import Ring
from doorstep.kernel.store.models import Installation
from doorstep.kernel.web import layout
from doorstep.systems.steering import queries
from doorstep.systems.steering.rules import report as reports
from doorstep.systems.steering.tests.builders import LANGUAGES, VECTORS
from doorstep.systems.steering.tests.records import (
    HOUSES,
    LATER,
    ON_TIME,
    STAYS,
    half_a_year,
    official_units,
    published,
    put,
    submit,
)

pytestmark = pytest.mark.django_db
SAID = json.loads((VECTORS / "sentences.json").read_text())
"""What the report says of each published figure, in each language, the submitter last."""
SUBMITTED_BY = {"vi": "Đơn vị báo cáo:", "en": "Submitted by", "de": "Eingereicht von:", "ar": "الجهة المقدِّمة:"}


@pytest.fixture(autouse=True)
def report(home: Path, monkeypatch) -> reports.Report:
    """A published report; from then on whoever imports an engine fails."""
    monkeypatch.setattr(layout, "_scale", (0.0, ""))
    official_units()
    submit()
    half_a_year()
    made = published()
    for engine in ("duckdb", "ibis", "doorstep.kernel.lake.engine", "doorstep.systems.steering.tasks"):
        monkeypatch.setitem(sys.modules, engine, None)
    return made


def get(path: str, language: str = "en", status: int = 200) -> str:
    answer = Client(headers={"Accept-Language": language}).get(f"/steering/{path}")
    assert answer.status_code == status
    return answer.content.decode()


def words(page: str) -> str:
    """What a reader reads, without marks of direction."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", " ", body))
    return " ".join(re.sub("[\u2066-\u2069\u200e\u200f]", "", text).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_published_figure_is_said_in_every_language(language):
    page = get("2024-H1/", language)
    read = words(page)
    for key, said in SAID.items():
        sentence = " ".join(said[language].partition(SUBMITTED_BY[language])[0].split())
        assert sentence in read, key
        assert f'href="figures/{key}/"' in page
    assert len(SAID) == 36
    assert read.count(SUBMITTED_BY[language]) == 36
    direction = "rtl" if language == "ar" else "ltr"
    assert re.search(rf'<html[^>]* lang="{language}"', page)
    assert re.search(rf'<html[^>]* dir="{direction}"', page)


def test_numbers_are_written_as_the_language_writes_them():
    written = {
        "vi": ("8.778.722", "82,2%", "14.528 tỷ đồng"),
        "en": ("8,778,722", "82.2%", "14,528 billion VND"),
        "de": ("8.778.722", "82,2\u00a0%", "14.528 Mrd. VND"),
        "ar": ("8,778,722", "82.2%", "14,528"),
    }
    for language, (count, rate, money) in written.items():
        page = html.unescape(get("2024-H1/", language))
        for text in (count, rate):
            assert text in page, (language, text)
        assert money.split()[0] in page
        assert not re.search("[٠-٩]", page), "western digits, as the official reports have them"


def test_both_numbers_stand_there_where_both_exist():
    read = words(get("2024-H1/"))
    assert "8,778,722" in read
    assert "Computed from the records: 92; difference from the submitted figure: −8,778,630" in read.replace("-8", "−8")
    assert "computed from the records: 89.1" in read, "the on-time rate is computed alone"


def test_simulated_records_are_called_so_on_every_page():
    for path in ("2024-H1/", f"2024-H1/figures/{STAYS}/"):
        assert "Simulated" not in get(path)
    Installation.objects.create(key="simulated", value={"scale": "0.001", "seed": 1})
    sys.modules.pop("doorstep.systems.steering.tasks", None)


def test_the_list_names_each_report_newest_first(report):
    page = get("")
    digest = queries.published()[0].sha256
    assert 'href="/steering/2024-H1/"' in page
    assert digest[:16] in page
    assert "The whole country" in words(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_that_is_computed_opens_to_what_it_rests_on(report, language):
    page = get(f"2024-H1/figures/{STAYS}/", language)
    read = words(page)
    assert report.evidence.checkpoint.split("\n")[2] in html.unescape(page)
    for segment in report.evidence.segments:
        named = segment.path in page
        assert named == (segment.fact == "lodging.stay_notified")
        assert (segment.sha256 in page) == named
    for name in ("Lào Cai", "Hà Nội") if language == "vi" else ():
        assert name in read
    assert "92" in read
    assert "lodging.stay_notified" in read
    assert 'href="../../#lodging.notifications"' in page


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


def test_the_unit_s_report_has_addresses_of_its_own(report, monkeypatch):
    monkeypatch.undo()
    published(unit="H38")
    page = get("2024-H1/units/H38/")
    read = words(page)
    assert "42" in read
    assert "8,778,722" not in read
    assert 'href="/steering/2024-H1/units/H38/report.json"' in page
    assert "42" in words(get(f"2024-H1/units/H38/figures/{STAYS}/"))
    assert json.loads(get("2024-H1/units/H38/report.json"))["unit"] == "H38"
    assert 'href="/steering/2024-H1/units/H38/"' in get("")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "2024-H2/",
            "2019/",
            "2024-h1/",
            "nonsense/",
            "2024-H1%00/",
            "٢٠٢٤-H1/",
            "%3Cscript%3E/",
            "2024-H1/units/H38/",
        ),
        *("2024-H1/figures/no.such_figure/", "2024-H2/figures/ipv6.rate/", "2024-H1/units/H99/report.json"),
        *("2024-H1/report.exe", "2024-H1/report.html", "2024-H2/report.pdf", "2024-H1/report.", "2024-H2/report.json"),
    ],
)
def test_what_is_not_there_is_404_with_a_way_out(path):
    page = get(path, status=404)
    assert 'href="/"' in page
    assert "<script>/" not in page


@pytest.mark.parametrize("path", ["", "2024-H1/", f"2024-H1/figures/{STAYS}/", "2024-H1/report.json"])
def test_nothing_is_sent_to_it(path):
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
    import hashlib

    assert leaf["report"] == hashlib.sha256(download("json")).hexdigest()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_csv_has_a_row_for_each_figure(language):
    content = download("csv", language)
    assert content.startswith(b"\xef\xbb\xbf"), "so that spreadsheets read the letters"
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))}
    assert len(rows) == 37
    assert set(SAID) <= set(rows)
    assert (rows[STAYS]["value"], rows[STAYS]["computed"], rows[STAYS]["computed_by"]) == ("8778722", "92", "lodging")
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


def test_a_page_shows_the_report_as_it_was_published_until_there_is_another(report, monkeypatch):
    before = words(get("2024-H1/"))
    put(STAYS, ("H38", "2024-05-05", 8))
    assert words(get("2024-H1/")) == before
    monkeypatch.undo()
    published(LATER)
    assert "Computed from the records: 100" in words(get("2024-H1/"))


def test_the_first_view_stays_small():
    import gzip

    for path in ("", "2024-H1/", f"2024-H1/figures/{STAYS}/"):
        assert len(gzip.compress(get(path).encode())) < 60_000, path


def test_a_page_asks_the_database_a_few_questions_only(django_assert_max_num_queries):
    get("2024-H1/")
    for path in ("", "2024-H1/", f"2024-H1/figures/{STAYS}/"):
        with django_assert_max_num_queries(6):
            get(path)


def test_migrations_are_complete():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
