"""A failure is told in the reader's language, with its repair, to programs and people alike, and gives nothing away."""

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.db import OperationalError
from django.test import Client
from django.utils import translation

from doorstep.kernel.testing.tryout import ACTOR
from doorstep.kernel.web import problems


def test_a_refusal_is_problem_json(reader):
    answer = reader().get("/api/refused")
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "That could not be done",
        "status": 422,
        "reasons": [
            {
                "code": "tryout.strange",
                "text": "The name <i>Hoà</i> occurs 1,200 times.",
                "repair": "Leave <i>Hoà</i> out.",
                "field": "name",
                "line": 7,
            }
        ],
        "accepted": 2,
    }


def test_a_refusal_is_a_page_with_isolated_and_escaped_values(reader):
    answer = reader("de").get("/refused")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "<bdi>&lt;i&gt;Hoà&lt;/i&gt;</bdi> occurs <bdi>1.200</bdi> times." in page
    assert "Leave <bdi>&lt;i&gt;Hoà&lt;/i&gt;</bdi> out." in page
    assert "<bdi>7</bdi>" in page


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("missing", 404, "tryout.strange"),
        ("conflict", 409, "tryout.strange"),
        ("database", 503, "kernel.database_away"),
        ("forbidden", 403, "kernel.forbidden"),
        ("no-such-place", 404, "kernel.no_page"),
    ],
)
@pytest.mark.parametrize("language", ["vi", "en", "de", "ar"])
def test_each_failure_has_its_status_and_a_way_out(reader, path, status, code, language):
    answer = reader(language).get(f"/api/{path}")
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (status, code)
    page = reader(language).get(f"/{path}")
    assert page.status_code == status
    text = page.content.decode()
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in text
    assert '<a class="ds-button" data-variant="secondary" href="/">' in text


@pytest.mark.parametrize("prefix", ["/", "/api/"])
def test_an_error_of_ours_shows_and_logs_no_record(prefix, caplog):
    client = Client(raise_request_exception=False)
    answer = client.get(f"{prefix}broken")
    assert answer.status_code == 500
    assert "900090000123" not in answer.content.decode()
    assert "900090000123" not in caplog.text
    assert "ValueError" in caplog.text
    assert "site.py" in caplog.text


def test_a_database_that_is_away_names_no_host(reader, caplog):
    assert "secret-host" not in reader().get("/database").content.decode()
    assert "secret-host" not in caplog.text


def test_a_session_that_cannot_be_read_is_the_same_503(reader, monkeypatch):
    client = reader(actor=ACTOR)

    def away(_self):
        raise OperationalError("away")

    monkeypatch.setattr(SessionStore, "load", away)
    client.raise_request_exception = False
    for path, place in (("/", "text/html"), ("/api/guarded", "application/problem+json")):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.headers["Content-Type"].startswith(place)


def test_a_form_without_its_token_is_told_so():
    answer = Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"}).post("/form", {"name": "x"})
    assert answer.status_code == 403
    assert "The form was open too long" in answer.content.decode()


def test_too_large_a_form_is_413(reader, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = reader().post("/form", {"name": "x" * 100})
    assert answer.status_code == 413


def test_a_broken_upload_is_400(reader):
    answer = reader().post("/form", b"nonsense", content_type="multipart/form-data; boundary=")
    assert answer.status_code == 400


def test_the_language_of_another_reader_does_not_stay(request_in):
    with translation.override("ar"):
        page = problems.problem(request_in("de"), ValueError()).content.decode()
    assert '<html lang="de" dir="ltr"' in page


@pytest.mark.parametrize("name", ["name", "other"])
def test_a_form_that_holds_a_nul_is_unreadable(reader, name):
    assert reader().post("/form", {name: "a\0b"}).status_code == 400
    assert reader().post("/form", {name: "ab"}).status_code == 200
