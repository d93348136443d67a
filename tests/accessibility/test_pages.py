"""Pages in a browser: WCAG 2.2 AA, four languages, narrow and wide, light and dark, by keyboard, small, without script."""

import brotli
import pytest
from django.db import connections
from django.utils import timezone

from doorstep.kernel.web import layout
from doorstep.systems.steering import tasks
from doorstep.systems.steering.tests.builders import PUBLISHED
from doorstep.systems.steering.tests.records import AT, official_units, submit

SIGN_IN = ["/identity/sign-in/", "/identity/sign-in/passcode/"]
"""They ask the database which outside e-IDs there are."""
IDENTITY = [
    "/identity/activate/",
    "/identity/loss/",
    "/identity/apply/",
]
PATHS = [*IDENTITY, "/", "/sign-in", "/parts", "/form", "/inbox", "/letters", "/phone", "/no-such-place"]
WAYS = [("vi", 1200, "light"), ("en", 1200, "dark"), ("de", 360, "light"), ("ar", 360, "dark")]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FIRST_VIEW = 100_000  # bytes, compressed: HTML, CSS, script, pictures and fonts


@pytest.fixture
def visit(browser, address):
    """Opens a page in one way, and fails at the end when the browser's console complained."""
    contexts, complaints = [], []

    def open_page(path, language="en", width=1200, theme="light", *, script=True):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, locale=language, color_scheme=theme, java_script_enabled=script
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for text in complaints if "the server responded with a status of 4" not in text] == []


def broken(page, axe: str) -> list[tuple[str, list[str]]]:
    page.evaluate(axe)
    result = page.evaluate("tags => axe.run({runOnly: tags})", WCAG)
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in result["violations"]]


def follow(page, selector: str) -> None:
    """Clicks what leads to a page, and waits until that page is there whole."""
    with page.expect_navigation():
        page.click(selector)


def await_focus(page, selector: str) -> None:
    """The browser moves the focus a moment after the page is there, or after the key."""
    page.wait_for_function("selector => document.activeElement.matches(selector)", arg=selector, timeout=10_000)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("language", "width", "theme"), WAYS)
def test_everybody_can_use_the_page(visit, axe, path, language, width, theme):
    page = visit(path, language, width, theme)
    assert broken(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.lang") == language


@pytest.mark.parametrize(("language", "width", "theme"), WAYS[2:])
def test_a_form_with_mistakes_leads_to_them(visit, axe, language, width, theme):
    page = visit("/form", language, width, theme)
    follow(page, "main button")
    await_focus(page, ".ds-error-summary")
    assert broken(page, axe) == []
    page.click(".ds-error-summary a")
    await_focus(page, "#id_name")


def test_the_first_tab_skips_to_the_content(visit):
    page = visit("/parts")
    page.keyboard.press("Tab")
    await_focus(page, "a[href='#main']")
    assert page.evaluate("document.activeElement.getBoundingClientRect().height") > 20
    page.keyboard.press("Enter")
    await_focus(page, "#main")


def test_the_caption_of_a_wide_table_is_read_without_scrolling(visit):
    page = visit("/parts", width=360)
    right = "element => element.getBoundingClientRect().right"
    assert page.locator(".ds-table").first.evaluate(right) > 360
    assert page.locator(".ds-table caption").first.evaluate(right) <= 360


def test_language_theme_and_sign_in_work_without_script(visit):
    page = visit("/", "en", script=False)
    page.click(".choice >> nth=0")
    follow(page, "text=العربية")
    assert page.locator("html[dir=rtl][lang=ar]").count() == 1
    page.click(".choice >> nth=1")
    follow(page, ".choice >> nth=1 >> a >> nth=2")
    assert page.locator("html[data-color-scheme=dark][lang=ar]").count() == 1
    if page.locator(".people button").count():
        follow(page, ".people button >> nth=0")
        assert page.locator(".who button").count() == 1
        follow(page, ".who button")
        assert page.locator(".who button").count() == 0


def test_the_chosen_theme_stands_above_the_device_s(visit):
    page = visit("/", theme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.click(".choice >> nth=1")
    follow(page, ".choice >> nth=1 >> a >> nth=1")
    assert page.evaluate(colour) != dark


@pytest.mark.parametrize("language", ["vi", "ar"])
@pytest.mark.parametrize("path", PATHS)
def test_the_first_view_is_small(browser, address, path, language):
    context = browser.new_context(locale=language)
    page = context.new_page()
    weights = {}
    page.on("response", lambda response: weights.update({response.url: response}))
    page.goto(address + path, wait_until="networkidle")
    sizes = {url: len(brotli.compress(answer.body(), quality=5)) for url, answer in weights.items()}
    context.close()
    assert sum(sizes.values()) <= FIRST_VIEW, sizes


# With a database: what the committee's secretary works with


@pytest.fixture
def beside_playwright(monkeypatch):
    """The driver's event loop runs in this thread; Django would take what stands beside it for part of it."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def served(home, beside_playwright, transactional_db, monkeypatch):
    """The server may ask the test's database; its threads end their connections with each request."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)


@pytest.mark.parametrize("path", SIGN_IN)
@pytest.mark.parametrize(("language", "width", "theme"), WAYS)
def test_everybody_can_sign_in(served, visit, axe, path, language, width, theme):
    page = visit(path, language, width, theme)
    assert page.locator("form[method=post]").count()
    assert broken(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture
def desk(visit, address, home, beside_playwright, transactional_db, monkeypatch):
    """Opens a page of the signed-in secretary, on the day when the published report came out."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    monkeypatch.setitem(
        connections.settings["default"], "CONN_MAX_AGE", 0
    )  # the server's threads end with each request
    official_units()
    submit()

    def open_page(path, *way, script=True):
        page = visit("/", *way, script=script)
        follow(page, "button[value='demo:secretary']")
        page.goto(address + path)
        return page

    return open_page


@pytest.mark.parametrize(("language", "width", "theme"), WAYS)
def test_everybody_can_be_the_secretary(desk, axe, tmp_path, language, width, theme):
    file = tmp_path / "figures.csv"
    file.write_bytes(PUBLISHED.replace(b"8778722", b"8778723").replace(b"percent", b"furlongs", 1))
    page = desk("/steering/figures/", language, width, theme)
    shown = [broken(page, axe)]
    follow(page, "main button")
    shown.append(broken(page, axe))
    await_focus(page, ".ds-error-summary")
    page.set_input_files("#id_file", file)
    follow(page, "main button")
    shown.append(broken(page, axe))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    follow(page, "main button")
    assert page.url.endswith("/steering/figures/")
    follow(page, ".menu a >> nth=1")
    follow(page, "main button")
    shown.append(broken(page, axe))
    assert page.locator("#asked tbody tr").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert shown == [[]] * 4


@pytest.mark.parametrize(("language", "width", "theme"), WAYS)
def test_a_long_menu_is_opened_by_keyboard(desk, axe, monkeypatch, language, width, theme):
    monkeypatch.setattr(layout, "FEW", 2)
    page = desk("/steering/figures/", language, width, theme)
    page.focus(".menu summary")
    page.keyboard.press("Enter")
    assert page.locator(".menu details a:visible").count() == 3
    assert broken(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/steering/")


@pytest.mark.parametrize("script", [True, False])
def test_what_became_of_a_request_is_seen_with_and_without_script(desk, script):
    page = desk("/steering/requests/", script=script)
    page.fill("#id_period", "2019-Q3")
    follow(page, "main button")
    said, state = page.locator("#said"), page.locator("#asked .status")
    assert (said.inner_text(), state.inner_text()) == ("Not every request is answered yet.", "Requested")
    tasks.make_requested(AT)
    if not script:
        follow(page, "#asked a")
    page.wait_for_selector("#asked .status[data-status=stopped]", timeout=10_000)
    assert (said.inner_text(), state.inner_text()) == ("Every request is answered.", "Failed")
    assert page.locator("#asked a").count() == 0
