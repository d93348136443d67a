"""A statement is taken whole: each page once and in order, of our account and day, and its bookings carry opening to closing."""

from collections.abc import Iterable, Iterator
from datetime import date

from doorstep.kernel.values.reasons import Reason, Refused, reason
from doorstep.systems.payments.rules.camt053 import Booking, Head

LARGEST_FILE = 50_000_000
"""Bytes that a person hands in: some 50,000 bookings. What banks give to us directly may be as long as MOST_BYTES."""
FILE_MISSING = reason(
    "payments.statement_file_missing", "No file was chosen.", repair="Choose the bank's statement, an XML file."
)
FILE_TOO_LARGE = reason(
    "payments.statement_too_large",
    "The file is larger than {limit} MB.",
    repair="Ask the bank to give this statement to the installation directly.",
)
PAGES_WRONG = reason(
    "payments.statement_pages_wrong",
    "A page of the statement is missing, repeated or out of order, or is of another statement.",
    repair="Fetch all pages again, in their order.",
)
OTHER_ACCOUNT = reason(
    "payments.statement_other_account",
    "The statement is of another account or another day.",
    repair="Hand it in for the account and day that it names.",
)
SUM_WRONG = reason(
    "payments.statement_sum_wrong",
    "The bookings do not lead from the opening to the closing balance, or one of the two is missing.",
    repair="Ask the bank for a corrected statement.",
)


def check_size(size: int) -> list[Reason]:
    """Against a file of so many bytes that is handed in."""
    return [FILE_TOO_LARGE("file", limit=LARGEST_FILE // 1_000_000)] if size > LARGEST_FILE else []


def whole(read: Iterable[Head | Booking], bank: str, account: str, day: date) -> Iterator[Head | Booking]:
    """What was read of all pages, handed on one by one; Refused as soon as it does not fit, at the latest at the end."""
    first: Head | None = None
    page: Head | None = None
    moved = 0
    for one in read:
        if isinstance(one, Booking):
            moved += one.amount if one.incoming else -one.amount
        else:
            if (one.bank, one.account, one.day) != (bank, account, day):
                raise Refused(OTHER_ACCOUNT())
            follows = one.page == (page.page if page else 0) + 1 and not (page and page.last)
            if not follows or (first and one.number != first.number):
                raise Refused(PAGES_WRONG())
            first, page = first or one, one
        yield one
    if first is None or page is None or not page.last:
        raise Refused(PAGES_WRONG())
    if first.opening is None or page.closing is None or first.opening + moved != page.closing:
        raise Refused(SUM_WRONG())
