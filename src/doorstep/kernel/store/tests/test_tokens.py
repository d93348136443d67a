"""A token stands for its actor until it ends, only its owner ends it, and nobody can read its secret anywhere."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from django.db import connection

from doorstep.kernel.declare import scopes
from doorstep.kernel.declare.scopes import ISSUE_TOKEN, Actor, Role
from doorstep.kernel.store import tokens
from doorstep.kernel.store.models import AccessToken, JournalEntry
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.values.reasons import NotAllowed, NotFound

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _issuer(monkeypatch):
    monkeypatch.setattr(scopes, "ROLES", {**scopes.ROLES})
    Role("tryout.issuer", "Issuer", (ISSUE_TOKEN,))


KEEPER = Actor("keeper", "H38.901", ("tryout.issuer", "tryout.trier"), level=2)
OTHER = msgspec.structs.replace(KEEPER, subject="another")

pytestmark = pytest.mark.django_db


def issue(actor: Actor = KEEPER, label: str = "The till") -> tokens.Issued:
    return tokens.issue_token(By(actor, AT), label)


def everything_stored() -> str:
    """All rows of all tables of the database, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608  names out of the catalogue
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_a_token_stands_for_its_actor():
    issued = issue()
    actor = tokens.bearer(issued.secret, LATER)
    assert (actor.subject, actor.unit, actor.roles) == (KEEPER.subject, KEEPER.unit, KEEPER.roles)
    assert actor.via == f"token:{issued.id}"
    assert actor.level == 1, "a secret in a file is not two factors"
    assert tokens.bearer(issued.secret, LATER) == actor, "it may be used again"


def test_two_tokens_differ_and_each_ends_alone():
    one, other = issue(), issue(label="The app")
    assert one.secret != other.secret
    assert {row.label for row in tokens.tokens_of(KEEPER)} == {"The till", "The app"}
    tokens.revoke_token(By(KEEPER, LATER), one.id)
    assert tokens.bearer(one.secret, LATER) is None
    assert tokens.bearer(other.secret, LATER) is not None
    assert [row.label for row in tokens.tokens_of(KEEPER)] == ["The app"]
    assert not tokens.tokens_of(OTHER)


def test_it_expires_after_a_year_to_the_instant():
    issued = issue()
    assert issued.expires == AT + tokens.LIFETIME
    assert tokens.bearer(issued.secret, issued.expires - timedelta(microseconds=1)) is not None
    assert tokens.bearer(issued.secret, issued.expires) is None


@pytest.mark.parametrize("change", [str.upper, lambda s: s[:-1], lambda s: f"{s} ", lambda s: s.removeprefix("ds_")])
def test_only_the_whole_secret_opens(change):
    assert tokens.bearer(change(issue().secret), LATER) is None


@pytest.mark.parametrize("presented", ["", "ds_", "ds_'; DROP TABLE kernel_accesstoken; --", "\x00", "ü" * 5000])
def test_what_never_was_a_secret_opens_nothing(presented):
    issue()
    assert tokens.bearer(presented, LATER) is None


def test_nobody_else_revokes_it_nor_learns_that_it_is_there():
    issued = issue()
    refusals = []
    for token in (issued.id, str(uuid4())):
        with pytest.raises(NotFound) as refused:
            tokens.revoke_token(By(OTHER, LATER), token)
        refusals.append(refused.value.reasons)
    assert refusals[0] == refusals[1]
    assert tokens.bearer(issued.secret, LATER) is not None


def test_it_is_revoked_once_and_the_journal_says_when():
    issued = issue()
    tokens.revoke_token(By(KEEPER, LATER), issued.id)
    with pytest.raises(NotFound):
        tokens.revoke_token(By(KEEPER, LATER), issued.id)
    assert AccessToken.objects.get().revoked == LATER
    entries = [(entry.action, entry.actor, entry.detail) for entry in JournalEntry.objects.order_by("id")]
    assert entries == [
        ("kernel.issue_token", "keeper", f"token {issued.id}"),
        ("kernel.revoke_token", "keeper", f"token {issued.id}"),
    ]


@pytest.mark.parametrize("token", ["", "nonsense", "0", "%00"])
def test_what_is_no_number_of_a_token_is_not_found(token):
    with pytest.raises(NotFound):
        tokens.revoke_token(By(KEEPER, LATER), token)


def test_without_the_scope_no_token():
    with pytest.raises(NotAllowed):
        issue(Actor("keeper", roles=("tryout.trier",)))
    assert not AccessToken.objects.exists()


def test_the_secret_is_written_nowhere():
    secret = issue().secret
    stored = everything_stored()
    assert "The till" in stored, "the tables were read"
    for text in (secret, secret.removeprefix("ds_"), secret.encode().hex()):
        assert text not in stored
    assert hashlib.sha256(secret.encode()).hexdigest() in stored


def test_no_answer_under_a_key_keeps_the_secret():
    with pytest.raises(TypeError):
        tokens.issue_token(By(KEEPER, AT, Once("key", b"digest")), "The till")
    assert not AccessToken.objects.exists()


def test_the_secret_is_not_spelled_in_repr():
    issued = issue()
    assert issued.secret not in repr(issued)
    assert f"{issued.secret}".startswith("ds_")


def test_a_long_label_is_cut():
    issue(label="x" * 1000)
    assert AccessToken.objects.get().label == "x" * 100
