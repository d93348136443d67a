"""A workbook becomes CSV in a process of its own with limits.

A workbook of 1 kB that names its last cell (XFD1048576) makes the reader ask for half a terabyte and abort: that must
not be the process that serves everybody. `python -m doorstep.systems.lodging.pages.workbooks` reads stdin, writes stdout.
"""

import csv
import resource
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, time, timedelta
from typing import BinaryIO, TextIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, XmlError, ZipError

from doorstep.kernel.values.reasons import Reason
from doorstep.systems.lodging.rules.sheets import WORKBOOK_TOO_LARGE, WORKBOOK_UNREADABLE, check_archive

MEMORY = 1_500_000_000
"""Bytes: several times what a workbook of 100,000 guests needs."""

SECONDS = 60
LARGEST_TEXT = 200_000_000
UNREADABLE = 3


def as_csv(workbook: BinaryIO) -> BinaryIO | list[Reason]:
    """The first sheet as CSV in UTF-8, in a temporary file that the caller closes; or why it cannot be read."""
    if found := check_archive(workbook):
        return found
    out = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    with tempfile.TemporaryFile() as source:
        workbook.seek(0)
        shutil.copyfileobj(workbook, source)
        source.seek(0)
        command = [sys.executable, "-m", __name__]
        done = subprocess.run(command, stdin=source, stdout=out, stderr=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        return out
    out.close()
    return [WORKBOOK_UNREADABLE() if done.returncode == UNREADABLE else WORKBOOK_TOO_LARGE()]


def main() -> int:
    """Exit code 0, UNREADABLE, or whatever the limits end it with."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_TEXT, LARGEST_TEXT))
    try:
        with open(0, "rb") as source, open(1, "w", encoding="utf-8", newline="") as out:
            _write(CalamineWorkbook.from_filelike(source), out)
    except (CalamineError, PasswordError, XmlError, ZipError, IndexError):
        return UNREADABLE
    return 0


def _write(workbook: CalamineWorkbook, out: TextIO) -> None:
    writer = csv.writer(out)
    for row in workbook.get_sheet_by_index(0).iter_rows():
        writer.writerow([_text(cell) for cell in row])


def _text(cell: object) -> str:
    """A cell as a keeper would have typed it: 12 for 12.0, a date without midnight, a time without seconds."""
    match cell:
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat() if cell.time() == time.min else cell.isoformat(" ", "minutes")
        case time():
            return cell.isoformat("minutes")
        case timedelta():
            return f"{cell // timedelta(hours=1)}:{cell // timedelta(minutes=1) % 60:02}"
    return str(cell)


if __name__ == "__main__":
    sys.exit(main())
