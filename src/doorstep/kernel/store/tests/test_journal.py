"""The journal as the people whom it concerns read it: newest first, a page at a time, one entry once."""

from datetime import UTC, datetime, timedelta

import pytest

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import journal
from doorstep.kernel.store.journal import LAST
from doorstep.kernel.testing.tryout import TRYING
from doorstep.kernel.values.ids import first_uuid7, uuid7

pytestmark = pytest.mark.django_db
AT = datetime(2024, 3, 31, 23, tzinfo=UTC)
EARLIER, LATER = AT, AT + timedelta(hours=2)
"""The second lies in the next month's partition."""


def written(at: datetime, *subjects: str, actor: str = "officer") -> None:
    journal.write(uuid7(at), Actor(actor, "H38"), "kernel.try", TRYING, subjects=subjects, fields=("name", "birth"))


def test_what_concerns_somebody_comes_newest_first_with_who_and_why():
    written(EARLIER, "a", "b")
    written(LATER, "b")
    written(LATER, "c")
    newest, oldest = journal.concerning(dict.fromkeys(["b"], LAST), 10)
    assert (newest.at, oldest.at) == (LATER, EARLIER)
    assert (oldest.subject, oldest.actor, oldest.unit, oldest.action) == ("b", "officer", "H38", "kernel.try")
    assert oldest.fields == ("name", "birth")
    assert journal.concerning(dict.fromkeys(["nobody"], LAST), 10) == journal.concerning({}, 10) == []


def test_pages_follow_each_other_and_months_bound_them():
    for minute in range(5):
        written(AT + timedelta(minutes=30 * minute), "a")
    first = journal.concerning(dict.fromkeys(["a"], LAST), 2)
    second = journal.concerning(dict.fromkeys(["a"], LAST), 2, before=first[-1].id)
    third = journal.concerning(dict.fromkeys(["a"], LAST), 2, before=second[-1].id)
    assert [one.at for one in (*first, *second, *third)] == [AT + timedelta(minutes=30 * at) for at in range(4, -1, -1)]
    april = first_uuid7(datetime(2024, 4, 1, tzinfo=UTC))
    assert len(journal.concerning(dict.fromkeys(["a"], LAST), 10, since=april)) == 3
    assert len(journal.concerning(dict.fromkeys(["a"], LAST), 10, before=april)) == 2


def test_an_entry_about_both_numbers_of_one_person_comes_once():
    written(EARLIER, "new", "old")
    written(LATER, "old")
    assert [one.subject for one in journal.concerning(dict.fromkeys(["new", "old"], LAST), 10)] == ["old", "new"]
    assert len(journal.concerning(dict.fromkeys(["new", "old"], LAST), 1)) == 1


def test_some_actors_can_be_left_out():
    written(EARLIER, "a", actor="me")
    written(LATER, "a")
    assert [one.actor for one in journal.concerning(dict.fromkeys(["a"], LAST), 10, but=["me"])] == ["officer"]


def test_a_number_that_somebody_has_later_tells_only_of_its_time():
    written(EARLIER, "old")
    written(LATER, "old")
    bound = first_uuid7(LATER)
    assert [one.at for one in journal.concerning({"new": LAST, "old": bound}, 10)] == [EARLIER]
