"""The demo's hospital starts where there is a demo and its port is free; what it does is tried in tests/relying_parties."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from doorstep.site.commands import up
from doorstep.site.processes import free_port
from doorstep.site.sms_stand_in import StandIn
from doorstep.systems.identity.models import RelyingParty
from doorstep.systems.identity.simulation import demo

RUN = "import sys; from doorstep.site.cli import main; sys.exit(main(['party']))"


@pytest.mark.parametrize(
    "more",
    [
        {"DOORSTEP_MODE": "demo"},
        {"DOORSTEP_MODE": "demo", "DOORSTEP_SYSTEMS": "lodging"},
        {"DOORSTEP_MODE": "production", "DOORSTEP_SECRET_KEY": "k" * 50, "DOORSTEP_HOSTS": "a.example.org"},
    ],
)
def test_there_is_no_hospital_without_a_demo(tmp_path, more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    environment = kept | {"DOORSTEP_HOME": str(tmp_path), "LANG": "en"} | more
    done = subprocess.run([sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "`doorstep demo` makes one" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.django_db
def test_it_opens_where_it_is_registered_unless_something_else_runs_there(home):
    assert up._hospital() == ""
    address = f"http://localhost:{free_port()}"
    demo.register_hospital(datetime(2024, 3, 1, tzinfo=UTC), "H38", address)
    told = demo.hospital()
    assert (told["address"], RelyingParty.objects.get().redirects) == (address, [f"{address}/back"])
    assert "d" in told["key"]
    assert "d" not in RelyingParty.objects.get().keys["keys"][0]
    assert up._hospital() == address
    with StandIn(int(address.rpartition(":")[2]), str.isdigit):
        assert up._hospital() == ""
