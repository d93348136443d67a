"""A unit lies within another by its code alone; what only looks like a prefix does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.units import UnitCode

codes = st.from_regex(r"[A-Z][A-Z0-9]{0,5}(\.[A-Z0-9]{1,6}){0,3}", fullmatch=True)


@pytest.mark.parametrize(
    ("unit", "other", "within"),
    [
        ("H38", "H38", True),
        ("H38.901", "H38", True),
        ("H38.901.02", "H38", True),
        ("H38.901.02", "H38.901", True),
        ("H38", "", True),
        ("H38", "H3", False),
        ("H3", "H38", False),
        ("H38.901", "H38.90", False),
        ("H38", "H38.901", False),
        ("H38.901", "H38.", False),
        ("H38.901", "901", False),
    ],
)
def test_within(unit: str, other: str, within: bool):  # noqa: FBT001  a vector
    assert UnitCode(unit).within(other) is within


@given(codes, codes)
def test_within_is_being_it_or_below_it(one: str, other: str):
    assert UnitCode(one).within(other) == (one.split(".")[: len(other.split("."))] == other.split("."))


@given(codes)
def test_the_top_is_the_first_level_and_holds_it(code: str):
    unit = UnitCode(code)
    assert unit == code
    assert "." not in unit.top
    assert unit.within(unit.top)
    assert unit.top.top == unit.top


@pytest.mark.parametrize(
    "code",
    ["", "h38", "38", "H38.", ".H38", "H38..1", "H38 ", "H38\n", "H38-901", "H234567", "H1.2.3.4.5", "Đ38", "H٣٨"],
)
def test_what_is_no_unit_code(code: str):
    with pytest.raises(ValueError, match="is no unit code"):
        UnitCode(code)
