"""Whoever owns what will expire is told once at sixty, thirty and seven days, and nobody else is."""

from datetime import UTC, datetime, timedelta

import pytest

from doorstep.kernel import documents, expiry, tasks
from doorstep.kernel.declare.notices import Channel, Reach
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.expiry import OPERATOR, Credential, Expiring, expiring, watch
from doorstep.kernel.notices import inbox
from doorstep.kernel.store.models import AccessToken, JournalEntry, Notice
from doorstep.kernel.values.ids import uuid7

END = datetime(2024, 9, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home")]


@pytest.fixture
def watched(monkeypatch):
    """Only what the test watches."""
    monkeypatch.setattr(expiry, "WATCHES", {})
    found = [Expiring("Bank A", "lan", END, Credential.CLIENT_SECRET)]
    watch("tryout.secrets", lambda _at: found)
    return found


def told(subject: str = "lan") -> list[tuple[str, int]]:
    return [(row.given["what"], row.given["days"]) for row in reversed(inbox(Actor(subject)))]


def test_once_each_at_sixty_thirty_and_seven_days(watched):
    counts = []
    for days in range(70, -3, -1):
        tasks.watch_expiry(END - days * DAY)
        tasks.watch_expiry(END - days * DAY + timedelta(hours=6))
        counts.append(len(told()))
    assert told() == [("Bank A", 60), ("Bank A", 30), ("Bank A", 7)]
    assert counts.index(1) == 70 - 60
    assert counts.index(2) == 70 - 30
    assert counts.index(3) == 70 - 7


def test_what_is_watched_late_is_told_at_once_and_not_three_times(watched):
    tasks.watch_expiry(END - 5 * DAY)
    assert told() == [("Bank A", 7)]


def test_what_was_renewed_is_told_of_anew(watched):
    tasks.watch_expiry(END - 7 * DAY)
    watched[0] = Expiring("Bank A", "lan", END + 40 * DAY, Credential.CLIENT_SECRET)
    tasks.watch_expiry(END - 6 * DAY)
    assert told() == [("Bank A", 7), ("Bank A", 60)]


def test_two_things_of_two_owners(watched):
    watched += [Expiring("Bank B", "lan", END), Expiring("Bank A", "minh", END)]
    tasks.watch_expiry(END - 7 * DAY)
    assert sorted(told()) == [("Bank A", 7), ("Bank B", 7)]
    assert told("minh") == [("Bank A", 7)]


def test_each_run_is_journalled_with_the_owners(watched):
    tasks.watch_expiry(END - 7 * DAY)
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.detail, entry.via) == ("kernel.tell_owners", "1 notices", "task")


def test_the_operator_is_told_by_mail(watched, settings):
    settings.OPERATOR = "operator@example.org"
    watched[0] = Expiring("documents.pem", OPERATOR, END, Credential.CERTIFICATE)
    tasks.watch_expiry(END - 7 * DAY)
    row = Notice.objects.get()
    assert (row.channel, row.target) == (Channel.EMAIL, "operator@example.org")


def test_an_owner_is_told_by_the_channel_that_a_system_knows(watched, monkeypatch):
    known = {"lan": Reach("lan", phone="0000123456", channel=Channel.SMS)}
    monkeypatch.setattr(expiry, "reaches", [known.get])
    watched.append(Expiring("Bank A", "minh", END))
    tasks.watch_expiry(END - 7 * DAY)
    assert dict(Notice.objects.values_list("subject", "channel")) == {"lan": Channel.SMS, "minh": Channel.INBOX}


def test_a_list_holds_what_ends_and_what_ended(watched):
    watched[:] = [Expiring(str(days), "lan", END + days * DAY) for days in (61, 60, 1, -1, -60, -61)]
    assert [one.what for one in expiring(END)] == ["-60", "-1", "1", "60"]


def test_a_name_is_watched_once(watched):
    with pytest.raises(ValueError):
        watch("tryout.secrets", lambda _at: [])


def key(label: str, expires: datetime, revoked: datetime | None = None) -> None:
    id_ = uuid7(END)
    AccessToken.objects.create(
        id=id_, digest=id_.bytes, label=label, subject="lan", roles=[], created=END, expires=expires, revoked=revoked
    )


def test_access_keys_are_watched_unless_they_were_taken_back():
    key("soon", END + 5 * DAY)
    key("over", END - 5 * DAY)
    key("far", END + 100 * DAY)
    key("taken back", END + 5 * DAY, revoked=END)
    assert [(one.what, one.owner, one.credential) for one in expiring(END)] == [
        ("over", "lan", Credential.ACCESS_KEY),
        ("soon", "lan", Credential.ACCESS_KEY),
    ]


def test_the_certificate_of_documents_is_watched_once_there_is_one(home):
    at = END - documents.VALID_FOR + 30 * DAY
    assert not expiring(END)
    assert not (home / "keys").exists(), "looking makes none"
    documents.certificate(at)
    (one,) = expiring(END)
    assert (one.owner, one.credential, one.expires) == (OPERATOR, Credential.CERTIFICATE, END + 30 * DAY)
