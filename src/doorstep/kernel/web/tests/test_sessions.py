"""Sessions: the table opens nothing, and their owner ends them from anywhere."""

from datetime import UTC, datetime

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.test import RequestFactory

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import ActorSession
from doorstep.kernel.web.actors import actor_middleware, actor_of, become, name_of, sign_in, signed_of
from doorstep.kernel.web.sessions import SessionStore, end_sessions, kept_key, sessions_of

pytestmark = pytest.mark.django_db
AT = datetime(2024, 5, 1, 3, tzinfo=UTC)
LAN = Actor("account:lan", roles=("tryout.trier",))


def request_of(session: SessionBase | None = None, agent: str = "A phone") -> HttpRequest:
    request = RequestFactory(headers={"User-Agent": agent}).get("/")
    request.session = session or SessionStore()
    return request


def signed_in(actor: Actor = LAN, agent: str = "A phone") -> SessionStore:
    request = request_of(agent=agent)
    sign_in(request, actor, name="Lan", methods=("pin", "otp"), at=AT)
    request.session.save()
    return request.session


def read(cookie: str) -> HttpRequest:
    request = request_of(SessionStore(cookie))
    actor_middleware(lambda _: None)(request)
    return request


def test_a_session_is_read_by_its_cookie_and_not_by_what_the_table_holds():
    cookie = signed_in().session_key
    (row,) = ActorSession.objects.all()
    assert row.subject == "account:lan"
    assert cookie not in (row.session_key, row.session_data)
    assert actor_of(read(cookie)) == LAN
    assert actor_of(read(row.session_key)) is None


def test_how_and_when_somebody_signed_in_is_kept():
    request = read(signed_in().session_key)
    assert (signed_of(request).at, signed_of(request).methods) == (AT, ("pin", "otp"))
    assert signed_of(request_of()) is None


def test_sessions_are_listed_and_ended_by_their_owner_only():
    first, second = signed_in(agent="A phone"), signed_in(agent="A computer")
    signed_in(Actor("account:minh"))
    rows = sessions_of("account:lan", AT)
    assert {row.device for row in rows} == {"A phone", "A computer"}
    assert end_sessions("account:minh", only=kept_key(first.session_key)) == 0
    assert end_sessions("account:lan", but=kept_key(second.session_key)) == 1
    assert actor_of(read(first.session_key)) is None
    assert actor_of(read(second.session_key)) == LAN


def test_leaving_ends_all_sessions_at_once():
    sessions = [signed_in(), signed_in()]
    assert end_sessions("account:lan") == 2
    assert [actor_of(read(one.session_key)) for one in sessions] == [None, None]


def test_another_office_keeps_the_sign_in_under_a_new_cookie():
    request = read(signed_in().session_key)
    before = request.session.session_key
    become(request, Actor("account:lan", "H38", ("tryout.trier",), principal="tax_code:9000000001"), name="Lan")
    request.session.save()
    after = read(request.session.session_key)
    assert request.session.session_key != before
    assert (actor_of(after).unit, actor_of(after).principal) == ("H38", "tax_code:9000000001")
    assert signed_of(after).methods == ("pin", "otp")
    assert name_of(after) == "Lan"
    assert actor_of(read(before)) is None
