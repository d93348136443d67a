"""`doorstep party`: a made-up hospital, where people sign in with their e-ID."""

import argparse

from doorstep.site.party_stand_in import serve

EXAMPLES = ["doorstep party"]


def add(parser: argparse.ArgumentParser) -> None:
    """It listens where it is registered."""


def run(_arguments: argparse.Namespace) -> int:
    return serve()
