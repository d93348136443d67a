"""The law of the register: records that fit pass, and what contradicts itself comes back with the reason."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from doorstep.kernel.values.ids import Masked
from doorstep.systems.identity.contract import Agreement, OrganisationKind, Sex
from doorstep.systems.identity.rules import register as rules
from doorstep.systems.identity.rules.register import (
    Cause,
    Home,
    ResidenceKind,
    agreement,
    birthday,
    born_after,
    check_body,
    check_change,
    check_death,
    check_end,
    check_guardian,
    check_record,
    check_residence,
    likeness,
    number_of,
    subject_of,
)
from doorstep.systems.identity.tests.people import DAY, SOURCE, TESTLAND, VIETNAM, body, codes, home, record, replaced

COUNTRY = VIETNAM.identity
LAND = TESTLAND.identity
BORN = date(1990, 5, 21)
DAYS = st.dates(date(1950, 1, 1), date(2024, 3, 1))


def against(told, country=COUNTRY):
    return codes(check_record(told, DAY, country))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sex": Sex.FEMALE, "full_name": "Trần Thị Mẫu"},
        {"nationality": "DE", "full_name": "Erika Mustermann"},
        {"nationality": "", "full_name": "محمد"},
        {"birth": DAY},
        {"birth": date(1901, 1, 1), "died": date(1970, 1, 1)},
        {"sex": Sex.UNSTATED},
    ],
)
def test_a_record_that_fits(changes):
    assert against(record(**changes)) == []


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"full_name": "Minh 7"}, "name_character", "full_name"),
        ({"full_name": " "}, "name_missing", "full_name"),
        ({"number": Masked("900")}, "personal_number_malformed", "number"),
        ({"number": Masked("999990000001"), "birth": BORN}, "personal_number_future", "number"),
        ({"number": record(birth=date(1991, 1, 1)).number, "birth": BORN}, "personal_number_birth", "number"),
        ({"number": record(sex=Sex.FEMALE).number}, "personal_number_sex", "number"),
        ({"birth": DAY + timedelta(days=1)}, "born_in_future", "birth"),
        ({"birth": date(1880, 1, 1)}, "born_too_early", "birth"),
        ({"died": BORN - timedelta(days=1)}, "died_before_birth", "died"),
        ({"died": DAY + timedelta(days=1)}, "died_in_future", "died"),
        ({"nationality": "QQ"}, "nationality_unknown", "nationality"),
    ],
)
def test_a_record_that_contradicts_itself(changes, code, field):
    assert (code, field) in against(record(**changes))


def test_an_impossible_number_in_production_and_elsewhere():
    from doorstep.profiles.vietnam import PROFILE

    assert codes(check_record(record(), DAY, PROFILE.identity)) == [("personal_number_fictitious", "number")]
    assert against(record(profile=TESTLAND, full_name="Oak"), LAND) == []
    long_dead = record(profile=TESTLAND, full_name="Oak", birth=date(1850, 1, 1), died=date(1900, 1, 1))
    assert against(long_dead, LAND) == []
    wrong = record(profile=TESTLAND, full_name="Oak", number=Masked("ZA00001B"))
    assert against(wrong, LAND) == [("personal_number_check", "number")]


@given(DAYS, st.sampled_from([Sex.MALE, Sex.FEMALE]), DAYS, st.sampled_from([Sex.MALE, Sex.FEMALE]))
def test_a_number_of_another_birth_year_or_sex_never_passes(birth, sex, other_birth, other_sex):
    number = record(birth=other_birth, sex=other_sex).number
    found = against(record(number=number, birth=birth, sex=sex))
    assert (found == []) is ((birth.year, sex) == (other_birth.year, other_sex))


# Changes


def change(cause, valid_from=DAY, source=SOURCE, **changes):
    before = record()
    return codes(check_change(before, replaced(before, **changes), cause, valid_from, source, day=DAY, country=COUNTRY))


@pytest.mark.parametrize(
    ("cause", "changes"),
    [
        (Cause.MARRIAGE, {"full_name": "Nguyễn Văn Mới"}),
        (Cause.COURT, {"sex": Sex.FEMALE, "number": record(sex=Sex.FEMALE).number}),
        (Cause.COURT, {"birth": date(1990, 5, 20)}),
        (Cause.NATURALISATION, {"nationality": "DE"}),
        (Cause.CORRECTION, {"full_name": "Nguyễn Văn Ví"}),
    ],
)
def test_each_cause_changes_what_it_may(cause, changes):
    assert change(cause, **changes) == []


@pytest.mark.parametrize(
    ("cause", "changes", "found"),
    [
        (Cause.MARRIAGE, {"birth": date(1990, 5, 20)}, [("not_by_cause", "birth")]),
        (Cause.MARRIAGE, {}, [("nothing_changed", "")]),
        (Cause.BIRTH, {"full_name": "Lan"}, [("not_by_cause", "full_name")]),
        (Cause.MOVE, {"full_name": "Lan"}, [("not_by_cause", "full_name")]),
        (Cause.DEATH, {"died": DAY}, [("not_by_cause", "died")]),
        (Cause.COURT, {"sex": Sex.FEMALE}, [("personal_number_sex", "number")]),
        (Cause.COURT, {"full_name": "Lan 7"}, [("name_character", "full_name")]),
    ],
)
def test_a_change_that_its_cause_does_not_make(cause, changes, found):
    assert change(cause, **changes) == found


def test_a_change_has_a_day_and_a_paper():
    assert change(Cause.MARRIAGE, DAY + timedelta(days=1), full_name="Lan") == [("day_in_future", "valid_from")]
    assert change(Cause.MARRIAGE, BORN - timedelta(days=1), full_name="Lan") == [("before_birth", "valid_from")]
    assert change(Cause.MARRIAGE, source=" ", full_name="Lan") == [("text_missing", "source")]


def test_between_two_other_countries_nobody_is_naturalised_here():
    before = record(nationality="DE")
    given = {"day": DAY, "country": COUNTRY}
    after = replaced(before, nationality="FR")
    assert codes(check_change(before, after, Cause.NATURALISATION, DAY, SOURCE, **given)) == [
        ("no_naturalisation", "nationality")
    ]
    home_again = replaced(before, nationality="VN")
    assert check_change(before, home_again, Cause.NATURALISATION, DAY, SOURCE, **given) == []


def test_the_dead_change_by_a_court_or_a_correction_only():
    before = record(died=date(2023, 1, 1))
    given = {"day": DAY, "country": COUNTRY}
    married = replaced(before, full_name="Lan")
    assert codes(check_change(before, married, Cause.MARRIAGE, DAY, SOURCE, **given)) == [("dead", "")]
    alive = replaced(before, died=None)
    for cause in (Cause.COURT, Cause.CORRECTION):
        assert check_change(before, alive, cause, DAY, SOURCE, **given) == []


def test_a_death_ends_what_began_before_it():
    told = record()
    assert check_death(told, DAY, [date(2020, 1, 1)], DAY) == []
    assert codes(check_death(told, date(2019, 12, 31), [date(2020, 1, 1)], DAY)) == [("lived_after", "died")]
    assert codes(check_death(told, BORN - timedelta(days=1), [], DAY)) == [("died_before_birth", "died")]
    assert codes(check_death(record(died=DAY), DAY, [], DAY)) == [("died_already", "died")]


# Residences


def live(new, *others, commune=True, told=None):
    return codes(check_residence(told or record(), new, others, commune=commune, day=DAY))


def test_residences_follow_each_other():
    first = home(valid_from=date(2000, 1, 1))
    assert live(first) == []
    assert live(home("H38.902", valid_from=date(2000, 1, 2)), first) == []
    assert live(home("H38.902", valid_from=date(2000, 1, 1)), first) == [("residences_overlap", "valid_from")]
    ended = home(valid_from=date(2000, 1, 1), valid_to=date(2010, 1, 1))
    assert live(home("H38.902", valid_from=date(2009, 12, 31)), ended) == [("residences_overlap", "valid_from")]
    assert live(home("H38.902", valid_from=date(2010, 1, 1)), ended) == []
    temporary = home(kind=ResidenceKind.TEMPORARY, valid_from=date(1999, 1, 1))
    assert live(temporary, first) == [], "one lives somewhere for good and elsewhere for a time"


def test_a_residence_has_a_commune_an_address_and_a_day_of_a_living_person():
    assert live(home(), commune=False) == [("not_a_commune", "unit")]
    assert live(home(address="")) == [("text_missing", "address")]
    assert live(home(valid_from=DAY + timedelta(days=1))) == [("day_in_future", "valid_from")]
    assert live(home(valid_from=BORN - timedelta(days=1))) == [("before_birth", "valid_from")]
    assert live(home(), told=record(died=date(2019, 1, 1))) == [("after_death", "valid_from")]
    assert live(home(valid_from=DAY), home()) == [("nothing_changed", "address")]


@given(st.lists(st.tuples(DAYS, st.sampled_from(ResidenceKind)), max_size=8), DAYS)
def test_whatever_was_accepted_never_overlaps(moves, day):
    """Moves as they come, the impossible refused: afterwards one lives in one place of a kind at a time."""
    homes: list[Home] = []
    for number, (valid_from, kind) in enumerate(moves):
        new = Home(kind=kind, unit="H38.901", address=f"House {number}", valid_from=valid_from)
        if check_residence(record(birth=date(1950, 1, 1)), new, homes, commune=True, day=DAY):
            continue
        homes = [
            Home(kind=one.kind, unit=one.unit, address=one.address, valid_from=one.valid_from, valid_to=valid_from)
            if one.kind is kind and one.valid_to is None
            else one
            for one in homes
        ] + [new]
    for kind in ResidenceKind:
        there = [one for one in homes if one.kind is kind]
        assert sum(one.valid_to is None for one in there) <= 1
        on_day = [one for one in there if one.valid_from <= day and (one.valid_to is None or day < one.valid_to)]
        assert len(on_day) <= 1


def test_what_ends_began_before():
    assert check_end(date(2020, 1, 1), date(2020, 1, 2), DAY) == []
    assert codes(check_end(date(2020, 1, 1), date(2020, 1, 1), DAY)) == [("end_before_start", "valid_to")]
    assert codes(check_end(date(2020, 1, 1), DAY + timedelta(days=2), DAY)) == [("day_in_future", "valid_to")]


# Guardians


def guard(ward=None, guardian=None, valid_from=DAY, country=COUNTRY):
    child = record(2, birth=date(2015, 2, 28))
    return codes(check_guardian(ward or child, guardian or record(1), valid_from, day=DAY, country=country))


def test_an_adult_who_lives_answers_for_a_minor_who_lives():
    assert guard() == []
    assert guard(guardian=record(2, birth=date(2015, 2, 28))) == [("guardian_is_ward", "guardian")]
    assert guard(ward=record(2)) == [("ward_of_age", "valid_from")]
    assert guard(guardian=record(3, birth=date(2010, 1, 1))) == [("guardian_under_age", "guardian")]
    assert guard(guardian=record(3, died=DAY)) == [("guardian_dead", "guardian")]
    assert guard(ward=record(2, birth=date(2015, 2, 28), died=DAY)) == [("dead", "")]
    assert guard(valid_from=date(2015, 2, 27)) == [("before_birth", "valid_from")]
    young = record(3, birth=date(2005, 1, 1))
    assert guard(guardian=young) == []
    assert guard(guardian=young, country=LAND) == [("guardian_under_age", "guardian")], "of age with 21 there"


@given(DAYS, st.integers(0, 30), st.integers(0, 12_000))
def test_somebody_is_of_age_from_the_birthday_on(birth, age, days):
    day = birth + timedelta(days=days)
    years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    assert (birthday(birth, age) <= day) is (years >= age)


# Organisations


def run(head=None, country=COUNTRY, *, commune=True, **changes):
    return codes(check_body(body(**changes), head, commune=commune, day=DAY, country=country))


def test_an_organisation_that_fits():
    assert run(record()) == []
    assert run(None, kind=OrganisationKind.AGENCY, representative=Masked("")) == []
    assert run(record(died=DAY), active_to=DAY) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"tax_code": "123"}, [("tax_code_malformed", "tax_code")]),
        ({"name": " "}, [("text_missing", "name")]),
        ({"address": "=1+1"}, [("text_formula", "address")]),
        ({"commune": False}, [("not_a_commune", "unit")]),
        ({"active_from": DAY + timedelta(days=1)}, [("day_in_future", "active_from")]),
        ({"active_to": date(2021, 1, 1)}, [("end_before_start", "active_to")]),
        ({"head": None}, [("representative_unknown", "representative")]),
        ({"head": record(died=DAY)}, [("representative_unknown", "representative")]),
        ({"head": record(birth=date(2010, 1, 1))}, [("representative_unknown", "representative")]),
        ({"head": None, "representative": Masked("")}, [("representative_unknown", "representative")]),
    ],
)
def test_an_organisation_that_does_not(changes, found):
    assert run(**{"head": record(), **changes}) == found


# Answers


def test_claims_agree_word_by_word():
    told = record(full_name="Nguyễn Thị Ánh", sex=Sex.FEMALE)
    assert agreement(told, "ANH nguyen thi", BORN, Sex.FEMALE) == Agreement(True, True, True, True)
    assert agreement(told, "Nguyen Anh", date(1990, 5, 22), Sex.MALE) == Agreement(True, False, False, False)
    assert agreement(told, None, None, None) == Agreement(True)
    assert agreement(None, "Anh", BORN, Sex.MALE) == Agreement(False)


@given(st.from_regex(r"[A-Z0-9]{1,12}", fullmatch=True))
def test_a_key_leads_to_its_number_and_no_other_document_does(number):
    assert number_of(subject_of(number, COUNTRY), COUNTRY) == number
    assert number_of(subject_of(number, COUNTRY), LAND) == ""
    assert number_of(f"passport:VN:{number}", COUNTRY) == ""


@given(st.lists(st.text("abc", min_size=1), min_size=1), st.lists(st.text("abc", min_size=1), min_size=1))
def test_other_words_are_hardly_ever_as_like(one, other):
    assume(" ".join(one) != " ".join(other))
    assert likeness(one) != likeness(other)
    assert -(2**31) <= likeness(one) < 2**31


def test_every_reason_says_a_repair():
    told = [one for one in vars(rules).values() if isinstance(one, type(rules.DEAD))]
    assert len(told) > 25
    assert all(one.repair.endswith(".") for one in told)


@given(st.dates(date(1950, 1, 1), date(2040, 1, 1)), st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(14, 21))
@example(date(2004, 2, 29), date(2022, 2, 28), 18)
@example(date(2004, 2, 29), date(2022, 3, 1), 18)
@example(date(2006, 3, 1), date(2024, 2, 29), 18)
def test_who_is_younger_was_born_after_a_day(birth, day, age):
    assert (birth > born_after(day, age)) is (day < birthday(birth, age))
