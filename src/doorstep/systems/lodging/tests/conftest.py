"""A keeper's desk at one instant, for the tests of pages."""

import pytest
from django.test import Client
from django.utils import timezone

from doorstep.systems.lodging.tests.desks import AT, keeper


@pytest.fixture
def desk(db: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A keeper's browser; the clock stands at `desks.AT`."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    return keeper()
