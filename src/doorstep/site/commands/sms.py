"""`doorstep sms`: a stand-in for an SMS gateway, which shows what people would have got."""

import argparse

from doorstep.site.cli import port
from doorstep.site.sms_stand_in import serve

EXAMPLES = ["doorstep sms", "doorstep sms --port 8025"]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default="8025")


def run(arguments: argparse.Namespace) -> int:
    return serve(arguments.port)
