"""Every answer carries the strict policy; pages live at one name on this machine, programs anywhere."""

import re

import pytest

from doorstep.kernel.testing.tryout import ACTOR


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ("127.0.0.1:8123", "http://localhost:8123/form?a=1"),
        ("[::1]:8123", "http://localhost:8123/form?a=1"),
        ("127.0.0.1", "http://localhost/form?a=1"),
    ],
)
def test_pages_at_an_address_move_to_the_name(reader, host, where):
    answer = reader().get("/form?a=1", headers={"Host": host})
    assert (answer.status_code, answer.headers["Location"]) == (307, where)


@pytest.mark.parametrize("path", ["/health", "/api/guarded", "/log/checkpoint"])
@pytest.mark.parametrize("host", ["127.0.0.1:8123", "[::1]:8123"])
def test_programs_are_answered_at_every_address(reader, path, host):
    assert reader().get(path, headers={"Host": host}).status_code in {401, 404}


@pytest.mark.parametrize("host", ["127.0.0.1:80@example.org", "127.0.0.1:80.example.org", "[::1]:80/example.org"])
def test_only_a_port_follows_the_name(reader, host):
    assert reader().get("/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8123", "127.0.0.1.example"])
def test_other_names_are_left_alone(reader, host, settings):
    settings.ALLOWED_HOSTS = [host.partition(":")[0]]
    assert reader().get("/", headers={"Host": host}).status_code == 200


def test_a_form_sent_to_an_address_is_not_redirected(reader):
    assert reader().post("/form", headers={"Host": "127.0.0.1:8123"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/form", "/no-such-place", "/api/no-such-place", "/refused"])
def test_no_answer_allows_or_holds_inline_script_or_style(reader, path):
    answer = reader().get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_pages_of_a_signed_in_person_are_kept_by_no_cache(reader):
    assert reader(actor=ACTOR).get("/").headers["Cache-Control"] == "private, no-store"
    assert "no-store" not in reader().get("/").headers.get("Cache-Control", "")
