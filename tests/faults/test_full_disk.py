"""A disk that is really full: small ones, mounted under the lake and the log in a namespace of the test's own."""

import json
import os
import subprocess
import sys

import pytest

MOUNT = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
SMALL = """
for folder in lake log-rings; do
    mkdir -p "$DOORSTEP_HOME/$folder" && mount -t tmpfs -o size=1m none "$DOORSTEP_HOME/$folder" || exit 1
done
exec "$@"
"""
SEAL = """
import contextlib, io, json, os
from pathlib import Path
from doorstep.site.cli import installation, main

told = []

def seal():
    err = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
        code = main(["seal"])
    lake = engine.Engine()
    cells = lake.evaluate([INDICATORS[STAYS]], engine.snapshot(), "facts")[STAYS]
    lake.close()
    told.append([code, FactBatch.objects.count(), sum(cell.numerator for cell in cells), err.getvalue()])

with installation("test"):
    from doorstep.kernel.declare.indicators import INDICATORS
    from doorstep.kernel.lake import engine, files, rings
    from doorstep.kernel.lake.models import Ring
    from doorstep.kernel.store.models import FactBatch
    from doorstep.systems.steering.tests.records import STAYS, put

    for folder in ("lake", "log-rings"):
        put(STAYS, ("H38.901", "2024-03-01", 500))
        filler = Path(os.environ["DOORSTEP_HOME"], folder, "filler")
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        seal()
        filler.unlink()
        seal()
    log = rings.reader(Ring.AUDITORS)
    print(json.dumps([told, log.size, str(log.check()), len(list(files.present()))]))
"""


def test_a_full_disk_stops_a_seal_and_loses_nothing(tmp_path):
    """First the lake's, so that nothing is sealed; then the log's, so that what was sealed is not signed for yet."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DOORSTEP_", "DJANGO_"))}
    environment |= {"DOORSTEP_HOME": str(tmp_path), "DOORSTEP_MODE": "test", "LC_ALL": "C.UTF-8"}
    if subprocess.run([*MOUNT, SMALL, "sh", "true"], env=environment, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk in a namespace")
    done = subprocess.run(
        [*MOUNT, SMALL, "sh", sys.executable, "-c", SEAL], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told, leaves, difference, present = json.loads(done.stdout)
    full = "The disk is full. Nothing is lost: what was not done waits. Make room and repeat the command.\n"
    assert told == [[1, 1, 0, full], [0, 0, 500, ""], [1, 0, 1000, full], [0, 0, 1000, ""]]
    assert (leaves, difference) == (2, "None")
    assert present == 2 * 3, "facts and two rollups each time, and no half file is left"
