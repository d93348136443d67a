#!/bin/sh
# Forgets a data folder, unless somebody uses it; a database left behind by a killed command is stopped first.
set -eu
home=$1
[ -e "$home" ] || exit 0
if [ "$home" != var ] && ! [ -e "$home/run/database.lock" ]; then
    echo "$home does not look like a data folder of Doorstep; nothing was removed." >&2
    exit 1
fi
running="Doorstep runs on $home. Stop it first (Ctrl-C where it runs)."
if [ -e "$home/run/up.pid" ] && ! flock --nonblock "$home/run/up.pid" true; then
    echo "$running" >&2
    exit 1
fi
if [ -e "$home/postgres" ]; then
    if ! [ -x .venv/bin/python ]; then
        echo "Without .venv nobody can tell whether the database in $home runs. Run make setup first." >&2
        exit 1
    fi
    .venv/bin/python - "$home" "$running" <<'PYTHON'
import sys
from pathlib import Path

from doorstep.site.embedded import Embedded

if not Embedded(Path(sys.argv[1])).leave():
    sys.exit(sys.argv[2])
PYTHON
fi
rm -rf "$home"
echo "Forgot $home."
