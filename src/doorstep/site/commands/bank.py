"""`doorstep bank`: a stand-in for a bank, where made-up people pay."""

import argparse
from pathlib import Path

from doorstep.site.bank_stand_in import serve
from doorstep.site.cli import home, port

EXAMPLES = [
    "doorstep bank",
    "doorstep bank --port 8028 --folder bank --callback http://localhost:8000/payments/bank/callback",
]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default="8028")
    parser.add_argument("--folder", type=Path, help="folder with the bank's book and keys, made on first use")
    parser.add_argument("--callback", default="", help="address that is told what came in")


def run(arguments: argparse.Namespace) -> int:
    return serve(arguments.port, arguments.folder or home() / "bank", arguments.callback)
