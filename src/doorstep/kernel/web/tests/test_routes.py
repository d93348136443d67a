"""A route says who may use it, and keeps everybody else out in a way that fits who asks."""

import pytest

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.testing.tryout import ACTOR, DO_IT
from doorstep.kernel.web.routes import PUBLIC
from doorstep.kernel.web.tests import site


def test_a_stranger_is_sent_to_sign_in_and_back(reader):
    answer = reader().get("/guarded?day=2024-06-30&x=%C3%A0")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fguarded%3Fday%3D2024-06-30%26x%3D%25C3%25A0"


def test_after_a_form_a_stranger_is_not_sent_back_into_it(reader):
    answer = reader().post("/guarded")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


def test_a_stranger_s_fragment_moves_the_whole_page(reader):
    answer = reader().get("/guarded", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in")


def test_the_holder_of_the_scope_gets_the_page(reader):
    assert reader(actor=ACTOR).get("/guarded").content == b"done by tester"


@pytest.mark.parametrize(
    "actor", [Actor("x"), Actor("x", roles=("no.such_role",)), Actor("x", roles=("no.such_role",), level=0)]
)
def test_without_scope_the_page_is_refused(reader, actor):
    answer = reader(actor=actor).get("/guarded")
    assert answer.status_code == 403
    assert "Try things out" in answer.content.decode()


def test_a_program_without_a_token_gets_401_not_a_redirect(reader):
    answer = reader().get("/api/guarded")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["reasons"][0]["code"] == "kernel.not_signed_in"


def test_routes_carry_their_mark():
    assert site.guarded.doorstep_access is DO_IT
    assert site.guarded_endpoint.doorstep_access is DO_IT
    assert site.home.doorstep_access is PUBLIC


def test_signing_in_changes_the_session_and_signing_out_ends_it(reader, settings):
    client = reader()
    client.post("/enter", {"roles": ACTOR.roles, "name": "Hoà", "level": 1})
    first = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/enter", {"roles": ACTOR.roles, "name": "Minh", "level": 1})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != first
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 303
    assert client.get("/guarded").status_code == 303


def test_without_the_level_the_way_leads_to_a_surer_sign_in(reader):
    answer = reader(actor=Actor("x", roles=ACTOR.roles, level=0)).get("/guarded")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Fguarded")
