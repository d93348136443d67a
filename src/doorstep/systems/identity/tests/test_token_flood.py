"""However many tokens are issued, the tables hold what is in force: one row a grant. `DOORSTEP_TOKENS` says how many."""

import os

import pytest
from django.db import connection

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.keys import derived
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import uuid7s
from doorstep.systems.identity.actions import openid as actions
from doorstep.systems.identity.actions.authorization_server import Client, Request
from doorstep.systems.identity.models import Grant, RelyingParty
from doorstep.systems.identity.pages.openid import CLOCK, signing_key
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.rules import openid as rules
from doorstep.systems.identity.rules.openid import Kind
from doorstep.systems.identity.tests.builders import AT, account
from doorstep.systems.identity.tests.relying_party import BACK, CHALLENGE, registered

GRANTS = 100


def size(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [table])
        return cursor.fetchone()[0]


def flood(tokens: int) -> None:
    """Refresh tokens, each used once, turn about over `GRANTS` sign-ins."""
    queries.forget_keys()
    holder, made = account(), registered()
    party = RelyingParty.objects.get(id=made.id)
    ids = list(uuid7s(AT, GRANTS))
    Grant.objects.bulk_create(
        Grant(
            id=one,
            account=holder,
            party=party,
            scope="openid offline_access",
            claims=[],
            in_id_token=[],
            redirect=BACK,
            challenge=CHALLENGE,
            signed=AT,
            level=2,
            methods=["hwk"],
            expires=AT + rules.REFRESH_KEPT,
            exchanged=AT,
        )
        for one in ids
    )
    by = By(Actor(f"client:{party.id}", roles=("identity.relying_party",), via="openid"), AT)
    marking, key = derived("openid tokens"), signing_key("ES256", AT)
    before = 0
    for number in range(tokens):
        asked = {"grant_type": "refresh_token"}
        asked["refresh_token"] = rules.mint(marking, Kind.REFRESH, ids[number % GRANTS], number // GRANTS)
        request = Request(asked, AT)
        request.client, request.key = Client(party), key
        status, body, _ = actions.exchange(by, request)
        assert (status, "refresh_token" in body) == (200, True)
        if number + 1 == min(tokens, 20 * GRANTS):
            before = size("identity_grant")
    after = size("identity_grant")
    told = (
        f"{tokens:,} tokens: {Grant.objects.count()} rows, {before:,} bytes after the first, {after:,} after the last"
    )
    print(told)  # noqa: T201  a soak says what it did
    assert Grant.objects.count() == GRANTS
    # Rows are updated in place (HOT); what a row leaves behind is reused as soon as nobody reads it any more.
    assert after <= max(4 * before, 2_000_000)
    assert actions.forget_grants(By(CLOCK, AT + rules.REFRESH_KEPT * 2)) == GRANTS


@pytest.mark.usefixtures("clock")
def test_refreshing_adds_no_rows():
    flood(500)


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("clock")
def test_a_flood_of_tokens_leaves_the_rows_of_a_hundred_sign_ins():
    flood(int(os.environ.get("DOORSTEP_TOKENS", "100000")))
