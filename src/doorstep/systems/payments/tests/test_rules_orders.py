"""The rules of orders, credits and refunds, by vectors and hypothesis; no database."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.ids import Masked, reference
from doorstep.systems.payments.contract import FeeKind, OrderState
from doorstep.systems.payments.rules import orders, refunds, settlement
from doorstep.systems.payments.rules.discrepancies import DiscrepancyKind, Repair, fitting
from doorstep.systems.payments.rules.evidence import Payout, PayoutResult, PayoutState
from doorstep.systems.payments.rules.orders import Event, Line
from doorstep.systems.payments.rules.refunds import RefundState
from doorstep.systems.payments.rules.settlement import Match, Standing
from doorstep.systems.payments.tests.values import AT, asked

PAID = Standing(OrderState.SETTLED, 750)
AWAITING = Standing(OrderState.AWAITING, 750)


@given(st.lists(st.sampled_from(Event)))
def test_money_that_came_is_never_forgotten(events):
    state, paid = OrderState.CREATED, False
    for event in events:
        following = orders.follow(state, event)
        if following:
            state, paid = following, paid or event == Event.PAID
        assert paid == (state in {OrderState.SETTLED, OrderState.REFUNDED_IN_PART, OrderState.REFUNDED})


@pytest.mark.parametrize("state", OrderState)
def test_what_can_be_paid(state):
    assert orders.payable(state) == (state in {OrderState.CREATED, OrderState.AWAITING, OrderState.EXPIRED})


@pytest.mark.parametrize(
    ("changes", "code", "line"),
    [
        ({"lines": ()}, "payments.lines_wrong", None),
        ({"lines": (Line("", FeeKind.FEE, 1),)}, "payments.lines_wrong", None),
        ({"lines": (Line("a", FeeKind.FEE, 1),) * 101}, "payments.lines_wrong", None),
        ({"lines": (Line("a", FeeKind.FEE, 1), Line("b", FeeKind.FEE, 0))}, "payments.amount_wrong", 2),
        ({"lines": (Line("a", FeeKind.FEE, -1),)}, "payments.amount_wrong", 1),
        ({"lines": (Line("a", FeeKind.FEE, 2**63),)}, "payments.amount_wrong", 1),
        ({"lines": (Line("a", FeeKind.FEE, 2**62),) * 2}, "payments.amount_too_large", None),
        ({"lines": (Line("a", FeeKind.FEE, 400), Line("b", FeeKind.FEE, 600))}, None, None),
        ({"lines": (Line("a", FeeKind.FEE, 400), Line("b", FeeKind.FEE, 601))}, "payments.amount_too_large", None),
        ({"until": AT}, "payments.until_past", None),
        ({"until": AT + timedelta(seconds=1)}, None, None),
    ],
)
def test_what_may_be_asked(changes, code, line):
    found = [(one.code, one.line) for one in orders.check_asked(asked(**changes), AT, 1000)]
    assert found == ([(code, line)] if code else [])


@given(st.text("ABCXYZ019", max_size=12), st.integers(0, 2**80 - 1), st.text("KLMN234", max_size=12))
def test_a_code_is_found_wherever_it_stands(before, number, behind):
    code = reference(number)
    assert code in settlement.references(before + code.replace("-", "").lower() + behind)


@pytest.mark.parametrize("memo", ["", "thank you", "0000000000000001"])
def test_no_code_is_found_where_there_is_none(memo):
    assert list(settlement.references(memo)) == []


@pytest.mark.parametrize(
    ("amount", "named", "match"),
    [
        (750, [], Match.UNKNOWN),
        (750, [AWAITING], Match.MATCHED),
        (750, [Standing(OrderState.EXPIRED, 750)], Match.MATCHED),
        (751, [AWAITING], Match.DIFFERS),
        (749, [AWAITING], Match.DIFFERS),
        (750, [PAID], Match.DUPLICATE),
        (1, [PAID], Match.DUPLICATE),
        (750, [Standing(OrderState.REFUNDED, 750)], Match.DUPLICATE),
        (750, [Standing(OrderState.CANCELLED, 750)], Match.WITHDRAWN),
        (750, [AWAITING, PAID], Match.SEVERAL),
    ],
)
def test_what_a_credit_pays(amount, named, match):
    assert settlement.judge(amount, named) == match


@given(st.lists(st.sampled_from(refunds.Said)))
def test_a_refund_is_paid_out_for_good_and_none_is_paid_out_unnoticed(told):
    state = RefundState.APPROVED
    for one in told:
        following = refunds.follow(state, one)
        assert state != RefundState.PAID or following is None
        state = following or state
    if refunds.Said.LEFT in told:
        assert state in {RefundState.PAID, RefundState.CONTRADICTED}


ORDERED = Payout(
    id=UUID(int=1),
    bank="B",
    account="1",
    to_bank="C",
    to_account=Masked("2"),
    to_name="",
    amount=750,
    currency="VND",
    memo="",
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "LEFT"),
        ({"state": "returned"}, "LEFT"),
        ({"bank": "", "account": "", "to_bank": "", "to_account": "", "currency": ""}, "LEFT"),
        ({"state": "returned", "booking": ""}, "BACK"),
        ({"state": "refused", "booking": "", "amount": 0}, "FAILED"),
        ({"state": "refused"}, "DIFFERS"),
        ({"state": "taken", "amount": 0}, "TAKEN"),
        *[({name: "9"}, "DIFFERS") for name in ("bank", "account", "to_bank", "to_account", "currency")],
        *[({"amount": amount}, "DIFFERS") for amount in (0, 749, 751)],
    ],
)
def test_what_the_bank_says_of_a_payout(changes, said):
    names = ("bank", "account", "to_bank", "to_account", "amount", "currency")
    passing = {"state": PayoutState.PAID, "booking": "P1"} | {name: getattr(ORDERED, name) for name in names}
    told = {**passing, **changes, "state": PayoutState(changes.get("state", "paid"))}
    assert refunds.hear(PayoutResult(payout=ORDERED.id, **told), ORDERED) == refunds.Said[said]


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        ({}, ["nothing_to_refund"]),
        ({FeeKind.FEE: 0}, ["nothing_to_refund"]),
        ({FeeKind.FEE: 500}, []),
        ({FeeKind.FEE: 501}, ["refund_too_much"]),
        ({FeeKind.FEE: -1}, ["amount_wrong"]),
        ({FeeKind.OTHER: 1}, ["refund_too_much"]),
    ],
)
def test_what_may_go_back(wanted, codes):
    found = refunds.check_refund(wanted, {FeeKind.FEE: 500})
    assert [one.code.removeprefix("payments.") for one in found] == codes


def test_the_kinds_add_up_to_the_amount():
    order = asked(order=UUID(int=1))
    assert sum(orders.by_kind(order.lines).values()) == order.amount == 750


@given(
    st.sampled_from(DiscrepancyKind),
    st.sampled_from([(False, False), (True, False), (True, True)]),
    st.sampled_from(RefundState),
)
def test_some_repair_fits_at_any_time(kind, money, payout):
    waiting, assigned = money
    can = fitting(kind, waiting=waiting, assigned=assigned, payout=payout)
    assert can
    assert waiting or not {Repair.ASSIGN, Repair.REFUND} & {*can}
    assert Repair.ASSIGN not in can or not assigned
