"""What is paid for, in words: of systems by what they declared, of programs by language; without words no order."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import translation

from doorstep.kernel.contracts import ask, drain
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict
from doorstep.systems.payments import contract
from doorstep.systems.payments.actions import orders
from doorstep.systems.payments.contract import FeeKind, OrderRequested, OrderWithdrawn, WhichOrder, payable
from doorstep.systems.payments.models import Order, OrderMovement
from doorstep.systems.payments.permissions import FOR_PAYMENT, REQUEST
from doorstep.systems.payments.queries.orders import movements
from doorstep.systems.payments.queries.shown import by_code
from doorstep.systems.payments.queries.words import said
from doorstep.systems.payments.rules.orders import Line, check_asked, declared
from doorstep.systems.payments.tests.builders import ASKER, bank_account, known_unit
from doorstep.systems.payments.tests.values import AT, PAYER, UNIT, asked

LATER = AT + timedelta(minutes=1)


@action(REQUEST, FOR_PAYMENT)
def tell(act: Act, *told):
    """As another system does in an action of its own."""
    act.tell(*told)
    act.journal()


@pytest.fixture(autouse=True)
def permit(monkeypatch):
    monkeypatch.setattr(contract, "WORDS", {})
    monkeypatch.setattr("doorstep.systems.payments.rules.orders.WORDS", contract.WORDS)
    monkeypatch.setattr("doorstep.systems.payments.handlers.WORDS", contract.WORDS)
    monkeypatch.setattr("doorstep.systems.payments.queries.words.WORDS", contract.WORDS)
    return payable("dossiers.permit", {"en": "Permit", "vi": "Giấy phép"})


def requested(**changes):
    passing = {
        "subject": "dossier:1",
        "asker": "dossiers",
        "order": uuid4(),
        "unit": UNIT,
        "payer": PAYER,
        "purpose": "dossiers.permit",
        "codes": ("dossiers.permit", "stamp"),
        "kinds": (FeeKind.FEE, FeeKind.CHARGE),
        "amounts": (500, 250),
        "until": AT + timedelta(days=7),
    }
    return OrderRequested(**{**passing, **changes})


@pytest.mark.django_db
def test_a_system_asks_by_message_in_words_that_it_declared():
    bank_account()
    known_unit()
    told = requested()
    tell(ASKER, told)
    drain(LATER)
    row = Order.objects.get(id=told.order)
    with translation.override("vi"):
        shown = by_code(row.code)
    assert (shown.purpose, [line.name for line in shown.lines]) == ("Giấy phép", ["Giấy phép", "stamp"])
    assert ask(ASKER, FOR_PAYMENT, WhichOrder("dossier:1", "dossiers", told.order)).value.state == "awaiting"
    tell(ASKER, OrderWithdrawn("dossier:1", asker="dossiers", order=told.order))
    drain(LATER)
    assert ask(ASKER, FOR_PAYMENT, WhichOrder("dossier:1", "dossiers", told.order)).value.state == "cancelled"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"purpose": "dossiers.unknown"}, {"unit": "X1"}, {"amounts": (1, 0)}, {"amounts": (1,)}, {"until": AT}]
)
def test_what_is_refused_comes_back_with_its_reasons(wrong):
    known_unit()
    told = requested(**wrong)
    tell(ASKER, told)
    drain(LATER)
    assert not Order.objects.exists()
    moved = OrderMovement.objects.get()
    assert (moved.order, moved.asker, moved.state) == (told.order, "system:dossiers", "cancelled")
    assert moved.reasons


@pytest.mark.django_db
def test_a_system_and_a_program_of_one_name_have_nothing_in_common():
    bank_account()
    known_unit()
    told = requested(asker="service:dossiers")
    tell(ASKER, told)
    drain(LATER)
    assert ask(ASKER, FOR_PAYMENT, WhichOrder("dossier:1", "service:dossiers", told.order)).value
    assert movements(ASKER.actor, 0).movements == []
    with pytest.raises(Conflict):
        orders.request_order(ASKER, asked(order=told.order))
    assert Actor("service:dossiers").subject == ASKER.actor.subject


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": {}},
        {"purpose": {"en": " "}},
        {"purpose": {"en": "x" * 201}},
        {"purpose": {"en": "a\x00b"}},
        {"purpose": declared("nobody.knows")},
        {"lines": (Line("permit", FeeKind.FEE, 500, {"en": ""}),)},
    ],
)
def test_without_words_there_is_no_order(wrong):
    assert [one.code for one in check_asked(asked(**wrong), AT, 1000)] == ["payments.words_wrong"]


def test_words_are_said_in_the_reader_s_language_else_in_another():
    for language, text in (("en", "Permit"), ("vi", "Giấy phép"), ("de", "Giấy phép")):
        with translation.override(language):
            assert said({"en": "Permit", "vi": "Giấy phép"}) == text
            assert said(declared("dossiers.permit")) == text
    assert said({}, "stamp") == "stamp"
    assert said(declared("gone.code")) == "gone.code"


def test_one_code_has_one_wording(permit):
    assert payable(permit, {"en": "Permit", "vi": "Giấy phép"}) == permit
    with pytest.raises(ValueError, match="other words"):
        payable(permit, "Something else")
