"""Scopes, roles and purposes are declared once, and an actor may what a role of theirs includes at their level."""

import msgspec
import pytest

from doorstep.kernel.declare import scopes
from doorstep.kernel.declare.scopes import Actor, Purpose, Role, Scope
from doorstep.kernel.testing.tryout import DO_IT, READ_IT, TRIER
from doorstep.kernel.values.reasons import NotAllowed


@pytest.fixture(autouse=True)
def _apart(monkeypatch):
    for table in ("SCOPES", "ROLES", "PURPOSES"):
        monkeypatch.setattr(scopes, table, dict(getattr(scopes, table)))


@pytest.mark.parametrize(
    "again",
    [
        lambda: Scope(DO_IT.code, DO_IT.text),
        lambda: Scope(DO_IT.code, "Another text", level=3),
        lambda: Role(TRIER.code, TRIER.text, TRIER.scopes),
        lambda: Purpose("tryout.trying", "Trying things out"),
    ],
)
def test_twice_is_refused_even_in_the_same_words(again):
    with pytest.raises(ValueError, match=r"tryout\.\S+ is declared twice"):
        again()


def test_the_first_declaration_stays():
    with pytest.raises(ValueError, match="twice"):
        Scope(DO_IT.code, "Another text")
    assert scopes.SCOPES[DO_IT.code] is DO_IT


def test_an_actor_may_what_a_role_includes():
    actor = Actor("somebody", roles=("tryout.trier",))
    assert actor.may(DO_IT)
    assert actor.may(READ_IT)
    actor.need(DO_IT)


@pytest.mark.parametrize("roles", [(), ("tryout.nobody",), ("tryout.",), ("TRYOUT.TRIER",), ("kernel.auditor",)])
def test_without_the_role_the_refusal_names_the_scope(roles):
    actor = Actor("somebody", roles=roles, level=3)
    assert not actor.may(DO_IT)
    with pytest.raises(NotAllowed) as refused:
        actor.need(DO_IT)
    (reason,) = refused.value.reasons
    assert (refused.value.status, reason.code, reason.given) == (403, "kernel.not_allowed", {"scope": DO_IT.code})


@pytest.mark.parametrize(("level", "may"), [(0, False), (1, False), (2, True), (3, True)])
def test_the_level_must_reach_the_scope_s(level, may):
    high = Scope("tryout.vault.open", "Open the vault", level=2)
    Role("tryout.keeper", "Keeper", (high,))
    actor = Actor("somebody", roles=("tryout.keeper", "tryout.trier"), level=level)
    assert actor.may(high) is may
    if not may:
        with pytest.raises(NotAllowed):
            actor.need(high)


def test_an_actor_cannot_be_changed():
    actor = Actor("somebody")
    with pytest.raises(AttributeError):
        actor.roles = ("tryout.trier",)
    assert msgspec.json.decode(msgspec.json.encode(actor), type=Actor) == actor
