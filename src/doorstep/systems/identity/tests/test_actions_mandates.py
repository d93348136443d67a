"""Mandates on PostgreSQL: given, recorded by two officers, taken up, and over at once when one of many things ends them."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest

from doorstep.kernel.declare.notices import Channel
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject, Notice
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused
from doorstep.systems.identity.actions import mandates
from doorstep.systems.identity.actions.mandates import Wish
from doorstep.systems.identity.models import Account, Eid, Guardian, Mandate, Organisation, Person
from doorstep.systems.identity.queries import mandates as queries
from doorstep.systems.identity.rules.mandates import Kind, Paper
from doorstep.systems.identity.rules.offices import Term
from doorstep.systems.identity.tests.builders import AT, NUMBER, account, eid, person, person_actor

pytestmark = pytest.mark.django_db
DAY = date(2024, 3, 1)
AGENT = "900090000777"
NAME = "Nguyễn Văn Ví Dụ"
SERVICE = "lodging.notifying"
CLOCK = Actor("task", roles=("identity.clock",))


def lan() -> Account:
    return account()


def minh() -> Account:
    return account(eid(person(AGENT)), "account:minh")


def by(owner: Account, days: int = 0) -> By:
    return By(person_actor(owner), AT + timedelta(days=days))


def officer(subject: str = "officer", unit: str = "H38") -> By:
    return By(Actor(subject, unit, ("identity.officer",), level=2), AT)


def wish(**changes) -> Wish:
    passing = {"number": AGENT, "full_name": NAME, "kind": Kind.RELATIVE, "services": [SERVICE], "term": Term(DAY)}
    return Wish(**{**passing, **changes})


def firm(**changes) -> Organisation:
    told = {"tax_code": "9000000012", "kind": "enterprise", "name": "Công ty Ví Dụ", "words": ["du"], "unit": "H38.901"}
    dates = {"address": "12 Đường Ví Dụ", "active_from": date(2020, 1, 1)}
    return Organisation.objects.create(id=UUID(int=9), **{**told, **dates, **changes})


def key(number: str) -> str:
    return f"national_id:VN:{number}"


def standing(owner: Account, ground: str, day: date = DAY):
    return queries.standing(person_actor(owner), ground, day)


def given(owner: Account, **changes) -> str:
    return f"mandate:{mandates.give(by(owner), '', wish(**changes)).id}"


def test_a_mandate_is_given_told_and_taken_up():
    principal, agent = lan(), minh()
    ground = given(principal)
    found = mandates.take_up_mandate(by(agent), ground)
    assert (found.principal, found.stands_for, found.kind) == (key(NUMBER), principal.subject, Kind.RELATIVE)
    assert found.services == (SERVICE,)
    assert {(row.subject, row.kind) for row in Notice.objects.all()} == {
        (principal.subject, "identity.mandate_given"),
        (agent.subject, "identity.mandate_got"),
    }
    for entry in JournalEntry.objects.all():
        both = set(JournalSubject.objects.filter(id=entry.id).values_list("subject", flat=True))
        assert both == {key(NUMBER), key(AGENT)}, entry.action


def test_what_is_done_under_a_mandate_is_found_by_both():
    principal, agent = lan(), minh()
    acting = standing(agent, given(principal)).actor(person_actor(agent))
    mandates.lay_down(By(msgspec.structs.replace(acting, roles=("identity.person",)), AT), acting.principal)
    entry = JournalEntry.objects.get(action="identity.lay_down")
    assert (entry.actor, entry.principal) == (agent.subject, key(NUMBER))
    assert JournalSubject.objects.filter(id=entry.id, subject=key(NUMBER)).count() == 1


def test_a_number_needs_its_name_and_level_two():
    principal = lan()
    minh()
    for changes in ({"full_name": "Trần Thị Khác"}, {"number": "900090000999"}):
        with pytest.raises(Refused, match="agent_unknown"):
            given(principal, **changes)
    with pytest.raises(NotAllowed, match="level_too_low"):
        mandates.give(By(msgspec.structs.replace(person_actor(principal), level=1), AT), "", wish())
    with pytest.raises(NotFound):
        mandates.give(by(principal), str(firm().id), wish(kind=Kind.EMPLOYEE))


def test_who_represents_an_organisation_acts_by_law_and_gives_for_it():
    principal, agent = lan(), minh()
    of = firm(representative=NUMBER)
    by_law = standing(principal, f"representative:{of.id}")
    assert (by_law.principal, by_law.kind, by_law.stands_for) == (
        "tax_code:9000000012", Kind.REPRESENTATIVE, f"account:{of.id}",
    )  # fmt: skip
    assert SERVICE in by_law.services
    made = mandates.give(by(principal), str(of.id), wish(kind=Kind.EMPLOYEE)).id
    assert standing(agent, f"mandate:{made}").principal == "tax_code:9000000012"
    letter = Notice.objects.get(kind="identity.mandate_given")
    assert (letter.channel, letter.target.splitlines()[0]) == (Channel.LETTER, "Công ty Ví Dụ")
    Organisation.objects.update(representative=AGENT)
    assert standing(principal, f"representative:{of.id}") is None
    with pytest.raises(NotFound):
        mandates.end_mandate(by(principal), UUID(made))
    Organisation.objects.update(active_to=DAY)
    assert standing(agent, f"mandate:{made}") is None


def test_an_organisation_that_signs_in_itself_gives_and_ends():
    agent, of = minh(), firm()
    own = Eid.objects.create(
        id=UUID(int=7), organisation=of, holder="organisation", level="none", state="activated", unit=of.unit,
        due=DAY, collected=AT, activated=AT,
    )  # fmt: skip
    signed = Account.objects.create(
        id=UUID(int=8), subject="account:firm", eid=own, name=of.name, login=of.tax_code, created=AT
    )
    made = mandates.give(by(signed), str(of.id), wish(kind=Kind.EMPLOYEE)).id
    assert standing(agent, f"mandate:{made}").stands_for == "account:firm"
    with pytest.raises(NotFound):
        mandates.give(by(signed), "", wish())
    mandates.end_mandate(by(signed), UUID(made))
    assert standing(agent, f"mandate:{made}") is None


def test_a_guardian_acts_by_law_until_the_ward_is_of_age():
    parent = lan()
    child = person(AGENT, birth=date(2010, 5, 21))
    row = Guardian.objects.create(
        id=UUID(int=5), ward=child, guardian=parent.eid.person, relation="parent", valid_from=DAY
    )
    ground = f"guardian:{row.id}"
    assert standing(parent, ground).principal == key(AGENT)
    assert standing(parent, ground, DAY - timedelta(days=1)) is None
    assert standing(parent, ground, date(2028, 5, 20)) is not None
    assert standing(parent, ground, date(2028, 5, 21)) is None
    Guardian.objects.update(valid_to=date(2024, 4, 1))
    assert standing(parent, ground, date(2024, 4, 1)) is None


@pytest.mark.parametrize("side", [NUMBER, AGENT])
def test_a_death_on_either_side_is_the_end(side):
    principal, agent = lan(), minh()
    ground = given(principal)
    Person.objects.filter(number=side).update(died=DAY)
    assert standing(agent, ground) is None
    with pytest.raises(Refused, match="mandate_not_in_force"):
        mandates.take_up_mandate(by(agent), ground)


def test_another_number_is_followed():
    principal, agent = lan(), minh()
    ground = given(principal)
    Person.objects.filter(number=NUMBER).update(number="900090000999")
    assert standing(agent, ground).principal == key("900090000999")


def test_a_mandate_holds_on_its_days_and_ends_by_itself():
    principal, agent = lan(), minh()
    ground = given(principal, term=Term(DAY + timedelta(days=1), DAY + timedelta(days=3)))
    days = [standing(agent, ground, DAY + timedelta(days=n)) is not None for n in range(4)]
    assert days == [False, True, True, False]
    assert not mandates.expired(AT)
    assert mandates.end_expired_mandates(By(CLOCK, AT + timedelta(days=3))) == 1
    assert set(Notice.objects.filter(kind="identity.mandate_ended").values_list("subject", flat=True)) == {
        principal.subject,
        agent.subject,
    }
    given(principal)


@pytest.mark.parametrize("who", ["principal", "agent", "officer"])
def test_each_side_and_an_officer_end_it_at_once(who):
    principal, agent = lan(), minh()
    ground = given(principal)
    mandate = Mandate.objects.get().id
    stranger = account(eid(person("900090000888")), "account:hoa")
    with pytest.raises(NotFound):
        mandates.end_mandate(by(stranger), mandate)
    if who == "officer":
        mandates.end_at_counter(officer(unit="H26"), mandate)
    else:
        mandates.end_mandate(by(principal if who == "principal" else agent), mandate)
    assert standing(agent, ground) is None
    assert Notice.objects.filter(kind="identity.mandate_ended").count() == 2
    with pytest.raises(NotFound):
        mandates.end_mandate(by(principal), mandate)


def test_a_paper_holds_once_another_officer_has_looked():
    lan()
    agent = minh()
    paper = (Paper.NOTARISED, date(2024, 2, 20), "17/2024")
    ground = f"mandate:{mandates.record(officer(), NUMBER, wish(), *paper).id}"
    mandate = Mandate.objects.get().id
    assert standing(agent, ground) is None
    assert not Notice.objects.exists()
    with pytest.raises(Refused, match="mandate_same_officer"):
        mandates.confirm(officer(), mandate)
    with pytest.raises(NotFound):
        mandates.confirm(officer("colleague", "H26"), mandate)
    mandates.confirm(officer("colleague"), mandate)
    assert standing(agent, ground) is not None
    assert Notice.objects.count() == 2
    with pytest.raises(NotFound):
        mandates.confirm(officer("third"), mandate)
    with pytest.raises(NotFound):
        mandates.record(officer(), "900090000999", wish(), *paper)


def test_nobody_records_or_confirms_a_paper_about_themselves():
    principal, agent = lan(), minh()
    head = account(eid(person("900090000888")), "account:hoa")
    of = firm(representative="900090000888")
    paper = (Paper.NOTARISED, date(2024, 2, 20), "17/2024")
    for one, whose, kind in (
        (principal, NUMBER, Kind.RELATIVE),
        (agent, NUMBER, Kind.RELATIVE),
        (head, of.tax_code, Kind.EMPLOYEE),
    ):
        with pytest.raises(Refused, match="mandate_own"):
            mandates.record(officer(one.subject), whose, wish(kind=kind), *paper)
        made = UUID(mandates.record(officer(), whose, wish(kind=kind), *paper).id)
        with pytest.raises(Refused, match="mandate_own"):
            mandates.confirm(officer(one.subject), made)
        mandates.end_at_counter(officer(), made)


def test_an_account_that_is_closed_acts_for_nobody():
    principal, agent = lan(), minh()
    ground = given(principal)
    Account.objects.filter(id=agent.id).update(closed=AT)
    assert standing(agent, ground) is None


@pytest.mark.parametrize("ground", ["", "nothing", "mandate", "office:1"])
def test_what_is_no_ground_lets_nobody_act(ground):
    with pytest.raises((Refused, NotFound)):
        mandates.take_up_mandate(by(minh()), ground)


@pytest.mark.django_db(transaction=True)
def test_given_twice_at_once_it_is_one():
    principal = lan()
    minh()
    outcomes = at_once(*[lambda: given(principal)] * 3)
    assert sorted(isinstance(one, Refused) for one in outcomes) == [False, True, True]
    assert Mandate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ended_by_both_at_once_it_is_told_once():
    principal, agent = lan(), minh()
    given(principal)
    mandate = Mandate.objects.get().id
    outcomes = at_once(*[lambda one=one: mandates.end_mandate(by(one), mandate) for one in (principal, agent)])
    assert sorted(isinstance(one, NotFound) for one in outcomes) == [False, True]
    assert Notice.objects.filter(kind="identity.mandate_ended").count() == 2


@pytest.mark.django_db(transaction=True)
def test_taken_up_while_it_is_ended_it_holds_no_more():
    principal, agent = lan(), minh()
    ground = given(principal)
    mandate = Mandate.objects.get().id
    at_once(lambda: mandates.take_up_mandate(by(agent), ground), lambda: mandates.end_mandate(by(principal), mandate))
    assert standing(agent, ground) is None
