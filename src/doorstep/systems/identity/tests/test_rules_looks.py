"""How entries of the journal read, and until when a question is answered, by vectors."""

from datetime import UTC, datetime, timedelta

import pytest

from doorstep.systems.identity.rules.looks import (
    LONGEST_QUESTION,
    Kind,
    Party,
    answer_due,
    check_prose,
    kind_of,
    party_of,
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
    ("actor", "via", "known", "party"),
    [
        ("account:lan", "page", "own", Party.OWN),
        ("account:lan", "token:1", "own office", Party.OWN),
        ("account:hoa", "page", "viewer", Party.GUARDIAN),
        ("account:hoa", "page", "office", Party.OFFICE),
        ("account:hoa", "page", "", Party.PERSON),
        ("visitor", "page", "", Party.ENTRANCE),
        ("task:identity", "task", "", Party.PLATFORM),
        ("command:register", "command", "", Party.OPERATOR),
        ("installation:hospital", "token:1", "", Party.INSTALLATION),
        ("client:018e", "openid", "", Party.RELYING_PARTY),
        ("simulated:keeper:1", "simulation", "", Party.SIMULATION),
        ("demo:police", "simulation", "office", Party.OFFICE),
    ],
)
def test_officials_are_named_by_their_office_and_others_by_what_they_are(actor, via, known, party):
    told = {name: name in known.split() for name in ("own", "viewer", "office")}
    assert party_of(actor, via, **told) is party


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
