"""The map shows who tells, hears, asks and answers; a simulation ends with an empty queue."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from doorstep.kernel import contracts, system
from doorstep.kernel.declare import messages as declared
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, Message
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING, Tried, Weigh
from doorstep.kernel.wire import Place
from doorstep.site.cli import main
from doorstep.site.commands import doctor, simulate

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
SIMULATED = Actor("simulated:trier", roles=ACTOR.roles, via="simulation")


@action(DO_IT, TRYING)
def tell(act: Act, number: int) -> None:
    act.journal()
    act.tell(Tried("a", number))


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setitem(declared.HEARERS, "tryout.tried", {})
    seen = []

    @contracts.hears(Tried, TRYING)
    def on_tried(act: Act, message: Tried) -> None:
        seen.append(message.number)
        act.journal()
        if message.number < 0:
            raise ValueError
        if message.number < 3:
            act.tell(Tried("a", message.number + 1))

    return seen


def test_the_map_shows_who_hears_and_answers(heard, monkeypatch, settings, capsys):
    monkeypatch.setattr(declared, "ANSWERERS", {})
    assert main(["house"]) == 0
    told = capsys.readouterr().out
    assert "tryout: does not run here\n" in told
    assert "  message     tryout.tried (subject, number, colour): told by tryout, heard by kernel\n" in told
    assert "  question    tryout.weight needs tryout.thing.read, answered by nobody\n" in told
    declared.ANSWERERS["tryout.weight"] = test_the_map_shows_who_hears_and_answers
    main(["house"])
    assert "tryout.weight needs tryout.thing.read, answered by kernel\n" in capsys.readouterr().out
    settings.ELSEWHERE = {Weigh.KIND.system: Place("https://a.example.org/", Path("t"))}
    main(["house"])
    assert "answered by https://a.example.org/\n" in capsys.readouterr().out


def test_the_doctor_looks_at_the_keys_of_other_installations(settings, tmp_path):
    key = tmp_path / "key"
    settings.ELSEWHERE = {"tryout": Place("https://a.example.org/", key)}
    assert [well for well, _, _ in doctor._elsewhere()] == [False]
    key.touch(0o644)
    assert [well for well, _, _ in doctor._elsewhere()] == [True, False]
    key.chmod(0o600)
    assert [well for well, _, _ in doctor._elsewhere()] == [True, True]


@pytest.mark.django_db
def test_a_simulation_is_heard_in_its_own_time_and_leaves_no_message(heard, monkeypatch, capsys):
    before = []

    def first(_simulation: object) -> None:
        tell(By(SIMULATED, AT), 1)

    def second(_simulation: object) -> None:
        before.extend(heard)
        tell(By(SIMULATED, AT), -1)

    rooms = [SimpleNamespace(simulate=run) for run in (first, second)]
    folders = [SimpleNamespace(label=f"system{n}", room=lambda _, room=room: room) for n, room in enumerate(rooms)]
    monkeypatch.setattr(system, "systems", lambda: folders)
    simulate.fill(Decimal("0.001"), 1)
    assert before == [1, 2, 3], "what one system told was heard before the next began"
    months = {entry.id.int >> 80 for entry in JournalEntry.objects.filter(action="kernel.on_tried")}
    assert months == {int(AT.timestamp() * 1000)}
    assert Message.objects.count() == 1
    assert "1 messages could not be delivered: `doorstep messages list`" in capsys.readouterr().out
