"""The demo's hospital starts where there is a demo and its port is free; what it does is tried in tests/relying_parties."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
import requests
from django.utils import timezone

from doorstep.kernel.store.partitions import ensure_months
from doorstep.site.commands import up
from doorstep.site.party_stand_in import Hospital
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
def test_it_opens_behind_the_demo_s_port_and_is_registered_there(home):
    ensure_months(timezone.now().date(), timezone.now().date())
    port = free_port()
    assert up._hospital(port) == ""
    address = f"http://localhost:{port + demo.HOSPITAL_AFTER}"
    demo.register_hospital(datetime(2024, 3, 1, tzinfo=UTC), "H38", address)
    told = demo.hospital()
    assert (told["address"], RelyingParty.objects.get().redirects) == (address, [f"{address}/back"])
    assert "d" in told["key"]
    assert "d" not in RelyingParty.objects.get().keys["keys"][0]
    assert up._hospital(port) == address
    with StandIn(port + demo.HOSPITAL_AFTER, str.isdigit):
        beside = up._hospital(port)
    assert int(beside.rpartition(":")[2]) - port in range(demo.HOSPITAL_AFTER + 1, demo.HOSPITAL_AFTER + 20)
    assert demo.hospital() == told | {"address": beside}
    party = RelyingParty.objects.get()
    assert (party.redirects, party.after_logout) == ([f"{beside}/back"], [f"{beside}/"])
    assert up._hospital(65530) == ""


@pytest.mark.django_db
def test_it_speaks_the_visitor_s_language(home):
    demo.register_hospital(datetime(2024, 3, 1, tzinfo=UTC), "H38", f"http://localhost:{free_port()}")
    with Hospital(f"http://localhost:{free_port()}", texts={}, **demo.hospital()) as hospital:
        thread = threading.Thread(target=hospital.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        for told, language, way, word in (
            ({"Accept-Language": "de-AT,en;q=0.5"}, "de", "ltr", "Willkommen"),
            ({"Accept-Language": "en", "Cookie": "language=ar"}, "ar", "rtl", "مرحبا"),
            ({"Accept-Language": "vi"}, "vi", "ltr", "Xin chào"),
            ({"Accept-Language": "en"}, "en", "ltr", "Welcome"),
        ):
            page = requests.get(hospital.address, headers=told, timeout=20).text
            assert f'<html lang="{language}" dir="{way}">' in page
            assert f"<h1>{word}</h1>" in page
        nobody = requests.get(f"{hospital.address}/back", headers={"Accept-Language": "de"}, timeout=20)
        silent = requests.post(f"{hospital.address}/sign-in", headers={"Accept-Language": "de"}, timeout=20)
        assert [(one.status_code, "<h1>Nicht angemeldet</h1>" in one.text) for one in (nobody, silent)] == [
            (403, True),
            (502, True),
        ]
        hospital.shutdown()
        thread.join()
