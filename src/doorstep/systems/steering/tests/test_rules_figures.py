"""Submitted figures come in from CSV: good lines land, bad ones come back with line, column and repair."""

import csv
import gzip
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.reasons import REASONS
from doorstep.systems.steering.rules.figures import DifferenceUnit, FigureScope, MeasureUnit, Qualifier
from doorstep.systems.steering.rules.rows import COLUMNS, LARGEST_FILE, Answering, read_figures
from doorstep.systems.steering.tests.builders import ANSWERING, PUBLISHED, UNITS, published

ROWS = list(csv.DictReader(io.StringIO(PUBLISHED.decode())))


def file(*rows: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(COLUMNS))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def row(of: str = "lodging.notifications", /, **cells: str) -> dict[str, str]:
    return {**next(one for one in ROWS if one["key"] == of), **cells}


def found(*rows: dict[str, str], owner: str = "G22", unit: str = "") -> list[tuple[str, str, int | None]]:
    """Code, column and line of each reason."""
    return [(r.code, r.field, r.line) for r in read_figures(file(*rows), Answering(UNITS, owner, unit))[1]]


def test_all_published_figures_land() -> None:
    figures = {figure.key: figure for figure in published()}
    assert len(figures) == 36
    value = figures["portal.payments_value"]
    assert (value.value, value.measure_unit) == (Decimal(14528), MeasureUnit.BILLION_VND)
    assert value.submitted_by == "G22"
    assert figures["ict.revenue"].submitted_by == "G14"
    assert figures["ict.revenue"].difference_unit is DifferenceUnit.PERCENT
    kiosks = figures["health.kiosks"]
    assert (kiosks.qualifier, kiosks.value, kiosks.scope, kiosks.area) == (
        Qualifier.FIRST,
        None,
        FigureScope.UNIT,
        "H26",
    )
    paid = figures["benefits.amount_paid"]
    assert (paid.qualifier, paid.difference_qualifier) == (Qualifier.MORE_THAN, Qualifier.MORE_THAN)


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("value", "14,528", "bad_number"),
        ("value", "14.528", "ambiguous_number"),
        ("value", "1.928.311", "bad_number"),
        ("value", "22,4", "bad_number"),
        ("value", "١٢٣", "bad_number"),
        ("value", "8،778،722", "bad_number"),
        ("value", "1e9", "bad_number"),
        ("value", "NaN", "bad_number"),
        ("value", "-1+1", "formula_cell"),
        ("value", "=1+1", "formula_cell"),
        ("value", "", "value_missing"),
        ("denominator", "0", "bad_number"),
        ("as_of", "", "cell_missing"),
        ("as_of", "2024-06-31", "bad_date"),
        ("as_of", "30.06.2024", "bad_date"),
        ("as_of", "2024-W26-7", "bad_date"),
        ("as_of", "0001-01-01", "bad_date"),
        ("measure_unit", "", "figure_without_unit"),
        ("measure_unit", "bananas", "unknown_code"),
        ("qualifier", "perhaps", "unknown_code"),
        ("difference_unit", "pp", "unknown_code"),
        ("direction", "", "cell_missing"),
        ("kind", "gauge", "unknown_code"),
        ("baseline_derived", "maybe", "unknown_code"),
        ("scope", "Atlantis", "unknown_unit"),
        ("submitted_by", "X99", "unknown_unit"),
        ("name_en", "=HYPERLINK(1)", "formula_cell"),
        ("note", "@note", "formula_cell"),
        ("source", "", "cell_missing"),
        ("key", "Notifications", "bad_key"),
    ],
)
def test_a_bad_cell_comes_back_and_the_other_line_lands(column: str, cell: str, code: str) -> None:
    figures, reasons = read_figures(file(row("eid.records"), row(**{column: cell})), ANSWERING)
    assert [figure.key for figure in figures.values()] == ["eid.records"]
    assert [(r.code, r.field, r.line) for r in reasons] == [(f"steering.{code}", column, 3)]


def test_every_fault_of_a_line_is_named() -> None:
    assert found(row(value="1,5", as_of="soon", kind="x")) == [
        ("steering.bad_number", "value", 2),
        ("steering.bad_date", "as_of", 2),
        ("steering.unknown_code", "kind", 2),
    ]


def test_the_trap_of_thousands_offers_both_readings() -> None:
    (reason,) = read_figures(file(row(value="14.528")), ANSWERING)[1]
    assert reason.given == {"given": "14.528", "thousands": "14528", "decimals": "14.5280"}
    figures = read_figures(file(row(value="14.5280")), ANSWERING)[0]
    assert figures[2].value == Decimal("14.528")


def test_an_unquoted_thousands_comma_makes_a_cell_too_many() -> None:
    line = ",".join(row().values()).replace("8778722", "8,778,722")
    _, reasons = read_figures(f"{','.join(COLUMNS)}\n{line}\n".encode(), ANSWERING)
    assert [r.code for r in reasons] == ["steering.cell_count"]


def test_a_part_is_not_more_than_its_whole() -> None:
    assert found(row("fee_policy.localities", value="64")) == [("steering.more_than_whole", "value", 2)]


def test_a_baseline_needs_its_day() -> None:
    assert found(row("eid.records", baseline_as_of="")) == [("steering.cell_missing", "baseline_as_of", 2)]


def test_somebody_answers_for_every_figure() -> None:
    assert found(row(), owner="") == [("steering.figure_without_owner", "submitted_by", 2)]
    assert found(row(submitted_by="G14"), owner="") == []
    assert found(row(), owner="G99") == [("steering.unknown_unit", "submitted_by", 2)]


def test_whoever_acts_for_a_unit_submits_what_that_unit_answers_for() -> None:
    units = {**UNITS, "G22.1": "Office of the Government Office"}
    rows = (row(submitted_by="G22"), row("eid.records", submitted_by="G22.1"), row("ipv6.rate"))
    figures, reasons = read_figures(file(*rows), Answering(units, "G22", "G22"))
    assert [figure.submitted_by for figure in figures.values()] == ["G22", "G22.1"]
    assert [(r.code, r.field, r.line, r.given) for r in reasons] == [
        ("steering.figure_of_another", "submitted_by", 4, {"given": "G14", "unit": "G22"})
    ]


def test_a_name_that_several_units_have_is_nobody_s() -> None:
    units = {**UNITS, "H38.901": "Tan Lap", "H26.902": "Tan Lap"}
    for scope, codes in (("Tan Lap", ["steering.ambiguous_unit"]), ("H26.902", []), ("Ha Noi", [])):
        figures, reasons = read_figures(file(row(scope=scope)), Answering(units, "G22"))
        assert [r.code for r in reasons] == codes
        assert [r.given["codes"] for r in reasons] == ["H38.901, H26.902"] * len(codes)
        assert [figure.scope for figure in figures.values()] == [FigureScope.UNIT] * (not codes)


def test_a_figure_stands_once_for_a_day() -> None:
    assert found(row(), row(as_of="2023-12-31"), row(value="5")) == [("steering.duplicate_figure", "key", 4)]


def test_a_missing_column_stops_the_file() -> None:
    content = PUBLISHED.replace(b"measure_unit", b"unit", 1)
    figures, reasons = read_figures(content, ANSWERING)
    assert figures == {}
    assert [(r.code, r.given["column"]) for r in reasons] == [("steering.missing_column", "measure_unit")]
    assert len(read_figures(b"hello", ANSWERING)[1]) == len(COLUMNS)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (",".join(COLUMNS).encode(), "empty"),
        (b"PK\x03\x04" + PUBLISHED, "is_archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is_archive"),
        (gzip.compress(PUBLISHED), "is_archive"),
        (PUBLISHED + b" " * LARGEST_FILE, "too_large"),
    ],
)
def test_what_is_no_file_of_figures_is_refused_as_a_whole(content: bytes, code: str) -> None:
    figures, reasons = read_figures(content, ANSWERING)
    assert figures == {}
    assert [(r.code, r.line) for r in reasons] == [(f"steering.file_{code}", None)]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1258", "latin-1"])
def test_another_encoding_is_refused(encoding: str) -> None:
    content = PUBLISHED.decode().replace("Viettel", "Tập đoàn é").encode(encoding, "replace")
    assert [r.code for r in read_figures(content, ANSWERING)[1]] == ["steering.wrong_encoding"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_byte_order_mark_and_other_line_ends_are_read(end: bytes) -> None:
    content = b"\xef\xbb\xbf" + PUBLISHED.replace(b"\r\n", end)
    figures, reasons = read_figures(content, ANSWERING)
    assert ([*figures.values()], reasons) == (published(), [])
    assert [*figures] == [*range(2, 38)]


def test_lines_are_counted_through_cells_of_several_lines() -> None:
    assert found(row("eid.records", note="one\ntwo"), row(value="x")) == [("steering.bad_number", "value", 4)]


def test_a_quote_left_open_does_not_lose_the_lines_before_it() -> None:
    figures, reasons = read_figures(file(row()) + b'x,"y', ANSWERING)
    assert [figure.key for figure in figures.values()] == ["lodging.notifications"]
    assert [(r.code, r.line) for r in reasons] == [("steering.not_csv", 3)]


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_reading_never_raises(content: bytes) -> None:
    figures, reasons = read_figures(content, ANSWERING)
    assert figures or reasons


@given(
    st.dictionaries(
        st.sampled_from(sorted(COLUMNS)),
        st.text(max_size=30) | st.from_regex(r"[+-]?[0-9]{0,20}[.,]?[0-9]{0,8}", fullmatch=True),
        max_size=5,
    )
)
def test_any_cells_give_one_figure_or_known_reasons(cells: dict[str, str]) -> None:
    figures, reasons = read_figures(file(row(**cells)), ANSWERING)
    assert bool(figures) != bool(reasons)
    for reason in reasons:
        kind = REASONS[reason.code]
        assert kind.text.format_map(reason.given)
        assert kind.repair.format_map(reason.given)
