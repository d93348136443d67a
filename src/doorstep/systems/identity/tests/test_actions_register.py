"""The register on PostgreSQL: who may write what, every version kept, each entry journalled for those concerned."""

from datetime import date, timedelta

import pytest

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import Unit
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked, uuid7
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused, Stale
from doorstep.systems.identity.actions import register, signin
from doorstep.systems.identity.contract import Relation, Sex
from doorstep.systems.identity.models import (
    Account,
    Correction,
    Guardian,
    Organisation,
    OrganisationVersion,
    Person,
    PersonVersion,
    Residence,
)
from doorstep.systems.identity.queries.register import record_of
from doorstep.systems.identity.rules.register import Cause, ResidenceKind
from doorstep.systems.identity.tests.builders import PASSCODE, account, eid
from doorstep.systems.identity.tests.people import (
    AT,
    BY,
    DAY,
    ELSEWHERE,
    HERE,
    SOURCE,
    THERE,
    body,
    codes,
    enter,
    home,
    journal,
    key,
    places,
    record,
    registrar,
    replaced,
    tax_code,
)

pytestmark = pytest.mark.django_db
SECOND = By(registrar(subject="second"), AT)


def refused(run, *args, **kwargs):
    with pytest.raises(Refused) as told:
        run(*args, **kwargs)
    return codes(told.value.reasons)


def register_one(told=None, at_home=None, cause=Cause.ENTRY, by=BY, **kwargs):
    places()
    return register.register_person(by, told or record(), at_home or home(), cause, SOURCE, **kwargs)


def now(person):
    return Person.objects.get(id=person.id)


# Entering


def test_a_person_enters_with_residence_history_and_journal():
    done = register_one(record(full_name="Đặng Thị Ánh", sex=Sex.FEMALE), cause=Cause.BIRTH)
    person = Person.objects.get(id=done.id)
    assert (person.words, person.unit, person.version) == (["anh", "dang", "thi"], HERE, 1)
    lived = Residence.objects.get()
    assert (lived.person_id, lived.kind, lived.valid_from, lived.valid_to) == (
        *(person.id, "permanent"),
        *(date(2020, 1, 1), None),
    )
    first = PersonVersion.objects.get()
    assert (first.version, first.cause, first.source, first.actor, first.before) == (
        *(0, "birth", SOURCE, "registrar"),
        {},
    )
    ((people, fields),) = journal("register_person")
    assert people == {key(person.number)}
    assert {"number", "birth", "residence"} <= set(fields.split())


def test_a_number_is_entered_once():
    register_one()
    assert refused(register_one, record(full_name="Trần Văn Mẫu")) == [("number_taken", "number")]
    assert Person.objects.count() == 1


def test_who_is_likely_the_same_is_entered_after_a_look_only():
    register_one()
    again = record(2, full_name="DỤ Ví van nguyễn")
    assert refused(register_one, again) == [("likely_same", "confirmed")]
    register_one(again, confirmed=True)
    register_one(record(3, full_name="Nguyễn Văn Ví"))
    register_one(record(4, birth=date(1990, 5, 22)))
    assert Person.objects.count() == 4


def test_nobody_enters_by_a_move_outside_the_area_or_without_the_scope():
    assert refused(register_one, cause=Cause.MOVE) == [("not_by_cause", "cause")]
    with pytest.raises(NotAllowed, match="outside_area"):
        register_one(at_home=home(ELSEWHERE))
    with pytest.raises(NotAllowed):
        register_one(by=By(Actor("nobody", "H38"), AT))
    weak = Actor("registrar", "H38", ("identity.registrar",), level=1)
    with pytest.raises(NotAllowed):
        register_one(by=By(weak, AT))
    assert refused(register_one, at_home=home("H38")) == [("not_a_commune", "unit")]
    assert not Person.objects.exists()


def test_who_died_before_the_entry_lives_nowhere_any_more():
    register_one(record(died=date(2023, 5, 1)), home(valid_from=date(2000, 1, 1)))
    assert Residence.objects.get().valid_to == date(2023, 5, 2)


# Changing


def test_a_change_keeps_what_was_before_and_says_since_when_and_why():
    person = enter()
    register.change_person(
        BY, person.id, 1, replaced(record_of(person), full_name="Nguyễn Văn Mới"), Cause.MARRIAGE, DAY, " Paper 7 "
    )
    changed = now(person)
    assert (changed.full_name, changed.words, changed.version) == ("Nguyễn Văn Mới", ["moi", "nguyen", "van"], 2)
    kept = PersonVersion.objects.get(version=1)
    assert (kept.cause, kept.valid_from, kept.source, kept.actor) == ("marriage", DAY, "Paper 7", "registrar")
    assert (kept.before["full_name"], kept.before["unit"]) == ("Nguyễn Văn Ví Dụ", HERE)
    assert journal("change_person") == [({key(person.number)}, "full_name")]


def test_a_record_that_changed_meanwhile_is_not_overwritten():
    person = enter()
    after = replaced(record_of(person), full_name="Nguyễn Văn Mới")
    register.change_person(BY, person.id, 1, after, Cause.MARRIAGE, DAY, SOURCE)
    again = replaced(record_of(person), full_name="Nguyễn Văn Khác")
    with pytest.raises(Stale):
        register.change_person(BY, person.id, 1, again, Cause.MARRIAGE, DAY, SOURCE)
    assert PersonVersion.objects.filter(person=person, version__gt=0).count() == 1


def test_a_new_number_is_journalled_under_both_and_followed_by_organisations():
    person = enter()
    register.register_organisation(BY, body(representative=Masked(person.number)), SOURCE)
    after = replaced(record_of(person), sex=Sex.FEMALE, number=record(sex=Sex.FEMALE).number)
    register.change_person(BY, person.id, 1, after, Cause.COURT, DAY, SOURCE)
    assert journal("change_person") == [({key(person.number), key(after.number)}, "number sex")]
    assert Organisation.objects.get().representative == after.number


def test_whoever_gets_a_new_number_signs_in_with_it():
    person = enter()
    owner = account(eid(person))
    after = replaced(record_of(person), sex=Sex.FEMALE, number=record(sex=Sex.FEMALE).number)
    register.change_person(BY, person.id, 1, after, Cause.COURT, DAY, SOURCE)
    begin = signin.begin_with_passcode
    assert begin(By(signin.VISITOR, AT), after.number, PASSCODE) == owner.subject
    assert begin(By(signin.VISITOR, AT), person.number, PASSCODE) != owner.subject


def test_a_new_number_with_which_somebody_signs_in_already_is_refused_as_a_whole():
    person = enter()
    account(eid(person))
    after = replaced(record_of(person), sex=Sex.FEMALE, number=record(sex=Sex.FEMALE).number)
    Account.objects.create(id=uuid7(AT), subject="account:staff", name="Staff", login=after.number, created=AT)
    changed = (BY, person.id, 1, after, Cause.COURT, DAY, SOURCE)
    assert refused(register.change_person, *changed) == [("number_taken", "number")]
    assert Person.objects.get().number == person.number


def test_a_number_of_somebody_else_is_not_taken_over():
    other = enter(2)
    person = enter(1)
    after = replaced(record_of(person), number=Masked(other.number))
    assert refused(register.change_person, BY, person.id, 1, after, Cause.COURT, DAY, SOURCE) == [
        ("number_taken", "number")
    ]
    assert now(person).version == 1


def test_a_person_of_another_area_is_left_alone():
    person = enter(unit=ELSEWHERE)
    after = replaced(record_of(person), full_name="Nguyễn Văn Mới")
    with pytest.raises(NotAllowed, match="outside_area"):
        register.change_person(BY, person.id, 1, after, Cause.MARRIAGE, DAY, SOURCE)
    with pytest.raises(NotFound):
        register.change_person(BY, uuid7(AT), 1, after, Cause.MARRIAGE, DAY, SOURCE)


def test_a_merged_commune_is_its_successors_area():
    person = enter(unit=ELSEWHERE)
    Unit.objects.filter(code=ELSEWHERE).update(valid_to=date(2024, 2, 1), successor=HERE)
    after = replaced(record_of(person), full_name="Nguyễn Văn Mới")
    with pytest.raises(NotAllowed):
        register.change_person(By(registrar("H26"), AT), person.id, 1, after, Cause.MARRIAGE, DAY, SOURCE)
    register.change_person(BY, person.id, 1, after, Cause.MARRIAGE, DAY, SOURCE)


# Corrections


def propose(person, by=BY, **changes):
    after = replaced(record_of(person), **changes)
    return register.propose_correction(by, person.id, person.version, after, SOURCE).id


def test_a_typing_error_takes_two_persons():
    person = enter()
    after = replaced(record_of(person), full_name="Nguyễn Văn Ví")
    assert refused(register.change_person, BY, person.id, 1, after, Cause.CORRECTION, DAY, SOURCE) == [
        ("needs_second_person", "cause")
    ]
    one = propose(person, full_name="Nguyễn Văn Ví")
    assert now(person).full_name == "Nguyễn Văn Ví Dụ"
    assert refused(register.decide_correction, BY, one, approve=True, why="") == [("same_person", "")]
    register.decide_correction(SECOND, one, approve=True, why="")
    assert now(person).full_name == "Nguyễn Văn Ví"
    decided = Correction.objects.get()
    assert (decided.proposed_by, decided.decided_by, decided.decided, decided.approved) == (
        *("registrar", "second"),
        *(AT, True),
    )
    assert refused(register.decide_correction, SECOND, one, approve=True, why="") == [("correction_decided", "")]
    assert [fields for _, fields in journal("propose_correction") + journal("decide_correction")] == ["full_name"] * 2


def test_a_correction_that_was_refused_changes_nothing_and_says_why():
    person = enter()
    one = propose(person, birth=date(1990, 5, 20))
    assert refused(propose, person, full_name="Lan") == [("correction_open", "")]
    assert refused(register.decide_correction, SECOND, one, approve=False, why=" ") == [("text_missing", "why")]
    register.decide_correction(SECOND, one, approve=False, why="The certificate says 21")
    assert (now(person).birth, now(person).version) == (date(1990, 5, 21), 1)
    propose(person, full_name="Lan")


def test_a_correction_of_a_record_that_changed_since_is_stale():
    person = enter()
    one = propose(person, birth=date(1990, 5, 20))
    after = replaced(record_of(person), full_name="Lan")
    register.change_person(BY, person.id, 1, after, Cause.COURT, DAY, SOURCE)
    with pytest.raises(Stale):
        register.decide_correction(SECOND, one, approve=True, why="")
    register.decide_correction(SECOND, one, approve=False, why="Look again")


def test_a_death_noted_for_the_wrong_person_is_taken_back_with_what_followed():
    person, child = enter(1), enter(2, birth=date(2015, 1, 1), full_name="Nguyễn Thị Bé")
    register.set_guardian(BY, child.id, person.number, Relation.PARENT, DAY, SOURCE)
    register.note_death(BY, person.id, 1, DAY, SOURCE)
    assert not Residence.objects.filter(person=person, valid_to=None).exists()
    assert Guardian.objects.get().valid_to == DAY + timedelta(days=1)
    register.decide_correction(SECOND, propose(now(person), died=None), approve=True, why="")
    assert now(person).died is None
    assert Residence.objects.get(person=person).valid_to is None
    assert Guardian.objects.get().valid_to is None


# Residence and death


def test_a_move_ends_one_residence_and_begins_another():
    person = enter()
    register.move_residence(BY, person.id, 1, home(THERE, valid_from=DAY), SOURCE)
    assert list(Residence.objects.order_by("valid_from").values_list("unit", "valid_from", "valid_to")) == [
        (HERE, date(2020, 1, 1), DAY),
        (THERE, DAY, None),
    ]
    assert (now(person).unit, now(person).version) == (THERE, 2)
    assert PersonVersion.objects.get(version=1).before["unit"] == HERE
    overlap = home(HERE, valid_from=DAY)
    assert refused(register.move_residence, BY, person.id, 2, overlap, SOURCE) == [("residences_overlap", "valid_from")]
    assert journal("move_residence") == [({key(person.number)}, "residence")]


def test_the_registrar_of_either_place_enters_a_move():
    person = enter(unit=ELSEWHERE)
    with pytest.raises(NotAllowed):
        register.move_residence(By(registrar("H40"), AT), person.id, 1, home(HERE, valid_from=DAY), SOURCE)
    register.move_residence(BY, person.id, 1, home(HERE, valid_from=DAY), SOURCE)
    assert now(person).unit == HERE
    tomorrow = By(registrar("H38"), AT + timedelta(days=1))
    away = home(ELSEWHERE, valid_from=DAY + timedelta(days=1))
    register.move_residence(tomorrow, person.id, 2, away, SOURCE)
    assert now(person).unit == ELSEWHERE


def test_a_temporary_residence_comes_and_goes_beside_the_permanent_one():
    person = enter()
    stay = home(THERE, kind=ResidenceKind.TEMPORARY, valid_from=date(2024, 1, 1))
    register.move_residence(BY, person.id, 1, stay, SOURCE)
    assert now(person).unit == HERE
    register.end_residence(BY, person.id, 2, ResidenceKind.TEMPORARY, DAY, SOURCE)
    assert Residence.objects.get(kind="temporary").valid_to == DAY
    ended = (BY, person.id, 3, ResidenceKind.TEMPORARY, DAY, SOURCE)
    assert refused(register.end_residence, *ended) == [("no_residence", "kind")]
    early = (BY, person.id, 3, ResidenceKind.PERMANENT, date(2020, 1, 1), SOURCE)
    assert refused(register.end_residence, *early) == [("end_before_start", "valid_to")]


def test_a_death_is_noted_once_and_not_before_the_last_move():
    person = enter()
    assert refused(register.note_death, BY, person.id, 1, date(2019, 1, 1), SOURCE) == [("lived_after", "died")]
    register.note_death(BY, person.id, 1, date(2024, 2, 1), SOURCE)
    assert (now(person).died, Residence.objects.get().valid_to) == (date(2024, 2, 1), date(2024, 2, 2))
    assert refused(register.note_death, BY, person.id, 2, DAY, SOURCE) == [("died_already", "died")]
    assert refused(register.move_residence, BY, person.id, 2, home(THERE, valid_from=DAY), SOURCE) == [
        ("after_death", "valid_from")
    ]
    assert journal("note_death") == [({key(person.number)}, "died")]


# Guardians


def test_a_guardian_from_anywhere_answers_for_a_ward_of_the_area():
    child, parent = enter(2, birth=date(2015, 1, 1), full_name="Nguyễn Thị Bé"), enter(1, unit=ELSEWHERE)
    set_one = (BY, child.id, parent.number, Relation.PARENT, DAY, SOURCE)
    register.set_guardian(*set_one)
    assert refused(register.set_guardian, *set_one) == [("guardian_already", "guardian")]
    assert journal("set_guardian") == [({key(child.number), key(parent.number)}, "guardian")]
    one = Guardian.objects.get()
    tomorrow = By(registrar(), AT + timedelta(days=1))
    register.end_guardian(tomorrow, one.id, DAY + timedelta(days=1), SOURCE)
    assert Guardian.objects.get().valid_to == DAY + timedelta(days=1)
    with pytest.raises(NotFound):
        register.end_guardian(tomorrow, one.id, DAY + timedelta(days=1), SOURCE)
    assert journal("end_guardian") == [({key(child.number), key(parent.number)}, "guardian")]


def test_who_cannot_be_a_guardian():
    child, young = enter(2, birth=date(2015, 1, 1), full_name="Bé"), enter(3, birth=date(2008, 1, 1), full_name="Em")
    for number, found in ((young.number, "guardian_under_age"), ("900090999999", "not_found")):
        assert refused(register.set_guardian, BY, child.id, number, Relation.SIBLING, DAY, SOURCE) == [
            (found, "guardian")
        ]
    away = enter(4, unit=ELSEWHERE, birth=date(2016, 1, 1), full_name="Xa")
    parent = enter(1)
    with pytest.raises(NotAllowed):
        register.set_guardian(BY, away.id, parent.number, Relation.PARENT, DAY, SOURCE)


# Organisations


def test_an_organisation_enters_with_its_representative_and_keeps_its_versions():
    enter()
    done = register.register_organisation(BY, body(), SOURCE)
    assert refused(register.register_organisation, BY, body(name="Other"), SOURCE) == [("tax_code_taken", "tax_code")]
    register.change_organisation(BY, done.id, 1, body(name="Cửa hàng Mới"), DAY, SOURCE)
    row = Organisation.objects.get()
    assert (row.name, row.words, row.version) == ("Cửa hàng Mới", ["cua", "hang", "moi"], 2)
    kept = OrganisationVersion.objects.get()
    assert (kept.version, kept.before["name"], kept.valid_from) == (1, "Hộ kinh doanh Ví Dụ", DAY)
    with pytest.raises(Stale):
        register.change_organisation(BY, done.id, 1, body(name="X"), DAY, SOURCE)
    same = (BY, done.id, 2, body(name="Cửa hàng Mới"), DAY, SOURCE)
    assert refused(register.change_organisation, *same) == [("nothing_changed", "")]
    concerned = {f"tax_code:{row.tax_code}", key(record().number)}
    assert [people for people, _ in journal("register_organisation")] == [concerned]
    assert journal("change_organisation") == [(concerned, "name")]


def test_an_organisation_needs_a_living_adult_and_its_area():
    enter(2, birth=date(2015, 1, 1), full_name="Bé")
    nobody = body(representative=record(9).number)
    assert refused(register.register_organisation, BY, nobody, SOURCE) == [("representative_unknown", "representative")]
    child = body(representative=record(2, birth=date(2015, 1, 1)).number)
    assert refused(register.register_organisation, BY, child, SOURCE) == [("representative_unknown", "representative")]
    with pytest.raises(NotAllowed):
        register.register_organisation(BY, body(unit=ELSEWHERE), SOURCE)
    enter(1)
    register.register_organisation(BY, body(tax_code=tax_code(2)), SOURCE)
