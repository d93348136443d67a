"""A CSV file of persons, read a chunk at a time: memory does not grow with the file, and a bad line spoils itself only.

Each line of the file is one person: a cell holds no line break. Pure over a binary file.
"""

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import BinaryIO

import msgspec

from doorstep.kernel.values.names import folded
from doorstep.kernel.values.reasons import Reason, Refused, reason
from doorstep.systems.identity.rules.arrivals import COLUMNS, REQUIRED, Batch

FILE_EMPTY = reason(
    "identity.file_empty",
    "The file holds no persons.",
    repair="Put the names of the columns in the first line, persons below.",
)
ENCODING_UNKNOWN = reason(
    "identity.encoding_unknown",
    "The letters cannot be read: this is not text in UTF-8.",
    repair="Save the file in the encoding UTF-8 and repeat.",
)
PARQUET_UNREADABLE = reason(
    "identity.parquet_unreadable",
    "This Parquet file cannot be read to its end.",
    repair="Write the file anew and import it again: what was taken before stays and is not entered twice.",
)
COLUMN_MISSING = reason(
    "identity.column_missing", "The column {column} is missing.", repair="Add it to the first line of the file."
)
COLUMN_UNKNOWN = reason(
    "identity.column_unknown",
    "There is no column {column}.",
    repair="Correct its name, or put # before it: then it is not read.",
)
COLUMN_TWICE = reason(
    "identity.column_twice", "The column {column} is there twice.", repair="Delete or rename one of the two."
)
LINE_TOO_LONG = reason(
    "identity.line_too_long", "The line is longer than {limit} bytes.", repair="Is a line break missing? Shorten it."
)
CELLS_UNREADABLE = reason(
    "identity.cells_unreadable",
    "The cells of this line cannot be told apart: its quotation marks do not match, or it has more cells than columns.",
    repair="Put a cell that holds the separator in quotation marks, and write a quotation mark inside it twice.",
)

LONGEST_LINE = 10_000
_MARK = b"\xef\xbb\xbf"


class Layout(msgspec.Struct, frozen=True):
    """What the first line says: the column of each place ("" is not read), and what stands between cells."""

    columns: tuple[str, ...]
    delimiter: str


class Chunk(msgspec.Struct, frozen=True):
    """Some lines of a file: those that could be read, and why the others could not, by line."""

    batch: Batch
    unread: dict[int, Reason]


def read_layout(file: BinaryIO) -> Layout:
    """The first line. Raises Refused where it does not name the columns, or the file is no text."""
    head = file.readline(LONGEST_LINE).removeprefix(_MARK)
    if not head.strip():
        raise Refused(FILE_EMPTY())
    try:
        line = head.decode()
    except UnicodeDecodeError:
        raise Refused(ENCODING_UNKNOWN(line=1)) from None
    if "\0" in line:
        raise Refused(ENCODING_UNKNOWN(line=1))
    delimiter = max(",;\t", key=line.count)
    names = _cells(line.strip(), delimiter) or []
    return Layout(layout_of(names), delimiter)


def layout_of(names: Sequence[str]) -> tuple[str, ...]:
    """The column of each name; those that begin with # are not read. Raises Refused for missing and unknown ones."""
    columns = [folded(name).replace(" ", "_") if not name.startswith("#") else "" for name in names]
    found = [
        COLUMN_UNKNOWN(line=1, column=name[:40])
        for name, column in zip(names, columns, strict=True)
        if column not in ("", *COLUMNS)
    ]
    found += [COLUMN_TWICE(line=1, column=one) for one in COLUMNS if columns.count(one) > 1]
    found += [COLUMN_MISSING(line=1, column=one) for one in REQUIRED if one not in columns]
    if found:
        raise Refused(found)
    return tuple(columns)


def chunks(file: BinaryIO, layout: Layout, size: int) -> Iterator[Chunk]:
    """The lines below the first, `size` at a time; blank ones are left out."""
    lines = _lines(file)
    while taken := list(islice(lines, size)):
        rows: list[list[str]] = []
        numbers: list[int] = []
        unread: dict[int, Reason] = {}
        for number, line in taken:
            cells = _read(line, layout) if isinstance(line, bytes) else line
            if isinstance(cells, Reason):
                unread[number] = cells
            elif cells:
                rows.append(cells)
                numbers.append(number)
        yield Chunk(
            batch_of(numbers, dict(zip(layout.columns, zip(*rows, strict=True), strict=True)) if rows else {}), unread
        )


def batch_of(lines: Sequence[int], columns: Mapping[str, Sequence[str]]) -> Batch:
    """Columns by name as a batch; those that the file does not have are empty."""
    empty = [""] * len(lines)
    told = {name: columns.get(name, empty) for name in COLUMNS}
    told["number"] = ["".join(number.split()).upper() for number in told["number"]]
    return Batch(lines=lines, **told)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | Reason]]:
    """Lines with their numbers, from 2 on; of one that is too long only the reason."""
    number = 1
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield number, line
            continue
        while rest := file.readline(LONGEST_LINE):
            if rest.endswith(b"\n"):
                break
        yield number, LINE_TOO_LONG(line=number, limit=LONGEST_LINE)


def _read(line: bytes, layout: Layout) -> list[str] | Reason:
    """The cells of a line, one for each column, without blanks around; none for a blank line."""
    try:
        text = unicodedata.normalize("NFC", line.decode()).strip("\r\n")
    except UnicodeDecodeError:
        return ENCODING_UNKNOWN()
    if "\0" in text:
        return ENCODING_UNKNOWN()
    if not text.strip():
        return []
    cells = _cells(text, layout.delimiter)
    missing = len(layout.columns) - len(cells or ())
    if cells is None or (missing < 0 and any(cell.strip() for cell in cells[missing:])):
        return CELLS_UNREADABLE()
    return [cell.strip() for cell in cells[: len(layout.columns)]] + [""] * missing


def _cells(text: str, delimiter: str) -> list[str] | None:
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
