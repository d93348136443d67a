"""`doorstep seal`: the facts of the outbox become files of the lake, and what moved is stored."""

import argparse

from doorstep.site.cli import installation, say

EXAMPLES = ["doorstep seal"]


def add(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001  every verb takes them
    with installation():
        from django.apps import apps  # noqa: PLC0415  after Django's set-up
        from django.utils import timezone  # noqa: PLC0415

        from doorstep.kernel import contracts  # noqa: PLC0415
        from doorstep.kernel.lake import seal  # noqa: PLC0415

        if delivered := contracts.drain(timezone.now()):
            say(f"{delivered} messages delivered.")
        sealed = seal.seal()
        say(f"{sealed.facts} facts sealed into {sealed.segments} segments; the log has {sealed.size} leaves.")
        if apps.is_installed("doorstep.systems.steering"):
            from doorstep.systems.steering import tasks  # noqa: PLC0415

            say(f"{tasks.refresh(timezone.now()).moved} values moved.")
    return 0
