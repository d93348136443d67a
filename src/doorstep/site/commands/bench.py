"""`doorstep bench NAME`: figures as ratios to a raw limit or a named peer, measured in the same run."""

import argparse
import importlib

import msgspec

from doorstep.site.cli import say

EXAMPLES = [
    "doorstep bench stays",
    "doorstep bench report --facts 50000000 --json",
    "doorstep bench register --persons 10000000",
]
NAMES = {
    name: f"doorstep.site.benches.{name}"
    for name in ("crowd", "ledger", "messages", "register", "report", "signin", "stays")
}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=sorted(NAMES))
    parser.add_argument("--json", action="store_true", help="an array of measures")
    parser.add_argument("--facts", type=int, default=50_000_000, help="bench report: how many facts")
    parser.add_argument("--lines", type=int, default=1_000_000, help="bench ledger: how many payments are reconciled")
    parser.add_argument("--persons", type=int, default=100_000, help="bench register: how many persons are there")
    parser.add_argument(
        "--seconds", type=float, default=30, help="ledger, register, signin, stays: measured time after 5 s of warm-up"
    )


def run(arguments: argparse.Namespace) -> int:
    measures = importlib.import_module(NAMES[arguments.name]).measure(arguments)
    if arguments.json:
        say(msgspec.json.format(msgspec.json.encode(measures)).decode())
    else:
        for one in measures:
            peer = f", {one.peer} {one.peer_figure:,.3f}: ratio {one.ratio:.3f}" if one.peer else ""
            say(f"{one.name}: {one.figure:,.3f} {one.unit}{peer}; peak {one.peak_mib:,.0f} MiB, {one.rows:,} rows")
    return 0
