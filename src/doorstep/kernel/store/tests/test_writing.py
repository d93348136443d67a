"""An action is allowed, journalled, whole or not at all, and the same under the same key."""

import threading
from datetime import UTC, datetime

import msgspec
import pytest
from django.db import connection

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import writing
from doorstep.kernel.store.models import FactBatch, JournalEntry, JournalSubject
from doorstep.kernel.store.writing import Act, By, Once, action, joint
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING, Colour, Happened
from doorstep.kernel.values.reasons import Conflict, NotAllowed
from doorstep.kernel.values.units import UnitCode

AT = datetime(2024, 3, 1, 17, 30, tzinfo=UTC)


class Did(msgspec.Struct, frozen=True):
    number: int


runs: list[int] = []


@action(DO_IT, TRYING)
def try_it(act: Act, number: int, subjects: int = 1, *, fail: bool = False, silent: bool = False) -> Did:
    runs.append(number)
    act.fact(Happened(day=act.day, unit=UnitCode("H38.901"), colour=Colour.RED, late=False))
    if not silent:
        act.journal(subjects=[f"pin:90009000{i:04}" for i in range(subjects)], fields=("name",))
    if fail:
        raise ValueError("after all was written")
    return Did(number)


@pytest.mark.django_db
def test_writes_journal_and_facts_in_one_transaction(settings):
    settings.TIME_ZONE = "Asia/Ho_Chi_Minh"
    assert try_it(By(ACTOR, AT), 7) == Did(7)
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.action, entry.purpose, entry.fields) == (
        "trier",
        "kernel.try_it",
        "tryout.trying",
        "name",
    )
    assert JournalSubject.objects.get().subject == "pin:900090000000"
    batch = FactBatch.objects.get()
    assert batch.recorded.isoformat() == "2024-03-02", "half past midnight in Viet Nam"
    assert msgspec.msgpack.decode(bytes(batch.columns))["day"] == ["2024-03-02"]


@pytest.mark.django_db
def test_many_subjects_arrive_by_copy():
    try_it(By(ACTOR, AT), 1, subjects=500)
    assert JournalSubject.objects.count() == 500


@pytest.mark.django_db
def test_without_scope_nothing_runs():
    runs.clear()
    with pytest.raises(NotAllowed):
        try_it(By(Actor("stranger"), AT), 1)
    assert not runs


@pytest.mark.django_db(transaction=True)
def test_a_failure_leaves_nothing():
    with pytest.raises(ValueError, match="after all"):
        try_it(By(ACTOR, AT, Once("k", b"1")), 1, fail=True)
    assert not JournalEntry.objects.exists()
    assert not FactBatch.objects.exists()
    assert try_it(By(ACTOR, AT, Once("k", b"2")), 2) == Did(2), "the key was not spent"


@pytest.mark.django_db
def test_an_action_without_journal_is_an_error():
    with pytest.raises(RuntimeError, match="no journal entry"):
        try_it(By(ACTOR, AT), 1, silent=True)


@pytest.mark.django_db
def test_same_key_same_answer_other_body_conflict():
    runs.clear()
    first = try_it(By(ACTOR, AT, Once("k", b"1")), 1)
    assert try_it(By(ACTOR, AT, Once("k", b"1")), 99) == first
    assert runs == [1]
    with pytest.raises(Conflict):
        try_it(By(ACTOR, AT, Once("k", b"other")), 1)
    assert try_it(By(msgspec.structs.replace(ACTOR, subject="another"), AT, Once("k", b"other")), 3) == Did(3)


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_under_one_key_run_once():
    runs.clear()
    start, answers = threading.Barrier(16), []

    def send(number: int) -> None:
        try:
            start.wait()
            answers.append(try_it(By(ACTOR, AT, Once("same", b"body")), number))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1
    assert answers == [Did(runs[0])] * 16
    assert JournalEntry.objects.count() == FactBatch.objects.count() == 1


@joint(DO_IT, TRYING)
def join_them(calls: list[tuple[Act, str]], alone: bool) -> list[str | None]:  # noqa: FBT001
    for act, told in calls:
        if told == "journalled":
            act.journal()
    return [None if told == "later" else told for _, told in calls]


@pytest.mark.django_db
def test_of_joint_calls_each_that_is_answered_has_an_entry():
    assert join_them([(By(ACTOR, AT), "journalled"), (By(ACTOR, AT), "later")], False) == ["journalled", None]
    assert JournalEntry.objects.count() == 1
    assert join_them([(By(ACTOR, AT), "later")], False) == [None]
    with pytest.raises(RuntimeError, match="no journal entry"):
        join_them([(By(ACTOR, AT), "journalled"), (By(ACTOR, AT), "silent")], False)
    assert JournalEntry.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by", "failure"), [(By(Actor("stranger"), AT), NotAllowed), (By(ACTOR, AT, Once("k", b"1")), RuntimeError)]
)
def test_a_joint_call_needs_the_scope_and_takes_no_key(by, failure):
    with pytest.raises(failure):
        join_them([(By(ACTOR, AT), "journalled"), (by, "journalled")], False)
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db
def test_columns_must_be_as_declared():
    @writing.action(DO_IT, TRYING)
    def wrong(act: Act) -> None:
        act.facts(Happened.KIND, {"day": ["2024-01-01"], "n": [1]})

    with pytest.raises(ValueError, match=r"tryout\.happened"):
        wrong(By(ACTOR, AT))
