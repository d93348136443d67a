"""Files that people take away: written line by line, however long, with no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

from doorstep.kernel.values.text import safe_cell


def streamed(lines: Iterable[bytes], content_type: str, name: str) -> StreamingHttpResponse:
    """The lines as a file of that name, sent as they come."""
    response = StreamingHttpResponse(lines, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_file(rows: Iterable[Sequence[object]], name: str) -> StreamingHttpResponse:
    """UTF-8 with its mark, which spreadsheets need to see."""
    return streamed(_csv_lines(rows), "text/csv; charset=utf-8", f"{name}.csv")


def _csv_lines(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out)
    yield b"\xef\xbb\xbf"
    for row in rows:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
