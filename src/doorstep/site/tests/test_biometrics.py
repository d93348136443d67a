"""The stand-in for a system of biometrics, and how identity asks one: slow, down, another person, a broken answer."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from doorstep.kernel import wire
from doorstep.kernel.values.reasons import Unavailable
from doorstep.kernel.wire import Place
from doorstep.site.biometrics_stand_in import StandIn, likeness
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.pages.captures import capture_for, compare
from doorstep.systems.identity.pages.portraits import read_portrait
from doorstep.systems.identity.simulation.portraits import draw, keep

HERE, OTHER, UNKNOWN = "900090000123", "900090000777", "900090000888"


@pytest.fixture
def stand_in(settings, tmp_path) -> Iterator[StandIn]:
    for number in (HERE, OTHER):
        keep(tmp_path / "portraits", number)
    token = tmp_path / "token"
    token.write_text("t0ken\n")
    with StandIn(0, tmp_path / "portraits", "t0ken") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.BIOMETRICS = Place(server.url, token)
        yield server
        server.shutdown()
        thread.join()


def misbehave(stand_in: StandIn, how: str, **more: object) -> None:
    answer = httpx.post(stand_in.url.replace("/stand-in/", "/misbehave"), json={"how": how, **more})
    assert answer.status_code == 200


def test_a_capture_of_whom_it_should_be(stand_in):
    capture = capture_for(HERE, Level.TWO)
    assert capture is not None
    assert (capture.known, capture.match, capture.score, capture.quality) == (True, True, 100, 90)
    assert capture_for(HERE, Level.TWO) != capture, "each capture has a reference of its own"


def test_nothing_is_captured_for_a_level_that_needs_none(settings):
    settings.BIOMETRICS = None
    assert capture_for(HERE, Level.ONE) is None


def test_somebody_else_before_the_camera_and_somebody_unknown(stand_in):
    misbehave(stand_in, "other")
    other = capture_for(HERE, Level.TWO)
    assert other is not None
    assert (other.known, other.match) == (True, False)
    assert other.score < 60
    unknown = capture_for(UNKNOWN, Level.TWO)
    assert unknown is not None
    assert (unknown.known, unknown.match) == (False, False)
    misbehave(stand_in, "poor")
    poor = capture_for(HERE, Level.TWO)
    assert poor is not None
    assert poor.quality == 20


def test_a_portrait_that_was_made_small_and_saved_anew_is_the_same_person(stand_in, tmp_path):
    with (tmp_path / "portraits" / f"{HERE}.png").open("rb") as file:
        portrait = read_portrait(file)
    assert isinstance(portrait, bytes)
    assert compare(HERE, portrait).match
    assert not compare(OTHER, portrait).match
    assert not compare(UNKNOWN, portrait).known


def test_made_up_faces_differ():
    faces = [draw(f"9000900{n:05}") for n in range(12)]
    assert max(likeness(one, two) for one in faces for two in faces if one is not two) < 85


@pytest.mark.parametrize("how", ["down", "broken"])
def test_a_bad_answer_is_none_and_the_next_one_is_good(stand_in, how):
    misbehave(stand_in, how)
    with pytest.raises(Unavailable, match="no_answer"):
        capture_for(HERE, Level.TWO)
    assert capture_for(HERE, Level.TWO)


def test_nobody_waits_longer_than_the_wire_does(stand_in, monkeypatch):
    monkeypatch.setattr(wire, "WHOLE", 0.3)
    misbehave(stand_in, "slow", seconds=1)
    with pytest.raises(Unavailable):
        capture_for(HERE, Level.TWO)


def test_nothing_is_connected_or_nobody_listens(settings, tmp_path):
    settings.BIOMETRICS = None
    with pytest.raises(Unavailable, match="no_biometrics"):
        capture_for(HERE, Level.TWO)
    (tmp_path / "token").write_text("x")
    settings.BIOMETRICS = Place("http://127.0.0.1:9/", tmp_path / "token")
    with pytest.raises(Unavailable):
        capture_for(HERE, Level.TWO)


def test_strangers_and_nonsense_are_refused(stand_in):
    ask = f"{stand_in.url}compare"
    assert httpx.post(ask, json={"subject": HERE}).status_code == 401
    known = {"Authorization": "Bearer t0ken"}
    for body in (b"", b"{", b"[]", b'{"subject": 1}', b'{"subject": "x", "portrait": "%"}', b"\xff"):
        assert httpx.post(ask, content=body, headers=known).status_code == 400
    for subject in ("../../etc/passwd", "a:..", ""):
        told = {"subject": subject, "portrait": b64encode(b"x").decode()}
        assert httpx.post(ask, json=told, headers=known).status_code == 400
    told = {"subject": HERE, "portrait": b64encode(b"no picture").decode()}
    assert httpx.post(ask, json=told, headers=known).status_code == 400
    assert httpx.post(stand_in.url.replace("/stand-in/", "/misbehave"), json={"how": "explode"}).status_code == 400
    assert httpx.get(stand_in.url.replace("/stand-in/", "/../token")).status_code == 404


def test_the_portraits_are_shown_to_try_with(stand_in):
    root = stand_in.url.replace("/stand-in/", "/")
    assert HERE in httpx.get(root).text
    assert httpx.get(f"{root}{HERE}.png").content == draw(HERE)


def test_nothing_of_what_was_sent_is_kept(stand_in, tmp_path):
    before = sorted(Path(tmp_path).rglob("*"))
    compare(HERE, draw(HERE))
    assert sorted(Path(tmp_path).rglob("*")) == before
    assert json.dumps(list(stand_in.misbehaviour)) == "[]"
