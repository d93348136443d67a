"""The clock of identity's pages in tests, and a door before which nobody waits."""

from pathlib import Path

import pytest
from django.utils import timezone

from doorstep.systems.identity.pages import crowd
from doorstep.systems.identity.tests.builders import AT


@pytest.fixture
def clock(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is `AT`, for pages and sessions."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    places = crowd.Places(tmp_path / "crowd")
    monkeypatch.setattr(crowd, "places", lambda: places)
