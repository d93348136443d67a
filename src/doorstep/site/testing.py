"""Tests start what they need: one embedded PostgreSQL in a data folder of its own, stopped at the end.

Loaded with `-p` before pytest-django reads the settings, which name that folder. The first process makes it; workers
of pytest-xdist inherit its name.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

_OURS = "DOORSTEP_TEST_HOME" not in os.environ
HOME = Path(os.environ.setdefault("DOORSTEP_TEST_HOME", "") or tempfile.mkdtemp(prefix="doorstep-test-"))
os.environ.update(DOORSTEP_TEST_HOME=str(HOME), DOORSTEP_HOME=str(HOME), DOORSTEP_MODE="test")


def pytest_configure() -> None:
    import hypothesis

    from doorstep.site.embedded import Embedded

    hypothesis.settings.register_profile("house", deadline=None)  # how long an example takes says the machine's load
    hypothesis.settings.load_profile("house")
    Embedded(HOME).start()


def pytest_unconfigure() -> None:
    if _OURS:
        from doorstep.site.embedded import Embedded

        Embedded(HOME).stop()
        shutil.rmtree(HOME)


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    """A data folder of the test's own for lake, keys and log."""
    settings.HOME = tmp_path
    return tmp_path
