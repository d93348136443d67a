#!/bin/sh
# Runs all tests but the soaks; the last lines name what was skipped and why. In CI a skipped test is a failure.
set -eu
echo "==> Tests"
results=$(mktemp)
trap 'rm -f "$results"' EXIT
.venv/bin/python -m pytest -n 2 -m "not soak" --junit-xml="$results" "$@"
if [ -n "${DOORSTEP_CI:-}" ] && ! grep -q 'skipped="0"' "$results"; then
    echo "CI installs everything the tests need, so none may be skipped; the lines above name them." >&2
    exit 1
fi
