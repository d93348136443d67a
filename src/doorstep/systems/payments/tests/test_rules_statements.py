"""A statement is taken whole or not at all."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from doorstep.kernel.values.reasons import Refused
from doorstep.systems.payments.rules.camt053 import Booking, Head
from doorstep.systems.payments.rules.statements import whole

DAY = date(2026, 3, 2)
ONLY = Head(number="S", page=1, last=True, account="77", bank="999901", day=DAY, opening=100, closing=130)
FIRST = msgspec.structs.replace(ONLY, last=False, closing=None)
LAST = msgspec.structs.replace(ONLY, page=2, opening=None)


def moved(amount, *, incoming=True):
    texts = dict.fromkeys(
        ("memo", "reference", "returned", "from_bank", "from_account", "from_name", "to_bank", "to_account"), ""
    )
    return Booking(booking="B", amount=amount, incoming=incoming, booked=datetime(2026, 3, 2, tzinfo=UTC), **texts)


IN, OUT = moved(50), moved(20, incoming=False)


@pytest.mark.parametrize("read", [[ONLY, IN, OUT], [FIRST, IN, LAST, OUT], [FIRST, LAST, IN, OUT]])
def test_what_is_whole_comes_through(read):
    assert list(whole(read, "999901", "77", DAY)) == read


@pytest.mark.parametrize(
    ("read", "why"),
    [
        ([], "pages_wrong"),
        ([FIRST, IN, OUT], "pages_wrong"),
        ([LAST, IN, OUT], "pages_wrong"),
        ([FIRST, IN, FIRST, OUT], "pages_wrong"),
        ([FIRST, IN, LAST, OUT, LAST], "pages_wrong"),
        ([FIRST, IN, msgspec.structs.replace(LAST, page=3), OUT], "pages_wrong"),
        ([FIRST, IN, msgspec.structs.replace(LAST, number="T"), OUT], "pages_wrong"),
        ([msgspec.structs.replace(ONLY, account="78"), IN, OUT], "other_account"),
        ([msgspec.structs.replace(ONLY, bank="999902"), IN, OUT], "other_account"),
        ([msgspec.structs.replace(ONLY, day=date(2026, 3, 3)), IN, OUT], "other_account"),
        ([ONLY, IN], "sum_wrong"),
        ([ONLY, IN, OUT, OUT], "sum_wrong"),
        ([msgspec.structs.replace(ONLY, closing=None), IN, OUT], "sum_wrong"),
        ([msgspec.structs.replace(ONLY, opening=None), IN, OUT], "sum_wrong"),
    ],
)
def test_what_is_not_whole_is_refused(read, why):
    with pytest.raises(Refused, match=f"payments.statement_{why}"):
        list(whole(read, "999901", "77", DAY))
