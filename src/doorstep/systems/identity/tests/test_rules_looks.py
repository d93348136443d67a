"""How entries of the journal read, and until when a question is answered, by vectors."""

from datetime import UTC, datetime, timedelta

import pytest

from doorstep.systems.identity.rules.looks import (
    LONGEST_QUESTION,
    ActorKind,
    Kind,
    actor_kind_of,
    answer_due,
    check_prose,
    kind_of,
)
from doorstep.systems.identity.tests.people import TESTLAND, VIETNAM

AT = datetime(2024, 3, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("identity.look.person", Kind.LOOK),
        ("identity.ask.match", Kind.ASK),
        ("identity.change_person", Kind.DEED),
        ("lodging.look_after", Kind.DEED),
        ("older", Kind.DEED),
    ],
)
def test_the_name_says_what_an_entry_is(action, kind):
    assert kind_of(action) is kind


@pytest.mark.parametrize(
    ("actor", "via", "known", "kind"),
    [
        ("account:lan", "page", "own", ActorKind.OWN),
        ("account:lan", "token:1", "own office", ActorKind.OWN),
        ("account:hoa", "page", "viewer", ActorKind.GUARDIAN),
        ("account:hoa", "page", "office", ActorKind.OFFICE),
        ("account:hoa", "page", "", ActorKind.PERSON),
        ("visitor", "page", "", ActorKind.ENTRANCE),
        ("task:identity", "task", "", ActorKind.PLATFORM),
        ("command:register", "command", "", ActorKind.OPERATOR),
        ("installation:hospital", "token:1", "", ActorKind.INSTALLATION),
        ("client:018e", "openid", "", ActorKind.RELYING_PARTY),
        ("simulated:keeper:1", "simulation", "", ActorKind.SIMULATION),
        ("demo:police", "simulation", "office", ActorKind.OFFICE),
    ],
)
def test_officials_are_named_by_their_office_and_others_by_what_they_are(actor, via, known, kind):
    told = {name: name in known.split() for name in ("own", "viewer", "office")}
    assert actor_kind_of(actor, via, **told) is kind


def test_each_country_has_its_time_for_answers_and_before_its_law_there_was_none():
    assert answer_due(AT, VIETNAM.identity) == AT + timedelta(hours=72)
    assert answer_due(AT, TESTLAND.identity) == AT + timedelta(days=9)
    assert answer_due(datetime(2023, 6, 30, 16, 59, tzinfo=UTC), VIETNAM.identity) is None
    assert answer_due(datetime(2023, 6, 30, 17, tzinfo=UTC), VIETNAM.identity)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Why?", ""),
        ("- first\n- second\n\n= third", ""),
        ("x" * LONGEST_QUESTION, ""),
        ("x" * (LONGEST_QUESTION + 1), "kernel.text_too_long"),
        (" \n ", "kernel.text_missing"),
        ("a\x00b", "kernel.text_unreadable"),
        ("a\rb", "kernel.text_unreadable"),
        ("a\x0bb", "kernel.text_unreadable"),
        ("good\n\u202egood", "kernel.text_unreadable"),
    ],
)
def test_prose_may_have_lines_and_dashes_but_no_hidden_signs(text, code):
    assert [one.code for one in check_prose(text, "text", LONGEST_QUESTION)] == ([code] if code else [])
