"""The frame of every page: who is signed in, what they may do, and the notice of a simulation."""

import math
from types import SimpleNamespace

import pytest

from doorstep.kernel.testing.tryout import ACTOR, DO_IT
from doorstep.kernel.web import layout
from doorstep.kernel.web.routes import PUBLIC, Entry


@pytest.fixture
def two_entries(monkeypatch):
    config = SimpleNamespace(title="Rooms", menu=(Entry(DO_IT, "guarded", "Try it"), Entry(PUBLIC, "home", "For all")))
    monkeypatch.setattr(layout, "systems", lambda: [config])


def entries(actor, path):
    return [entry for group in layout.menu(actor, path) for entry in group["entries"]]


def test_the_menu_holds_what_the_actor_may(two_entries):
    assert [entry["text"] for entry in entries(ACTOR, "/guarded")] == ["Try it", "For all"]
    assert [entry["text"] for entry in entries(None, "/")] == ["For all"]


def test_the_menu_marks_where_one_is(two_entries):
    assert [entry["current"] for entry in entries(ACTOR, "/guarded/rooms")] == [True, False]
    assert [entry["current"] for entry in entries(ACTOR, "/")] == [False, True]


def test_of_two_entries_above_the_page_the_nearer_is_marked(two_entries, monkeypatch):
    monkeypatch.setattr(layout, "reverse", {"guarded": "/a/", "home": "/a/b/"}.get)
    for path, current in (("/a/", [True, False]), ("/a/b/c", [False, True]), ("/a/c", [True, False])):
        assert [entry["current"] for entry in entries(ACTOR, path)] == current


def test_a_long_menu_is_read_by_groups(two_entries, monkeypatch, reader):
    client = reader("en", actor=ACTOR)
    assert [group["title"] for group in layout.menu(ACTOR, "/")] == [""]
    assert 'name="menu"' not in client.get("/").content.decode()
    work = [Entry(DO_IT, "guarded", "Try it", "Work"), Entry(PUBLIC, "home", "For all", "Work")]
    rooms = [Entry(PUBLIC, "inbox", "Keys")]
    configs = [SimpleNamespace(title="Tasks", menu=work), SimpleNamespace(title="Rooms", menu=rooms)]
    monkeypatch.setattr(layout, "systems", lambda: configs)
    monkeypatch.setattr(layout, "FEW", 2)
    assert [(group["title"], len(group["entries"])) for group in layout.menu(ACTOR, "/")] == [("Work", 2), ("", 1)]
    page = client.get("/").content.decode()
    menu = page[page.index('<nav class="room menu"') : page.index("</nav>")]
    assert '<summary aria-current="true">Work</summary>' in menu
    assert '<li><a href="/" aria-current="page">For all</a></li>' in menu
    assert menu.count("<details") == 1
    assert "Rooms" not in menu, "a group of one entry is that entry"
    assert "<summary>Work</summary>" in client.get("/form").content.decode()


def test_on_a_phone_a_long_menu_is_the_home_page(two_entries, monkeypatch, reader):
    client = reader("en", actor=ACTOR)
    assert "menu-long" not in client.get("/").content.decode()
    monkeypatch.setattr(layout, "FEW_ON_A_PHONE", 1)
    assert '<ul class="menu-long">' in client.get("/").content.decode()


def test_the_signed_in_person_is_greeted_with_the_role(reader):
    page = reader(actor=ACTOR).get("/").content.decode()
    assert '<bdi class="who-name">Hoà</bdi>' in page
    assert "Trier" in page
    assert 'action="/sign-out"' in page
    assert 'action="/sign-out"' not in reader().get("/").content.decode()


@pytest.mark.parametrize(
    ("language", "scale"), [("en", "0.001"), ("de", "0,001"), ("vi", "0,001"), ("ar", "\u200e0.001")]
)
def test_every_page_of_a_simulation_says_so_with_the_scale(reader, monkeypatch, language, scale):
    monkeypatch.setattr(layout, "_scale", (math.inf, "0.001"))
    for path in ("/", "/no-such-place"):
        page = reader(language).get(path).content.decode()
        assert 'class="simulated"' in page
        assert f"<bdi>{scale}</bdi>" in page


def test_real_records_carry_no_such_notice(reader):
    assert 'class="simulated"' not in reader().get("/").content.decode()


@pytest.mark.django_db
def test_the_scale_comes_from_the_installation(monkeypatch):
    from doorstep.kernel.store.models import Installation

    monkeypatch.setattr(layout, "_scale", (0.0, ""))
    Installation.objects.create(key="simulated", value={"scale": 0.001, "seed": 1})
    assert str(layout.simulated_scale()) == "0.001"
