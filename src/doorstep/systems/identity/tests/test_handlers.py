"""What the register answers to other systems: right or wrong first, particulars as far as the purpose is granted them."""

from datetime import date, timedelta

import pytest

from doorstep.kernel.contracts import ask
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import NotAllowed, TooLarge
from doorstep.systems.identity.actions import register
from doorstep.systems.identity.contract import (
    MOST,
    Agreement,
    Alive,
    Claim,
    Guardians,
    GuardianTold,
    Match,
    OrganisationKind,
    Organisations,
    OrganisationTold,
    Particular,
    Particulars,
    Relation,
    ResidenceUnit,
    Sex,
    Told,
)
from doorstep.systems.identity.permissions import FOR_EID, FOR_MATCH, FOR_RELYING_PARTY
from doorstep.systems.identity.tests.people import (
    AT,
    BY,
    DAY,
    ELSEWHERE,
    HERE,
    SOURCE,
    THERE,
    body,
    enter,
    home,
    key,
    places,
    record,
    tax_code,
)

pytestmark = pytest.mark.django_db
ASKER = By(Actor("service:health", roles=("identity.asker",)), AT)
NOBODY, PASSPORT = key("900090999999"), "passport:DE:C01X00T47"


def answer(question, purpose=FOR_MATCH, by=ASKER):
    return ask(by, purpose, question).value


def test_claims_are_matched_one_by_one_in_the_order_asked():
    one = key(enter(1).number)
    claims = [
        Claim(one, "VAN vi nguyen du", date(1990, 5, 21), Sex.MALE),
        Claim(NOBODY, "Lan"),
        Claim(one, "Nguyễn Văn Ví", date(1990, 5, 20), Sex.FEMALE),
        Claim(PASSPORT, birth=date(1990, 5, 21)),
        Claim(one, birth=date(1990, 5, 21)),
    ]
    assert answer(Match(claims)) == [
        Agreement(True, True, True, True),
        Agreement(False),
        Agreement(True, False, False, False),
        Agreement(False),
        Agreement(True, birth=True),
    ]


def test_an_ask_is_journalled_for_everybody_whom_it_is_about():
    one = key(enter(1).number)
    JournalEntry.objects.all().delete()
    JournalSubject.objects.all().delete()
    answer(Particulars([one, NOBODY], [Particular.FULL_NAME, Particular.UNIT]), FOR_EID)
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.action, entry.purpose) == ("service:health", "identity.ask.particulars", "identity.eid")
    assert (entry.fields, entry.basis[:6]) == ("full_name unit", "Decree")
    assert set(JournalSubject.objects.values_list("subject", flat=True)) == {one, NOBODY}


def test_particulars_are_told_as_far_as_the_purpose_is_granted_them():
    one = key(enter(1).number)
    told = answer(Particulars([one, NOBODY], [Particular.FULL_NAME, Particular.BIRTH]), FOR_RELYING_PARTY)
    assert told == [Told(full_name="Nguyễn Văn Ví Dụ", birth=date(1990, 5, 21)), None]
    whole = Told(
        full_name="Nguyễn Văn Ví Dụ",
        birth=date(1990, 5, 21),
        sex=Sex.MALE,
        nationality="VN",
        unit=HERE,
        address="12 Đường Ví Dụ",
    )
    assert answer(Particulars([one], [*Particular]), FOR_EID) == [whole]
    for purpose, wanted, missing in (
        (FOR_RELYING_PARTY, [Particular.BIRTH, Particular.ADDRESS], ["address"]),
        (FOR_MATCH, [Particular.FULL_NAME], ["full_name"]),
    ):
        with pytest.raises(NotAllowed) as refused:
            answer(Particulars([one], wanted), purpose)
        assert [reason.given["particular"] for reason in refused.value.reasons] == missing


def test_who_lives_and_where_they_lived_on_a_day():
    here, dead = enter(1), enter(2, full_name="Trần Văn Mẫu")
    register.note_death(BY, dead.id, 1, DAY - timedelta(days=10), SOURCE)
    register.move_residence(BY, here.id, 1, home(THERE, valid_from=DAY), SOURCE)
    asked = [key(here.number), key(dead.number), NOBODY]
    assert answer(Alive(asked)) == [True, False, None]
    assert answer(ResidenceUnit(asked)) == [THERE, None, None]
    assert answer(ResidenceUnit(asked, DAY - timedelta(days=10))) == [HERE, HERE, None]
    assert answer(ResidenceUnit(asked, date(2019, 12, 31))) == [None, None, None]


def test_who_answers_for_a_minor_on_a_day():
    parent, child = enter(1), enter(2, birth=date(2015, 1, 1), full_name="Bé")
    register.set_guardian(BY, child.id, parent.number, Relation.PARENT, date(2023, 1, 1), SOURCE)
    asked = [key(child.number), key(parent.number)]
    told = [GuardianTold(key(parent.number), Relation.PARENT)]
    assert answer(Guardians(asked)) == [told, []]
    assert answer(Guardians(asked, date(2022, 12, 31))) == [[], []]
    assert answer(Guardians(asked, date(2032, 12, 31))) == [told, []]
    assert answer(Guardians(asked, date(2033, 1, 1))) == [[], []], "of age"
    register.note_death(BY, parent.id, 1, DAY, SOURCE)
    assert answer(Guardians(asked, DAY)) == [told, []]
    assert answer(Guardians(asked, DAY + timedelta(days=1))) == [[], []]


def test_an_organisation_and_its_representative():
    enter(1)
    register.register_organisation(BY, body(), SOURCE)
    told = OrganisationTold(
        *("Hộ kinh doanh Ví Dụ", OrganisationKind.HOUSEHOLD_BUSINESS),
        *(True, HERE, key(record().number)),
    )
    assert answer(Organisations([tax_code(1), tax_code(2)])) == [told, None]
    assert JournalSubject.objects.filter(subject=f"tax_code:{tax_code(2)}").exists()


def test_who_may_not_ask_and_how_much_at_once():
    places()
    with pytest.raises(NotAllowed):
        answer(Alive([NOBODY]), by=By(Actor("nobody"), AT))
    with pytest.raises(NotAllowed):
        answer(Alive([NOBODY]), by=BY)
    many = [key(f"{serial:012}") for serial in range(MOST)]
    assert answer(Alive(many)) == [None] * MOST
    for question in (
        Alive([*many, NOBODY]),
        Match([Claim(one) for one in [*many, NOBODY]]),
        Organisations(["1"] * (MOST + 1)),
    ):
        with pytest.raises(TooLarge):
            answer(question)


def test_an_ask_knows_no_area():
    away = key(enter(1, unit=ELSEWHERE).number)
    assert answer(Alive([away]), by=By(Actor("clerk", "H38", ("identity.asker",)), AT)) == [True]
