"""`doorstep register import FILE`: persons enter the population register from CSV or Parquet, a batch a transaction.

What became of a batch is kept under the file's digest: a file that is imported again, or whose import was interrupted,
gives the same answer and enters nobody twice.
"""

import argparse
import csv
import hashlib
import os
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doorstep.site.cli import Stop, installation, say

if TYPE_CHECKING:
    from doorstep.systems.identity.actions.arrivals import Imported
    from doorstep.systems.identity.rules.arrival_files import Chunk

EXAMPLES = ["doorstep register import persons.csv", "doorstep register import persons.parquet"]
LINES = 10_000
"""A batch: one transaction, one entry in the journal."""


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="register_verb", required=True, metavar="import")
    importing = verbs.add_parser("import", help="import persons; the README of identity describes the columns")
    importing.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    with installation():
        from doorstep.kernel.values.reasons import Refused  # noqa: PLC0415  after Django's set-up
        from doorstep.kernel.web import wording  # noqa: PLC0415

        try:
            return import_file(arguments.file)
        except Refused as spoilt:
            told = " ".join(f"{wording.text(one)} {wording.repair(one)}" for one in spoilt.reasons)
            raise Stop(f"{arguments.file}: {told}") from spoilt
        except OSError as error:
            raise Stop(f"{arguments.file} cannot be read: {error.strerror or error}.") from error


def import_file(path: Path, say: Callable[[str], None] = say) -> int:
    """Import the file, saying how far it got; 0 where all lines were taken. Raises Refused for what spoils the whole file, OSError."""
    from django.db import connection  # noqa: PLC0415  after Django's set-up
    from django.utils import timezone  # noqa: PLC0415

    from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
    from doorstep.kernel.store.writing import By, Once  # noqa: PLC0415
    from doorstep.kernel.values.reasons import Refused  # noqa: PLC0415
    from doorstep.systems.identity.actions.arrivals import import_persons  # noqa: PLC0415
    from doorstep.systems.identity.rules.arrival_files import FILE_EMPTY  # noqa: PLC0415

    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    actor = Actor("command:register", roles=("identity.registrar",), level=2, via="command")
    answers = _Answers(path.with_name(f"{path.name}.answers.csv"))
    began = time.monotonic()

    def enter(chunk: "Chunk") -> "Imported":
        lines = chunk.batch.lines
        once = Once(f"{digest.hex()} {lines[0]}-{lines[-1]}" if lines else digest.hex(), digest)
        try:
            return import_persons(By(actor, timezone.now(), once), chunk.batch)
        finally:
            connection.close()  # this thread's own

    with answers:
        for chunk, done in _two_at_once(enter, _chunks(path)):
            answers.add(chunk, done)
            say(f"{answers.lines:,} lines, {answers.lines / (time.monotonic() - began):,.0f} a second")
    if not answers.lines:
        raise Refused(FILE_EMPTY())
    say(f"{answers.taken:,} persons taken, {answers.known:,} of them known before; {answers.refused:,} lines refused.")
    if answers.likely:
        say(f"{answers.likely:,} of them are likely in the register under another number too.")
    if answers.told:
        say(f"{answers.path} says which lines, and why.")
    return 1 if answers.refused else 0


def _two_at_once(
    enter: Callable[["Chunk"], "Imported"], chunks: Iterator["Chunk"]
) -> Iterator[tuple["Chunk", "Imported"]]:
    """Each chunk with what became of it, in order: one is judged while the database writes the other."""
    with ThreadPoolExecutor(2) as pool:
        waiting: deque[tuple[Chunk, Future[Imported]]] = deque()
        for chunk in chunks:
            waiting.append((chunk, pool.submit(enter, chunk)))
            if len(waiting) > 2:
                first, done = waiting.popleft()
                yield first, done.result()
        for last, done in waiting:
            yield last, done.result()


class _Answers:
    """The file beside: each line that was refused, or that somebody should look at, with its cells and the reasons.

    The columns of ours begin with #: corrected, it can be imported as it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.taken = self.known = self.refused = self.likely = self.told = 0

    @property
    def lines(self) -> int:
        return self.taken + self.refused

    def __enter__(self) -> None:
        from doorstep.systems.identity.rules.arrivals import COLUMNS  # noqa: PLC0415  after Django's set-up

        self.names = COLUMNS
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))  # it holds personal data
        self._file = self.path.open("w", newline="", encoding="utf-8")
        self._out = csv.writer(self._file)
        self._out.writerow(["# line", "# outcome", "# field", "# what is wrong", "# repair", *self.names])

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self.told:
            self.path.unlink()

    def add(self, chunk: "Chunk", done: "Imported") -> None:
        from doorstep.systems.identity.rules.register import LIKELY_SAME  # noqa: PLC0415  after Django's set-up

        self.taken, self.known = self.taken + done.taken, self.known + done.known
        self.refused += len(done.refused) + len(chunk.unread)
        self.likely += len(done.likely_same)
        told = {line: ("refused", [one]) for line, one in chunk.unread.items()}
        told |= {one.line: ("refused", [*one.reasons]) for one in done.refused}
        told |= {line: ("taken", [LIKELY_SAME()]) for line in done.likely_same}
        places = {line: place for place, line in enumerate(chunk.batch.lines)} if told else {}
        for line in sorted(told):
            self._tell(line, *told[line], chunk, places.get(line))

    def _tell(self, line: int, outcome: str, reasons: list[Any], chunk: "Chunk", place: int | None) -> None:
        from doorstep.kernel.web import wording  # noqa: PLC0415  after Django's set-up

        self.told += 1
        cells = [""] * len(self.names) if place is None else [getattr(chunk.batch, name)[place] for name in self.names]
        fields = ", ".join(dict.fromkeys(one.field for one in reasons if one.field))
        texts = (" ".join(say_it(one) for one in reasons) for say_it in (wording.text, wording.repair))
        # An apostrophe keeps a spreadsheet from taking a cell for a formula.
        safe = [f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell for cell in cells]
        self._out.writerow([line, outcome, fields, *texts, *safe])


def _chunks(path: Path) -> Iterator["Chunk"]:
    from doorstep.systems.identity.rules.arrival_files import chunks, read_layout  # noqa: PLC0415  after Django's set-up

    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            yield from _parquet(path)
        else:
            file.seek(0)
            yield from chunks(file, read_layout(file), LINES)


def _parquet(path: Path) -> Iterator["Chunk"]:
    """Rows, counted from 1, of columns whose names are those of a CSV file."""
    import pyarrow as pa  # noqa: PLC0415  no process that serves pages loads it
    import pyarrow.parquet as pq  # noqa: PLC0415

    from doorstep.kernel.values.reasons import Refused  # noqa: PLC0415
    from doorstep.systems.identity.rules.arrival_files import PARQUET_UNREADABLE, Chunk, batch_of, layout_of  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            columns = layout_of(file.schema_arrow.names)
            first = 1
            for part in file.iter_batches(LINES):
                told = {
                    column: list(map(_text, part.column(place).to_pylist()))
                    for place, column in enumerate(columns)
                    if column
                }
                yield Chunk(batch_of(range(first, first + part.num_rows), told), {})
                first += part.num_rows
    except pa.ArrowException as failure:
        raise Refused(PARQUET_UNREADABLE()) from failure


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else unicodedata.normalize("NFC", str(value)).strip()
