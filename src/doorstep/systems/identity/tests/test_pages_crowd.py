"""The crowd before signing in: a place, an honest time, and nobody who was called waits again."""

import threading

import pytest
from django.test import Client

from doorstep.systems.identity.pages import crowd

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def busy(home, monkeypatch):
    """A queue in which 500 wait, at ten a second; the clock of the crowd stands still unless a test moves it."""
    places = crowd.Places(home / "run" / "crowd")
    monkeypatch.setattr(crowd, "places", lambda: places)
    clock = [1_000.0]
    monkeypatch.setattr(crowd.time, "time", lambda: clock[0])
    with places.held(clock[0]) as box:
        box[0] = crowd.Queue(500, 0.0, 10.0, clock[0])
    return clock


def test_somebody_who_comes_late_gets_a_place_and_an_honest_time(busy):
    client = Client()
    answer = client.get("/identity/sign-in/", headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert answer.headers["Refresh"] == "25"
    page = answer.content.decode()
    assert "501" in page
    assert "at most: <strong><bdi>1</bdi>" in page
    assert len(answer.content) < 3_000


def test_the_place_is_kept_and_called_in_turn(busy):
    first, second = Client(), Client()
    assert first.get("/identity/sign-in/").status_code == 503
    assert second.get("/identity/sign-in/").status_code == 503
    busy[0] += 49.91
    assert first.get("/identity/sign-in/").status_code == 200
    assert second.get("/identity/sign-in/").status_code == 503
    busy[0] += 1
    assert second.get("/identity/sign-in/").status_code == 200


def test_whoever_was_called_finishes_whatever_comes(busy):
    client = Client()
    client.get("/identity/sign-in/")
    busy[0] += 60
    assert client.get("/identity/sign-in/").status_code == 200
    with crowd.places().held(busy[0]) as box:
        box[0] = crowd.Queue(90_000, box[0].called, 1.0, busy[0])
    assert client.post("/identity/sign-in/", {"login": "x", "password": "y"}).status_code == 422
    busy[0] += crowd.INSIDE_SECONDS
    assert client.get("/identity/sign-in/").status_code == 503


def test_threads_are_left_for_the_light_page(home, monkeypatch, settings, db):
    places, threads = crowd.Places(home / "run" / "crowd"), crowd.Threads()
    monkeypatch.setattr(crowd, "places", lambda: places)
    monkeypatch.setattr(crowd, "_threads", threads)
    client = Client()
    threads.busy = settings.WEB_THREADS - crowd.LIGHT
    answer = client.get("/identity/sign-in/")
    assert (answer.status_code, answer.headers["Refresh"]) == (503, "3")
    assert client.get("/identity/sign-in/").status_code == 200, "whoever was called goes before those who come"
    threads.busy -= 1
    assert Client().get("/identity/sign-in/").status_code == 200


def test_a_forged_place_is_none(busy):
    client = Client()
    client.cookies[crowd.COOKIE] = "WzEsOTk5OTk5OTk5OV0:1rXXXX:forged"
    assert client.get("/identity/sign-in/").status_code == 503


def test_other_pages_know_nothing_of_it(busy):
    assert Client().get("/").status_code == 200


def test_many_at_once_get_a_place_each(home):
    places, got = crowd.Places(home / "run" / "crowd"), []

    def join():
        for _ in range(200):
            with places.held(1.0) as box:
                box[0] = box[0].joined()
                got.append(box[0].given)

    threads = [threading.Thread(target=join) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 1_601))
