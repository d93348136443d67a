"""The clock of identity's pages in tests."""

import pytest
from django.utils import timezone

from doorstep.systems.identity.tests.builders import AT


@pytest.fixture
def clock(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is `AT`, for pages and sessions."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
