"""The register is searched within the own area, however a name is typed; lists are masked, each look is journalled."""

from datetime import date

import pytest

from doorstep.kernel.access import Sought, look
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.values.ids import Masked, uuid7
from doorstep.kernel.values.reasons import NotAllowed, NotFound
from doorstep.systems.identity.actions import register
from doorstep.systems.identity.contract import Relation, Sex
from doorstep.systems.identity.permissions import FOR_REGISTER
from doorstep.systems.identity.queries import register as queries
from doorstep.systems.identity.queries.register import record_of
from doorstep.systems.identity.rules.register import Cause
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
    record,
    registrar,
    replaced,
    tax_code,
)

pytestmark = pytest.mark.django_db


def seen(query, *args, actor=None, **kwargs):
    return look(actor or registrar(), FOR_REGISTER, AT, query, *args, **kwargs)


def names(text, birth=None, actor=None, after=None):
    return sorted(row.full_name for row in seen(queries.persons, DAY, Sought(text), birth, after, actor=actor))


@pytest.fixture
def people():
    for serial, name in enumerate(("Nguyễn Văn Ánh", "Nguyễn Thị Ánh", "Đặng Văn Hải", "Trần Ánh"), 1):
        enter(serial, full_name=name, birth=date(1990, 5, 20 + serial))
    enter(5, full_name="Nguyễn Văn Ánh", unit=ELSEWHERE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nguyen van anh", ["Nguyễn Văn Ánh"]),
        ("ÁNH  văn  NGUYỄN", ["Nguyễn Văn Ánh"]),
        ("dang hai", ["Đặng Văn Hải"]),
        ("anh", ["Nguyễn Văn Ánh", "Nguyễn Thị Ánh", "Trần Ánh"]),
        ("nguyen quoc anh", ["Nguyễn Văn Ánh", "Nguyễn Thị Ánh"]),
        ("le anh", []),
        ("", []),
        ("!?", []),
    ],
)
def test_a_person_is_found_without_marks_in_any_order_and_with_a_word_too_many(people, text, found):
    assert names(text) == sorted(found)


def test_a_birth_date_helps(people):
    assert names("anh", date(1990, 5, 22)) == ["Nguyễn Thị Ánh"]
    assert names("", date(1990, 5, 23)) == ["Đặng Văn Hải"]
    assert names("tran thi anh", date(1990, 5, 22)) == ["Nguyễn Thị Ánh"]
    assert names("le hai", date(1990, 5, 23)) == ["Đặng Văn Hải"]
    assert names("le", date(1990, 5, 23)) == []


def test_a_number_finds_its_person_within_the_area(people):
    number = record(1, birth=date(1990, 5, 21)).number
    assert names(f" {number[:6]} {number[6:]} ") == ["Nguyễn Văn Ánh"]
    assert names(number[:-1]) == []
    assert names(record(5).number) == []
    assert names(record(5).number, actor=registrar("")) == ["Nguyễn Văn Ánh"]


def test_everybody_sees_the_own_area(people):
    assert names("nguyen", actor=registrar("H26")) == ["Nguyễn Văn Ánh"]
    assert names("nguyen", actor=registrar(THERE)) == []
    assert len(names("nguyen", actor=registrar(""))) == 3
    with pytest.raises(NotAllowed):
        names("nguyen", actor=Actor("nobody"))


def test_a_list_is_masked_and_journalled_without_the_name_that_was_typed(people):
    JournalEntry.objects.all().delete()
    JournalSubject.objects.all().delete()
    (row,) = seen(queries.persons, DAY, Sought("van anh"))
    number = record(1, birth=date(1990, 5, 21)).number
    assert (row.number, row.birth_year, row.unit, row.alive) == (Masked(number).masked, 1990, HERE, True)
    entry = JournalEntry.objects.get()
    assert entry.action == "identity.look.persons"
    assert "text of 7 characters" in entry.detail
    assert not JournalSubject.objects.exists()


def test_a_list_goes_on_where_the_page_ended(monkeypatch, people):
    monkeypatch.setattr(queries, "PAGE", 2)
    for text in ("anh", "nguyen quoc anh"):
        first = seen(queries.persons, DAY, Sought(text))
        rest = seen(queries.persons, DAY, Sought(text), None, first[-1].id)
        assert len({row.id for row in first + rest}) == len(first + rest) == len(names(text)) + len(rest)


def test_a_person_is_opened_whole_with_everything_that_is_dated():
    person, child = enter(1), enter(2, birth=date(2015, 1, 1), full_name="Bé")
    register.set_guardian(BY, child.id, person.number, Relation.PARENT, DAY, SOURCE)
    register.move_residence(BY, person.id, 1, home(THERE, valid_from=DAY), SOURCE)
    after = replaced(record_of(person), full_name="Nguyễn Văn Mới")
    register.change_person(BY, person.id, 2, after, Cause.MARRIAGE, DAY, SOURCE)
    proposed = register.propose_correction(BY, person.id, 3, replaced(after, full_name="Nguyễn Mới"), SOURCE)

    found = seen(queries.person, DAY, person.id)

    assert (found.record, found.unit, found.version, found.entered) == (after, THERE, 3, AT)
    assert [(one.unit, one.valid_to) for one in found.homes] == [(THERE, None), (HERE, DAY)]
    assert [(one.version, one.cause, one.before and one.before.full_name, one.unit) for one in found.changes] == [
        (2, Cause.MARRIAGE, "Nguyễn Văn Ví Dụ", THERE),
        (1, Cause.MOVE, "Nguyễn Văn Ví Dụ", HERE),
        (0, Cause.ENTRY, None, ""),
    ]
    assert [(one.other.full_name, one.relation) for one in found.wards] == [("Bé", Relation.PARENT)]
    assert seen(queries.person, DAY, child.id).guardians[0].other.id == person.id
    assert found.correction == proposed.id
    looks = JournalEntry.objects.filter(action="identity.look.person").values("id")
    seen_by = JournalSubject.objects.filter(id__in=looks).values_list("subject", flat=True)
    assert sorted(seen_by) == sorted([key(person.number), key(child.number)])


def test_what_lies_outside_is_not_found():
    away = enter(1, unit=ELSEWHERE)
    one = register.propose_correction(
        type(BY)(registrar("H26"), AT), away.id, 1, replaced(record_of(away), full_name="Lan"), SOURCE
    ).id
    organisation = register.register_organisation(type(BY)(registrar("H26"), AT), body(unit=ELSEWHERE), SOURCE).id
    for query, missing in (
        (queries.person, away.id),
        (queries.correction, one),
        (queries.organisation, organisation),
        (queries.person, uuid7(AT)),
    ):
        with pytest.raises(NotFound):
            seen(query, DAY, missing)
    assert seen(queries.corrections, DAY) == []
    assert queries.organisations(registrar(), DAY, "vi du") == []
    assert [row.id for row in seen(queries.corrections, DAY, actor=registrar("H26"))] == [one]


def test_who_arrives_shows_number_and_birth_date():
    away = enter(1, unit=ELSEWHERE)
    assert seen(queries.arriving, Masked(away.number), away.birth).id == away.id
    for number, birth in ((away.number, date(1990, 5, 22)), ("900090999999", away.birth)):
        with pytest.raises(NotFound):
            seen(queries.arriving, Masked(number), birth)


def test_likely_duplicates_are_shown_masked_wherever_they_live():
    enter(1, unit=ELSEWHERE, full_name="Lê Thị Hoa", sex=Sex.FEMALE)
    new = record(2, full_name="HOA le thi", sex=Sex.FEMALE)
    assert [row.unit for row in seen(queries.similar, new)] == [ELSEWHERE]
    assert JournalEntry.objects.get(action="identity.look.similar").detail == new.number.masked, "and no name"
    assert seen(queries.similar, replaced(new, birth=date(1990, 5, 22))) == []
    assert seen(queries.similar, replaced(new, number=record(1, sex=Sex.FEMALE).number)) == [], "the very same"


def test_a_correction_is_shown_before_and_after():
    person = enter()
    after = replaced(record_of(person), birth=date(1990, 5, 22))
    one = register.propose_correction(BY, person.id, 1, after, SOURCE).id
    (row,) = seen(queries.corrections, DAY)
    assert (row.id, row.at, row.fields, row.proposed_by) == (one, AT, ("birth",), "registrar")
    found = seen(queries.correction, DAY, one)
    assert (found.before, found.after, found.stale) == (record_of(person), after, False)
    changed = replaced(record_of(person), full_name="Lan")
    register.change_person(BY, person.id, 1, changed, Cause.COURT, DAY, SOURCE)
    assert seen(queries.correction, DAY, one).stale


def test_an_organisation_is_found_by_code_or_words_and_opened_with_its_history():
    enter(1)
    done = register.register_organisation(BY, body(), SOURCE)
    register.change_organisation(BY, done.id, 1, body(name="Cửa hàng Mới", active_to=DAY), DAY, SOURCE)
    for text in (tax_code(1), "hang MOI cua", f" {tax_code(1)} "):
        (row,) = queries.organisations(registrar(), DAY, text)
        assert (row.id, row.name, row.active) == (done.id, "Cửa hàng Mới", False)
    assert queries.organisations(registrar(), DAY, "ho kinh") == []
    assert queries.organisations(registrar(), DAY, "") == []
    found = seen(queries.organisation, DAY, done.id)
    assert (found.version, found.subject_key) == (2, key(record().number))
    assert [(one.version, one.before.name) for one in found.changes] == [(1, "Hộ kinh doanh Ví Dụ")]


PERSONAL = [query for query in vars(queries).values() if getattr(query, "personal", False)]


@pytest.mark.parametrize("query", PERSONAL, ids=lambda query: query.__name__)
def test_people_are_seen_through_look_or_an_ask_only(query):
    with pytest.raises(RuntimeError, match="look"):
        query(registrar(), None)
