"""Calls that come together share a transaction, and nobody is harmed by another's: without a database."""

import threading
from datetime import UTC, datetime

import pytest

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.systems.identity.actions.gathering import Gathered

BY = By(Actor("client:x"), datetime(2024, 5, 21, tzinfo=UTC))


class Slow:
    """Doubles numbers; the first transaction lasts until `count` more calls wait for the next."""

    def __init__(self, count: int) -> None:
        self.count, self.batches = count, []
        self.gathered = Gathered(self.run)
        self.lock = threading.Lock()

    def run(self, calls, alone):
        with self.lock:
            self.batches.append([told for _, told in calls])
            first = len(self.batches) == 1
        while first and len(self.gathered.waiting) < self.count:
            threading.Event().wait(0.001)
        numbers = [told for _, told in calls]
        if "bad" in numbers:
            raise ValueError("bad")
        return [None if one == "later" and not alone else one * 2 for one in numbers]

    def together(self, *numbers):
        return at_once(*[lambda one=one: self.gathered(BY, one) for one in numbers])


def test_what_waits_goes_into_one_transaction_and_each_gets_its_own_answer():
    slow = Slow(7)
    assert slow.together(*range(8)) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert [len(one) for one in slow.batches] == [1, 7]


def test_one_that_fails_fails_alone():
    slow = Slow(4)
    outcomes = slow.together(1, 2, "bad", 3, 4)
    assert [one if isinstance(one, int) else type(one) for one in outcomes] == [2, 4, ValueError, 6, 8]
    assert not slow.gathered.busy
    assert not slow.gathered.waiting


def test_one_that_is_to_be_made_alone_is():
    slow = Slow(3)
    assert slow.together("a", "later", "b", "c") == ["aa", "laterlater", "bb", "cc"]
    assert slow.batches.count(["later"]) == 1


def test_a_single_call_is_not_repeated():
    slow = Slow(0)
    with pytest.raises(ValueError, match="bad"):
        slow.gathered(BY, "bad")
    assert slow.batches == [["bad"]]
    assert slow.gathered(BY, 3) == 6


def test_nobody_leads_alone():
    slow = Slow(0)
    assert slow.gathered(BY, "later") == "laterlater"
    assert slow.batches == [["later"], ["later"]]
