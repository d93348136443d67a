"""The pages of offices: an administrator grants, a person takes up, and acts from then on for the unit."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import Unit
from doorstep.kernel.store.writing import By
from doorstep.systems.identity.actions import offices
from doorstep.systems.identity.models import Office
from doorstep.systems.identity.tests.builders import AT, NUMBER, account, device
from doorstep.systems.identity.tests.test_pages_signin import ORIGIN, options_of

pytestmark = pytest.mark.usefixtures("clock")
SECRETS = {"password": "Correct-Horse7", "passcode": "803615"}


@pytest.fixture
def browser(db) -> Client:
    """The nation's administrator, in office."""
    Unit.objects.create(
        code="H38", kind="province", parent="nation", names={"en": "H38"}, valid_from=date(2020, 1, 1), source="test"
    )
    client = Client(headers={"Accept-Language": "en"})
    made = device(account())
    offices.found_administrator(
        By(Actor("command", roles=("identity.founder",)), AT), "first", "First", *SECRETS.values(), ""
    )
    Office.objects.update(subject="account:lan")
    client.post(
        "/identity/sign-in/passkey/", {"answer": made.use(options_of(client.get("/identity/sign-in/")), ORIGIN)}
    )
    client.post("/identity/offices/take-up/", {"office": str(Office.objects.get().id)})
    return client


def test_the_office_is_taken_up(browser):
    actor = browser.get("/").wsgi_request.actor
    assert actor.roles == ("identity.person", "identity.administrator")
    assert "Staff" in browser.get("/").content.decode()


def test_an_invitation_shows_its_code_once(browser):
    told = {"login": "", "role": "identity.officer", "unit": "H38", "valid_from": "2024-03-01", "valid_to": ""}
    page = browser.post("/identity/staff/", told).content.decode()
    assert "it is shown only now" in page
    assert "Officer for e-identity" in browser.get("/identity/staff/").content.decode()
    assert "it is shown only now" not in browser.get("/identity/staff/").content.decode()


def test_units_are_named_in_the_reader_s_language_by_one_query(browser):
    Unit.objects.update(names={"en": "Harbour", "vi": "Bến Cảng"})
    told = {"login": "first", "role": "identity.officer", "unit": "H38", "valid_from": "2024-03-01", "valid_to": ""}
    for login in ("first", ""):
        assert browser.post("/identity/staff/", told | {"login": login}).status_code in {200, 303}
    with CaptureQueriesContext(connection) as few:
        page = browser.get("/identity/staff/").content.decode()
    held, invited = page.split("Invitations that nobody took yet")
    for part in (held, invited):
        assert "<bdi>Harbour</bdi>" in part
    assert "<bdi>H38</bdi>" not in page
    assert "The whole country" in held
    for one in range(9):
        Unit.objects.create(
            code=f"H38.{one}", kind="commune", parent="H38", names={"en": f"Pier {one}"}, valid_from=date(2020, 1, 1)
        )
        browser.post("/identity/staff/", told | {"unit": f"H38.{one}"})
    with CaptureQueriesContext(connection) as many:
        assert browser.get("/identity/staff/").content.decode().count("<bdi>Pier ") == 9
    assert len(few) == len(many)
    assert "<bdi>Bến Cảng</bdi>" in browser.get("/identity/staff/", headers={"Accept-Language": "vi"}).content.decode()
    Office.objects.filter(unit="H38").update(subject="account:lan", approved=None)
    for place in ("offices", "staff/waiting"):
        assert "<bdi>Harbour</bdi>" in browser.get(f"/identity/{place}/").content.decode()


def test_a_refused_grant_says_why_at_its_field(browser):
    told = {"login": NUMBER, "role": "identity.officer", "unit": "H38", "valid_from": "2024-03-01", "valid_to": ""}
    answer = browser.post("/identity/staff/", told)
    assert answer.status_code == 422
    assert "Nobody grants, approves or reviews an office of their own." in answer.content.decode()


def test_a_pasted_file_comes_back_line_by_line(browser):
    account_lines = "login,role,unit,valid_from,valid_to\nfirst,identity.officer,H38,2024-03-01,\nghost,identity.officer,H38,2024-03-01,"
    page = browser.post("/identity/staff/lines/", {"lines": account_lines}).content.decode()
    assert "<dt>Granted</dt><dd><bdi>1</bdi></dd>" in page
    assert "Line <bdi>3</bdi>" in page or "Line 3" in page


def test_a_pasted_file_shows_the_codes_of_its_invitations_once(browser):
    lines = "what,login,role,unit,valid_from,valid_to\ninvite,,identity.officer,H38,2024-03-01,\nend,first,identity.officer,H38,,"
    page = browser.post("/identity/staff/lines/", {"lines": lines}).content.decode()
    assert "<dt>Invited</dt><dd><bdi>1</bdi></dd>" in page
    assert "Granted" not in page
    assert page.count("<strong><bdi>") == 1
    assert "This person does not have this office." in page
    assert "<strong><bdi>" not in browser.get("/identity/staff/lines/").content.decode()


def test_an_office_is_ended_by_the_administrator(browser):
    told = {"login": "first", "role": "identity.officer", "unit": "H38", "valid_from": "2024-03-01", "valid_to": ""}
    assert browser.post("/identity/staff/", told).status_code == 303
    office = Office.objects.get(role="identity.officer")
    assert browser.post(f"/identity/staff/{office.id}/end/", {"why": "left"}).status_code == 303
    assert Office.objects.get(id=office.id).why_ended == "left"


def test_who_is_only_a_person_sees_no_staff():
    client = Client(headers={"Accept-Language": "en"})
    made = device(account())
    client.post(
        "/identity/sign-in/passkey/", {"answer": made.use(options_of(client.get("/identity/sign-in/")), ORIGIN)}
    )
    assert client.get("/identity/staff/").status_code == 403
    assert "You have no office." in client.get("/identity/offices/").content.decode()


def test_a_review_that_is_long_overdue_stands_at_the_top(browser):
    told = {"login": "first", "role": "identity.officer", "unit": "H38", "valid_from": "2024-03-01", "valid_to": ""}
    browser.post("/identity/staff/", told)
    office = Office.objects.filter(role="identity.officer")
    for days, due, overdue in ((300, False, False), (350, True, False), (395, True, False), (396, True, True)):
        office.update(granted=AT - timedelta(days=days))
        page = browser.get("/identity/staff/").content.decode()
        assert (("To be reviewed by" in page), ("Review overdue" in page)) == (due, overdue), days
    assert browser.post(f"/identity/staff/{office.get().id}/review/", {"keep": "yes"}).status_code == 303
    assert "Review overdue" not in browser.get("/identity/staff/").content.decode()
