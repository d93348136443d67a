"""What asking systems state as paid: page by page, the same page once, wrong pages refused with their lines."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from doorstep.kernel import contracts
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import messages
from doorstep.kernel.store.models import JournalEntry, Message
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.values.reasons import Conflict, NotAllowed, Refused
from doorstep.systems.payments.actions.fee_statements import FeesTaken, state_fees
from doorstep.systems.payments.contract import FeesStated
from doorstep.systems.payments.models import Discrepancy, FeeLine, FeePage, FeeStatement
from doorstep.systems.payments.tests.builders import order

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2024, 3, 2, 3, tzinfo=UTC)
DAY = date(2024, 3, 1)
ASKER = By(Actor("system:dossiers", roles=("payments.asker",)), AT)


def page(orders: list[UUID], amounts: list[int] | None = None, **changes: Any) -> FeesStated:
    passing = FeesStated(
        subject=f"dossiers:{DAY}",
        asker="dossiers",
        day=DAY,
        page=1,
        pages=1,
        orders=tuple(orders),
        amounts=tuple(amounts or [1000] * len(orders)),
    )
    return msgspec.structs.replace(passing, **changes)


def test_a_statement_is_complete_with_its_last_page():
    assert state_fees(ASKER, page([uuid4()], page=2, pages=2)) == FeesTaken(1, False, False)
    assert state_fees(ASKER, page([uuid4(), uuid4()], pages=2)) == FeesTaken(2, False, True)
    assert FeeStatement.objects.get().complete == AT
    assert [(row.lines, row.total) for row in FeePage.objects.order_by("page")] == [(2, 2000), (1, 1000)]


def test_a_day_without_payments_is_stated_too():
    assert state_fees(ASKER, page([])) == FeesTaken(0, False, True)


def test_the_same_page_again_changes_nothing():
    orders = [uuid4(), uuid4()]
    state_fees(ASKER, page(orders))
    assert state_fees(ASKER, page(orders)) == FeesTaken(2, True, True)
    assert FeeLine.objects.filter(repeated=False).count() == 2
    with pytest.raises(Conflict, match="page_differs"):
        state_fees(ASKER, page(orders, [1000, 1001]))
    with pytest.raises(Conflict, match="pages_differ"):
        state_fees(ASKER, page([uuid4()], page=2, pages=2))


def test_an_order_that_was_stated_before_is_marked():
    order, other = uuid4(), uuid4()
    state_fees(ASKER, page([order, order]))
    state_fees(ASKER, page([other, order], day=date(2024, 3, 2)))
    state_fees(ASKER, page([order], asker="land"))
    rows = FeeLine.objects.order_by("statement__asker", "statement__day", "line").values_list("order", "repeated")
    assert [*rows] == [(order, False), (order, True), (other, False), (order, True), (order, False)]


@pytest.mark.parametrize(
    ("changes", "code", "line"),
    [
        ({"amounts": (1,)}, "payments.columns_differ", None),
        ({"page": 2}, "payments.page_wrong", None),
        ({"page": 0}, "payments.page_wrong", None),
        ({"pages": 10_001}, "payments.page_wrong", None),
        ({"orders": (UUID(int=0),) * 10_001, "amounts": (1,) * 10_001}, "payments.page_too_long", None),
        ({"day": date(2024, 3, 3)}, "payments.day_not_over", None),
        ({"day": date.min}, "payments.day_too_old", None),
        ({"amounts": (1, 0)}, "payments.amount_wrong", 2),
        ({"amounts": (-1, 1)}, "payments.amount_wrong", 1),
        ({"amounts": (1, 2**62 + 1)}, "payments.amount_wrong", 2),
    ],
)
def test_a_wrong_page_is_refused(changes, code, line):
    with pytest.raises(Refused) as refused:
        state_fees(ASKER, msgspec.structs.replace(page([uuid4(), uuid4()]), **changes))
    assert [(why.code, why.line) for why in refused.value.reasons] == [(code, line)]
    assert not FeePage.objects.exists()


def test_one_page_told_twice_at_once_is_taken_once():
    told = page([uuid4() for _ in range(50)])
    taken = at_once(*[lambda: state_fees(ASKER, told)] * 4)
    assert sorted(one.known for one in taken) == [False, True, True, True]
    assert FeeLine.objects.filter(repeated=False).count() == 50


def test_who_does_not_ask_for_payments_states_none():
    with pytest.raises(NotAllowed):
        state_fees(By(Actor("somebody"), AT), page([uuid4()]))


def test_a_message_does_the_same_and_a_wrong_one_has_an_owner_until_it_comes_right():
    paid = order(asker="system:dossiers")
    messages.write([page([uuid4()]), page([paid.id, uuid4()], day=DAY.replace(day=2), amounts=[0, 1])], AT, "task")
    contracts.drain(AT)
    assert FeePage.objects.get().lines == 1
    assert {*JournalEntry.objects.filter(action="payments.take_fees").values_list("detail", flat=True)} == {
        "dossiers 2024-03-01, page 1 of 1: 1",
        "dossiers 2024-03-02, page 1 of 1: payments.amount_wrong",
    }
    row = Discrepancy.objects.get()
    assert (row.kind, row.unit, row.role) == ("fees_refused", "H38", "payments.treasurer")
    assert (row.about, [why["line"] for why in row.reasons]) == ("system:dossiers 2024-03-02 1", [1])
    messages.write([page([paid.id], day=DAY.replace(day=2))], AT, "task")
    contracts.drain(AT)
    assert Discrepancy.objects.get().resolved


def test_a_page_with_other_content_than_the_first_time_has_an_owner_and_what_was_stated_stays():
    messages.write([page([uuid4()]), page([uuid4()])], AT, "task")
    contracts.drain(AT)
    assert FeePage.objects.count() == 1
    assert [why["code"] for why in Discrepancy.objects.get().reasons] == ["payments.page_differs"]
    assert not Message.objects.filter(kind="payments.fees_stated").exists()
