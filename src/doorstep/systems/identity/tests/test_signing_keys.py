"""The keys that sign ID tokens are watched: nobody hears of them as long as they turn by themselves."""

from datetime import timedelta

import pytest

from doorstep.kernel.expiry import OPERATOR, expiring
from doorstep.kernel.store import journal
from doorstep.kernel.testing.concurrency import at_once
from doorstep.systems.identity import tasks
from doorstep.systems.identity.pages.openid import signing_key
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.rules.signing_keys import SIGNS
from doorstep.systems.identity.tests.builders import AT

pytestmark = pytest.mark.django_db


def turned(days: int) -> None:
    queries.forget_keys()
    tasks.turn_keys(AT + timedelta(days=days))


def ending(days: int) -> list[tuple[str, str, timedelta]]:
    found = (one for one in expiring(AT + timedelta(days=days)) if one.what.startswith("ID tokens"))
    return sorted((one.what, one.owner, one.expires - AT) for one in found)


def test_keys_that_turn_no_more_are_found_before_they_end():
    turned(0)
    stopped = [("ID tokens, ES256", OPERATOR, SIGNS), ("ID tokens, RS256", OPERATOR, SIGNS)]
    assert [ending(days) for days in (0, 30, 60, 83)] == [[]] * 4
    assert [ending(days) for days in (84, 90, 120)] == [stopped] * 3


def test_keys_that_turn_are_nobodys_task():
    turned(0)
    turned(85)
    assert [ending(days) for days in (85, 89, 91, 120)] == [[]] * 4


def test_before_the_first_key_there_is_nothing_to_watch():
    assert ending(0) == []


@pytest.mark.django_db(transaction=True)
def test_the_first_key_is_found_though_somebody_read_just_before_it_was_there(monkeypatch):
    queries.forget_keys()
    write = journal.write_rows

    def read_meanwhile(rows) -> None:
        assert at_once(lambda: queries.turns(AT)) == [()]
        write(rows)

    monkeypatch.setattr(journal, "write_rows", read_meanwhile)
    assert signing_key("ES256", AT)
