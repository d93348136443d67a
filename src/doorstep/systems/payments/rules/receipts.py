"""Receipts as people read them: the number, and what speaks against a request for many or against a file to check."""

from doorstep.kernel.values.reasons import Reason, reason

SERIES = "DS"
"""Our own choice: no list of receipts' series is among our sources."""
MOST_PRINTED = 500
MOST_EXPORTED = 20_000
LARGEST_PAPER = 2_000_000
"""Bytes; a signed receipt has about 100 kB."""

TOO_MANY_PRINTED = reason(
    "payments.too_many_receipts",
    "There are more than {most} receipts.",
    repair="Choose a unit below, or begin with a later number.",
)
NONE_THERE = reason("payments.no_receipts", "No receipts fit.", repair="Choose another day or unit.")
PAPER_MISSING = reason("payments.paper_missing", "No file was chosen.", repair="Choose the receipt's PDF file.")
PAPER_TOO_LARGE = reason(
    "payments.paper_too_large",
    "The file is larger than {limit} MB; no receipt is.",
    repair="Choose the PDF file as it was downloaded.",
)


def number_of(unit: str, year: int, number: int) -> str:
    """A receipt's number in full: series, unit, year, and the number within unit and year.

    >>> number_of("H38.12", 2024, 31)
    'DS/H38.12/2024/0000031'
    """
    return f"{SERIES}/{unit}/{year}/{number:07}"


def check_size(size: int) -> list[Reason]:
    """Against a file of so many bytes that is handed in to be compared."""
    return [PAPER_TOO_LARGE("file", limit=LARGEST_PAPER // 1_000_000)] if size > LARGEST_PAPER else []
