"""Numbers of receipts, and files that no receipt can be."""

import pytest

from doorstep.systems.payments.rules.receipts import LARGEST_PAPER, check_size, number_of


@pytest.mark.parametrize(
    ("unit", "year", "number", "shown"),
    [
        ("H38", 2024, 1, "DS/H38/2024/0000001"),
        ("H38.12", 2025, 9_999_999, "DS/H38.12/2025/9999999"),
        ("H38", 2024, 10_000_000, "DS/H38/2024/10000000"),
    ],
)
def test_a_number_names_series_unit_and_year(unit, year, number, shown):
    assert number_of(unit, year, number) == shown


def test_no_receipt_is_larger_than_2_megabytes():
    assert check_size(LARGEST_PAPER) == []
    assert [one.code for one in check_size(LARGEST_PAPER + 1)] == ["payments.paper_too_large"]
