"""Many registrars at once: one change wins, one person enters, and nobody waits for ever."""

from datetime import date, timedelta
from random import Random

import pytest

from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import Refused, Stale
from doorstep.systems.identity.actions import register
from doorstep.systems.identity.actions.arrivals import import_persons
from doorstep.systems.identity.contract import Relation
from doorstep.systems.identity.models import Guardian, Person, PersonVersion, Residence
from doorstep.systems.identity.queries.register import record_of
from doorstep.systems.identity.rules.register import Cause
from doorstep.systems.identity.tests.people import (
    AT,
    BY,
    DAY,
    HERE,
    SOURCE,
    THERE,
    enter,
    home,
    places,
    record,
    registrar,
    replaced,
)
from doorstep.systems.identity.tests.test_arrivals import batch, line

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_of_many_changes_wins_and_the_others_are_stale():
    person = enter()

    def change(name):
        after = replaced(record_of(person), full_name=name)
        return lambda: register.change_person(BY, person.id, 1, after, Cause.MARRIAGE, DAY, SOURCE)

    move = lambda: register.move_residence(BY, person.id, 1, home(THERE, valid_from=DAY), SOURCE)  # noqa: E731
    outcomes = at_once(*(change(f"Lan {letter}") for letter in "ABCDE"), move)
    assert sum(one is None for one in outcomes) == 1
    assert all(one is None or isinstance(one, Stale) for one in outcomes)
    assert PersonVersion.objects.filter(version=1).count() == 1
    assert Person.objects.get().version == 2
    assert Residence.objects.filter(valid_to=None).count() == 1


def test_a_number_is_entered_once_by_many():
    places()
    outcomes = at_once(
        *[
            lambda: register.register_person(BY, record(), home(), Cause.ENTRY, SOURCE, confirmed=True),
            lambda: import_persons(BY, batch(line(1))),
        ]
        * 3
    )
    assert Person.objects.count() == Residence.objects.count() == 1
    assert not [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refused)]


def test_a_correction_is_decided_once():
    person = enter()
    after = replaced(record_of(person), full_name="Lan")
    one = register.propose_correction(BY, person.id, 1, after, SOURCE).id
    by = By(registrar(subject="second"), AT)
    yes = lambda: register.decide_correction(by, one, approve=True, why="")  # noqa: E731
    no = lambda: register.decide_correction(by, one, approve=False, why="No")  # noqa: E731
    outcomes = at_once(*[yes, no] * 3)
    assert sum(done is None for done in outcomes) == 1
    assert all(done is None or isinstance(done, Refused) for done in outcomes)


def test_a_death_and_a_guardianship_meet_without_leaving_a_dead_guardian():
    parent, child = enter(1), enter(2, birth=date(2015, 1, 1), full_name="Bé")
    died = lambda: register.note_death(BY, parent.id, 1, DAY, SOURCE)  # noqa: E731
    guard = lambda: register.set_guardian(BY, child.id, parent.number, Relation.PARENT, DAY, SOURCE)  # noqa: E731
    outcomes = at_once(died, guard)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], Refused) or Guardian.objects.get().valid_to == DAY + timedelta(days=1)


def test_two_imports_of_one_file_give_one_answer():
    places()
    by = By(registrar(), AT, Once("file 2-301", b"digest"))
    told = batch(*(line(serial, address="" if serial % 10 == 0 else "12 Đường Mẫu") for serial in range(1, 301)))
    first, second = at_once(*[lambda: import_persons(by, told)] * 2)
    assert first == second
    assert (first.taken, first.known, len(first.refused)) == (270, 0, 30)
    assert Person.objects.count() == Residence.objects.count() == JournalSubject.objects.count() == 270
    assert JournalEntry.objects.count() == 1


def test_imports_that_share_people_never_wait_for_each_other_in_a_circle():
    places()
    chance = Random(7)

    def some():
        told = batch(*(line(serial) for serial in chance.sample(range(1, 400), 300)))
        return lambda: import_persons(BY, told)

    outcomes = at_once(*(some() for _ in range(6)))
    assert [done.taken for done in outcomes] == [300] * 6
    assert Person.objects.filter(unit=HERE).count() == sum(done.taken - done.known for done in outcomes)
    assert Residence.objects.count() == Person.objects.count() == JournalSubject.objects.count()
