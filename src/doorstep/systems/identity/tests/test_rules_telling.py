"""How a person is told, by vectors."""

import pytest

from doorstep.kernel.declare.notices import Channel
from doorstep.systems.identity.rules import telling
from doorstep.systems.identity.rules.telling import channel_of, channels

INBOX, SMS, EMAIL, LETTER = Channel
HOME = ("Lan", "12 Đường Ví Dụ")


@pytest.mark.parametrize(
    ("known", "opened"),
    [
        (("", ""), [INBOX]),
        (("0000123456", ""), [INBOX, SMS]),
        (("", "lan@example.org", HOME, "H38.901"), [INBOX, EMAIL, LETTER]),
        (("", "", HOME, ""), [INBOX]),
        (("", "", (), "H38.901"), [INBOX]),
    ],
)
def test_which_ways_are_open(known, opened):
    assert channels(*known) == opened


@pytest.mark.parametrize(
    ("choice", "opened", "holds"),
    [
        ("", (INBOX, SMS, EMAIL, LETTER), SMS),
        ("", (INBOX, EMAIL, LETTER), EMAIL),
        ("", (INBOX, LETTER), INBOX),
        ("letter", (INBOX, SMS, LETTER), LETTER),
        ("inbox", (INBOX, SMS), INBOX),
        ("letter", (INBOX, SMS), SMS),
        ("pigeon", (INBOX, EMAIL), EMAIL),
    ],
)
def test_a_choice_holds_as_long_as_it_is_open(choice, opened, holds):
    assert channel_of(choice, opened) is holds


def test_no_other_usual_way_is_used_than_the_one_named():
    assert channel_of("", (INBOX, SMS), (EMAIL,)) is INBOX


def test_what_speaks_against_a_choice():
    assert telling.check_choice(SMS, [INBOX, SMS], "ar", {"vi", "ar"}) == []
    found = telling.check_choice(LETTER, [INBOX, SMS], "xx", {"vi", "ar"})
    assert [(one.code, one.field) for one in found] == [
        ("identity.channel_closed", "channel"),
        ("identity.language_unknown", "language"),
    ]
