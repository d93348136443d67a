"""Any subset of systems starts, and describes its API; the snapshots say when an API changed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import doorstep

PACKAGE = Path(doorstep.__file__).parent
SYSTEMS = sorted(path.parent.name for path in PACKAGE.glob("systems/*/apps.py"))
WITH_API = {
    "site": "site.asked",
    **{
        f"systems.{name}": f"systems.{name}.api" for name in SYSTEMS if (PACKAGE / "systems" / name / "api.py").exists()
    },
}


def environment(home: Path, **said: str) -> dict[str, str]:
    """For commands on an installation of their own: what this shell says of another one is left out."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DOORSTEP_")}
    return {**kept, "DOORSTEP_HOME": str(home), **said}


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_system_starts_alone(name, tmp_path):
    said = environment(tmp_path, DOORSTEP_SYSTEMS=name, DOORSTEP_MODE="test")
    command = [sys.executable, "-c", "import sys; from doorstep.site.cli import main; sys.exit(main(sys.argv[1:]))"]
    seal = subprocess.run([*command, "seal"], env=said, capture_output=True, text=True, timeout=120, check=False)
    assert seal.returncode == 0, seal.stderr
    assert "0 facts sealed" in seal.stdout
    house = subprocess.run([*command, "house"], env=said, capture_output=True, text=True, timeout=120, check=False)
    assert house.stdout.startswith(f"{name}: ")
    for other in set(SYSTEMS) - {name}:
        assert f"\n{other}: " not in house.stdout.replace(f"\n{other}: does not run here", "")


@pytest.mark.parametrize("owner", WITH_API)
def test_the_api_is_as_described(owner):
    from importlib import import_module

    api = import_module(f"doorstep.{WITH_API[owner]}").api
    snapshot = PACKAGE / owner.replace(".", "/") / "docs" / "openapi.json"
    prefix = f"/api/{api.urls_namespace.removesuffix('-api')}/v1/"
    now = json.dumps(api.get_openapi_schema(path_prefix=prefix), indent=1, sort_keys=True, default=str) + "\n"
    if os.environ.get("DOORSTEP_WRITE_SNAPSHOTS"):
        snapshot.parent.mkdir(exist_ok=True)
        snapshot.write_text(now)
    assert snapshot.read_text() == now, (
        "the API changed: run with DOORSTEP_WRITE_SNAPSHOTS=1 and look at the difference"
    )


def test_new_system_is_a_house_with_three_failing_tests(tmp_path):
    from doorstep.site.cli import main

    assert main(["new-system", "parking", "--into", str(tmp_path)]) == 0
    assert {path.name for path in (tmp_path / "parking" / "tests").glob("test_*.py")} == {
        "test_rules.py",
        "test_actions.py",
        "test_queries.py",
    }
    assert main(["new-system", "parking", "--into", str(tmp_path)]) == 1
    assert main(["new-system", "Car Park", "--into", str(tmp_path)]) == 1


def test_another_country_from_simulation_to_report(tmp_path):
    said = environment(tmp_path, DOORSTEP_PROFILE="testland", DOORSTEP_MODE="demo")
    command = [sys.executable, "-c", "import sys; from doorstep.site.cli import main; sys.exit(main(sys.argv[1:]))"]
    out = tmp_path / "report.json"
    for verb in (
        ["demo", "--fill-only", "--scale", "0.00005"],
        ["report", "2024-H1", "--format", "json", "--out", str(out)],
    ):
        done = subprocess.run([*command, *verb], env=said, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr
    sections = json.loads(out.read_text())["sections"]
    counted = {line["key"]: line["computed"]["total"]["value"] for one in sections for line in one["lines"]}
    assert (counted["eid.records"], counted["eid.activated"], counted["portal.accounts"]) == ("3785", "2762", "820")
    assert (counted["lodging.establishments"], counted["lodging.notifications"]) == ("5", "439")
