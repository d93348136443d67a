"""A form says what each field wants, what is wrong where, and leads there by keyboard."""

import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from django.utils.translation import override

from doorstep.kernel.web.forms import Day, Form

GOOD = {"name": "Hoà", "kind": "a", "sure": "on", "place": "x"}


def attribute(page: str, element: str, name: str) -> str:
    tag = re.search(rf'<\w+[^>]*\bid="{element}"[^>]*>', page)
    assert tag, element
    found = re.search(rf'\b{name}="([^"]*)"', tag.group())
    return found.group(1) if found else ""


def test_each_input_has_a_label_and_its_hint(reader):
    page = reader().get("/form").content.decode()
    for field in ("name", "day", "place", "remark", "file", "sure"):
        assert f'for="id_{field}"' in page
        assert attribute(page, f"id_{field}", "class") == "ds-input"
    assert attribute(page, "id_name", "aria-describedby") == "id_name_helptext"
    assert attribute(page, "id_name", "autocomplete") == "name"
    assert attribute(page, "id_day", "type") == "date"
    assert "As on the card" in page


def test_a_group_is_a_fieldset_with_a_legend(reader):
    page = reader().get("/form").content.decode()
    assert re.search(r'<fieldset class="ds-fieldset">\s*<legend class="ds-label">Kind</legend>', page)
    assert page.count('type="radio"') == 2
    assert 'for="id_kind_0"' in page


def test_optional_fields_say_so(reader):
    page = reader("en").get("/form").content.decode()
    assert page.count("(optional)") == 3


@pytest.mark.parametrize("filters", [True, False])
def test_a_filter_does_not_say_that_it_may_stay_empty(filters):
    form = type("Some", (Form,), {"filters": filters, "day": Day(label="Day", required=False)})()
    with override("en"):
        assert ("(optional)" in str(form)) is not filters


def test_what_is_missing_is_listed_and_linked(reader):
    page = reader().post("/form", {"name": ""}).content.decode()
    summary = page[page.index("ds-error-summary") : page.index("<form") + 3000]
    for field in ("name", "kind", "sure", "place"):
        assert f'href="#id_{field}"' in summary
        assert f'id="id_{field}"' in page
    assert 'href="#id_day"' not in summary
    assert attribute(page, "id_name", "aria-invalid") == "true"
    assert attribute(page, "id_name", "aria-describedby") == "id_name_helptext id_name_error"
    assert 'id="id_name_error"' in page
    assert "<title>Please check:" in page


def test_a_form_without_mistakes_has_no_summary(reader):
    assert "ds-error-summary" not in reader().get("/form").content.decode()


def test_reasons_of_a_refusal_stand_at_their_fields_or_above(reader):
    page = reader().post("/form", GOOD).content.decode()
    at_field = page[page.index('id="id_name_error"') :]
    assert at_field.index("<bdi>&lt;b&gt;</bdi> occurs <bdi>1,200</bdi> times. Leave <bdi>&lt;b&gt;</bdi> out.") < 200
    above = page[page.index("ds-error-summary") : page.index('id="id_name"')]
    assert "Line <bdi>3</bdi>: The name <bdi>x</bdi> occurs <bdi>1</bdi> times." in above


def test_what_was_typed_stays_and_is_escaped(reader):
    page = reader().post("/form", {"name": '"><script>', "remark": "</textarea>"}).content.decode()
    assert 'value="&quot;&gt;&lt;script&gt;"' in page
    assert "&lt;/textarea&gt;" in page


def test_a_form_that_takes_no_files_keeps_none(reader, monkeypatch):
    monkeypatch.setattr(TemporaryUploadedFile, "__init__", None)  # who makes one, fails
    answer = reader().post("/form", {"name": "Hoà", "file": SimpleUploadedFile("a.txt", b"a" * 1_500_000)})
    assert answer.status_code == 200
    assert not answer.wsgi_request.FILES


@pytest.mark.parametrize("path", ["/form", "/sign-out"])
def test_nobody_makes_the_csrf_check_read_a_large_file(path):
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    file = SimpleUploadedFile("a.txt", b"a" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))
    assert client.post(path, {"file": file}).status_code == 413
