"""`doorstep new-system NAME`: the rooms of a new system, and three tests that say what to write first."""

import argparse
import re
from pathlib import Path

from doorstep.site.cli import Stop, say

EXAMPLES = ["doorstep new-system parking"]

FILES = {
    "README.md": """# {Name}

For whom, which law, what it keeps and for how long, its facts and indicators, open questions: one page.
""",
    "__init__.py": '"""{Name}."""\n',
    "apps.py": '''"""{Name}: say here in one line why it exists."""

from doorstep.kernel.system import SystemConfig
from doorstep.kernel.values.text import N_


class {Name}(SystemConfig):
    label = "{name}"
    title = N_("{Name}")
    retention = N_("Say how long records are kept.")
''',
    "permissions.py": '''"""What people may do in {name}, as which role, and why they touch a record."""

from doorstep.kernel.declare.scopes import Purpose, Role, Scope

RECORD = Scope("{name}.thing.record", "Record a thing")
RECORDER = Role("{name}.recorder", "Recorder", (RECORD,))
FOR_RECORDING = Purpose("{name}.recording", "To record things")
''',
    "rules.py": '"""The law of {name}: pure functions; each names its article and returns reasons, not a bare no."""\n',
    "facts.py": '''"""What {name} counts; no field could name a person."""

from doorstep.kernel.declare.facts import Fact, Rollup, fact


@fact("{name}.thing_recorded", rollups=(Rollup("top_month", ("top", "month")),))
class ThingRecorded(Fact, frozen=True):
    """A thing was recorded."""
''',
    "models.py": '"""Tables, constraints, indexes; no decisions."""\n',
    "actions.py": '"""Every write: permission, lock, rules, rows, journal, facts; one transaction each."""\n',
    "queries.py": '"""Every read: takes the actor, returns typed rows that the actor may see."""\n',
    "simulation.py": '''"""How its users behave, through the real actions."""


def people() -> list[dict[str, str]]:
    """Whom a demo lets in with one tap: subject, name, role, unit, title."""
    return [{"subject": "demo:{name}", "name": "An", "role": "{name}.recorder", "unit": "", "title": "Recorder"}]
''',
    "migrations/__init__.py": "",
    "tests/__init__.py": "",
    "tests/builders.py": '"""Builders of {name}\'s values for tests."""\n',
    "tests/test_rules.py": '''"""The rules of {name}, by vectors."""

from doorstep.systems.{name} import rules


def test_a_rule_says_no_with_a_reason():
    """Write the first rule: `check_thing` returns a list of reasons."""
    assert rules.check_thing(None)
''',
    "tests/test_actions.py": '''"""The actions of {name}, on PostgreSQL."""

from doorstep.systems.{name} import actions


def test_an_action_records_a_thing():
    """Write the first action: `record_thing` is decorated with @action(RECORD, FOR_RECORDING)."""
    assert actions.record_thing
''',
    "tests/test_queries.py": '''"""The queries of {name}: the actor decides what is seen."""

from doorstep.systems.{name} import queries


def test_a_query_takes_the_actor():
    """Write the first query: `things(actor)`."""
    assert queries.things
''',
}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="lower-case, one word")
    parser.add_argument("--into", type=Path, default=Path(__file__).parents[2] / "systems", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    name = arguments.name
    if not re.fullmatch(r"[a-z][a-z]{2,29}", name):
        raise Stop("A system is named by one lower-case word of 3 to 30 letters.")
    folder = arguments.into / name
    if folder.exists():
        raise Stop(f"There is a system {name} already: {folder}.")
    for path, text in FILES.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("{name}", name).replace("{Name}", name.capitalize()))
    say(f"{folder}: {len(FILES)} files. CONTRIBUTING.md says what to write first: make the three tests pass.")
    return 0
