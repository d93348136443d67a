"""Whatever a program sends to lodging's API, the answer is one that the description names, and never a fault of ours."""

import json
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from doorstep.kernel.store import tokens
from doorstep.kernel.store.models import FactBatch
from doorstep.kernel.store.writing import By
from doorstep.site.wsgi import application
from doorstep.systems.lodging.models import Notice, OpenStay, Stay
from doorstep.systems.lodging.tests.builders import AT, foreigner
from doorstep.systems.lodging.tests.scene import facts, house, keeper, line, notify
from tests.fuzz.lengths import LENGTHS, ROUNDS, again, settings

pytestmark = pytest.mark.django_db

BASE = "/api/lodging/v1"
CHECKS = [
    *(not_a_server_error, status_code_conformance, content_type_conformance),
    *(response_headers_conformance, response_schema_conformance, ignored_auth),
]


def described(**phases):
    """The API as it describes itself; cases that fit the description and cases that do not."""
    config = schemathesis.Config.from_dict({"generation": {"mode": "all"}, "phases": phases})
    return schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", application, config=config)


schema = described()
by_chance = described(coverage={"enabled": False})


@pytest.fixture
def undo():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def door(monkeypatch, undo):
    """A house with a guest, and its program's token; the clock stands."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    for signal in (request_started, request_finished):  # as Django's own test client does
        signal.disconnect(close_old_connections)
        undo.callback(signal.connect, close_old_connections)
    code = house()
    secret = tokens.issue_token(By(keeper(), AT - timedelta(days=1)), "fuzz").secret
    stay = notify(code, line(900_000)).stays[0]
    headers = {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
    return SimpleNamespace(code=code, stay=stay, headers=headers)


def conforms(case, door):
    case.call_and_validate(headers=door.headers, checks=CHECKS)


def at_home(case, door):
    """At a house and a stay that are there."""
    case.path_parameters.update({"code": door.code, "stay": door.stay})
    return case


@by_chance.parametrize()
@settings(10)
def test_any_address(case, door):
    conforms(case, door)


@schema.parametrize()
@settings(10)
def test_any_body(case, door):
    conforms(at_home(case, door), door)


@pytest.mark.soak
@pytest.mark.parametrize("operation", [found.ok() for found in schema.get_all_operations()], ids=lambda one: one.label)
@pytest.mark.parametrize("home", [False, True], ids=["anywhere", "at home"])
def test_any_request_for_long(operation, home, door):
    @settings()
    @given(operation.as_strategy())
    def send(case):
        conforms(at_home(case, door) if home else case, door)

    again(send, ROUNDS)


# What is nearly right goes deeper than what is made from the description alone.

odd_texts = st.one_of(
    st.text(max_size=30),
    st.text("\0\t\n\r\\ \u200e\u202e\ufeff\x85N.=+-@'\"é\u0301", max_size=8),
    st.sampled_from(
        ["", "\\N", "\\.", "x" * 100_000, "900090000123", "VN", "DE", "12:00", "null", "[]", "${x}", "{x}"]
    ),
)
odd_headers = st.one_of(  # as a web server hands them on: PEP 3333, RFC 9110
    st.text("".join(map(chr, (9, *range(32, 127), *range(128, 256)))), max_size=20),
    st.sampled_from(['session="\\000aaaaaaaa"', "session=aaaaaaaa; language=xx", "language=ar", "multipart/form-data"]),
)
odd_dates = st.one_of(
    st.dates().map(date.isoformat),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.sampled_from(["2024-02-30", "0000-01-01", "9999-12-31", "2024-05-21T13:00:00-00:00", "2024-05-21T13:00:60Z"]),
)
odd_values = st.one_of(
    odd_texts,
    odd_dates,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(odd_texts, max_size=2),
    st.dictionaries(odd_texts, odd_texts, max_size=2),
)
GUESTS = [line(1), line(guest=foreigner())]
FIELDS = ["guest." + name for name in GUESTS[0].guest.__struct_fields__] + [*GUESTS[0].__struct_fields__, "more"]


@st.composite
def nearly_stays(draw):
    """A stay that would be taken, but for up to three fields."""
    stay = msgspec.json.decode(msgspec.json.encode(draw(st.sampled_from(GUESTS)), enc_hook=str))
    stay["guest"]["document_number"] = f"9000900{draw(st.integers(0, 99_999)):05}"
    for place in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        where, name = (stay["guest"], place[6:]) if place.startswith("guest.") else (stay, place)
        if isinstance(where, dict):
            where[name] = draw(odd_values)
    return stay


@LENGTHS
def test_lines_that_are_nearly_right(door, rounds):
    client = Client(headers=door.headers)

    @settings()
    @given(st.lists(nearly_stays(), max_size=4))
    def send(batch):
        for model in (FactBatch, Notice, OpenStay, Stay):
            model.objects.all().delete()
        answer = client.post(f"{BASE}/houses/{door.code}/stays", json.dumps({"stays": batch}), "application/json")
        assert answer.status_code == 200, answer.content
        body = answer.json()
        refused = {one["line"]: one["reasons"] for one in body["refused"]}
        assert [bool(stay) for stay in body["stays"]] == [line not in refused for line in range(1, len(batch) + 1)]
        assert all(reasons and all(why["text"] and why["repair"] for why in reasons) for reasons in refused.values())
        taken = len(batch) - len(refused)
        assert body["accepted"] == taken
        assert (Stay.objects.count(), facts().total(), Notice.objects.count()) == (taken, taken, bool(taken))

    again(send, rounds)


@LENGTHS
def test_any_headers(door, rounds):
    client = Client()
    names = st.sampled_from(["Authorization", "Accept-Language", "Accept", "Content-Type", "Cookie", "X-Forwarded-For"])

    @settings()
    @given(st.dictionaries(names, odd_headers), odd_headers)
    def send(headers, key):
        sent = {**door.headers, **headers, "Idempotency-Key": key}
        answer = client.post(f"{BASE}/houses/{door.code}/stays", b'{"stays": []}', "application/json", headers=sent)
        assert answer.status_code in {200, 400, 401, 409, 422}, answer.content
        assert answer.headers["Content-Type"] in {"application/json", "application/problem+json"}

    again(send, rounds)
