"""`doorstep report PERIOD`: the committee's report in a language and a format."""

import argparse
from pathlib import Path

from doorstep.site.cli import Stop, installation, period, say

EXAMPLES = [
    "doorstep report 2024-H1 --lang vi --format pdf --out report.pdf",
    "doorstep report 2024-H1 --lang en --format json --out report.json --unit H38",
]


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("period", type=period, help="2024, 2024-H1, 2024-Q2 or 2024-03")
    parser.add_argument("--lang", choices=["vi", "en", "de", "ar"], default="vi")
    parser.add_argument("--format", choices=["html", "pdf", "json", "csv"], default="html")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--unit", default="", help="code of one unit, such as H38; the nation if left out")


def run(arguments: argparse.Namespace) -> int:
    with installation():
        from django.utils import timezone  # noqa: PLC0415  after Django's set-up

        from doorstep.systems.steering import tasks  # noqa: PLC0415
        from doorstep.systems.steering.pages.reports import rendered  # noqa: PLC0415

        report = tasks.make_report(arguments.period, arguments.unit, timezone.now())
        content = rendered(report, arguments.lang, arguments.format)
    try:
        arguments.out.write_bytes(content)
    except OSError as error:
        raise Stop(f"{arguments.out} cannot be written: {error.strerror}.") from error
    say(f"{arguments.out}: {len(content):,} bytes.")
    return 0
