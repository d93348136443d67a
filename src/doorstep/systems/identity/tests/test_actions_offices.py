"""Offices on PostgreSQL: two persons for the powerful, and the end of all sessions when one ends."""

import threading
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import connection

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import AccessToken, ActorSession, JournalEntry, JournalSubject, Notice, Unit
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.tokens import issue_token
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused
from doorstep.systems.identity.actions import offices, reviews
from doorstep.systems.identity.models import Account, Office
from doorstep.systems.identity.rules.offices import StaffLine, Term, What
from doorstep.systems.identity.tests.builders import AT, NUMBER, PASSCODE, PASSWORD, account, eid, person, person_actor

pytestmark = pytest.mark.django_db
DAY = date(2024, 3, 1)
OPEN = Term(DAY)


def admin(subject="admin", unit="H38") -> By:
    return By(Actor(subject, unit, ("identity.administrator",), level=2), AT)


@pytest.fixture(autouse=True)
def units(db):
    for code in ("H38", "H38.901", "H39"):
        Unit.objects.create(
            code=code, kind="province", parent="nation", names={"en": code}, valid_from=date(2020, 1, 1), source="test"
        )


def minh() -> Account:
    return account()


def signed_in(subject: str) -> None:
    ActorSession.objects.create(
        session_key=subject[:30], session_data="", expire_date=AT + timedelta(hours=1), subject=subject, began=AT
    )


def as_office(owner: Account, role="identity.officer", unit="H38", by=None) -> Office:
    granted = offices.assign(by or admin(), owner.login, unit, role, OPEN)
    return Office.objects.get(id=granted.id)


def test_an_office_holds_and_is_taken_up():
    owner = minh()
    office = as_office(owner)
    actor = offices.take_up(By(person_actor(owner), AT), office.id)
    assert (actor.subject, actor.unit, actor.roles) == (owner.subject, "H38", ("identity.person", "identity.officer"))
    assert actor.level == person_actor(owner).level
    assert set(JournalSubject.objects.values_list("subject", flat=True)) == {f"national_id:VN:{NUMBER}"}


def test_the_same_office_twice_and_an_unknown_unit_are_refused():
    owner = minh()
    as_office(owner)
    with pytest.raises(Refused, match="office_there"):
        as_office(owner)
    with pytest.raises(Refused, match="unit_unknown"):
        offices.assign(admin(), owner.login, "H38.777", "identity.officer", OPEN)
    with pytest.raises(NotFound):
        offices.assign(admin(), "nobody", "H38", "identity.officer", OPEN)


def test_a_powerful_office_waits_for_a_second_person():
    owner = minh()
    office = as_office(owner, "identity.registrar")
    with pytest.raises(Refused, match="not_in_force"):
        offices.take_up(By(person_actor(owner), AT), office.id)
    with pytest.raises(Refused, match="same_person"):
        offices.approve_office(admin(), office.id)
    with pytest.raises(NotFound):
        offices.approve_office(admin("other", "H39"), office.id)
    offices.approve_office(admin("other"), office.id)
    assert offices.take_up(By(person_actor(owner), AT), office.id).roles[1] == "identity.registrar"


def test_an_office_before_and_after_its_days_is_not_in_force():
    owner = minh()
    granted = offices.assign(admin(), owner.login, "H38", "identity.officer", Term(date(2024, 3, 2), date(2024, 3, 3)))
    for day, holds in ((0, False), (1, True), (2, False)):
        by = By(person_actor(owner), AT + timedelta(days=day))
        if holds:
            offices.take_up(by, UUID(granted.id))
        else:
            with pytest.raises(Refused, match="not_in_force"):
                offices.take_up(by, UUID(granted.id))


def test_leaving_ends_everything_at_once():
    owner = minh()
    office = as_office(owner)
    signed_in(owner.subject)
    issue_token(By(Actor(owner.subject, "H38", ("identity.officer", "lodging.keeper"), level=2), AT), "my program")
    deputy = account(eid(person("900090000777")), "account:deputy")
    lent = offices.lend(By(person_actor(owner), AT), office.id, deputy.login, Term(DAY, date(2024, 3, 20)))
    signed_in(deputy.subject)
    assert offices.leave(admin(), owner.login, "retired") == 1
    assert not ActorSession.objects.exists()
    assert AccessToken.objects.get().revoked == AT
    assert Office.objects.get(id=lent.id).ended == AT
    with pytest.raises(Refused, match="not_in_force"):
        offices.take_up(By(person_actor(owner), AT), office.id)


def test_a_unit_ends_no_office_of_another():
    owner = minh()
    office = as_office(owner, unit="H39", by=admin(unit="H39"))
    with pytest.raises(NotFound):
        offices.end(admin(), office.id, "")
    assert offices.leave(admin(), owner.login, "") == 0
    with pytest.raises(NotAllowed):
        offices.end(By(person_actor(owner), AT), office.id, "")


def test_nobody_ends_reviews_or_lends_to_themselves():
    owner = minh()
    office = as_office(owner)
    own = By(Actor(owner.subject, "H38", ("identity.administrator", "identity.person"), level=2), AT)
    for call in (
        lambda: offices.end(own, office.id, ""),
        lambda: offices.review(own, office.id, keep=True),
        lambda: offices.lend(own, office.id, owner.login, Term(DAY, date(2024, 3, 20))),
    ):
        with pytest.raises(Refused, match="office_own"):
            call()


def test_a_transfer_ends_here_and_begins_there():
    owner = minh()
    office = as_office(owner)
    signed_in(owner.subject)
    new = offices.transfer(admin(), office.id, "H38.901", Term(date(2024, 4, 1)))
    assert Office.objects.get(id=new.id).unit == "H38.901"
    assert Office.objects.get(id=office.id).why_ended == "transferred"
    assert not ActorSession.objects.exists()


def test_an_invitation_is_taken_once():
    owner = minh()
    code = offices.invite(admin(), "H38", "identity.officer", OPEN).code
    by = By(person_actor(owner), AT)
    with pytest.raises(NotFound):
        offices.accept(by, "0000-0000-0000-0001-G")
    offices.accept(by, code.lower())
    with pytest.raises(NotFound):
        offices.accept(by, code)
    late = offices.invite(admin(), "H38.901", "identity.officer", OPEN).code
    with pytest.raises(NotFound):
        offices.accept(By(person_actor(owner), AT + offices.INVITATION_KEPT), late)
    withdrawn = offices.invite(admin(), "H38.901", "identity.officer", OPEN)
    offices.withdraw(admin(), UUID(withdrawn.id))
    with pytest.raises(NotFound):
        offices.accept(by, withdrawn.code)


def test_a_file_grants_the_good_lines_and_gives_back_the_bad():
    owner = minh()
    lines = [
        StaffLine(2, owner.login, "identity.officer", "H38", OPEN),
        StaffLine(3, owner.login, "identity.officer", "H38", OPEN),
        StaffLine(4, "nobody", "identity.officer", "H38", OPEN),
        StaffLine(5, owner.login, "identity.officer", "H38.901", OPEN),
    ]
    outcome = offices.change_staff(admin(), lines)
    assert (outcome.done[What.GRANT], outcome.invited) == (2, ())
    assert [(one.line, one.code) for one in outcome.refused] == [
        (3, "identity.office_there"),
        (4, "kernel.not_found"),
    ]


def test_a_file_transfers_ends_and_invites_by_the_same_rules():
    owner, boss = minh(), account(eid(person("900090000777")), "account:boss")
    officer, powerful = as_office(owner), as_office(owner, "identity.registrar")
    own = as_office(boss, by=admin("first"))
    signed_in(owner.subject)
    office = ("identity.officer", "H38")
    lines = [
        StaffLine(2, owner.login, *office, OPEN, What.TRANSFER, "H38.777"),
        StaffLine(3, owner.login, *office, OPEN, What.TRANSFER, "H39"),
        StaffLine(4, owner.login, "identity.registrar", "H38", OPEN, What.TRANSFER, "H38.901"),
        StaffLine(5, owner.login, *office, what=What.END, why="retired"),
        StaffLine(6, owner.login, *office, what=What.END),
        StaffLine(7, boss.login, *office, what=What.END),
        StaffLine(8, "", *office, OPEN, What.INVITE),
        StaffLine(9, owner.login, *office, OPEN, What.INVITE),
        StaffLine(10, owner.login, *office),
    ]
    outcome = offices.change_staff(admin("account:boss"), lines)
    assert outcome.done == {What.GRANT: 0, What.TRANSFER: 1, What.END: 1, What.INVITE: 1}
    assert [(one.line, one.code.partition(".")[2], one.field) for one in outcome.refused] == [
        (2, "unit_unknown", "unit"),
        (3, "unit_outside", "unit"),
        (6, "office_not_there", "role"),
        (7, "office_own", ""),
        (9, "invitation_named", "login"),
        (10, "staff_day", "valid_from"),
    ]
    rows = {row.id: row for row in Office.objects.all()}
    assert (rows[officer.id].why_ended, rows[powerful.id].why_ended) == ("retired", "transferred")
    assert rows[own.id].ended is None
    (moved,) = (row for row in rows.values() if row.unit == "H38.901")
    assert (moved.role, moved.approved) == ("identity.registrar", None)
    assert not ActorSession.objects.exists()
    ((line, code),) = ((one.line, one.code) for one in outcome.invited)
    assert line == 8
    assert offices.accept(By(person_actor(owner), AT), code).in_force
    entry = JournalEntry.objects.get(action="identity.change_staff")
    assert entry.detail == "from a file: 1 transfer, 1 end, 1 invite"
    assert set(JournalSubject.objects.filter(id=entry.id).values_list("subject", flat=True)) == {
        f"national_id:VN:{NUMBER}"
    }


def test_a_refused_transfer_in_a_file_ends_nothing():
    owner = minh()
    office = as_office(owner)
    signed_in(owner.subject)
    line = StaffLine(2, owner.login, "identity.officer", "H38", OPEN, What.TRANSFER, "H38.777")
    assert offices.change_staff(admin(), [line]).done[What.TRANSFER] == 0
    assert Office.objects.get(id=office.id).ended is None
    assert ActorSession.objects.exists()


def test_a_file_changes_no_office_of_another_unit():
    owner = minh()
    office = as_office(owner, unit="H39", by=admin(unit="H39"))
    lines = [
        StaffLine(2, owner.login, "identity.officer", "H39", what=What.END),
        StaffLine(3, owner.login, "identity.officer", "H39", OPEN, What.TRANSFER, "H38"),
        StaffLine(4, "", "identity.officer", "H39", OPEN, What.INVITE),
    ]
    refused = offices.change_staff(admin(), lines).refused
    assert [one.code for one in refused] == ["identity.office_not_there"] * 2 + ["identity.unit_outside"]
    assert Office.objects.get(id=office.id).ended is None


def test_offices_whose_days_are_over_end_by_themselves():
    owner = minh()
    offices.assign(admin(), owner.login, "H38", "identity.officer", Term(DAY, date(2024, 3, 2)))
    signed_in(owner.subject)
    clock = Actor("task", roles=("identity.clock",))
    assert not offices.expired(AT)
    assert offices.end_expired(By(clock, AT + timedelta(days=1))) == 1
    assert not ActorSession.objects.exists()


def test_the_first_administrator_is_made_once():
    by = By(Actor("command", roles=("identity.founder",)), AT)
    with pytest.raises(Refused, match="password_kinds"):
        offices.found_administrator(by, "lan", "Lan", "weakweak", PASSCODE, "")
    made = offices.found_administrator(by, "Lan", "Lan", PASSWORD, PASSCODE, "")
    lan = Account.objects.get(login="lan")
    assert offices.take_up(By(person_actor(lan), AT), UUID(made.id)).roles[1] == "identity.administrator"
    with pytest.raises(Refused, match="office_there"):
        offices.found_administrator(by, "other", "Other", PASSWORD, PASSCODE, "")


@pytest.mark.django_db(transaction=True)
def test_two_approvals_and_two_grants_at_once_make_one():
    owner = minh()
    outcomes = []

    def run(subject):
        try:
            offices.assign(admin(subject), owner.login, "H38", "identity.officer", OPEN)
            outcomes.append("granted")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[f"admin{number}"]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["granted", "refused", "refused", "refused"]
    assert Office.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_files_that_move_the_same_offices_move_each_once():
    logins = [account(eid(person(f"9000900007{n:02}")), f"account:{n}").login for n in range(20)]
    for login in logins:
        offices.assign(admin("first"), login, "H38", "identity.officer", OPEN)

    def run(subject, ordered):
        moved = [StaffLine(2, one, "identity.officer", "H38", OPEN, What.TRANSFER, "H38.901") for one in ordered]
        return offices.change_staff(admin(subject), moved)

    outcomes = at_once(lambda: run("a", logins), lambda: run("b", logins[::-1]))
    assert sorted(one.done[What.TRANSFER] for one in outcomes) == [0, 20]
    assert {why.code for one in outcomes for why in one.refused} == {"identity.office_not_there"}
    assert Office.objects.filter(ended=None, unit="H38.901").count() == 20


def test_the_office_of_a_unit_that_merged_is_the_successors():
    owner = minh()
    office = as_office(owner, unit="H39", by=admin(unit="H39"))
    Unit.objects.filter(code="H39").update(valid_to=date(2024, 3, 2), successor="H38")
    later = By(admin().actor, AT + timedelta(days=1))
    with pytest.raises(NotFound):
        offices.end(admin(), office.id, "still theirs")
    offices.end(later, office.id, "left")
    assert Office.objects.get(id=office.id).why_ended == "left"


def test_administrators_are_reminded_ahead_and_while_a_review_is_overdue():
    owner, boss = minh(), account(eid(person("900090000777")), "account:boss", phone="")
    as_office(owner, unit="H38.901")
    for unit in ("H38", ""):
        office = as_office(boss, "identity.administrator", unit, admin("first", ""))
        offices.approve_office(admin("second", ""), office.id)
    ensure_months(DAY, date(2025, 6, 1))
    clock = Actor("task", roles=("identity.clock",))
    told = []
    for days in (0, 334, 335, 336, 365, 366, 380, 397):
        reviews.remind(By(clock, AT + timedelta(days=days)))
        told.append(Notice.objects.filter(subject=boss.subject).count())
    assert told == [0, 0, 1, 1, 1, 2, 2, 3]
    days = Notice.objects.filter(kind="identity.review_overdue").values_list("given__day__day", flat=True)
    assert set(days) == {"2025-03-01"}
    for office in Office.objects.all():
        offices.review(By(admin("second", "").actor, AT + timedelta(days=398)), office.id, keep=True)
    assert reviews.remind(By(clock, AT + timedelta(days=440))) == 0
