"""`doorstep biometrics`: a stand-in for a system of biometrics, which compares made-up portraits."""

import argparse
from pathlib import Path

from doorstep.site.biometrics_stand_in import serve
from doorstep.site.cli import home, port

EXAMPLES = ["doorstep biometrics", "doorstep biometrics --port 8027 --portraits portraits --token-file token"]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default="8027")
    parser.add_argument("--portraits", type=Path, help="folder with a portrait NUMBER.png for each person")
    parser.add_argument("--token-file", type=Path, help="file with the access key that whoever asks must show")


def run(arguments: argparse.Namespace) -> int:
    return serve(arguments.port, arguments.portraits or home() / "portraits", arguments.token_file)
