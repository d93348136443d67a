"""After each test that has tables, `doorstep ledger check` proves the books: no test leaves broken ones unnoticed."""

from collections.abc import Iterator
from typing import Any

import pytest

from doorstep.systems.payments.queries.ledger_check import prove


@pytest.fixture(autouse=True)
def books_hold(request: Any) -> Iterator[None]:
    """Proved when the test is over, but for those marked `breaks_books`, whose rows are made by hand."""
    marker = request.node.get_closest_marker("django_db")
    if marker:  # asked for here, so that the proof comes before the tables are emptied
        request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    yield
    if marker and not request.node.get_closest_marker("breaks_books"):
        against = [sentence for found in prove() for sentence in found.against]
        assert not against, against
