"""The examples in docstrings are true: each module that has some is imported and its examples are run."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import doorstep

ROOT = Path(doorstep.__file__).parent
SHOWN = [path for path in sorted(ROOT.rglob("*.py")) if "tests" not in path.parts and ">>> " in path.read_text()]


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_show_what_happens(path: Path) -> None:
    module = import_module(".".join(path.relative_to(ROOT.parent).with_suffix("").parts))
    failed, run = doctest.testmod(module)
    assert run
    assert not failed
