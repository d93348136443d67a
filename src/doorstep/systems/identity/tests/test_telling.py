"""How people are told, on PostgreSQL and as a page: the choice holds wherever somebody with an account is told."""

import pytest
from django.test import Client

from doorstep.kernel.declare.notices import Channel
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, Notice
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused
from doorstep.systems.identity.actions import eid as life
from doorstep.systems.identity.actions import signin, telling
from doorstep.systems.identity.actions.telling import reach_of, reach_of_subject
from doorstep.systems.identity.models import Account, Eid, Person
from doorstep.systems.identity.rules.eid import LockCause
from doorstep.systems.identity.tests.builders import (
    AT,
    NUMBER,
    PASSCODE,
    PASSWORD,
    account,
    device,
    eid,
    person,
    person_actor,
)
from doorstep.systems.identity.tests.test_pages_signin import ORIGIN, options_of

pytestmark = pytest.mark.django_db
OFFICER = By(Actor("officer", "H38", ("identity.officer",), level=2), AT)
EMAIL = "lan.nguyen@example.org"


def lan() -> Account:
    """Reached by phone, e-mail and letter."""
    return account(eid(person(address="12 Đường Ví Dụ\nTổ 3")), email=EMAIL)


def chosen(owner: Account, channel: Channel, language: str = "ar") -> Account:
    telling.choose_channel(By(person_actor(owner), AT), channel, language)
    return Account.objects.get(id=owner.id)


def told() -> list[tuple[str, str, str]]:
    return [*Notice.objects.order_by("id").values_list("kind", "channel", "language")]


def test_without_a_choice_the_phone_is_told():
    assert reach_of(lan()).channel is Channel.SMS


def test_the_choice_holds_and_the_way_before_learns_of_it():
    owner = chosen(lan(), Channel.LETTER)
    reach = reach_of_subject(owner.subject)
    assert (reach.channel, reach.language, reach.unit) == (Channel.LETTER, "ar", "H38.901")
    assert reach.address == ("Nguyễn Văn Ví Dụ", "12 Đường Ví Dụ", "Tổ 3")
    assert life.reach(owner.eid) == reach
    assert [kind for kind, channel, _ in told()] == ["identity.told_otherwise"]
    assert Notice.objects.get().channel == "sms"
    entry = JournalEntry.objects.get(action="identity.choose_channel")
    assert (entry.fields, entry.detail) == ("channel language", "told by letter in ar")
    chosen(owner, Channel.LETTER, "de")
    assert Notice.objects.count() == 1
    assert reach_of_subject(owner.subject).language == "de"


def test_a_way_that_is_gone_gives_way_to_the_usual_one():
    owner = chosen(lan(), Channel.LETTER)
    Person.objects.update(address="", unit="")
    assert reach_of_subject(owner.subject).channel is Channel.SMS


def test_a_way_or_language_that_there_is_not_is_refused():
    owner = account()
    for channel, language, code in ((Channel.LETTER, "vi", "channel_closed"), (Channel.SMS, "xx", "language_unknown")):
        with pytest.raises(Refused, match=code):
            telling.choose_channel(By(person_actor(owner), AT), channel, language)
    with pytest.raises(NotAllowed):
        telling.choose_channel(OFFICER, Channel.INBOX, "vi")
    with pytest.raises(NotFound):
        telling.choose_channel(By(Actor("account:nobody", roles=("identity.person",)), AT), Channel.INBOX, "vi")
    assert not Notice.objects.exists()
    assert Account.objects.get().channel == ""


def test_codes_and_what_secures_the_e_id_go_to_the_phone_in_the_chosen_language():
    owner = chosen(lan(), Channel.INBOX)
    assert life.reach(owner.eid).channel is Channel.INBOX
    signin.begin_with_passcode(By(signin.VISITOR, AT), NUMBER, PASSCODE)
    life.lock(OFFICER, owner.eid.id, owner.eid.version, LockCause.REQUEST)
    assert {("identity.code", "sms", "ar"), ("identity.eid_locked", "sms", "ar")} < set(told())


def test_a_recovery_forgets_no_choice():
    owner = chosen(lan(), Channel.EMAIL, "de")
    life.recover(OFFICER, owner.eid.id, owner.eid.version)
    life.activate(By(signin.VISITOR, AT), f"eid:{owner.eid.id}", PASSWORD, PASSCODE)
    again = Account.objects.get(id=owner.id)
    assert (again.channel, again.language, Eid.objects.get().language) == ("email", "de", "")
    assert Notice.objects.get(kind="identity.eid_ready").channel == "sms"


@pytest.fixture
def browser(clock) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    made = device(lan())
    client.post(
        "/identity/sign-in/passkey/", {"answer": made.use(options_of(client.get("/identity/sign-in/")), ORIGIN)}
    )
    return client


def test_the_page_shows_what_is_known_masked_and_keeps_the_choice(browser):
    shown = browser.get("/identity/telling/").content.decode()
    assert "•••••••456" in shown
    assert "•••••••yen@example.org" in shown
    assert "0000123456" not in shown
    assert EMAIL not in shown
    answer = browser.post("/identity/telling/", {"channel": "letter", "language": "de"})
    assert answer.status_code == 303
    shown = browser.get(answer["Location"]).content.decode()
    assert "Your choice is kept." in shown
    assert Account.objects.get().channel == "letter"
    assert "How I am told" in browser.get("/").content.decode()


def test_a_way_that_is_not_open_is_neither_offered_nor_taken(browser):
    Account.objects.update(email="")
    assert 'value="email"' not in browser.get("/identity/telling/").content.decode()
    for told in ({"channel": "email", "language": "vi"}, {"channel": "sms", "language": "xx"}):
        assert browser.post("/identity/telling/", told).status_code == 422
    assert Account.objects.get().channel == ""
