"""The pages of mandates: given, acted under with the name on every page, and refused from the request after its end."""

from datetime import date
from uuid import UUID

import pytest
from django.test import Client

from doorstep.kernel.store.models import JournalEntry, JournalSubject, Unit
from doorstep.systems.identity.actions import mandates
from doorstep.systems.identity.models import Account, Mandate, Person
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.tests.builders import PASSWORD, account, eid, person, person_actor
from doorstep.systems.identity.tests.relying_party import AFTER, code_for, registered, tokens
from doorstep.systems.identity.tests.test_actions_mandates import AGENT, NAME, NUMBER, SERVICE, by, firm, officer, wish
from doorstep.systems.identity.tests.test_pages_register import browser

pytestmark = pytest.mark.usefixtures("clock")
PRINCIPAL = "Trần Thị Mẫu"


def entered(owner: Account) -> Client:
    return browser(person_actor(owner))


@pytest.fixture
def principal(db) -> Account:
    return account(eid(person(full_name=PRINCIPAL, words=["mau", "thi", "tran"])))


@pytest.fixture
def agent(db) -> Account:
    return account(eid(person(AGENT)), "account:minh", name="Minh")


@pytest.fixture
def acting(principal, agent) -> Client:
    """Minh, who acts for the principal."""
    made = mandates.give(by(principal), "", wish()).id
    client = entered(agent)
    assert client.post("/identity/mandates/act/", {"ground": f"mandate:{made}"}).status_code == 303
    return client


def test_a_relying_party_signs_out_whoever_acts_for_another(principal, agent):
    queries.forget_keys()
    made, client = registered(), Client()
    client.post("/identity/sign-in/", {"login": AGENT, "password": PASSWORD})
    got = tokens(client, made, code_for(client, made)).json()
    ground = f"mandate:{mandates.give(by(principal), '', wish()).id}"
    assert client.post("/identity/mandates/act/", {"ground": ground}).status_code == 303
    told = {"id_token_hint": got["id_token"], "post_logout_redirect_uri": AFTER}
    assert client.get("/identity/openid/logout", told).headers["Location"] == AFTER
    assert client.get("/identity/devices/").headers["Location"].startswith("/sign-in")


def form(**changes) -> dict[str, object]:
    told = {"number": AGENT, "full_name": NAME, "kind": "relative", "services": [SERVICE], "valid_from": "2024-03-01"}
    return {**told, "organisation": "", **changes}


def test_a_mandate_is_given_seen_and_ended(principal, agent):
    client = entered(principal)
    assert "Nobody, by a mandate of yours." in client.get("/identity/mandates/").content.decode()
    assert client.post("/identity/mandates/give/", form()).status_code == 303
    page = client.get("/identity/mandates/").content.decode()
    assert NAME in page
    assert "Relative" in page
    theirs = entered(agent)
    assert PRINCIPAL in theirs.get("/identity/mandates/").content.decode()
    assert client.post(f"/identity/mandates/{Mandate.objects.get().id}/end/").status_code == 303
    assert PRINCIPAL not in theirs.get("/identity/mandates/").content.decode()


def test_a_refusal_says_why_at_its_field(principal, agent):
    client = entered(principal)
    assert "For whom" not in client.get("/identity/mandates/give/").content.decode(), "there is one only"
    answer = client.post("/identity/mandates/give/", form(full_name="Somebody Else", valid_to="2024-02-01"))
    assert answer.status_code == 422
    assert "Nobody in the register has this number and this name." in answer.content.decode()
    assert AGENT in answer.content.decode(), "what was typed is kept"
    assert client.post("/identity/mandates/give/", form(services=[])).status_code == 422


def test_names_are_not_tried_for_ever(principal):
    client = entered(principal)
    statuses = {client.post("/identity/mandates/give/", form(number=str(n))).status_code for n in range(31)}
    assert statuses == {422, 429}


def test_every_page_says_for_whom_and_everything_is_journalled(acting, agent):
    for address in ("/", "/inbox/", "/lodging/houses/"):
        page = acting.get(address, follow=True).content.decode()
        assert f"You act for <bdi>{PRINCIPAL}</bdi>. As: Relative." in page, address
    assert acting.get("/").wsgi_request.actor.roles == (SERVICE,)
    assert acting.post("/identity/mandates/stop/").status_code == 303
    page = acting.get("/").content.decode()
    assert "You act for" not in page
    assert "identity.person" in acting.get("/").wsgi_request.actor.roles
    done = set(JournalEntry.objects.filter(actor=agent.subject).values_list("action", flat=True))
    assert done == {"identity.take_up_mandate", "identity.lay_down"}


def test_what_the_mandate_does_not_name_is_refused_with_a_reason(acting):
    for address in ("/identity/devices/", "/identity/mandates/", "/identity/mandates/give/", "/lodging/houses/enrol/"):
        answer = acting.get(address)
        assert answer.status_code == 403, address
        assert "The mandate under which you act does not include this" in answer.content.decode()
    assert "identity/devices" not in acting.get("/").content.decode()


def test_an_end_holds_from_the_next_request_on(acting, principal):
    mandates.end_mandate(by(principal), Mandate.objects.get().id)
    answer = acting.get("/lodging/houses/")
    assert answer.status_code == 403
    assert "The mandate does not hold any more." in answer.content.decode()
    assert "You act for <bdi>" not in answer.content.decode()
    assert acting.get("/identity/mandates/").status_code == 200, "as oneself again"


def test_a_death_holds_from_the_next_request_on(acting):
    Person.objects.filter(number=NUMBER).update(died=date(2024, 2, 29))
    assert acting.post("/lodging/houses/").status_code == 403
    assert acting.get("/").wsgi_request.actor.principal == ""


def test_another_number_holds_from_the_next_request_on(acting):
    Person.objects.filter(number=NUMBER).update(number="900090000999")
    assert acting.get("/").wsgi_request.actor.principal == "national_id:VN:900090000999"


def test_who_may_not_act_for_somebody_does_not(agent):
    client = entered(agent)
    assert client.post("/identity/mandates/act/", {"ground": f"representative:{UUID(int=9)}"}).status_code == 422
    firm(representative=AGENT)
    assert client.post("/identity/mandates/act/", {"ground": f"representative:{UUID(int=9)}"}).status_code == 303
    assert "You act for <bdi>Công ty Ví Dụ</bdi>" in client.get("/").content.decode()


def test_a_representative_chooses_for_whom_the_mandate_is(principal, agent):
    of = firm(representative=NUMBER)
    client = entered(principal)
    assert "Công ty Ví Dụ" in client.get("/identity/mandates/give/").content.decode()
    assert client.post("/identity/mandates/give/", form(organisation=str(of.id), kind="employee")).status_code == 303
    assert Mandate.objects.get().organisation == of
    assert client.post("/identity/mandates/give/", form(organisation=str(UUID(int=1)))).status_code == 422


@pytest.fixture
def counter(principal, agent) -> Client:
    """An officer of H38."""
    for code, parent in (("H38", "nation"), ("H38.901", "H38")):
        Unit.objects.create(
            code=code, kind="any", parent=parent, names={"en": code}, valid_from=date(2020, 1, 1), source="test"
        )
    return browser(officer().actor)


def test_a_paper_is_recorded_and_confirmed_by_another_officer(counter):
    told = form(principal=NUMBER, paper_kind="notarised", paper_day="2024-02-20", paper="17/2024")
    later = counter.post("/identity/mandates/counter/new/", {**told, "paper_day": "2024-03-02"})
    assert later.status_code == 422
    assert "The paper would be from a day to come." in later.content.decode()
    assert counter.post("/identity/mandates/counter/new/", told).status_code == 303
    mandate = Mandate.objects.get()
    page = counter.get("/identity/mandates/counter/").content.decode()
    assert NUMBER not in page
    paper = f"/identity/mandates/{mandate.id}/paper/"
    page = counter.get(paper).content.decode()
    assert all(text in page for text in ("17/2024", NUMBER, AGENT)), "to be compared"
    assert JournalSubject.objects.filter(subject=f"national_id:VN:{NUMBER}").count() == 2
    assert browser(officer("stranger", "H39").actor).get(paper).status_code == 404
    assert counter.post(paper).status_code == 422
    colleague = browser(officer("colleague").actor)
    assert colleague.post(paper).status_code == 303
    found = colleague.post("/identity/mandates/counter/", {"number": NUMBER}).content.decode()
    assert "End this mandate now" in found
    assert colleague.post(f"/identity/mandates/{mandate.id}/drop/").status_code == 303
    assert Mandate.objects.get().ended is not None
    found = colleague.post("/identity/mandates/counter/", {"number": NUMBER}).content.decode()
    assert "There is no mandate with this number." in found
