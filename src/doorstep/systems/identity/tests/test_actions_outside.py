"""Outside providers under their managers, and staff who come in by the directory of their unit."""

import re
from datetime import timedelta
from functools import partial

import msgspec
import pytest
from django.test import Client
from django.urls import reverse

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.expiry import Credential
from doorstep.kernel.store.models import ActorSession, JournalEntry
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.ids import Masked, uuid7
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused
from doorstep.systems.identity.actions import offices, outside_tokens, signin
from doorstep.systems.identity.actions import outside as actions
from doorstep.systems.identity.actions.outside import Wish
from doorstep.systems.identity.models import (
    Account,
    Office,
    OutsideLink,
    OutsideProvider,
    OutsideReading,
    RefusedSignIn,
)
from doorstep.systems.identity.permissions import LINK
from doorstep.systems.identity.queries import outside as queries
from doorstep.systems.identity.rules.offices import Term
from doorstep.systems.identity.rules.outside import Kind, Proof
from doorstep.systems.identity.rules.passkeys import Party
from doorstep.systems.identity.tests.builders import AT, NUMBER, PASSWORD, account, person
from doorstep.systems.identity.tests.people import TESTLAND, VIETNAM, places
from doorstep.systems.identity.tests.relying_party import ENGLISH
from doorstep.systems.identity.tests.stand_in import (
    LEVELS,
    MANAGER,
    PEOPLE,
    SECOND,
    STAFF,
    StandIn,
    arrived,
    away,
    back,
    registered,
    registration,
    serving,
)

pytestmark = pytest.mark.usefixtures("clock")
DAY = AT.date()
BOSS = Actor("account:boss", "H38", ("identity.administrator",), 2)
WAYS = Actor("visitor", roles=("identity.visitor",))
PAGE = "/identity/outside/"


@pytest.fixture
def there():
    outside_tokens.forget()
    queries.forget_offered()
    with serving() as provider:
        provider.told = {"preferred_username": "lan", "name": "Lan Ví Dụ"}
        yield provider
    outside_tokens.forget()
    queries.forget_offered()


@pytest.fixture
def quiet() -> StandIn:
    """One that nobody asks."""
    queries.forget_offered()
    yield StandIn(1)
    queries.forget_offered()


def office(of: Account, unit: str = "H38.901", **changes) -> Office:
    values = {"role": "identity.officer", "valid_from": DAY, "granted_by": "x", "granted": AT, "approved": AT}
    return Office.objects.create(id=uuid7(AT), subject=of.subject, unit=unit, **{**values, **changes})


def signed_in(of: Account, level: int = 2) -> Client:
    """A browser in which the person signed in, surely enough."""
    client = Client()
    client.post("/identity/sign-in/", {"login": of.login, "password": PASSWORD})
    session = client.session
    session["actor"] = {**session["actor"], "level": level}
    session.save()
    return client


# Managers


def test_nobody_comes_in_before_a_second_person_confirmed(quiet):
    made = actions.register_provider(By(MANAGER, AT), registration(quiet))
    assert queries.usable(made, DAY) is None
    assert not queries.offered(DAY)
    reading = OutsideReading.objects.get()
    with pytest.raises(Refused, match="outside_same_person"):
        actions.confirm_reading(By(MANAGER, AT), reading.id)
    with pytest.raises(NotFound):
        actions.confirm_reading(By(Actor("account:far", "H26", MANAGER.roles, 2), AT), reading.id)
    actions.confirm_reading(By(SECOND, AT), reading.id)
    assert [one.title for one in queries.offered(DAY)] == ["Lamp e-ID"]
    with pytest.raises(NotFound):
        actions.confirm_reading(By(SECOND, AT), reading.id)
    queries.forget_offered()
    assert queries.usable(made, DAY - timedelta(days=1)) is None


def test_a_reading_holds_from_its_day_until_a_later_one_is_confirmed(quiet):
    made = registered(quiet)
    actions.read_otherwise(By(MANAGER, AT), made, Wish("number=nin", "urn:x=1", "Letter 8", DAY + timedelta(days=3)))
    later = OutsideReading.objects.get(confirmed=None)

    def number(days: int) -> str:
        return queries.usable(made, DAY + timedelta(days=days)).reading.claims["number"]

    assert number(5) == "national_number"
    actions.confirm_reading(By(SECOND, AT), later.id)
    assert (number(2), number(3)) == ("national_number", "nin")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "outside_client"),
        ({"client": ""}, "outside_client"),
        ({"secret": Masked("")}, "outside_client"),
        ({"method": "private_key_jwt"}, "outside_client"),
        ({"method": "none"}, "outside_client"),
        ({"enabled_to": DAY}, "outside_days"),
        ({"wish": Wish("name=name", LEVELS, "x", DAY)}, "outside_claim"),
        ({"wish": Wish(PEOPLE, "", "x", DAY)}, "outside_line"),
        ({"wish": Wish(PEOPLE, "urn:x=3", "x", DAY)}, "outside_line"),
        ({"wish": Wish(f"{PEOPLE}\nshoe=size", LEVELS, "x", DAY)}, "outside_line"),
        ({"wish": Wish(f"{PEOPLE}\nnumber=again", LEVELS, "x", DAY)}, "outside_line"),
        ({"wish": Wish("number", LEVELS, "x", DAY)}, "outside_line"),
        ({"wish": Wish(PEOPLE, LEVELS, " ", DAY)}, "outside_source"),
        ({"wish": Wish(PEOPLE, LEVELS, "x", DAY, "profile")}, "outside_scope"),
    ],
)
def test_a_registration_that_cannot_work(quiet, changes: dict, code: str):
    with pytest.raises(Refused, match=code):
        actions.register_provider(By(MANAGER, AT), registration(quiet, **changes))
    assert not OutsideProvider.objects.exists()


def test_who_manages_what(quiet):
    for role, kind, other in (
        ("identity.provider", Kind.EID, Kind.STAFF),
        ("identity.administrator", Kind.STAFF, Kind.EID),
    ):
        manager = By(Actor(f"account:{role}", "H38", (role,), 2), AT)
        made = actions.register_provider(manager, registration(quiet, kind))
        with pytest.raises(NotAllowed):
            actions.register_provider(manager, registration(quiet, other))
        assert [one.id for one in queries.providers(manager.actor, DAY)] == [made]
    with pytest.raises(NotFound):
        actions.end_provider(manager, OutsideProvider.objects.get(kind="eid").id)
    with pytest.raises(NotAllowed):
        actions.register_provider(By(msgspec.structs.replace(MANAGER, level=1), AT), registration(quiet))


def test_a_secret_is_renewed_watched_and_never_shown(quiet):
    made = registered(quiet, secret_until=DAY + timedelta(days=20))
    (one,) = queries.client_secrets(AT)
    assert (one.what, one.owner, one.credential) == ("Lamp e-ID", MANAGER.subject, Credential.CLIENT_SECRET)
    before = OutsideProvider.objects.get().secret
    actions.take_credentials(By(MANAGER, AT), made, "client-2", Masked("another"), DAY + timedelta(days=400))
    assert OutsideProvider.objects.get().secret != before
    assert queries.usable(made, DAY).client == "client-2"
    assert not list(queries.client_secrets(AT))
    for client, secret in (("client-2", ""), ("", "x"), ("", "")):
        with pytest.raises(Refused, match="outside_client"):
            actions.take_credentials(By(MANAGER, AT), made, client, Masked(secret), None)
    by_key = registered(quiet, method="private_key_jwt", secret=Masked(""))
    with pytest.raises(Refused, match="outside_client"):
        actions.take_credentials(By(MANAGER, AT), by_key, "client-2", Masked("x"), None)
    kept = str(OutsideProvider.objects.get(id=by_key).__dict__) + str(queries.provider(MANAGER, DAY, by_key))
    assert "'d'" not in kept.replace('"', "'")
    assert "another" not in str([entry.detail for entry in JournalEntry.objects.all()])


def test_the_provider_may_want_our_address_before_it_gives_us_anything(quiet):
    made = registered(quiet, client="", secret=Masked(""))
    assert queries.usable(made, DAY) is None
    assert not queries.offered(DAY)
    actions.take_credentials(By(MANAGER, AT), made, "given", Masked("s"), None)
    assert queries.usable(made, DAY).client == "given"
    assert len(queries.offered(DAY)) == 1


def test_the_pages_of_a_manager(there, client: Client):
    places()
    account()
    browser = signed_in(Account.objects.get())
    session = browser.session
    session["actor"] = {**session["actor"], "unit": "H38", "roles": ["identity.person", *MANAGER.roles]}
    session.save()
    told = {
        "kind": "staff",
        "name": "Lamp staff",
        "issuer": there.issuer,
        "client": "here",
        "method": "client_secret_basic",
        "secret": "s3cret",
        "enabled_from": "2024-03-01",
        "claims": STAFF,
        "scope": "openid",
        "source": "Letter 7",
        "valid_from": "2024-03-01",
    }
    assert "Outside e-IDs and directories" in browser.get("/", headers=ENGLISH, follow=True).content.decode()
    wrong = browser.post(PAGE, {**told, "issuer": f"{there.issuer}x"}, headers=ENGLISH)
    assert wrong.status_code == 422
    assert "does not describe itself" in wrong.content.decode()
    assert "s3cret" not in wrong.content.decode()
    strange = browser.post(PAGE, {**told, "claims": "login"}, headers=ENGLISH).content.decode()
    assert "This line cannot be read: <bdi>login</bdi>" in strange
    made = browser.post(PAGE, told)
    page = browser.get(made.headers["Location"], headers=ENGLISH).content.decode()
    provider = OutsideProvider.objects.get()
    assert f"/identity/sign-in/outside/{provider.id}/back/" in page
    assert "waits for a second person" in page
    assert "Confirm" not in page
    listed = browser.get(PAGE, headers=ENGLISH).content.decode()
    assert "Lamp staff" in listed
    assert "<bdi>Place H38</bdi>" in listed
    assert "<bdi>Place H38</bdi>" in page
    where = f"{PAGE}{provider.id}/"
    assert browser.post(where, {**told, "source": "", "claims": "login=sub"}).status_code == 422
    assert browser.post(where, {**told, "claims": "login=sub"}).status_code == 303
    assert browser.post(f"{where}credentials/", {"client": "here", "secret": ""}).status_code == 422
    assert (
        browser.post(
            f"{where}credentials/", {"client": "here", "secret": "x", "secret_until": "2025-03-01"}
        ).status_code
        == 303
    )
    OutsideReading.objects.update(entered_by="account:other")
    assert "Confirm" in browser.get(where, headers=ENGLISH).content.decode()
    reading = OutsideReading.objects.order_by("id")[0].id
    assert browser.post(f"{where}confirm/", {"reading": str(reading)}).status_code == 303
    assert browser.post(f"{where}end/").status_code == 303
    assert "ended" in browser.get(where, headers=ENGLISH).content.decode()


# Staff


def test_staff_link_once_and_then_sign_in_by_the_directory(there, client: Client):
    one = account()
    office(one)
    provider = registered(there, Kind.STAFF)
    page = client.get("/identity/sign-in/", headers=ENGLISH).content.decode()
    assert page.count("/identity/sign-in/outside/") == 1
    places()
    shown = client.get("/identity/sign-in/outside/", headers=ENGLISH).content.decode()
    assert "<bdi>Place H38" in shown
    assert f"/identity/sign-in/outside/{provider}/" in shown
    unknown = back(client, away(client, there, provider))
    assert "nobody here has been linked" in unknown.content.decode()
    assert RefusedSignIn.objects.get().cause == "outside_unlinked"

    browser = signed_in(one)
    leading = browser.post("/identity/links/link/", {"provider": str(provider)})
    address = re.search(r'url=([^"]+)"', leading.content.decode())[1].replace("&amp;", "&")
    assert "form-action 'self'" in leading.headers["Content-Security-Policy"]
    answer = back(browser, arrived(there, address))
    assert answer.headers["Location"] == "/identity/links/"
    assert "Lamp staff" in browser.get("/identity/links/", headers=ENGLISH).content.decode()

    answer = back(client, away(client, there, provider))
    assert (answer.wsgi_request.actor.subject, answer.wsgi_request.actor.level) == (one.subject, 2)
    there.claims["acr"] = "urn:example:unheard"
    other = Client()
    assert back(other, away(other, there, provider)).wsgi_request.actor.level == 1

    there.told["preferred_username"] = "lan2"  # the identifier is the same, the name another
    assert back(other, away(other, there, provider)).status_code == 422
    there.told["preferred_username"], there.claims["sub"] = "lan", "sub-2"  # the name was given to somebody else
    assert back(other, away(other, there, provider)).status_code == 422


def test_who_leaves_is_out_at_once(there, client: Client):
    one = account()
    held = office(one)
    provider = registered(there, Kind.STAFF)
    actions.link(By(actor_of(one), AT), provider, "s1", AT + timedelta(minutes=1), Proof("sub-1", {"login": "lan"}, 1))
    assert back(client, away(client, there, provider)).status_code == 303
    assert ActorSession.objects.count() == 1
    places()
    offices.end(By(BOSS, AT), held.id, "left")
    assert not ActorSession.objects.exists()
    assert back(client, away(client, there, provider)).status_code == 422
    assert RefusedSignIn.objects.get().cause == "outside_area"


def test_a_directory_opens_the_offices_of_its_unit_only(there, client: Client):
    one = account()
    here, elsewhere = office(one), office(one, "H26.901")
    provider = registered(there, Kind.STAFF)
    actions.link(By(actor_of(one), AT), provider, "s1", AT + timedelta(minutes=1), Proof("sub-1", {"login": "lan"}, 1))
    assert back(client, away(client, there, provider)).status_code == 303
    taking = reverse("identity:take_up")
    refusal = client.post(taking, {"office": str(elsewhere.id)}, headers=ENGLISH)
    assert refusal.status_code == 403
    assert "lies outside the unit whose directory you signed in with" in refusal.content.decode()
    days = {"login": "x", "valid_from": "2024-03-02", "valid_to": "2024-03-09"}
    assert client.post(reverse("identity:lend", args=[elsewhere.id]), days).status_code == 403
    actor = Actor(one.subject, roles=("identity.person",), level=2, via=f"outside:{here.unit}")
    with pytest.raises(NotAllowed, match="offices_elsewhere"):
        signin.add_passkey(By(actor, AT), "{}", b"", "", Party("localhost", ("http://localhost",)))
    taken = client.post(taking, {"office": str(here.id)})
    assert (taken.status_code, taken.wsgi_request.actor.unit) == (303, here.unit)
    assert client.post(taking, {"office": str(elsewhere.id)}).status_code == 403
    by_passkey = signed_in(one).post(taking, {"office": str(elsewhere.id)})
    assert (by_passkey.status_code, by_passkey.wsgi_request.actor.unit) == (303, "H26.901")


def actor_of(of: Account, level: int = 2) -> Actor:
    return Actor(of.subject, roles=("identity.person",), level=level)


def proof(**changes) -> Proof:
    return Proof(**{"sub": "sub-1", "told": {"login": "lan", "name": "Lan"}, "level": 1, **changes})


def test_linking_needs_a_sure_sign_in_an_office_there_and_a_name_that_is_free(quiet):
    one = account()
    provider, until = registered(quiet, Kind.STAFF), AT + timedelta(minutes=1)
    assert LINK.level == 2
    with pytest.raises(NotAllowed):
        actions.link(By(actor_of(one, 1), AT), provider, "s1", until, proof())
    with pytest.raises(NotFound):
        actions.link(By(actor_of(one), AT), provider, "s2", until, proof())
    held = office(one, "H26.901")
    with pytest.raises(NotFound):
        actions.link(By(actor_of(one), AT), provider, "s3", until, proof())
    Office.objects.filter(id=held.id).update(unit="H38")
    actions.link(By(actor_of(one), AT), provider, "s4", until, proof())
    with pytest.raises(NotFound):
        actions.link(By(actor_of(one), AT), provider, "s4", until, proof(sub="sub-9"))
    other = Account.objects.create(id=uuid7(AT), subject="account:other", name="B", login="b", created=AT)
    office(other)
    with pytest.raises(Refused, match="outside_linked"):
        actions.link(By(actor_of(other), AT), provider, "s5", until, proof())
    eid_provider = registered(quiet)
    with pytest.raises(NotFound):
        actions.link(By(actor_of(one), AT), eid_provider, "s6", until, proof())
    (row,) = queries.links(actor_of(one))
    with pytest.raises(NotFound):
        actions.unlink(By(actor_of(other), AT), row.id)
    actions.unlink(By(actor_of(one), AT), row.id)
    actions.link(By(actor_of(other), AT), provider, "s7", until, proof())
    assert OutsideLink.objects.filter(ended=None).count() == 1


def test_another_browser_cannot_finish_a_link(there):
    one = account()
    office(one)
    provider = registered(there, Kind.STAFF)
    browser = signed_in(one)
    leading = browser.post("/identity/links/link/", {"provider": str(provider)}).content.decode()
    asked = arrived(there, re.search(r'url=([^"]+)"', leading)[1].replace("&amp;", "&"))
    browser.session.flush()
    answer = back(browser, asked)
    assert answer.status_code == 422
    assert not OutsideLink.objects.exists()


def step_of(answer) -> str:
    return re.search(r'name="step" value="([^"]+)"', answer.content.decode())[1]


def test_an_invitation_brings_somebody_new_from_the_directory(there, client: Client):
    places()
    provider = registered(there, Kind.STAFF)
    code = offices.invite(By(BOSS, AT), "H38.901", "identity.officer", Term(DAY)).code
    elsewhere = Actor("account:far", "H26", ("identity.administrator",), 2)
    foreign = offices.invite(By(elsewhere, AT), "H26.901", "identity.officer", Term(DAY)).code
    unknown = back(client, away(client, there, provider, "/identity/offices/"))
    where, step = f"/identity/sign-in/outside/{provider}/code/", step_of(unknown)
    for wrong in ("AAAA-AAAA-AAAA-AAAA-A", foreign):
        assert client.post(where, {"step": step, "code": wrong}, headers=ENGLISH).status_code == 422
    assert client.post(where, {"step": f"{step}x", "code": code}).headers["Location"] == "/identity/sign-in/"
    other = registered(there, Kind.STAFF, client="b")
    assert client.post(f"/identity/sign-in/outside/{other}/code/", {"step": step, "code": code}).status_code == 404
    assert not Account.objects.exists()
    answer = client.post(where, {"step": step, "code": code, "next": "/identity/offices/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/identity/offices/")
    made = Account.objects.get()
    assert (made.login, made.name, made.eid) == ("lan@localhost", "Lan Ví Dụ", None)
    assert "H38.901" in client.get("/identity/offices/", headers=ENGLISH).content.decode()
    again = Client()
    assert back(again, away(again, there, provider)).wsgi_request.actor.subject == made.subject
    assert again.post(where, {"step": step, "code": code}).status_code == 422  # the code, and the name, are used


@pytest.mark.django_db(transaction=True)
def test_two_at_once_open_one_account(quiet, monkeypatch):
    country = msgspec.structs.replace(VIETNAM.identity, outside=TESTLAND.identity.outside)
    monkeypatch.setattr(actions, "law", lambda *_: country)
    ensure_months(DAY, DAY)
    places()
    person()
    provider = registered(quiet)
    shown = Proof("s", {"number": NUMBER, "name": "Nguyễn Văn Ví Dụ", "birth": "1990-05-21"}, 2)

    def entered(state: str) -> str:
        attempt = actions.sign_in(By(WAYS, AT), provider, state, AT + timedelta(minutes=1), shown)
        return attempt.actor.subject if attempt.actor else ""

    found = at_once(*(partial(entered, f"state-{number}") for number in range(4)))
    assert found == [Account.objects.get().subject] * 4
