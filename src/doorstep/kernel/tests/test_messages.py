"""A message is heard at least once, in order for each subject, and leaves its effect once."""

import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection

from doorstep.kernel import contracts
from doorstep.kernel.declare import messages as declared
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import models, writing
from doorstep.kernel.store.models import FactBatch, JournalEntry, JournalSubject, Message
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING, Colour, Happened, Tried
from doorstep.kernel.values.reasons import NOT_FOUND, NotAllowed, NotFound
from doorstep.kernel.values.units import UnitCode

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
LATER = AT + timedelta(hours=3)
OPERATOR = Actor("operator:0", roles=("kernel.operator",), via="command")


@action(DO_IT, TRYING)
def tell(act: Act, *told: Tried, fail: bool = False) -> None:
    act.journal()
    act.tell(*told)
    if fail:
        raise ValueError("after telling")


@pytest.fixture
def heard(monkeypatch):
    """Two systems that hear; what `north` heard in order, and how it is made to fail."""
    monkeypatch.setitem(declared.HEARERS, "tryout.tried", {})
    seen = SimpleNamespace(north=[], south=[], failing={}, silent=False, slow=0.0, then=None)

    def on_tried(act: Act, message: Tried) -> None:
        seen.north.append((message.subject, message.number))
        act.fact(Happened(day=act.day, unit=UnitCode("H38"), colour=message.colour, late=False))
        if not seen.silent:
            act.journal(subjects=[message.subject], detail=str(message.number))
        if seen.then:
            act.tell(seen.then(message))
        time.sleep(seen.slow)
        if message.number in seen.failing:
            raise seen.failing[message.number]

    def also_tried(act: Act, message: Tried) -> None:
        seen.south.append((message.subject, message.number))
        act.journal()

    for system, handler in (("north", on_tried), ("south", also_tried)):
        handler.__module__ = f"doorstep.systems.{system}.handlers"
        contracts.hears(Tried, TRYING)(handler)
    return seen


def handled() -> list[str]:
    """What the handlers that were committed wrote."""
    return sorted(JournalEntry.objects.filter(action="north.on_tried").values_list("detail", flat=True))


def left() -> list[tuple[str, str, int]]:
    return list(Message.objects.order_by("id").values_list("hearer", "subject", "failures"))


@pytest.mark.django_db
def test_each_system_that_hears_gets_its_own(heard):
    tell(By(ACTOR, AT), Tried("a", 1, Colour.BLUE))
    assert left() == [("north", "a", 0), ("south", "a", 0)]
    assert not heard.north, "not in the teller's transaction"
    assert contracts.deliver(LATER) == 2
    assert heard.north == heard.south == [("a", 1)]
    assert not left()
    entry = JournalEntry.objects.get(action="north.on_tried")
    assert (entry.actor, entry.via, entry.purpose) == ("task:north", "task", TRYING.code)
    assert entry.id.int >> 80 == int(LATER.timestamp() * 1000), "it happened when it was handled"
    assert JournalSubject.objects.get().subject == "a"
    assert FactBatch.objects.get().kind == "tryout.happened"


@pytest.mark.django_db
def test_where_nobody_hears_nothing_is_written(monkeypatch):
    monkeypatch.setitem(declared.HEARERS, "tryout.tried", {})
    tell(By(ACTOR, AT), Tried("a", 1))
    assert not left()


@pytest.mark.django_db(transaction=True)
def test_what_was_not_done_is_not_told(heard):
    with pytest.raises(ValueError, match="after telling"):
        tell(By(ACTOR, AT), Tried("a", 1), fail=True)
    assert not left()


@pytest.mark.django_db
def test_a_simulation_stays_in_its_own_time(heard):
    tell(By(Actor("s", roles=ACTOR.roles, via="simulation"), AT), Tried("a", 1))
    contracts.deliver(LATER)
    entry = JournalEntry.objects.get(action="north.on_tried")
    assert (entry.via, entry.id.int >> 80) == ("simulation", int(AT.timestamp() * 1000))


@pytest.mark.django_db
def test_a_handler_tells_further_and_a_drain_follows(heard):
    heard.then = lambda message: Tried(message.subject, message.number + 1) if message.number < 4 else Tried("end", 0)
    heard.failing = {0: ValueError()}
    tell(By(ACTOR, AT), Tried("a", 1))
    assert contracts.drain(LATER) == 9
    assert heard.north == [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("end", 0)]
    assert left() == [("north", "end", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_fails_leaves_nothing_but_its_message(heard):
    heard.failing = {1: RuntimeError("Nguyễn Văn Ví Dụ has no number")}
    tell(By(ACTOR, AT), Tried("a", 1))
    assert contracts.deliver(LATER) == 1, "the other system's"
    assert not handled()
    assert not FactBatch.objects.exists()
    row = Message.objects.get()
    assert (row.failures, row.failure, row.due) == (1, "RuntimeError", LATER + timedelta(seconds=5))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (NotFound(NOT_FOUND("900090000123")), "NotFound kernel.not_found"),
        (ValueError("900090000123"), "ValueError"),
    ],
)
def test_the_kind_of_failure_is_kept_and_logged_not_its_words(heard, caplog, failure, kind):
    heard.failing = {1: failure}
    tell(By(ACTOR, AT), Tried("a", 1))
    contracts.deliver(LATER)
    assert Message.objects.get().failure == kind
    assert kind in caplog.text
    assert "on_tried" in caplog.text, "where it failed"
    assert "900090000123" not in caplog.text


@pytest.mark.django_db
def test_a_failure_of_the_database_is_told_by_its_code(heard):
    def broken(message: Tried) -> Tried:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return message

    heard.then = broken
    tell(By(ACTOR, AT), Tried("a", 1))
    contracts.deliver(LATER)
    assert Message.objects.get().failure == "DataError 22012"


@pytest.mark.django_db
def test_a_handler_without_journal_fails(heard):
    heard.silent = True
    tell(By(ACTOR, AT), Tried("a", 1))
    contracts.deliver(LATER)
    assert Message.objects.get().failure == "RuntimeError"


@pytest.mark.django_db
def test_what_no_handler_knows_any_more_is_kept(heard):
    tell(By(ACTOR, AT), Tried("a", 1))
    Message.objects.filter(hearer="south").update(hearer="gone")
    Message.objects.filter(hearer="north").update(content=b"\xc1")
    assert contracts.drain(LATER) == 0
    assert list(Message.objects.order_by("id").values_list("failure", flat=True)) == ["DecodeError", "KeyError"]


@pytest.mark.django_db
def test_after_ten_growing_pauses_a_message_is_parked_and_its_subject_waits(heard):
    heard.failing = {1: ValueError()}
    tell(By(ACTOR, AT), Tried("a", 1), Tried("a", 2), Tried("b", 3))
    now, pauses = LATER, []
    contracts.drain(now)
    assert handled() == ["3"], "another subject goes on"
    while (due := Message.objects.order_by("id")[0].due) is not None:
        assert contracts.drain(due - timedelta(milliseconds=1)) == 0, "not before its time"
        pauses.append((due - now).total_seconds())
        now = due
        contracts.drain(now)
    assert pauses == [5 * 2**time for time in range(9)]
    assert left() == [("north", "a", 10), ("north", "a", 0)]
    heard.failing = {}
    assert contracts.drain(now + timedelta(days=30)) == 0, "parked is parked"
    assert [number for _, number in heard.north] == [1, 3] + [1] * 9


@pytest.fixture
def parked(heard):
    heard.failing = {1: ValueError()}
    tell(By(ACTOR, AT), Tried("a", 1), Tried("a", 2))
    contracts.drain(LATER)
    Message.objects.filter(failures=1).update(due=None, failures=10)
    heard.failing = {}
    return Message.objects.order_by("id")[0].id


@pytest.mark.django_db
def test_a_parked_message_is_tried_again_on_request_and_the_others_follow(heard, parked):
    contracts.retry_message(By(OPERATOR, LATER), parked)
    assert contracts.drain(LATER) == 2
    assert handled() == ["1", "2"]
    entry = JournalEntry.objects.get(action="kernel.retry_message")
    assert (entry.actor, entry.detail) == ("operator:0", f"message {parked}: tryout.tried to north")
    assert "a" in JournalSubject.objects.filter(id=entry.id).values_list("subject", flat=True)


@pytest.mark.django_db
def test_a_dropped_message_lets_the_others_go_on(heard, parked):
    contracts.drop_message(By(OPERATOR, LATER), parked)
    assert contracts.drain(LATER) == 1
    assert handled() == ["2"]
    assert JournalEntry.objects.filter(action="kernel.drop_message").exists()


@pytest.mark.django_db
def test_only_an_operator_repairs_and_only_what_failed(heard, parked):
    for repair in (contracts.retry_message, contracts.drop_message):
        with pytest.raises(NotAllowed):
            repair(By(ACTOR, LATER), parked)
        for number in (parked + 1, parked + 1000):
            with pytest.raises(NotFound):
                repair(By(OPERATOR, LATER), number)
    assert Message.objects.count() == 2


def test_a_system_hears_a_message_once(heard):
    def again(act: Act, message: Tried) -> None:
        """Never called."""

    again.__module__ = "doorstep.systems.north.handlers"
    with pytest.raises(ValueError, match="north hears"):
        contracts.hears(Tried, TRYING)(again)


def together(*runs) -> None:
    """Run functions at the same time, each with a connection of its own."""
    start = threading.Barrier(len(runs))
    failures = []

    def one(run) -> None:
        try:
            start.wait()
            run()
        except BaseException as failure:  # noqa: BLE001  shown by the assertion below
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.django_db(transaction=True)
def test_three_dispatchers_at_once_keep_the_order_and_do_nothing_twice(heard):
    subjects, each = 12, 15
    for number in range(each):
        tell(By(ACTOR, AT), *(Tried(f"s{place}", number) for place in range(subjects)))
    heard.slow = 0.001

    def until_empty() -> None:
        while Message.objects.exists():
            contracts.deliver(LATER)

    together(until_empty, until_empty, until_empty)
    for place in range(subjects):
        of_subject = [number for subject, number in heard.north if subject == f"s{place}"]
        assert of_subject == list(range(each))
    assert JournalEntry.objects.filter(action="north.on_tried").count() == subjects * each
    assert JournalEntry.objects.filter(action="south.also_tried").count() == subjects * each
    assert FactBatch.objects.count() == subjects * each


@pytest.mark.django_db(transaction=True)
def test_a_message_that_another_dispatcher_holds_and_those_behind_it_are_left_alone(heard):
    tell(By(ACTOR, AT), Tried("a", 1), Tried("a", 2), Tried("b", 3))
    Message.objects.filter(hearer="south").delete()
    held, release = threading.Event(), threading.Event()

    def wait(message: Tried) -> Tried:
        held.set()
        release.wait(20)
        return Tried("end", 0)

    heard.then = wait

    def first() -> None:
        contracts._hand_over(Message.objects.order_by("id")[0].id, LATER)

    def second() -> None:
        held.wait(20)
        heard.then = None
        try:
            assert contracts.deliver(LATER) == 1
            assert heard.north == [("a", 1), ("b", 3)]
        finally:
            release.set()

    together(first, second)
    contracts.drain(LATER)
    assert [number for subject, number in heard.north if subject == "a"] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_who_tells_of_the_same_subject_waits_so_that_numbers_follow_commits(heard, monkeypatch):
    """Without the wait, the second teller commits a higher number first, and it would be heard first."""
    told, release = threading.Event(), threading.Event()
    order = []

    @action(DO_IT, TRYING)
    def slowly(act: Act) -> None:
        act.journal()
        act.tell(Tried("a", 1))

    def held(acts: list[Act]) -> None:
        finish(acts)
        if acts[0].name == "kernel.slowly":
            told.set()
            release.wait(20)
            order.append("first committed")

    def second() -> None:
        told.wait(20)
        tell(By(ACTOR, AT), Tried("b", 3))  # another subject waits for nobody
        order.append("another subject")
        timer = threading.Timer(0.3, release.set)
        timer.start()
        tell(By(ACTOR, AT), Tried("a", 2))
        order.append("second committed")

    finish = writing.finish
    monkeypatch.setattr(writing, "finish", held)
    together(lambda: slowly(By(ACTOR, AT)), second)
    assert order == ["another subject", "first committed", "second committed"]
    numbers = list(Message.objects.filter(hearer="north", subject="a").order_by("id").values_list("id", flat=True))
    contracts.drain(LATER)
    assert len(numbers) == 2
    assert [number for subject, number in heard.north if subject == "a"] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_tellers_of_many_subjects_in_any_order_never_block_each_other_for_good(heard):
    def many(order: int) -> None:
        for number in range(20):
            tell(By(ACTOR, AT), *(Tried(f"s{place}", number) for place in range(50)[::order]))

    together(lambda: many(1), lambda: many(-1), lambda: many(1), lambda: many(-1))
    assert models.Message.objects.count() == 4 * 20 * 50 * 2


@pytest.fixture
def kin(transactional_db):
    """Two tables with a foreign key that is checked at the end, as Django makes them."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE tryout_parent (id int PRIMARY KEY)")
        cursor.execute(
            "CREATE TABLE tryout_child (parent int REFERENCES tryout_parent (id) DEFERRABLE INITIALLY DEFERRED)"
        )
        cursor.execute("INSERT INTO tryout_parent VALUES (1)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE tryout_child, tryout_parent")


def test_a_check_that_waits_for_a_teller_does_not_keep_the_teller_waiting(heard, kin):
    """One locks the parent and tells; the other adds a child, whose check needs the parent, and tells of the same."""
    locked, added = threading.Event(), threading.Event()

    @action(DO_IT, TRYING)
    def lock_parent(act: Act) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM tryout_parent WHERE id = 1 FOR UPDATE")
        locked.set()
        added.wait(20)
        time.sleep(0.3)  # the other one has its locks by now, or waits for us
        act.journal()
        act.tell(Tried("a", 1))

    @action(DO_IT, TRYING)
    def add_child(act: Act) -> None:
        locked.wait(20)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO tryout_child VALUES (1)")
        act.journal()
        act.tell(Tried("a", 2))
        added.set()

    together(lambda: lock_parent(By(ACTOR, AT)), lambda: add_child(By(ACTOR, AT)))
    assert Message.objects.filter(hearer="north").count() == 2
