"""Units change and history stays: mergers, renames, and lists that come in as CSV."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.reasons import Reason
from doorstep.kernel.values.unit_tree import UnitRow, merge, read_units, rename, successor, unit_on
from doorstep.kernel.values.units import UnitCode

FOUNDED, CHANGED, LATER = date(2008, 8, 1), date(2025, 7, 1), date(2026, 1, 1)
HEADER = "code,kind,name_vi,name_en,parent,pin_prefix,valid_from,valid_to,successor,source,certainty\n"


def unit(code, name="Anything", **changes):
    return msgspec.structs.replace(
        UnitRow(
            code=UnitCode(code),
            kind="commune" if "." in code else "province",
            names={"en": name},
            valid_from=FOUNDED,
            source="a list",
            certainty="sourced",
        ),
        **changes,
    )


NORTH = (unit("A", pin_prefix="010"), unit("A.1"), unit("A.2"), unit("B", pin_prefix="015"), unit("B.1"), unit("C"))


def codes(reasons):
    assert all(isinstance(reason, Reason) for reason in reasons)
    return [(reason.code.removeprefix("kernel.unit_"), reason.field, reason.line) for reason in reasons]


def test_a_merger_closes_the_old_and_keeps_them():
    rows = merge(NORTH, ["A", "B"], unit("D", "Both"), CHANGED, below={"A.1": "D.1", "A.2": "D.2", "B.1": "D.3"})
    assert isinstance(rows, tuple)
    assert {row.code for row in in_force(rows, CHANGED)} == {"C", "D", "D.1", "D.2", "D.3"}
    assert {row.code for row in in_force(rows, date(2025, 6, 30))} == {row.code for row in NORTH}
    assert successor(rows, "B", CHANGED).names == {"en": "Both"}
    assert successor(rows, "B.1", LATER).code == "D.3"
    assert successor(rows, "B.1", date(2024, 1, 1)).code == "B.1"
    assert unit_on(rows, "B", date(2025, 6, 30)).pin_prefix == "015"


def test_a_merged_unit_may_go_on_under_an_old_code():
    rows = merge(NORTH, ["A", "B"], unit("A", "Larger"), CHANGED, below={"B.1": "A.3"})
    assert {row.code for row in in_force(rows, CHANGED)} == {"A", "A.1", "A.2", "A.3", "C"}
    assert unit_on(rows, "A", date(2025, 6, 30)).names == {"en": "Anything"}
    assert successor(rows, "B", CHANGED).names == successor(rows, "A", CHANGED).names == {"en": "Larger"}


def test_a_unit_may_be_taken_in_by_another_that_stays_as_it_is():
    rows = merge(NORTH, ["B"], unit("C", "ignored"), CHANGED, below={"B.1": "C.1"})
    assert [row.names["en"] for row in rows if row.code == "C"] == ["Anything"]
    assert successor(rows, "B.1", CHANGED).code == "C.1"


def test_successors_are_followed_over_several_mergers():
    once = merge(NORTH, ["B"], unit("D"), date(2015, 1, 1), below={"B.1": "D.1"})
    twice = merge(once, ["D"], unit("C"), CHANGED, below={"D.1": "C.1"})
    assert successor(twice, "B.1", date(2016, 1, 1)).code == "D.1"
    assert successor(twice, "B.1", CHANGED).code == "C.1"
    assert successor(twice, "nobody", CHANGED) is None
    assert successor(twice, "C.1", FOUNDED) is None


def test_a_circle_of_successors_ends():
    rows = [unit("A", valid_to=CHANGED, successor="B"), unit("B", valid_to=CHANGED, successor="A")]
    assert successor(rows, "A", LATER) is None


@pytest.mark.parametrize(
    ("merging", "into", "day", "below", "expected"),
    [
        (["X"], "D", CHANGED, {}, [("not_in_force", "codes", None)]),
        (["C"], "D", FOUNDED, {}, [("first_day", "codes", None)]),
        (["B"], "D", CHANGED, {}, [("below_without_code", "below", None)]),
        (["B"], "D", CHANGED, {"B.1": "C.1"}, [("below_without_code", "below", None)]),
        (["B"], "A", CHANGED, {"B.1": "A.1"}, [("code_twice", "below", None)]),
    ],
)
def test_a_merger_that_would_lose_something_is_refused(merging, into, day, below, expected):
    assert codes(merge(NORTH, merging, unit(into), day, below=below)) == expected


def test_a_rename_keeps_both_names():
    rows = rename(NORTH, "C", {"en": "New"}, CHANGED, source="a decision", certainty="sourced")
    assert [unit_on(rows, "C", day).names["en"] for day in (date(2025, 6, 30), CHANGED)] == ["Anything", "New"]
    assert len(rows) == len(NORTH) + 1
    assert codes(rename(rows, "C", {"en": "Newer"}, CHANGED, source="x", certainty="sourced")) == [
        ("first_day", "code", None)
    ]
    assert codes(rename(rows, "X", {"en": "New"}, CHANGED, source="x", certainty="sourced")) == [
        ("not_in_force", "code", None)
    ]


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
        ("H39,province,a,b,,010,2024-01-01,,,list,sourced", ("prefix_twice", "pin_prefix")),
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
