"""Reads a workbook from stdin and writes its first sheet as CSV in UTF-8 to stdout, under limits; see `workbooks`.

A workbook of 1 kB that names its last cell (XFD1048576) makes the reader ask for half a terabyte and abort: that must
not be the process that serves everybody. `python -m doorstep.systems.lodging.pages.workbook_reader`
"""

import csv
import resource
import sys
from datetime import datetime, time, timedelta
from typing import TextIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, XmlError, ZipError

MEMORY = 600_000_000
"""Bytes of address space: 100,000 guests with every text at its longest need 450 million, usual ones 350."""

SECONDS = 60
"""Whoever starts this waits no longer; should that process be gone, so much processor time is the end."""

LARGEST_TEXT = 200_000_000
UNREADABLE = 3


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
