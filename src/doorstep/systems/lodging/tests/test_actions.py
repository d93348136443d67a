"""Notices: good lines are taken, bad ones come back, each person stays in one place, and every accepted stay is a fact."""

from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
import pytest

from doorstep.kernel.access import look
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.values.ids import Masked, read_reference
from doorstep.kernel.values.reasons import MALFORMED, Conflict, NotAllowed, NotFound, Refused
from doorstep.systems.lodging.actions import houses, stays
from doorstep.systems.lodging.country import DocumentType, LateCause
from doorstep.systems.lodging.facts import Channel, EstablishmentFirstNotified, FacilityType, GuestKind
from doorstep.systems.lodging.models import Establishment, Notice, OpenStay, Stay
from doorstep.systems.lodging.permissions import FOR_NOTICE
from doorstep.systems.lodging.queries.keeper import kept_house
from doorstep.systems.lodging.queries.keeper import stay as stay_seen
from doorstep.systems.lodging.queries.rows import stay_of
from doorstep.systems.lodging.rules.changes import TwoStays, WhyCancelled
from doorstep.systems.lodging.rules.persons import person_key
from doorstep.systems.lodging.rules.records import Relation
from doorstep.systems.lodging.tests.builders import AT, foreigner, guest
from doorstep.systems.lodging.tests.scene import HOUR, as_stay, codes, facts, house, journal, keeper, key, line, notify

pytestmark = pytest.mark.django_db

replace = msgspec.structs.replace
DAY, UNIT = "2024-05-21", "H38.901"


def test_a_stay_is_kept_as_it_was_notified():
    code = house()
    who = foreigner(phone="+84 912 345 678", address="Musterstraße 1", ethnicity="Sorbisch")
    told = line(guest=who, party="Familie M", room="12A", relation=Relation.CLOSE_FAMILY)
    done = notify(code, told)
    row = Stay.objects.get()
    assert done.stays == (str(row.id),)
    assert stay_of(row) == as_stay(told)
    assert (row.channel, row.version, row.departed, row.cancelled, row.late) == ("api", 1, None, None, "")
    assert (row.notified, row.deadline) == (AT, told.arrival + 12 * HOUR)
    notice = Notice.objects.get()
    assert read_reference(done.reference) == done.reference == notice.reference
    assert (row.notice, notice.channel, notice.at, notice.accepted, notice.late, notice.refused) == (
        *(notice.id, "api", AT),
        *(1, 0, 0),
    )


def test_good_lines_are_taken_and_bad_ones_come_back_with_their_reasons():
    code = house()
    unread = [MALFORMED("arrival", detail="no time")]
    done = notify(
        code,
        line(1),
        line(guest=guest(serial=2, full_name="4711")),
        line(3),
        unread,
        line(5, arrival=AT + HOUR, room="=1+1"),
    )
    assert (done.accepted, done.late) == (2, 0)
    assert [bool(stay) for stay in done.stays] == [True, False, True, False, False]
    assert {one.line: codes(one.reasons) for one in done.refused} == {
        2: [("name_character", "full_name")],
        4: [("malformed", "arrival")],
        5: [("arrival_in_future", "arrival"), ("text_formula", "room")],
    }
    assert list(Stay.objects.order_by("line").values_list("line", "person")) == [(1, key(1)), (3, key(3))]
    assert set(OpenStay.objects.values_list("person", flat=True)) == {key(1), key(3)}
    assert Notice.objects.get().refused == 3
    assert facts() == {(DAY, UNIT, "domestic", "api", False): 2}
    ((subjects, fields),) = journal("notify_stays")
    assert subjects == {key(1), key(3)}
    assert "guest" in fields.split()


def test_where_no_line_is_taken_there_is_no_notice_and_no_fact():
    code = house()
    done = notify(code, line(guest=guest(full_name="")), [MALFORMED(detail="")])
    assert (done.reference, done.accepted, done.stays, len(done.refused)) == ("", 0, (None, None), 2)
    assert not Notice.objects.exists()
    assert not facts()
    assert not facts(EstablishmentFirstNotified.KIND)
    assert journal("notify_stays") == [(set(), journal("notify_stays")[0][1])]
    assert Establishment.objects.get().first_notice is None


def test_the_journal_holds_the_digest_of_what_was_written():
    code = house()
    notify(code, line(1))
    entry = JournalEntry.objects.get(action="lodging.notify_stays")
    assert bytes(entry.digest) == bytes(Notice.objects.get().digest)
    assert len(entry.digest) == len(sha256().digest())
    assert "900090" not in f"{entry.detail} {entry.fields}"


@pytest.mark.parametrize(
    ("who", "remote", "arrived", "late"),
    [
        (guest(), False, AT - HOUR, ""),
        # 22:59 and 23:00 of the 20th in Ha Noi: before the evening of that day, after it the morning of the next
        (guest(), False, AT.replace(day=20, hour=15, minute=59), LateCause.ARRIVAL_DAY.value),
        (guest(), False, AT.replace(day=20, hour=16, minute=0), LateCause.NEXT_DAY.value),
        (foreigner(), False, AT - 12 * HOUR, ""),
        (foreigner(), False, AT - 12 * HOUR - timedelta(microseconds=1), LateCause.HOURS.value),
        (foreigner(), True, AT - 24 * HOUR, ""),
        (foreigner(), True, AT - 24 * HOUR - timedelta(seconds=1), LateCause.HOURS.value),
        (foreigner(kind=GuestKind.STATELESS, nationality=""), False, AT - 13 * HOUR, LateCause.HOURS.value),
    ],
)
def test_a_late_notice_is_taken_with_its_cause(who, remote, arrived, late):
    code = house(remote=remote)
    who = replace(who, entry_date=None)
    done = notify(code, line(guest=who, arrival=arrived))
    assert (done.accepted, done.late) == (1, int(bool(late)))
    assert Stay.objects.get().late == late
    assert Notice.objects.get().late == int(bool(late))
    assert facts() == {(DAY, UNIT, who.kind.value, "api", bool(late)): 1}


def test_close_family_of_a_private_home_is_notified_once_and_never_late_afterwards():
    code = house(facility_type=FacilityType.HOUSEHOLD)
    family = {"relation": Relation.CLOSE_FAMILY}
    week, late = AT + timedelta(days=7), timedelta(hours=30)

    def come(serial, *, days=7, **changes):
        at = AT + timedelta(days=days)
        done = notify(code, line(serial, at=at, arrival=at - late, **changes), at=at)
        return Stay.objects.filter(notice__in=Notice.objects.filter(reference=done.reference).values("id")).get()

    first = come(1, days=0, **family)
    stays.check_out(By(keeper(), AT), code, first.id, 1, AT)
    again = come(1, **family, room="\\N")
    assert first.deadline
    assert first.late == LateCause.ARRIVAL_DAY.value
    assert (again.deadline, again.late, again.room, again.notified) == (None, "", "\\N", week)
    assert come(2, **family).deadline, "another person was not notified before"
    stays.check_out(By(keeper(), week), code, again.id, 1, week)
    assert come(1, days=14).deadline, "no family: the law asks for the notice"
    assert facts()["2024-05-28", UNIT, "domestic", "api", False] == 1
    assert facts()["2024-05-28", UNIT, "domestic", "api", True] == 1


def test_a_cancelled_notice_and_one_of_another_house_spare_nobody():
    code, other = house(facility_type=FacilityType.HOUSEHOLD), house("other", facility_type=FacilityType.HOUSEHOLD)
    told, later = line(1, relation=Relation.CLOSE_FAMILY), AT + timedelta(days=1)
    wrong = notify(code, told).stays[0]
    stays.cancel_stay(By(keeper(), AT), code, UUID(wrong), 1, WhyCancelled.NEVER_CAME)
    notify(other, told, subject="other")
    notify(code, line(1, at=later, relation=Relation.CLOSE_FAMILY), at=later)
    assert Stay.objects.filter(deadline=None).count() == 0


def test_each_kind_of_guest_and_channel_is_a_fact_of_its_own():
    code = house()
    stateless = foreigner(kind=GuestKind.STATELESS, nationality="", document_type=DocumentType.TRAVEL_DOCUMENT)
    notify(code, line(1), line(2), line(guest=foreigner()), line(guest=stateless), channel=Channel.UPLOAD)
    notify(code, line(3), channel=Channel.SCAN)
    assert facts() == {
        (DAY, UNIT, "domestic", "upload", False): 2,
        (DAY, UNIT, "foreign", "upload", False): 1,
        (DAY, UNIT, "stateless", "upload", False): 1,
        (DAY, UNIT, "domestic", "scan", False): 1,
    }


def test_a_fact_is_of_the_legal_day():
    code = house()
    midnight = AT.replace(hour=17)
    notify(code, line(1, at=midnight), at=midnight - timedelta(microseconds=1))
    notify(code, line(2, at=midnight), at=midnight)
    assert facts() == {(day, UNIT, "domestic", "api", False): 1 for day in ("2024-05-21", "2024-05-22")}


def test_one_person_has_one_open_stay_in_a_house():
    code = house()
    notify(code, line(1))
    done = notify(code, line(2), line(1))
    assert [(one.line, codes(one.reasons)) for one in done.refused] == [(2, [("stay_still_open", "document_number")])]
    assert (done.accepted, facts().total()) == (1, 2)


def test_whoever_was_refused_for_an_open_stay_finds_that_in_the_journal():
    code = house()
    notify(code, line(1))
    notify(code, line(1))
    assert [subjects for subjects, _ in journal("notify_stays")] == [{key(1)}, {key(1)}]


def test_no_answer_tells_a_keeper_that_a_person_stays_elsewhere():
    """Whatever a keeper sends, twice or corrected: the answers for a person who stays elsewhere are those for anybody."""
    elsewhere = house("neighbour", "H38.902")
    notify(elsewhere, line(1), subject="neighbour")

    def answers(number):
        code = house("prober")
        told, other = line(number), line(number + 10)
        first = notify(code, told, subject="prober")
        again = notify(code, told, line(number, two_stays=TwoStays.TWO_ROOMS), subject="prober")
        seen = look(
            keeper("prober"), FOR_NOTICE, AT, stay_seen, kept_house(keeper("prober"), code), UUID(first.stays[0])
        )
        corrected = notify(code, other, subject="prober")
        by = By(keeper("prober"), AT)
        stays.check_out(by, code, UUID(first.stays[0]), 1, AT)
        stays.correct_stay(by, code, UUID(corrected.stays[0]), 1, as_stay(told), "")
        return (
            *(first.accepted, first.refused, again.accepted, again.refused, corrected.accepted),
            *(seen.two_stays, seen.another_open),
        )

    assert answers(1) == answers(2)
    assert OpenStay.objects.filter(person=key(1)).count() == 2


def test_a_second_open_stay_in_a_house_needs_its_reason_which_is_kept():
    code = house()
    first = notify(code, line(1)).stays[0]
    done = notify(code, line(1, room="102", two_stays=TwoStays.TWO_ROOMS))
    assert done.accepted == 1
    assert [str(one.stay) for one in OpenStay.objects.all()] == [first], "the first stay is the one that others meet"
    assert Stay.objects.get(id=done.stays[0]).details == {"two_stays": "two_rooms"}
    assert not notify(code, line(1)).accepted


def test_the_same_person_twice_within_a_batch():
    code = house()
    spaced = foreigner(document_number=Masked("C01X00T47"))
    done = notify(
        code,
        line(1),
        line(1, room="102"),
        line(1, room="103", two_stays=TwoStays.TWO_ROOMS),
        line(guest=spaced),
        line(guest=replace(spaced, full_name="Erika M")),
    )
    assert [one.line for one in done.refused] == [2, 5]
    assert done.accepted == 3
    assert OpenStay.objects.count() == 2


def test_a_batch_whose_person_stays_in_the_house_refuses_both_lines():
    code = house()
    notify(code, line(1))
    assert [one.line for one in notify(code, line(1), line(1), line(2)).refused] == [1, 2]


def test_whoever_was_checked_out_or_cancelled_may_be_notified_again():
    code, by = house(), By(keeper(), AT)
    first, second = (notify(code, line(serial)).stays[0] for serial in (1, 2))
    stays.check_out(by, code, first, 1, AT)
    stays.cancel_stay(by, code, second, 1, WhyCancelled.NEVER_CAME)
    assert notify(code, line(1), line(2)).accepted == 2


def test_a_closed_house_takes_no_notices():
    code = house()
    stay = notify(code, line(1)).stays[0]
    houses.close_house(By(keeper(), AT), code)
    with pytest.raises(Refused) as refused:
        notify(code, line(2))
    assert codes(refused.value.reasons) == [("house_closed", "house")]
    assert Stay.objects.count() == facts().total() == 1
    stays.check_out(By(keeper(), AT), code, stay, 1, AT)
    assert not OpenStay.objects.exists(), "whoever is there can still leave"


def test_only_keepers_of_the_house_notify():
    code = house()
    for actor in (keeper("stranger"), Actor("keeper", roles=("lodging.police",)), Actor("keeper")):
        with pytest.raises((NotFound, NotAllowed)):
            stays.notify_stays(By(actor, AT), code, [line(1)], Channel.API)
    houses.add_keeper(By(keeper(), AT), code, "second")
    assert notify(code, line(1), subject="second").accepted == 1
    houses.end_keeper(By(keeper(), AT), code, "second")
    with pytest.raises(NotFound):
        notify(code, line(2), subject="second")


def test_a_house_counts_once_from_its_first_notice_on():
    code = house()
    assert not facts(EstablishmentFirstNotified.KIND)
    notify(code, line(guest=guest(full_name="")))
    notify(code, line(1), line(2))
    notify(code, line(3), at=AT + HOUR)
    assert facts(EstablishmentFirstNotified.KIND) == {(DAY, UNIT, "tourist"): 1}
    assert Establishment.objects.get().first_notice == AT


def test_the_same_key_gives_the_same_answer_and_counts_once():
    code = house()
    by = By(keeper(), AT, Once("key", b"body"))
    first = stays.notify_stays(by, code, [line(1), line(guest=guest(full_name="4"))], Channel.API)
    again = stays.notify_stays(replace(by, at=AT + HOUR), code, [line(1)], Channel.API)
    assert again == first
    assert again.at == AT
    with pytest.raises(Conflict):
        stays.notify_stays(replace(by, once=Once("key", b"other")), code, [line(2)], Channel.API)
    assert Stay.objects.count() == facts().total() == 1


def test_what_a_text_file_would_break_on_is_kept():
    code = house()
    told = line(guest=guest(full_name="O'Hara", address='Tổ 1\\N, "Ví Dụ" \\. 100%'), room="\\N")
    assert notify(code, told).accepted == 1
    assert stay_of(Stay.objects.get()) == as_stay(told)


@pytest.mark.parametrize("field", ["visa_number", "entry_gate", "purpose", "address", "ethnicity", "phone"])
@pytest.mark.parametrize("who", [guest(), foreigner()], ids=["domestic", "foreign"])
def test_signs_that_the_database_cannot_hold_are_a_reason(who, field):
    done = notify(house(), line(guest=replace(who, **{field: "a\0b"})))
    assert [one.field for one in done.refused[0].reasons] == [field]


def test_a_person_is_known_by_kind_of_document_country_and_number():
    assert person_key(foreigner(document_number=Masked("c01 x00t47"))) == person_key(foreigner())
    assert person_key(foreigner(nationality="FR")) != person_key(foreigner())
    assert person_key(foreigner(document_type=DocumentType.RESIDENCE_CARD)) != person_key(foreigner())


def test_a_thousand_lines_are_one_notice():
    code = house()
    done = notify(code, *(line(serial, expected_departure=date(2024, 5, 22)) for serial in range(1000)))
    assert (done.accepted, Stay.objects.count(), OpenStay.objects.count()) == (1000, 1000, 1000)
    assert facts() == {(DAY, UNIT, "domestic", "api", False): 1000}
    assert len(journal("notify_stays")[0][0]) == 1000
