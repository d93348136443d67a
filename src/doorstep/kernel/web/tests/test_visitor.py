"""Language and theme are one link each, work without script, and lead back to this site only."""

import pytest

from doorstep.kernel.web import layout

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "form",
    "",
    "\t//evil.example",
]


@pytest.mark.parametrize(("language", "direction"), [("vi", "ltr"), ("en", "ltr"), ("de", "ltr"), ("ar", "rtl")])
def test_the_chosen_language_stands_above_the_browser_s(reader, language, direction):
    client = reader("de")
    answer = client.get(f"/language/{language}?next=/form%3Fa%3D%C3%A0")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/form?a=%C3%A0")
    assert f'<html lang="{language}" dir="{direction}"' in client.get("/").content.decode()


def test_without_a_choice_the_browser_s_language_holds_then_the_profile_s(reader):
    assert '<html lang="ar"' in reader("fr, ar;q=0.5").get("/").content.decode()
    assert '<html lang="vi"' in reader("fr").get("/").content.decode()


@pytest.mark.parametrize("theme", layout.THEMES)
def test_the_theme_is_an_attribute_of_the_page(reader, theme):
    client = reader()
    assert client.get(f"/theme/{theme}?next=/form").headers["Location"] == "/form"
    assert f'data-color-scheme="{theme}"' in client.get("/").content.decode()


def test_a_cookie_made_by_somebody_else_chooses_nothing(reader):
    client = reader()
    client.cookies["theme"] = '"><script>'
    client.cookies["language"] = "xx"
    page = client.get("/").content.decode()
    assert 'data-color-scheme="auto"' in page
    assert '<html lang="en"' in page


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("path", ["/language/vi", "/theme/dark"])
def test_nobody_is_led_elsewhere(reader, path, where):
    assert reader().get(path, {"next": where}).headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/language/xx", "/theme/pink"])
def test_there_are_no_other_choices(reader, path):
    assert reader().get(path).status_code == 404
