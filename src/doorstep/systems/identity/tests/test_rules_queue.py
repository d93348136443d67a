"""The fair queue: nobody overtakes, nobody is forgotten, and the time told is the time it takes."""

from hypothesis import given
from hypothesis import strategies as st

from doorstep.systems.identity.rules.queue import BURST, START, STEP, Queue, look_again

EMPTY = Queue(0, 0.0, 10.0, 100.0)
BUSY = Queue(100_000, 0.0, 10.0, 100.0)


def test_who_finds_nobody_waiting_goes_in():
    queue = EMPTY.moved(200.0).joined()
    assert queue.waits(queue.given) == 0


def test_a_crowd_gets_places_in_order_and_honest_times():
    queue = EMPTY
    places = []
    for _ in range(1_000):
        queue = queue.joined()
        places.append(queue.given)
    assert places == list(range(1, 1_001))
    assert queue.waits(1_000) == 100.0
    assert queue.ahead(1_000) == 1_000
    later = queue.moved(150.0)
    assert later.waits(500) == 0
    assert later.waits(1_000) == 50.0
    assert later.moved(200.0).waits(1_000) == 0


def test_a_quiet_time_saves_up_a_burst_and_no_more():
    assert EMPTY.moved(10_000.0).called == BURST


def test_slow_answers_lower_the_rate_and_quick_ones_raise_it():
    assert EMPTY.served(0.01).rate == EMPTY.served(0.5).rate == 10.0, "nobody waits"
    assert BUSY.served(0.01).rate == 10.0 + START
    congested = BUSY.served(0.5)
    assert congested.rate == BUSY.served(0.01, full=True).rate == EMPTY.served(0.01, full=True).rate == 5.0
    assert congested.served(0.5).rate == 5.0
    assert congested.moved(101.0).served(0.5).rate == 4.0
    assert congested.moved(100.1).served(0.01).rate == 5.0 + STEP
    assert congested.moved(160.0).served(0.01).rate == 5.0 + START, "forgotten"
    slow = BUSY
    for _ in range(1_000):
        slow = slow.moved(slow.at + 1).served(9.0)
    assert slow.rate == 1.0


@given(st.lists(st.tuples(st.sampled_from(["join", "wait", "slow", "quick", "back"]), st.floats(0, 100)), max_size=60))
def test_whatever_happens_nobody_is_called_back_and_places_only_grow(steps):
    queue, now = EMPTY, EMPTY.at
    for what, much in steps:
        before = queue
        if what == "join":
            queue = queue.joined()
        elif what in {"wait", "back"}:
            now += much if what == "wait" else -much
            queue = queue.moved(now)
        else:
            queue = queue.served(0.01 if what == "quick" else 1.0)
        assert queue.called >= before.called
        assert queue.given >= before.given
        assert queue.called <= queue.given + BURST


def test_asking_again_is_seldom_when_it_is_far():
    assert [look_again(seconds) for seconds in (0.5, 20, 90, 5_000)] == [3, 10, 45, 60]
