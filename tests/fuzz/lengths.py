"""How long a test goes on with examples: a few seconds in a pull request, for long in a soak."""

import time
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck

EXAMPLES, ROUNDS, SECONDS = 60, 80, 30
"""A short test takes so many examples; a long one goes on by as many, for so many rounds or seconds."""
LENGTHS = pytest.mark.parametrize("rounds", [1, pytest.param(ROUNDS, marks=pytest.mark.soak)])


def settings(examples: int = EXAMPLES) -> Any:
    return hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),  # the database of one test serves all its examples
    )


def again(send: Callable[[], None], rounds: int) -> None:
    """Other examples each time, until the rounds or the seconds are over."""
    end = time.monotonic() + SECONDS
    for number in range(rounds):
        if number and time.monotonic() > end:
            break
        send()
    print(f"{(number + 1) * EXAMPLES} examples")
