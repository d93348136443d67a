"""The fair queue before signing in: first come, first served, at the rate that the machine serves, and no row a person.

A place is a number. All that is kept is how many places were given and how many were called, so a million people waiting
cost as much as one. Places are called at `rate` a second while somebody waits; whoever finds nobody waiting goes in.
"""

import msgspec

LEAST_RATE, MOST_RATE = 1.0, 2_000.0
BURST = 10.0
"""Places that may be called ahead of the rate after a quiet time."""
START, STEP = 0.5, 0.1
"""Places a second that one quick answer adds: while no congestion is remembered, and after one."""
HALVED, LOWERED = 0.5, 0.8
"""What a congestion leaves of the rate: the first one, and one that another is remembered before."""
REMEMBERED = 60.0
"""Seconds for which a congestion says what the machine can do."""
ONE_CONGESTION = 1.0
"""Seconds within which the rate is lowered once."""
TARGET = 0.2
"""Seconds within which signing in is to answer; slower answers lower the rate."""


class Queue(msgspec.Struct, frozen=True):
    """`given` places so far, `called` of them (a fraction is on its way), at `rate` a second, as of the instant `at` (s).

    `cut` is when the rate was lowered last, 0 for never.
    """

    given: int
    called: float
    rate: float
    at: float
    cut: float = 0.0

    def moved(self, now: float) -> "Queue":
        """The queue at `now`: called on at its rate, never further than a burst ahead of the places given."""
        gone = max(0.0, now - self.at)
        called = min(self.called + gone * self.rate, self.given + BURST)
        return msgspec.structs.replace(self, called=max(called, self.called), at=now)

    def joined(self) -> "Queue":
        """One more came; the place is the new `given`."""
        return msgspec.structs.replace(self, given=self.given + 1)

    def waits(self, place: int) -> float:
        """Seconds until `place` is called; 0 where it was."""
        return max(0.0, (place - self.called) / self.rate)

    def ahead(self, place: int) -> int:
        """How many are called before `place`."""
        return max(0, int(place - self.called))

    def served(self, seconds: float, *, full: bool = False) -> "Queue":
        """An answer took so long: additive increase while it is quick and somebody waits, multiplicative decrease when it
        is not, or when the server was `full`: then answers waited before anybody could measure them.

        All that is slow within a second comes of one congestion, and lowers the rate once. At first the rate grows
        quickly, to find what the machine can do, and is halved when it was too much (as TCP does, RFC 5681). While
        nobody waits a slow answer says nothing of the rate.
        """
        waiting, known = self.called < self.given, self.at - self.cut < REMEMBERED
        if full or (waiting and seconds > TARGET):
            if self.at - self.cut < ONE_CONGESTION:
                return self
            kept = LOWERED if known else HALVED
            return msgspec.structs.replace(self, rate=max(self.rate * kept, LEAST_RATE), cut=self.at)
        grown = self.rate + (STEP if known else START)
        return msgspec.structs.replace(self, rate=min(grown, MOST_RATE)) if waiting else self


def look_again(seconds: float) -> int:
    """After how many seconds somebody who waits so long is to ask again: seldom while it is far, often when it is near."""
    return int(min(max(seconds / 2, 3), 60))
