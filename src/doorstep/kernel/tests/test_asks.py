"""An ask comes before the action, needs its scope, and stays in the journal whatever becomes of the action."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from doorstep.kernel import contracts
from doorstep.kernel.access import personal
from doorstep.kernel.contracts import Answered, ask
from doorstep.kernel.declare import messages as declared
from doorstep.kernel.declare.scopes import Actor, Purpose
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, READ_IT, TRYING, Weigh, Weight
from doorstep.kernel.values.reasons import NotAllowed, Unavailable
from doorstep.kernel.values.units import UnitCode
from doorstep.kernel.wire import Place

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
NOWHERE = Place("http://127.0.0.1:1/", Path("/nowhere"))
BY = By(msgspec.structs.replace(ACTOR, unit="H38"), AT)


@personal(READ_IT)
def scales(actor: Actor, things: list[str]) -> list[Weight | None]:
    return [Weight(len(thing), UnitCode("H38.901")) if thing else None for thing in things]


@pytest.fixture
def answered(monkeypatch):
    monkeypatch.setattr(contracts, "ANSWERERS", {})

    @contracts.answers(Weigh)
    def weigh(by: By, purpose: Purpose, question: Weigh) -> list[Weight | None]:
        return scales(by.actor, question.things)

    assert Weigh.KIND.name not in declared.ANSWERERS


@pytest.mark.django_db
def test_an_answer_is_evidence_and_its_subjects_find_it(answered):
    found = ask(BY, TRYING, Weigh(["abc", "", "abc"]))
    here = Weight(3, UnitCode("H38.901"))
    content = b'[{"grams":3,"unit":"H38.901"},null,{"grams":3,"unit":"H38.901"}]'
    assert found == Answered([here, None, here], AT, hashlib.sha256(content).digest(), "")
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.unit, entry.action, entry.purpose) == ("trier", "H38", "tryout.ask.weight", TRYING.code)
    assert (entry.fields, bytes(entry.digest)) == ("grams unit", found.digest)
    assert sorted(JournalSubject.objects.values_list("subject", flat=True)) == ["thing:", "thing:abc"]


@pytest.mark.django_db
def test_many_are_one_entry(answered):
    ask(BY, TRYING, Weigh([str(number) for number in range(100)]))
    assert (JournalEntry.objects.count(), JournalSubject.objects.count()) == (1, 100)


@pytest.mark.django_db
def test_without_the_scope_of_the_question_there_is_no_answer(answered, settings):
    for elsewhere in ({}, {"tryout": NOWHERE}):
        settings.ELSEWHERE = elsewhere
        with pytest.raises(NotAllowed) as refused:
            ask(By(Actor("stranger"), AT), TRYING, Weigh(["a"]))
        assert refused.value.reasons[0].given == {"scope": READ_IT.code}
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db
def test_where_nobody_answers_it_is_unavailable(monkeypatch):
    monkeypatch.setattr(contracts, "ANSWERERS", {})
    with pytest.raises(Unavailable, match="no_answer"):
        ask(BY, TRYING, Weigh(["a"]))
    assert Unavailable.status == 503


@pytest.mark.django_db(transaction=True)
def test_an_ask_stays_journalled_when_the_action_fails(answered):
    @action(DO_IT, TRYING)
    def act_on(act: Act, evidence: Answered) -> None:
        act.journal(digest=evidence.digest)
        raise ValueError("the action failed")

    evidence = ask(BY, TRYING, Weigh(["a"]))
    with pytest.raises(ValueError, match="the action failed"):
        act_on(BY, evidence)
    assert JournalEntry.objects.get().action == "tryout.ask.weight"


@pytest.mark.django_db
def test_inside_an_action_nothing_can_be_asked(answered, settings):
    """Neither here nor elsewhere, where the network would hold the transaction's locks."""

    @action(DO_IT, TRYING)
    def ask_late(act: Act) -> None:
        act.journal()
        ask(BY, TRYING, Weigh(["a"]))

    for elsewhere in ({}, {"tryout": NOWHERE}):
        settings.ELSEWHERE = elsewhere
        with pytest.raises(RuntimeError, match="durable"):
            ask_late(BY)
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_fails_is_not_journalled(monkeypatch):
    monkeypatch.setattr(contracts, "ANSWERERS", {})

    @contracts.answers(Weigh)
    def broken(by: By, purpose: Purpose, question: Weigh) -> list[Weight | None]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(BY, TRYING, Weigh(["a"]))
    assert not JournalEntry.objects.exists()
    with pytest.raises(RuntimeError, match="look"):
        scales(ACTOR, ["a"])


def test_a_question_has_one_answer(answered):
    with pytest.raises(ValueError, match="answer already"):
        contracts.answers(Weigh)(lambda by, purpose, question: [])
