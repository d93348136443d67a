"""The process `tasks`: long work does not hold up what people wait for, and a failure holds up nothing for long."""

import threading
import time
from datetime import timedelta

from doorstep.kernel.declare.notices import Channel
from doorstep.site import tasks
from doorstep.site.delivery import deliver
from doorstep.site.tasks import QUICK, run

SOON, NEVER = timedelta(milliseconds=20), timedelta(hours=1)


def done_within(seconds: float, *lanes, until) -> None:
    """Runs each lane of work in a thread of its own until `until()` holds, at most so many seconds."""
    stopped = threading.Event()
    threads = [threading.Thread(target=run, args=(lane, stopped, timedelta(seconds=0.1))) for lane in lanes]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    while not until() and time.monotonic() < deadline:
        time.sleep(0.005)
    stopped.set()
    for thread in threads:
        thread.join()


def test_what_people_wait_for_has_a_thread_of_its_own():
    long, quick = threading.Event(), []
    met = []
    seal = [(NEVER, lambda _at: met.append(long.wait(5)))]

    def send(at):
        quick.append(at)
        if len(quick) >= 5:
            long.set()

    done_within(3, seal, [(SOON, send)], until=lambda: len(quick) >= 5)
    assert met == [True], "five were sent while the long work went on"


def test_work_that_says_there_is_more_goes_on_at_once():
    done = []

    def one_of_fifty(at):
        done.append(at)
        return len(done) < 50

    done_within(3, [(NEVER, one_of_fifty)], until=lambda: len(done) >= 50)
    assert len(done) == 50
    assert done[0] < done[-1], "each is told what time it is"


def test_after_a_failure_it_is_tried_again_and_the_other_work_goes_on(caplog):
    tries, other, record = [], [], "900090000123"

    def fails(at):
        tries.append(at)
        raise ValueError(record)

    done_within(3, [(SOON, fails), (SOON, other.append)], until=lambda: len(tries) >= 4 and len(other) >= 4)
    assert len(tries) >= 4
    assert len(other) > len(tries)
    assert record not in caplog.text
    assert "ValueError" in caplog.text


def test_codes_have_four_threads_and_mail_two():
    quick = [function for every, function in tasks.all_work() if every < QUICK]
    channels = [function.args[0] for function in quick if getattr(function, "func", None) is deliver]
    assert (channels.count(Channel.SMS), channels.count(Channel.EMAIL)) == (4, 2)
