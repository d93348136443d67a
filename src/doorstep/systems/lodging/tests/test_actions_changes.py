"""Changes of a stay: each keeps what was said before, knows its version, and leaves the facts as if it had been right."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from doorstep.kernel.access import look
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import NotFound, Refused, Stale
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.actions import houses, stays
from doorstep.systems.lodging.country import LateCause
from doorstep.systems.lodging.facts import Channel, EstablishmentFirstNotified, FacilityType
from doorstep.systems.lodging.models import OpenStay, Stay, StayVersion
from doorstep.systems.lodging.permissions import FOR_NOTICE
from doorstep.systems.lodging.queries.rows import stay_of
from doorstep.systems.lodging.rules.changes import TwoStays, WhyCancelled
from doorstep.systems.lodging.rules.persons import person_key
from doorstep.systems.lodging.rules.records import Relation
from doorstep.systems.lodging.tests.builders import AT, foreigner, guest
from doorstep.systems.lodging.tests.scene import HOUR, as_stay, codes, facts, house, journal, keeper, key, line, notify

pytestmark = pytest.mark.django_db

replace = msgspec.structs.replace
DAY, UNIT = "2024-05-21", "H38.901"
LATER = AT + timedelta(days=1)


def one(told, code=None, **how):
    """Notifies one stay; returns the house's code and the stay's id."""
    code = code or house()
    return code, UUID(notify(code, told, **how).stays[0])


def correct(code, stay, version, after, why="slip of the pen", *, at=LATER, subject="keeper"):
    stays.correct_stay(By(keeper(subject), at), code, stay, version, after, why)


def history(code, stay):
    """What the keeper sees of the stay's past: (version, change, why, what was said before)."""
    seen = look(keeper(), FOR_NOTICE, LATER, queries.keeper.stay, queries.keeper.kept_house(keeper(), code), stay)
    return [(one.version, one.change, one.why, one.before) for one in seen.changes]


def refused(run, *args, **kwargs):
    with pytest.raises(Refused) as failure:
        run(*args, **kwargs)
    return codes(failure.value.reasons)


def test_a_correction_replaces_everything_and_keeps_what_was_said():
    told = line(1)
    code, stay = one(told)
    after = as_stay(told, guest=foreigner(phone="+84912345678"), room="7", party="M", relation=Relation.CLOSE_FAMILY)
    correct(code, stay, 1, after)
    row = Stay.objects.get()
    assert stay_of(row) == after
    assert (row.version, row.person, row.notified, row.deadline) == (
        *(2, person_key(after.guest), AT),
        after.arrival + 12 * HOUR,
    )
    assert history(code, stay) == [(1, "correct", "slip of the pen", as_stay(told))]
    assert [one.person for one in OpenStay.objects.all()] == [person_key(after.guest)]
    back = replace(after, room="8")
    correct(code, stay, 2, back, "")
    assert [(version, before) for version, _, _, before in history(code, stay)] == [(1, as_stay(told)), (2, after)]


def test_the_journal_names_both_persons_and_the_fields():
    told = line(1)
    code, stay = one(told)
    correct(code, stay, 1, as_stay(told, guest=guest(serial=2), room="9"))
    ((subjects, fields),) = journal("correct_stay")
    assert subjects == {key(1), key(2)}
    assert set(fields.split()) == {"room", "guest.document_number"}


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_change_of_another_version_is_stale(version):
    told = line(1)
    code, stay = one(told)
    correct(code, stay, 1, as_stay(told, room="2"))
    by = By(keeper(), LATER)
    before = Stay.objects.values().get()
    for run, args in (
        (stays.correct_stay, (as_stay(told, room="3"), "")),
        (stays.extend_stay, (date(2024, 5, 30),)),
        (stays.check_out, (LATER,)),
        (stays.cancel_stay, (WhyCancelled.NEVER_CAME,)),
    ):
        with pytest.raises(Stale):
            run(by, code, stay, version, *args)
    assert Stay.objects.values().get() == before
    assert StayVersion.objects.count() == 1


def test_stays_of_other_houses_are_hidden():
    told = line(1)
    _, stay = one(told)
    other = house("neighbour")
    by = By(keeper("neighbour"), LATER)
    for where, which in ((other, stay), (other, uuid4())):
        for run, args in (
            (stays.correct_stay, (as_stay(told, room="3"), "")),
            (stays.extend_stay, (date(2024, 5, 30),)),
            (stays.check_out, (LATER,)),
            (stays.cancel_stay, (WhyCancelled.NEVER_CAME,)),
        ):
            with pytest.raises(NotFound):
                run(by, where, which, 1, *args)


def test_a_correction_must_pass_like_a_notice():
    told = line(1)
    code, stay = one(told)
    assert refused(correct, code, stay, 1, as_stay(told)) == [("nothing_changed", "")]
    wrong = as_stay(told, guest=guest(serial=1, full_name="12"), room="=1")
    assert refused(correct, code, stay, 1, wrong) == [("name_character", "full_name"), ("text_formula", "room")]
    assert not StayVersion.objects.exists()
    assert Stay.objects.get().version == 1


def test_a_correction_of_the_room_is_no_fact():
    told = line(1)
    code, stay = one(told)
    before = facts()
    correct(code, stay, 1, as_stay(told, room="2", expected_departure=date(2024, 5, 30)))
    assert facts() == before == {(DAY, UNIT, "domestic", "api", False): 1}


def test_a_correction_that_changes_the_kind_of_guest_moves_its_fact():
    told = line(1)
    code, stay = one(told, channel=Channel.SCAN)
    correct(code, stay, 1, as_stay(told, guest=foreigner()))
    assert facts() == {(DAY, UNIT, "foreign", "scan", False): 1}, "of the day of the notice, not of the correction"


def test_a_correction_that_changes_lateness_moves_its_fact_there_and_back():
    told = line(1)
    code, stay = one(told)
    earlier = as_stay(told, arrival=AT - timedelta(days=1, hours=1))
    correct(code, stay, 1, earlier)
    assert Stay.objects.get().late == LateCause.ARRIVAL_DAY.value
    assert facts() == {(DAY, UNIT, "domestic", "api", True): 1}
    correct(code, stay, 2, as_stay(told), at=LATER + HOUR)
    assert Stay.objects.get().late == ""
    assert facts() == {(DAY, UNIT, "domestic", "api", False): 1}


def test_a_correction_that_says_close_family_takes_the_deadline_away_and_back():
    code = house(facility_type=FacilityType.HOUSEHOLD)
    _, first = one(line(1), code)
    stays.check_out(By(keeper(), AT), code, first, 1, AT)
    told = line(1, at=LATER, arrival=LATER - timedelta(hours=30))
    _, again = one(told, code, at=LATER)
    correct(code, again, 1, as_stay(told, relation=Relation.CLOSE_FAMILY))
    assert Stay.objects.values_list("deadline", "late").get(id=again) == (None, "")
    assert facts() == {(DAY, UNIT, "domestic", "api", False): 1, ("2024-05-22", UNIT, "domestic", "api", False): 1}
    correct(code, again, 2, as_stay(told, relation=Relation.CLOSE_FAMILY, guest=guest(serial=2)))
    assert Stay.objects.get(id=again).late == LateCause.ARRIVAL_DAY.value, "this one was not notified before"
    correct(code, first, 2, as_stay(line(1), relation=Relation.CLOSE_FAMILY))
    assert Stay.objects.get(id=first).deadline, "no notice came before the first one"


def test_a_late_correction_makes_no_stay_late():
    told = line(1)
    code, stay = one(told)
    correct(code, stay, 1, as_stay(told, room="2"), at=AT + timedelta(days=30))
    assert Stay.objects.get().late == ""


def test_a_correction_of_both_kind_and_lateness_is_one_move():
    told = line(1)
    code, stay = one(told)
    correct(code, stay, 1, as_stay(told, guest=foreigner(entry_date=None), arrival=AT - 13 * HOUR))
    assert facts() == {(DAY, UNIT, "foreign", "api", True): 1}


def test_a_correction_to_a_person_who_stays_in_the_house_is_refused():
    told = line(1)
    code, stay = one(told)
    notify(code, line(2))
    assert refused(correct, code, stay, 1, as_stay(told, guest=guest(serial=2))) == [
        ("stay_still_open", "document_number")
    ]
    assert {one.person for one in OpenStay.objects.all()} == {key(1), key(2)}, "nobody lost an open stay"


def test_a_correction_to_a_person_who_stays_elsewhere_is_taken():
    told = line(1)
    code, stay = one(told)
    notify(house("neighbour"), line(2), subject="neighbour")
    correct(code, stay, 1, as_stay(told, guest=guest(serial=2)))
    assert [one.person for one in OpenStay.objects.all()] == [key(2), key(2)]


def test_a_corrected_person_is_free_and_the_right_one_is_not():
    told = line(1)
    code, stay = one(told)
    correct(code, stay, 1, as_stay(told, guest=guest(serial=2)))
    done = notify(code, line(1), line(2), at=LATER)
    assert [one.line for one in done.refused] == [2]


def test_a_flagged_second_stay_keeps_its_flag_until_it_is_another_persons():
    code, first = one(line(1))
    flagged = line(1, two_stays=TwoStays.NUMBER_MISUSED)
    stay = UUID(notify(code, flagged).stays[0])
    correct(code, stay, 1, as_stay(flagged, room="7"))
    assert Stay.objects.get(id=stay).details == {"two_stays": "number_misused"}
    correct(code, stay, 2, as_stay(flagged, guest=guest(serial=2)))
    assert Stay.objects.get(id=stay).details == {}
    assert {one.person: one.stay for one in OpenStay.objects.all()} == {key(1): first, key(2): stay}


def test_an_ended_stay_may_be_corrected_but_not_beyond_its_end():
    told = line(1)
    code, stay = one(told)
    stays.check_out(By(keeper(), AT), code, stay, 1, AT - timedelta(minutes=30))
    assert refused(correct, code, stay, 2, as_stay(told, arrival=AT)) == [("checkout_before_arrival", "arrival")]
    correct(code, stay, 2, as_stay(told, guest=guest(serial=2)))
    assert not OpenStay.objects.exists(), "whoever left stays nowhere"


def test_the_reason_of_a_correction_is_cut_to_its_length():
    told = line(1)
    code, stay = one(told)
    correct(code, stay, 1, as_stay(told, room="2"), "ă" * 1000)
    assert StayVersion.objects.get().why == "ă" * 300


def test_an_extension_changes_the_departure_only():
    told = line(1)
    code, stay = one(told)
    before = facts()
    stays.extend_stay(By(keeper(), LATER), code, stay, 1, date(2024, 6, 19))
    assert stay_of(Stay.objects.get()) == as_stay(told, expected_departure=date(2024, 6, 19))
    assert history(code, stay) == [(1, "extend", "", as_stay(told))]
    assert journal("extend_stay") == [({key(1)}, "expected_departure")]
    assert facts() == before
    by = By(keeper(), LATER)
    for day, why in ((19, "extension_not_later"), (1, "extension_not_later"), (20, "stay_too_long")):
        assert refused(stays.extend_stay, by, code, stay, 2, date(2024, 6, day)) == [(why, "expected_departure")]


def test_a_check_out_ends_the_stay_and_frees_the_person():
    told = line(1)
    code, stay = one(told)
    by = By(keeper(), LATER)
    assert refused(stays.check_out, by, code, stay, 1, told.arrival - HOUR) == [("checkout_before_arrival", "departed")]
    assert refused(stays.check_out, by, code, stay, 1, LATER + HOUR) == [("checkout_in_future", "departed")]
    before = facts()
    stays.check_out(by, code, stay, 1, LATER - HOUR)
    row = Stay.objects.get()
    assert (row.departed, row.version) == (LATER - HOUR, 2)
    assert history(code, stay) == [(1, "check_out", "", as_stay(told))]
    assert journal("check_out") == [({key(1)}, "departed")]
    assert facts() == before
    assert not OpenStay.objects.exists()
    for run, args in ((stays.check_out, (LATER,)), (stays.extend_stay, (date(2024, 5, 30),))):
        assert refused(run, by, code, stay, 2, *args) == [("stay_ended", "")]


def test_everybody_who_was_due_is_checked_out_at_noon_of_that_day_or_now():
    code = house()
    due, today, stays_on, came_late = (
        line(1, arrival=AT - timedelta(days=3), expected_departure=date(2024, 5, 20)),
        line(2, arrival=AT - timedelta(days=3), expected_departure=date(2024, 5, 22)),
        line(3, expected_departure=date(2024, 5, 23)),
        line(4, arrival=AT - HOUR, expected_departure=date(2024, 5, 21)),
    )
    ids = [UUID(stay) for stay in notify(code, due, today, stays_on, came_late).stays]
    cancelled = UUID(notify(code, line(5, expected_departure=date(2024, 5, 21))).stays[0])
    stays.cancel_stay(By(keeper(), AT), code, cancelled, 1, WhyCancelled.ENTERED_TWICE)
    elsewhere = UUID(
        notify(house("neighbour"), line(6, expected_departure=date(2024, 5, 21)), subject="neighbour").stays[0]
    )
    before = facts()
    morning = datetime(2024, 5, 22, 1, 0, tzinfo=UTC)  # 8:00 in Ha Noi
    assert stays.check_out_due(By(keeper(), morning), code) == 3
    left = dict(Stay.objects.values_list("id", "departed"))
    assert [left[one] for one in ids] == [
        datetime(2024, 5, 20, 5, 0, tzinfo=UTC),
        morning,
        None,
        AT - HOUR,  # nobody leaves before having come
    ]
    assert left[cancelled] is left[elsewhere] is None
    assert {one.person for one in OpenStay.objects.all()} == {key(3), key(6)}
    assert history(code, ids[0]) == [(1, "check_out", "", as_stay(due))]
    assert history(code, ids[2]) == []
    assert journal("check_out_due") == [({key(1), key(2), key(4)}, "departed")]
    assert facts() == before
    assert stays.check_out_due(By(keeper(), morning), code) == 0
    assert Stay.objects.get(id=ids[0]).version == 2
    assert notify(code, line(1), line(2), line(4)).accepted == 3


def test_whoever_is_still_on_the_way_is_not_checked_out_as_due():
    code, stay = one(line(1, arrival=AT + timedelta(minutes=5), expected_departure=date(2024, 5, 21)))
    assert stays.check_out_due(By(keeper(), AT), code) == 0
    assert stays.check_out_due(By(keeper(), AT + timedelta(minutes=5)), code) == 1
    assert Stay.objects.get(id=stay).departed == AT + timedelta(minutes=5)


def test_checking_out_a_second_stay_that_was_due_leaves_the_first_one_open():
    code, first = one(line(1))
    one(line(1, two_stays=TwoStays.TWO_ROOMS, expected_departure=date(2024, 5, 21)), code)
    assert stays.check_out_due(By(keeper(), AT), code) == 1
    assert OpenStay.objects.get().stay == first


def test_checking_out_who_is_due_is_for_keepers_of_the_house():
    code, _ = one(line(1))
    house("neighbour")
    with pytest.raises(NotFound):
        stays.check_out_due(By(keeper("neighbour"), LATER), code)


@pytest.mark.parametrize("late", [False, True])
def test_a_cancellation_takes_the_fact_back(late):
    told = line(1, arrival=AT - timedelta(days=2 if late else 0, hours=1))
    code, stay = one(told, channel=Channel.PAGE)
    one(line(2), code)
    dimensions = (DAY, UNIT, "domestic", "page", late)
    assert facts()[dimensions] == 1
    stays.cancel_stay(By(keeper(), AT + timedelta(days=20)), code, stay, 1, WhyCancelled.ENTERED_TWICE)
    assert facts() == {(DAY, UNIT, "domestic", "api", False): 1}
    row = Stay.objects.get(id=stay)
    assert (row.cancelled, row.version) == (AT + timedelta(days=20), 2)
    assert history(code, stay) == [(1, "cancel", "entered_twice", as_stay(told))]
    assert journal("cancel_stay") == [({key(1)}, "cancelled")]
    assert [one.person for one in OpenStay.objects.all()] == [key(2)]
    assert facts(EstablishmentFirstNotified.KIND).total() == 1, "the house has notified all the same"


def test_a_cancellation_takes_back_what_a_correction_made_of_the_fact():
    told = line(1)
    code, stay = one(told)
    correct(code, stay, 1, as_stay(told, guest=foreigner(entry_date=None), arrival=AT - 13 * HOUR))
    stays.cancel_stay(By(keeper(), LATER), code, stay, 2, WhyCancelled.WRONG_PERSON)
    assert not facts()


def test_a_cancelled_stay_changes_no_more():
    told = line(1)
    code, stay = one(told)
    by = By(keeper(), LATER)
    stays.cancel_stay(by, code, stay, 1, WhyCancelled.NEVER_CAME)
    for run, args in (
        (stays.correct_stay, (as_stay(told, room="3"), "")),
        (stays.extend_stay, (date(2024, 5, 30),)),
        (stays.check_out, (LATER,)),
        (stays.cancel_stay, (WhyCancelled.NEVER_CAME,)),
    ):
        assert refused(run, by, code, stay, 2, *args) == [("stay_cancelled", "")]
    assert not facts()


def test_an_ended_stay_may_be_cancelled_and_the_persons_next_stay_stays_open():
    code, stay = one(line(1))
    stays.check_out(By(keeper(), AT), code, stay, 1, AT)
    _, second = one(line(1), code)
    stays.cancel_stay(By(keeper(), LATER), code, stay, 2, WhyCancelled.NEVER_CAME)
    assert [one.stay for one in OpenStay.objects.all()] == [second]


def test_changes_go_on_after_the_house_has_closed():
    told = line(1)
    code, stay = one(told)
    houses.close_house(By(keeper(), AT), code)
    correct(code, stay, 1, as_stay(told, guest=guest(serial=2)))
    stays.extend_stay(By(keeper(), LATER), code, stay, 2, date(2024, 5, 30))
    assert Stay.objects.get().version == 3
