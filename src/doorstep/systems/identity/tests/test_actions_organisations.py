"""e-IDs of organisations, through their representative; and minors and foreigners at the counter."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from doorstep.kernel.access import looking
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalSubject, Notice
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import NotFound, Refused
from doorstep.systems.identity.actions import eid as life
from doorstep.systems.identity.actions import organisations as actions
from doorstep.systems.identity.actions.eid import Applicant
from doorstep.systems.identity.actions.signin import VISITOR
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.models import Eid, Guardian, Organisation
from doorstep.systems.identity.queries.care import in_care
from doorstep.systems.identity.queries.eid import eid_by_number
from doorstep.systems.identity.rules.eid import LockCause, Step
from doorstep.systems.identity.tests.builders import AT, CAPTURE, NUMBER, PASSCODE, PASSWORD, account, eid, person
from doorstep.systems.identity.tests.test_actions_eid import PHONE, PLACE, commune, counted, officer  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db
NONE = Applicant(Level.NONE)
TWO = Applicant(Level.TWO, PHONE, capture=CAPTURE)
LATE = AT + timedelta(days=150)
"""When the ages of the newer decree hold."""


def organisation(code: str = "9000001009", **changes: Any) -> Organisation:
    values = {
        "kind": "enterprise",
        "name": "Công ty Ví Dụ",
        "words": ["cong"],
        "representative": NUMBER,
        "unit": PLACE,
        "address": "1",
        "active_from": date(2021, 1, 1),
    }
    return Organisation.objects.create(id=UUID(int=int(code)), tax_code=code, **{**values, **changes})


def collected(code: str = "9000001009", applicant: Applicant = NONE) -> Eid:
    return Eid.objects.get(id=actions.collect_organisation(officer(), code, applicant, PLACE).id)


def test_an_organisations_eid_from_the_counter_to_the_activation():
    owner = account()
    organisation()
    row = collected()
    assert (row.holder, row.level, row.phone) == ("organisation", "none", owner.phone)
    assert row.due == date(2024, 3, 6), "three working days"
    life.approve(officer("colleague"), row.id, row.version)
    row.refresh_from_db()
    by = By(Actor(owner.subject, roles=("identity.person",), level=2), AT)
    with looking():
        (told,) = in_care(by.actor, date(2024, 3, 1))
        opened = eid_by_number(officer().actor, "9000001009")
    assert (told.organisation, told.state, told.eid) == (True, "notified", row.id)
    actions.activate_organisation(by, row.id, row.version)
    assert counted() == {("collected", "none"): 1, ("activated", "none"): 1}
    assert opened is not None
    assert (opened.full_name, opened.birth, opened.number) == ("Công ty Ví Dụ", None, "9000001009")
    assert not {Step.RECOVER, Step.RAISE} & set(opened.steps)
    assert set(JournalSubject.objects.values_list("subject", flat=True)) == {
        f"national_id:VN:{NUMBER}",
        "tax_code:9000001009",
    }
    row.refresh_from_db()
    life.lock(officer(), row.id, row.version, LockCause.MISUSE)
    life.unlock(officer(), row.id, row.version + 1)
    with pytest.raises(Refused, match="level_not_offered"):
        life.raise_level(officer(), row.id, row.version + 2, Level.TWO, CAPTURE)
    life.revoke(officer(), row.id, row.version + 2, "closed")
    assert counted() == {}


def test_without_its_data_in_the_national_databases_it_takes_fifteen_days():
    account()
    organisation()
    assert collected(applicant=Applicant(Level.NONE, complete=False)).due == date(2024, 3, 22)


def test_who_is_refused():
    organisation()
    with pytest.raises(Refused, match="representative_needed"):
        collected()
    eid(person(), level="one")
    with pytest.raises(Refused, match="representative_needed"):
        collected()
    Eid.objects.update(level="two")
    organisation("9000002001", active_to=date(2024, 3, 1))
    organisation("9000003004", active_from=date(2024, 3, 2))
    for code in ("9000002001", "9000003004"):
        with pytest.raises(Refused, match="organisation_closed"):
            collected(code)
    with pytest.raises(NotFound):
        collected("9000009999")
    with pytest.raises(NotFound):
        actions.collect_organisation(officer(unit="H39"), "9000001009", NONE, PLACE)
    collected()
    with pytest.raises(Refused, match="eid_there"):
        collected()


def test_only_the_representative_activates_and_only_once_it_is_approved():
    owner = account()
    organisation()
    row = collected()
    other = account(eid(person("900090000777")), "account:other", login="x")
    by = By(Actor(owner.subject, roles=("identity.person",), level=2), AT)
    with pytest.raises(Refused, match="step_impossible"):
        actions.activate_organisation(by, row.id, row.version)
    life.approve(officer("colleague"), row.id, row.version)
    row.refresh_from_db()
    with pytest.raises(NotFound):
        actions.activate_organisation(
            By(Actor(other.subject, roles=("identity.person",), level=2), AT), row.id, row.version
        )
    with pytest.raises(NotFound):
        actions.activate_organisation(by, owner.eid_id, owner.eid.version)
    Organisation.objects.update(representative="900090000777")
    with pytest.raises(NotFound):
        actions.activate_organisation(by, row.id, row.version)


@pytest.mark.parametrize(
    ("birth", "level", "refused"),
    [
        (date(2016, 1, 1), Level.TWO, ""),
        (date(2016, 1, 1), Level.ONE, ""),
        (date(2019, 8, 1), Level.TWO, "level_not_offered"),
        (date(2019, 8, 1), Level.ONE, ""),
        (date(2018, 7, 29), Level.TWO, ""),
    ],
)
def test_minors_through_a_guardian_whose_phone_it_is(birth, level, refused):
    ward = person("900216000777", birth=birth)
    Guardian.objects.create(
        id=UUID(int=1), ward=ward, guardian=account().eid.person, relation="parent", valid_from=date(2020, 1, 1)
    )
    late = By(officer().actor, LATE)
    told = Applicant(level, capture=CAPTURE if level is Level.TWO else None)
    if refused:
        with pytest.raises(Refused, match=refused):
            life.collect(late, ward.number, told, PLACE)
        return
    row = Eid.objects.get(id=life.collect(late, ward.number, told, PLACE).id)
    assert (row.holder, row.phone) == ("minor", PHONE)
    with looking():
        (seen,) = in_care(Actor("account:lan", roles=("identity.person",), level=2), LATE.date())
    assert (seen.id, seen.state, seen.may_apply) == (ward.id, "collected", False)


def test_a_guardian_activates_a_wards_eid_with_the_own_phone():
    ward = person("900216000777", birth=date(2016, 1, 1))
    Guardian.objects.create(
        id=UUID(int=1), ward=ward, guardian=account().eid.person, relation="parent", valid_from=date(2020, 1, 1)
    )
    late, colleague = By(officer().actor, LATE), By(officer("colleague").actor, LATE)
    row = Eid.objects.get(id=life.collect(late, ward.number, Applicant(Level.TWO, capture=CAPTURE), PLACE).id)
    life.approve(colleague, row.id, row.version)
    subject = life.begin_activation(By(VISITOR, LATE), ward.number, PHONE)
    sent = Notice.objects.get(kind="identity.code", subject=subject)
    assert sent.target == PHONE
    assert life.prove_activation(By(VISITOR, LATE), subject, sent.given["code"]) is None
    life.activate(By(VISITOR, LATE), subject, PASSWORD, PASSCODE)
    row.refresh_from_db()
    assert row.state == "activated"
    assert counted() == {("collected", "two"): 1, ("activated", "two"): 1}


def test_who_came_of_age_counts_as_a_citizen_once_raised():
    ward = person("900210000777", birth=date(2010, 7, 1))
    row = eid(ward, level="one")
    Eid.objects.update(holder="minor")
    life.raise_level(By(officer().actor, LATE), row.id, row.version, Level.TWO, CAPTURE)
    row.refresh_from_db()
    assert (row.holder, row.level) == ("citizen", "two")


@pytest.mark.parametrize(("complete", "due"), [(True, date(2024, 8, 1)), (False, date(2024, 8, 7))])
def test_foreigners_at_the_counter(complete, due):
    foreigner = person(nationality="FR")
    told = Applicant(Level.TWO, PHONE, complete=complete, capture=CAPTURE)
    assert life.collect(By(officer().actor, LATE), foreigner.number, told, PLACE).due == due
    child = person("900220000777", nationality="FR", birth=date(2019, 8, 1))
    with pytest.raises(Refused, match="level_not_offered"):
        life.collect(By(officer().actor, LATE), child.number, told, PLACE)


def test_a_citizen_without_a_phone_is_not_collected_and_level_2_not_without_a_capture():
    person()
    with pytest.raises(Refused, match="phone_needed"):
        life.collect(officer(), NUMBER, Applicant(Level.TWO, capture=CAPTURE), PLACE)
    with pytest.raises(Refused, match="capture_needed"):
        life.collect(officer(), NUMBER, Applicant(Level.TWO, PHONE), PLACE)
