"""The pages of e-IDs: a holder activates and reports a loss; officers collect, approve, help and go where help is needed."""

import re
from base64 import urlsafe_b64decode
from datetime import date, timedelta

import pytest
from django.test import Client

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import ActorSession, JournalSubject, Notice, Unit
from doorstep.systems.identity.actions import signin
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.models import Account, Appointment, Contact, Eid
from doorstep.systems.identity.pages import eid as pages
from doorstep.systems.identity.pages.carried import carried, carry
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.tests.builders import AT, CAPTURE, NUMBER, PASSCODE, PASSWORD, account, eid, person
from doorstep.systems.identity.tests.test_actions_eid import BY, PHONE, PLACE, officer
from doorstep.systems.identity.tests.test_pages_register import browser

pytestmark = pytest.mark.usefixtures("clock")
KEY = f"national_id:VN:{NUMBER}"


@pytest.fixture(autouse=True)
def places(db) -> None:
    for code, parent in (("H38", "nation"), (PLACE, "H38"), ("H39", "nation")):
        Unit.objects.create(
            code=code, kind="any", parent=parent, names={"en": code}, valid_from=date(2020, 1, 1), source="test"
        )


@pytest.fixture
def holder() -> Client:
    """A browser without script, and nobody signed in."""
    return Client(headers={"Accept-Language": "en"})


@pytest.fixture
def desk() -> Client:
    return browser(officer().actor)


def notified() -> Eid:
    """Somebody who can activate."""
    return eid(state="notified", activated=None)


def step_of(answer) -> str:
    return re.search(r'name="step" value="([^"]+)"', answer.content.decode())[1]


def code_sent() -> str:
    return Notice.objects.filter(kind="identity.code").latest("id").given["code"]


def begun(holder: Client, phone: str = PHONE) -> str:
    return step_of(holder.post("/identity/activate/", {"number": NUMBER, "phone": phone}))


def proven(holder: Client) -> str:
    return step_of(holder.post("/identity/activate/code/", {"step": begun(holder), "code": code_sent()}))


def test_a_holder_activates_in_three_steps(holder):
    row = notified()
    step = proven(holder)
    weak = holder.post("/identity/activate/secrets/", {"step": step, "password": "short", "passcode": "111111"})
    assert weak.status_code == 422
    assert "short" not in weak.content.decode()
    done = holder.post("/identity/activate/secrets/", {"step": step, "password": PASSWORD, "passcode": PASSCODE})
    assert done.status_code == 200
    row.refresh_from_db()
    assert row.state == "activated"
    signed = holder.post("/identity/sign-in/", {"login": NUMBER, "password": PASSWORD})
    assert signed.status_code == 303


def test_a_wrong_code_is_said_and_may_be_tried_again(holder):
    notified()
    step = begun(holder)
    wrong = "000000" if code_sent() != "000000" else "111111"
    answer = holder.post("/identity/activate/code/", {"step": step, "code": wrong})
    assert step_of(answer) == step
    assert step_of(holder.post("/identity/activate/code/", {"step": step, "code": code_sent()}))


def test_no_step_can_be_skipped_or_forged(holder):
    notified()
    secrets = {"password": PASSWORD, "passcode": PASSCODE}
    for step in ("", "forged", begun(holder)):
        answer = holder.post("/identity/activate/secrets/", {"step": step, **secrets})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/identity/activate/")
    assert holder.post("/identity/activate/code/", {"step": "forged", "code": code_sent()}).status_code == 303
    assert not Account.objects.exists()


def test_the_first_step_looks_the_same_whoever_is_asked_for(holder):
    notified()
    blank = re.compile(r'value="[^"]*"')
    known = holder.post("/identity/activate/", {"number": NUMBER, "phone": PHONE})
    pages = [
        holder.post("/identity/activate/", {"number": number, "phone": phone})
        for number, phone in ((NUMBER, "0000999999"), ("900090000999", PHONE))
    ]
    assert {blank.sub("", page.content.decode()) for page in pages} == {blank.sub("", known.content.decode())}
    assert Notice.objects.filter(kind="identity.code").count() == 1


def test_what_a_step_hands_on_is_sealed(holder):
    """Whose record waits has an older id than one that was made up just now."""
    row = notified()
    known = step_of(holder.post("/identity/activate/", {"number": NUMBER, "phone": PHONE}))
    unknown = step_of(holder.post("/identity/activate/", {"number": "900090000999", "phone": PHONE}))
    assert len(known) == len(unknown)
    for part in re.split("[.:]", known):
        assert str(row.id).encode() not in urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_step_holds_for_a_while_and_for_its_own_purpose():
    step = carry("eid:7", "one", AT)
    assert carried(step, "one", AT + timedelta(seconds=60), 60) == "eid:7"
    assert carried(step, "one", AT + timedelta(seconds=61), 60) is None
    assert carried(step, "other", AT, 60) is None
    assert carried(step[:-2], "one", AT, 60) is None


def test_a_loss_is_reported_from_anywhere_and_says_nothing_else(holder):
    owner = account()
    ActorSession.objects.create(
        session_key="x", session_data="", expire_date=AT + timedelta(hours=1), subject=owner.subject, began=AT
    )
    wrong = holder.post("/identity/loss/", {"number": NUMBER, "passcode": "000000"}).content.decode()
    assert Eid.objects.get().state == "activated"
    right = holder.post("/identity/loss/", {"number": NUMBER, "passcode": PASSCODE}).content.decode()
    blank = re.compile(r'value="[^"]*"')
    assert blank.sub("", wrong) == blank.sub("", right)
    assert Eid.objects.get().state == "locked"
    assert not ActorSession.objects.filter(subject=owner.subject).exists()


def test_an_officer_collects_and_a_colleague_approves(desk, monkeypatch):
    monkeypatch.setattr(pages, "capture_for", lambda *_: CAPTURE)
    person()
    told = {
        "number": NUMBER,
        "level": Level.TWO.value,
        "unit": PLACE,
        "phone": PHONE,
        "language": "vi",
        "complete": "on",
    }
    elsewhere = desk.post("/identity/eids/collect/", {**told, "unit": "H39"})
    assert elsewhere.status_code == 422
    assert elsewhere.context["form"].errors.as_data()["unit"][0].code == "kernel.not_found"
    assert NUMBER in elsewhere.content.decode()
    assert desk.post("/identity/eids/collect/", told).status_code == 303
    again = desk.post("/identity/eids/collect/", told)
    assert again.context["form"].errors.as_data()["number"][0].code == "identity.eid_there"
    row = Eid.objects.get()
    page = desk.get("/identity/eids/approve/").content.decode()
    assert NUMBER not in page
    assert NUMBER[-3:] in page
    chosen = {"eid": str(row.id), "version": str(row.version)}
    assert desk.post("/identity/eids/approve/", chosen).status_code == 422
    colleague = browser(officer("colleague").actor)
    assert colleague.post("/identity/eids/approve/", chosen).status_code == 303
    assert Eid.objects.get().state == "notified"
    assert colleague.post("/identity/eids/approve/", {**chosen, "version": "99"}).status_code == 412


def test_the_help_desk_finds_by_number_and_the_look_is_journalled(desk):
    row = eid()
    answer = desk.post("/identity/help-desk/", {"number": f" {NUMBER} "})
    assert answer.headers["Location"] == f"/identity/eids/{row.id}/"
    assert JournalSubject.objects.filter(subject=KEY).count() == 1
    unknown = desk.post("/identity/help-desk/", {"number": "900090000999"})
    assert unknown.status_code == 200
    assert unknown.context["unknown"] is True
    assert desk.get(f"/identity/eids/{row.id}/").status_code == 200
    assert JournalSubject.objects.filter(subject=KEY).count() == 2


def test_the_help_desk_reads_why_somebody_was_not_let_in(desk):
    account()
    reference = signin.sign_in_with_password(BY, NUMBER, "Wrong-Horse7").reference
    found = desk.post("/identity/help-desk/", {"reference": reference.lower()})
    assert found.context["cause"] == (Cause.SECRET, AT)
    nothing = desk.post("/identity/help-desk/", {"reference": "0000-0000-0000-0001-G"})
    assert nothing.context["cause"] is None


def test_only_the_repairs_that_the_state_permits_are_offered_and_done(desk):
    row = account().eid
    address = f"/identity/eids/{row.id}/"
    page = desk.get(address).content.decode()
    assert "Lock at once" in page
    assert ">Unlock<" not in page
    assert NUMBER not in page
    assert desk.post(f"{address}unlock/", {"version": "1"}).status_code == 422
    assert desk.post(f"{address}lock/", {"version": "1", "cause": "nonsense"}).status_code == 404
    assert desk.post(f"{address}lock/", {"version": "1", "cause": "loss"}).status_code == 303
    assert desk.post(f"{address}unlock/", {"version": "1"}).status_code == 412
    assert ">Unlock<" in desk.get(address).content.decode()
    assert desk.post(f"{address}unlock/", {"version": "2"}).status_code == 303
    assert desk.post(f"{address}change_phone/", {"version": "3", "phone": "12"}).status_code == 422
    assert desk.post(f"{address}change_phone/", {"version": "3", "phone": "0000654321"}).status_code == 303
    assert desk.post(f"{address}recover/", {"version": "4"}).status_code == 303
    assert desk.post(f"{address}revoke/", {"version": "5", "why": "left for good"}).status_code == 303
    assert desk.post(f"{address}dance/", {"version": "6"}).status_code == 404
    row.refresh_from_db()
    assert (row.state, row.phone) == ("revoked", "0000654321")


def test_whoever_only_helps_neither_collects_nor_goes_out():
    helper = browser(Actor("helper", "H38", ("identity.help_desk",), level=2))
    row = eid()
    page = helper.get(f"/identity/eids/{row.id}/").content.decode()
    assert "Revoke" not in page
    for address in ("/identity/eids/collect/", "/identity/eids/approve/", "/identity/eids/drive/"):
        assert helper.get(address).status_code == 403
    assert helper.post(f"/identity/eids/{row.id}/revoke/", {"version": "1"}).status_code == 403


def test_the_drive_lists_notes_and_makes_appointments(desk):
    row = notified()
    assert "Everybody here has activated." not in desk.get("/identity/eids/drive/").content.decode()
    assert (
        "Everybody here has activated."
        in browser(officer(unit="H39").actor).get("/identity/eids/drive/").content.decode()
    )
    address = f"/identity/eids/{row.id}/"
    assert "Note the contact" in desk.get(address).content.decode()
    assert desk.post(f"{address}contact/", {"hindrance": "no_phone", "note": "lends the son's"}).status_code == 303
    assert Contact.objects.get().note == "lends the son's"
    assert "Has no phone that can be used" in desk.get("/identity/eids/drive/").content.decode()
    told = {"kind": "home", "day": "2024-03-01", "slot": "9:00", "place": "12 Đường Ví Dụ"}
    assert desk.post(f"{address}appoint/", {**told, "day": "soon"}).status_code == 422
    assert desk.post(f"{address}appoint/", told).status_code == 303
    page = desk.get("/identity/eids/drive/").content.decode()
    assert "12 Đường Ví Dụ" in page
    kept = f"/identity/eids/appointments/{Appointment.objects.get().id}/kept/"
    assert browser(officer(unit="H39").actor).post(kept).status_code == 404
    assert desk.post(kept).status_code == 303
    assert "12 Đường Ví Dụ" not in desk.get("/identity/eids/drive/").content.decode()
    assert Appointment.objects.get().kept == AT
