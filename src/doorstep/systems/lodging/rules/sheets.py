"""Files of stays: what stands in a CSV file, read line by line, and the lines that come back, packed.

Pure over a binary file that can seek; a workbook becomes CSV first, in `pages.workbooks`. Memory does not grow with the
file, but for one line.
"""

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from typing import BinaryIO

import msgspec

from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import FORMULA
from doorstep.systems.lodging.rules.columns import by_field, read_header

FILE_EMPTY = reason(
    "lodging.file_empty",
    "The file holds no guests.",
    repair="Put the names of the columns in the first line, guests below.",
)
FILE_TOO_LARGE = reason(
    "lodging.file_too_large", "The file is larger than {limit} MB.", repair="Split it into several files."
)
FILE_TOO_LONG = reason(
    "lodging.file_too_long",
    "The file has more than {limit} lines.",
    repair="Split it into several files, each with the names of the columns in its first line.",
)
ENCODING_UNKNOWN = reason(
    "lodging.encoding_unknown",
    "The letters of this line cannot be read: the file is not in UTF-8 or UTF-16.",
    repair="In your spreadsheet choose “CSV UTF-8” when saving, or upload the workbook (XLSX) itself.",
)
QUOTES_UNBALANCED = reason(
    "lodging.quotes_unbalanced",
    "The quotation marks of this line do not match.",
    repair="Save the file anew from your spreadsheet; in a text editor, write a quotation mark inside a cell twice.",
)
HEADER_UNREADABLE = reason(
    "lodging.header_unreadable",
    "The first line does not hold the names of the columns.",
    repair="Download the template, and copy your guests below its first line.",
)
CELLS_TOO_MANY = reason(
    "lodging.cells_too_many",
    "This line has more cells than the first line has names.",
    repair="Put a cell that holds a comma or a semicolon in quotation marks, or save the file from your spreadsheet.",
)
WORKBOOK_UNREADABLE = reason(
    "lodging.workbook_unreadable",
    "This workbook cannot be read.",
    repair="Save it as XLSX without a password, or as “CSV UTF-8”.",
)
WORKBOOK_TOO_LARGE = reason(
    "lodging.workbook_too_large",
    "Unpacked, this workbook is far larger than a list of guests.",
    repair="Copy the lines with guests into a new workbook without pictures, or save them as “CSV UTF-8”.",
)

WORKBOOK_TOO_SLOW = reason(
    "lodging.workbook_too_slow",
    "Reading this workbook took more than {seconds} seconds.",
    repair="Copy the lines with guests into a new workbook, or save them as “CSV UTF-8”, which is read faster.",
)
WORKBOOKS_TOO_MANY = reason(
    "lodging.workbooks_too_many",
    "Too many workbooks are being read just now; yours was not.",
    repair="Send it again in a minute, or save it as “CSV UTF-8”, which need not wait.",
)

MOST_LINES = 100_000
LARGEST_FILE = 50_000_000
LARGEST_UNPACKED = 300_000_000
LONGEST_LINE = 100_000
MOST_COLUMNS = 200
MOST_PARTS = 1_000
LARGEST_RATIO = 200
"""Text of a list packs 5 to 30 times; a zip bomb a thousand times and more."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Sheet(msgspec.Struct, frozen=True):
    """A file that can be read to its end: the `names` in its first line, the `fields` they stand for ("" is left out),
    how many `lines` of guests follow, and the SHA-256 of the whole.
    """

    names: tuple[str, ...]
    fields: tuple[str, ...]
    lines: int
    digest: str
    encoding: str
    delimiter: str


class RefusedLine(msgspec.Struct, frozen=True, array_like=True):
    """A line that was not taken: its number in the file, its cells as they stood there, and why."""

    line: int
    cells: tuple[str, ...]
    reasons: tuple[Reason, ...]


def check_size(size: int) -> list[Reason]:
    """Against a file of so many bytes."""
    return [FILE_TOO_LARGE(limit=LARGEST_FILE // 1_000_000)] if size > LARGEST_FILE else []


def is_archive(file: BinaryIO) -> bool:
    """A zip archive, as XLSX is one."""
    file.seek(0)
    return file.read(4) == b"PK\x03\x04"


def check_archive(file: BinaryIO) -> list[Reason]:
    """Against unpacking: judged by the archive's directory, whose sizes may lie, so whoever unpacks has limits too."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return [WORKBOOK_UNREADABLE()]
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > min(LARGEST_UNPACKED, max(LARGEST_RATIO * packed, 1_000_000)):
        return [WORKBOOK_TOO_LARGE()]
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        return [WORKBOOK_UNREADABLE()]
    return []


def read_sheet(file: BinaryIO) -> Sheet | list[Reason]:
    """Reads the whole file twice, keeps nothing of it: can every line be read, and are the columns there?"""
    encoding = _encoding(file)
    digest = _digest(file, encoding)
    if isinstance(digest, list):
        return digest
    with _text(file, encoding) as text:
        delimiter = _delimiter(text.readline(LONGEST_LINE))
    number, names, lines = 0, None, 0
    with closing(_cells(file, encoding, delimiter)) as found:
        try:
            for number, cells in found:  # noqa: B007  the line that cannot be read
                names, lines = (cells, 0) if names is None else (names, lines + 1)
                if lines > MOST_LINES:
                    return [FILE_TOO_LONG(limit=MOST_LINES)]
        except csv.Error:
            return [QUOTES_UNBALANCED(line=number + 1)]
    if not lines or names is None:
        return [FILE_EMPTY()]
    fields = _fields(names)
    if reasons := [each for each in fields if isinstance(each, Reason)]:
        return reasons
    return Sheet(tuple(names), tuple(map(str, fields)), lines, digest, encoding, delimiter)


def rows(file: BinaryIO, sheet: Sheet) -> Generator[tuple[int, tuple[str, ...]], None, None]:
    """The lines below the first with their numbers in the file, empty ones left out; to be closed before the file."""
    with closing(_cells(file, sheet.encoding, sheet.delimiter)) as found:
        next(found)
        for number, cells in found:
            yield number, tuple(cells)


def by_column(cells: Sequence[str], sheet: Sheet) -> dict[str, str] | list[Reason]:
    """A line's cells by field; missing ones at its end are empty."""
    if any(cell.strip() for cell in cells[len(sheet.fields) :]):
        return [CELLS_TOO_MANY()]
    padded = (*cells, *[""] * (len(sheet.fields) - len(cells)))
    return {field: _unmarked(cell) for field, cell in zip(sheet.fields, padded, strict=False) if field}


class Packing:
    """Lines that come back, compressed as they come."""

    def __init__(self) -> None:
        # Not a GzipFile: an upload that breaks off would leave it open.
        self._gzip, self._out = zlib.compressobj(wbits=31), bytearray()

    def add(self, line: RefusedLine) -> None:
        self._out += self._gzip.compress(msgspec.json.encode(line) + b"\n")

    def packed(self) -> bytes:
        return bytes(self._out + self._gzip.flush())


def unpacked(packed: bytes) -> Iterator[RefusedLine]:
    """The lines again, one at a time."""
    with gzip.open(io.BytesIO(packed)) as file:
        for line in file:
            yield msgspec.json.decode(line, type=RefusedLine)


def _fields(names: list[str]) -> list[str] | list[Reason]:
    """Names that begin with # are notes, as on the lines that came back."""
    if len(names) > MOST_COLUMNS or not by_field(dict.fromkeys(names, "")):
        return [HEADER_UNREADABLE(line=1)]
    return read_header(["" if name.startswith("#") else name for name in names])


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(4)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if head[1:2] == b"\0":  # UTF-16 of a letter of our columns' names, without its mark
        return "utf-16-le"
    return "utf-16-be" if head[:1] == b"\0" else "utf-8"


def _digest(file: BinaryIO, encoding: str) -> str | list[Reason]:
    """SHA-256 of the file, or the line in which its letters cannot be read."""
    file.seek(0)
    digest, decoder, line = sha256(), codecs.getincrementaldecoder(encoding)(), 1
    while True:
        part = file.read(1 << 16)
        digest.update(part)
        try:
            text = decoder.decode(part, final=not part)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "replace")
            return [ENCODING_UNKNOWN(line=line + before.count("\n"))]
        if "\0" in text:
            return [ENCODING_UNKNOWN(line=line + text[: text.index("\0")].count("\n"))]
        line += text.count("\n")
        if not part:
            return digest.hexdigest()


def _delimiter(first_line: str) -> str:
    return max(",;\t", key=first_line.count)


def _cells(file: BinaryIO, encoding: str, delimiter: str) -> Generator[tuple[int, list[str]], None, None]:
    with _text(file, encoding) as text:
        for number, cells in enumerate(csv.reader(_lines(text), delimiter=delimiter, strict=True), 1):
            if any(cell.strip() for cell in cells):
                yield number, cells


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error("no end of line")
        yield line


@contextmanager
def _text(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        yield text
    finally:
        text.detach()  # the caller's file stays open


def _unmarked(cell: str) -> str:
    """Without the apostrophe that `safe_cell`, or a spreadsheet, put before a sign to mark text."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell
