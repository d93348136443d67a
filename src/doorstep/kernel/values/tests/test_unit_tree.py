"""Units change and history stays: mergers, renames, and lists that come in as CSV."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.reasons import Reason
from doorstep.kernel.values.unit_tree import answering, area, lineage, read_units
from doorstep.kernel.values.units import UnitCode

FOUNDED = date(2008, 8, 1)
HEADER = "code,kind,name_vi,name_en,parent,pin_prefix,valid_from,valid_to,successor,source,certainty\n"
"""With a column that is a country's own business."""


def codes(reasons):
    assert all(isinstance(reason, Reason) for reason in reasons)
    return [(reason.code.removeprefix("kernel.unit_"), reason.field, reason.line) for reason in reasons]


ENDED = {"B": "A", "B.2": "C.9", "A.1": "A.9", "C.9": "D", "X": "Y", "Y": "X", "A.3": "B.4"}
"""B merged into A without its part B.2, which C took and D later; within A.1 became A.9; X and Y run in a circle."""


@pytest.mark.parametrize(
    ("code", "who"),
    [
        ("A", "A"),
        ("A.1", "A.9"),
        ("A.1.5", "A.9"),
        ("A.2", "A.2"),
        ("A.3", "A"),  # by way of B.4, which went to A with B
        ("B", "A"),
        ("B.1", "A"),
        ("B.2", "D"),
        ("B.2.7", "D"),
        ("C.9", "D"),
        ("C", "C"),
        ("nobody", "nobody"),
        ("X", "X"),
    ],
)
def test_successors_are_followed_over_several_mergers(code, who):
    assert answering(code, ENDED) == who


def test_an_area_is_told_in_as_few_prefixes_as_there_are_changes():
    assert area("A", ENDED) == {"A": True, "B": True, "B.2": False}
    assert area("A.9", ENDED) == {"A.9": True, "A.1": True}
    assert area("D", ENDED) == {"D": True, "B.2": True, "C.9": True}
    assert area("C", ENDED) == {"C": True, "C.9": False}
    assert area("B", ENDED) == {}, "what has ended answers for nothing"
    assert area("B.1", ENDED) == {}


some_codes = st.sampled_from([*"ABC", *(f"{a}.{b}" for a in "ABC" for b in "12"), "A.1.1", "B.2.1", "C.1.2"])


@given(st.dictionaries(some_codes, some_codes, max_size=8), some_codes, some_codes)
def test_a_unit_has_what_it_answers_for_and_nothing_else(ended, unit, code):
    decided = area(unit, ended)
    inside = next((decided[up] for up in lineage(code) if up in decided), False)
    assert inside == UnitCode(answering(code, ended)).within(unit)


def test_a_list_is_read_whatever_the_order_of_its_lines():
    rows, reasons = read_units(
        "\ufeff" + HEADER + "H38.901,commune,Xã,Commune,,,2024-01-01,,,list,invented\r\n"
        "H38,province,Lào Cai,Lao Cai,,010,01/08/2008,,,list,sourced\r\n"
    )
    assert not reasons
    assert [(row.code, row.parent, row.valid_from, row.certainty) for row in rows] == [
        ("H38.901", "H38", date(2024, 1, 1), "invented"),
        ("H38", "", FOUNDED, "sourced"),
    ]


def test_defaults_fill_what_a_list_leaves_out():
    text = "code,kind,name_en,certainty\nH38,province,Lao Cai,sourced\n"
    rows, reasons = read_units(text, defaults={"valid_from": "2008-08-01", "source": "the list"})
    assert not reasons
    assert (rows[0].source, rows[0].valid_from) == ("the list", FOUNDED)
    assert codes(read_units(text)[1]) == [("column_missing", "", 1)] * 2


GOOD = "H38,province,Lào Cai,Lao Cai,,010,2008-08-01,,,list,sourced\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("h38,province,a,b,,,2024-01-01,,,list,sourced", ("code_malformed", "code")),
        ("H39.1,commune,a,b,,,2024-01-01,,,list,sourced", ("parent_unknown", "parent")),
        ("H38.1,commune,a,b,,,2001-01-01,,,list,sourced", ("parent_unknown", "parent")),
        ("H38.1,commune,a,b,H39,,2024-01-01,,,list,sourced", ("parent_differs", "parent")),
        ("H38,province,a,b,,,2024-01-01,,,list,sourced", ("code_twice", "code")),
        ("H39,,a,b,,,2024-01-01,,,list,sourced", ("kind_missing", "kind")),
        ("H39,province,,b,,,2024-01-01,,,list,sourced", ("name_missing", "name_vi")),
        ("H39,province,a,b,,,2023-02-29,,,list,sourced", ("date_unreadable", "valid_from")),
        ("H39,province,a,b,,,2024-01-01,soon,,list,sourced", ("date_unreadable", "valid_to")),
        ("H39,province,a,b,,,2024-01-01,2023-12-31,,list,sourced", ("days_reversed", "valid_to")),
        ("H39,province,a,b,,,2024-01-01,,,,sourced", ("source_missing", "source")),
        ("H39,province,a,b,,,2024-01-01,,,list,sure", ("certainty_unknown", "certainty")),
        ("H39,province,a,b,,,2024-01-01,2025-01-01,H99,list,sourced", ("successor_unknown", "successor")),
    ],
)
def test_a_bad_line_comes_back_and_the_good_ones_stay(line, expected):
    rows, reasons = read_units(HEADER + GOOD + line + "\n")
    assert [row.code for row in rows] == ["H38"]
    assert codes(reasons) == [(*expected, 3)]


def test_a_refused_parent_takes_its_children_along():
    rows, reasons = read_units(
        HEADER + "H39,province,,b,,,2024-01-01,,,list,sourced\nH39.1,commune,a,b,,,2024-01-01,,,list,sourced\n"
        "H39.1.2,hamlet,a,b,,,2024-01-01,,,list,sourced\n"
    )
    assert not rows
    assert codes(reasons) == [
        ("name_missing", "name_vi", 2),
        ("parent_unknown", "parent", 3),
        ("parent_unknown", "parent", 4),
    ]


def test_a_list_is_checked_against_what_is_known():
    known, _ = read_units(HEADER + GOOD)
    rows, reasons = read_units(HEADER + "H38.1,commune,a,b,,,2024-01-01,,,list,sourced\n" + GOOD, known)
    assert [row.code for row in rows] == ["H38.1"]
    assert codes(reasons) == [("code_twice", "code", 3)]


@given(st.text())
def test_any_text_gives_rows_or_reasons(text):
    read_units(HEADER + text)
    read_units(text)
