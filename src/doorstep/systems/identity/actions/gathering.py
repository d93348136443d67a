"""Calls of a joint action that come while it runs go into its next transaction together, so that they share one commit."""

import logging
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from doorstep.kernel.store.writing import By

T = TypeVar("T")
R = TypeVar("R")

log = logging.getLogger(__name__)


class _Call(Generic[T, R]):
    """A call and what became of it. `wake` is held until its turn comes to lead, or until another has done it along."""

    def __init__(self, by: By, told: T) -> None:
        self.call, self.wake = (by, told), Lock()
        self.wake.acquire()
        self.done = False
        self.result: R | None = None


class Gathered(Generic[T, R]):
    """A joint action `run` that is called as `verb(By, told)`, from several threads: one at a time leads, with all that wait.

    A transaction that fails is nobody's: each of its calls is made again alone, so that whatever is wrong with one of them
    (or with the leader's connection) fails that one. So is a call that `run` answers with None. Only `run(calls, True)`, of
    one call that nobody waits behind, may wait for others' locks. What fails as the only call is not repeated.
    """

    def __init__(self, run: Callable[[Sequence[tuple[By, T]], bool], list[R | None]]) -> None:
        self.run, self.lock = run, Lock()
        self.busy = False
        self.waiting: list[_Call[T, R]] = []

    def __call__(self, by: By, told: T) -> R:
        own: _Call[T, R] = _Call(by, told)
        with self.lock:
            self.waiting.append(own)
            waits, self.busy = self.busy, True
        if waits:
            own.wake.acquire()
        if not own.done:
            self._lead()
        if own.result is None:
            (own.result,) = self.run([own.call], True)
        if own.result is None:
            raise RuntimeError("a call that was made alone got no answer")
        return own.result

    def _lead(self) -> None:
        """Do what waits, one's own call first, and let the next one lead what came meanwhile."""
        with self.lock:
            calls, self.waiting = self.waiting, []
        try:
            for one, result in zip(calls, self.run([one.call for one in calls], False), strict=True):
                one.result = result
        except Exception as failure:
            if len(calls) == 1:
                raise
            log.warning("a transaction of %d calls failed (%s): each is made alone", len(calls), type(failure).__name__)
        finally:
            with self.lock:
                following = self.waiting[:1]
                self.busy = bool(following)
            for one in calls:
                one.done = True
            for one in (*following, *calls):
                one.wake.release()
