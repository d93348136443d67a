"""`doorstep units import FILE`: the official units below the first level, mergers and renames included.

A line with the code and first day of a unit that is there states it anew: so a merger ends units and names successors.
"""

import argparse
import csv
import io
from pathlib import Path

from doorstep.site.cli import Stop, installation, say

EXAMPLES = ["doorstep units import communes.csv"]


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="units_verb", required=True, metavar="import")
    importing = verbs.add_parser("import", help="import a CSV file; CONTRIBUTING.md describes its columns")
    importing.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    try:
        text = arguments.file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Stop(f"{arguments.file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Stop(f"{arguments.file} is not text in UTF-8. Save it in the encoding UTF-8 and repeat.") from error
    with installation():
        from doorstep.kernel.store import units  # noqa: PLC0415  after Django's set-up
        from doorstep.kernel.values.unit_tree import read_units  # noqa: PLC0415
        from doorstep.kernel.web import wording  # noqa: PLC0415

        stated = {(line.get("code"), line.get("valid_from")) for line in csv.DictReader(io.StringIO(text))}
        others = [row for row in units.rows() if (row.code, row.valid_from.isoformat()) not in stated]
        rows, reasons = read_units(text, others)
        for one in reasons:
            say(f"line {one.line}, {one.field or 'whole line'}: {wording.text(one)} {wording.repair(one)}")
        say(f"{units.load(rows, restate=True)} new units of {len(rows)} good lines; {len(reasons)} faults.")
    return 1 if reasons else 0
