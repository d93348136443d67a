"""Reading files never fails, whatever the bytes; what is made harmless for spreadsheets reads back as it was."""

import io

from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.reasons import Reason
from doorstep.kernel.values.text import safe_cell
from doorstep.systems.lodging.rules import sheets

HEADER = "full_name,birth,document_number,arrival_date,arrival_time,expected_departure"


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_sheet_or_reasons(content: bytes, with_header: bool) -> None:  # noqa: FBT001
    file = io.BytesIO((HEADER.encode() + b"\r\n" if with_header else b"") + content)
    read = sheets.read_sheet(file)
    if isinstance(read, list):
        assert read
        assert all(isinstance(each, Reason) for each in read)
    else:
        assert sum(1 for _ in sheets.rows(file, read)) == read.lines
    assert not file.closed


@given(st.binary(max_size=300))
def test_any_archive_is_judged(content: bytes) -> None:
    assert sheets.check_archive(io.BytesIO(b"PK\x03\x04" + content))


@given(st.text())
def test_a_harmless_cell_is_no_formula_and_reads_back(text: str) -> None:
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    sheet = sheets.Sheet(("Room",), ("room",), 1, "", "utf-8", ",")
    once_marked = text.startswith("'") and text[1:].startswith(("=", "+", "-", "@", "\t", "\r"))
    if not once_marked:  # somebody else's mark is taken off too
        assert sheets.by_column([safe_cell(text)], sheet) == {"room": text}


def test_packed_lines_come_back_in_order() -> None:
    lines = [sheets.RefusedLine(n, (f"ô {n}",), (sheets.FILE_EMPTY(line=n),)) for n in range(100)]
    packing = sheets.Packing()
    for line in lines:
        packing.add(line)
    assert list(sheets.unpacked(packing.packed())) == lines


def test_the_line_with_a_letter_that_cannot_be_read_is_named() -> None:
    content = HEADER.encode() + b"\n" + b"a\n" * 70_000 + b"caf\xe9,\n"
    assert [(one.code, one.line) for one in sheets.read_sheet(io.BytesIO(content))] == [
        ("lodging.encoding_unknown", 70_002)
    ]


def test_a_line_without_end_is_refused_without_reading_it_whole() -> None:
    content = HEADER.encode() + b"\n" + b"a" * (2 * sheets.LONGEST_LINE)
    assert [one.code for one in sheets.read_sheet(io.BytesIO(content))] == ["lodging.quotes_unbalanced"]
