"""Tokens, redirect addresses and what a request wants: by vectors and by whatever hypothesis thinks of."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, RSAKey

from doorstep.systems.identity.rules import openid, signing_keys
from doorstep.systems.identity.rules.openid import Kind, RequestFault
from doorstep.systems.identity.rules.signing_keys import Turn
from doorstep.systems.identity.tests.builders import AT

ISSUER = "https://id.example/identity"


@given(st.binary(min_size=32, max_size=32), st.sampled_from(Kind), st.uuids(), st.integers(0, 2**48 - 1))
def test_a_token_is_read_as_it_was_made(key: bytes, kind: Kind, grant: UUID, number: int):
    assert openid.read_token(key, openid.mint(key, kind, grant, number)) == (kind, grant, number)


@given(st.uuids(), st.integers(0, 60), st.sampled_from("abcdefghijklmnopqrstuvwxyzABCXYZ0189-_"))
def test_a_token_with_one_character_changed_is_nobodys(grant: UUID, place: int, letter: str):
    token = openid.mint(b"k" * 32, Kind.ACCESS, grant, 7)
    changed = token[:place] + letter + token[place + 1 :]
    assert changed == token or openid.read_token(b"k" * 32, changed) is None


@given(st.text(max_size=120))
def test_no_text_crashes_the_reader(text: str):
    assert openid.read_token(b"k" * 32, text) is None


@pytest.mark.parametrize(
    "address",
    [
        "http://clinic.example/back",
        "https://clinic.example/back#part",
        "https://user@clinic.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//clinic.example",
        "https://",
        "https://clinic.example/ space",
        "https://klinik.beispiel-ü.example/",
        "https://clinic.example:0/",
        "https://clinic.example:99999/",
        'https://clinic.example/"onload',
        "https://clinic.example\\@evil.example/",
    ],
)
def test_an_address_that_could_lead_elsewhere_is_refused(address: str):
    assert "identity.redirect_invalid" in [r.code for r in openid.check_party("a", "b", [address], [])]


def test_good_addresses_on_one_host():
    assert not openid.check_party(
        "a", "b", ["https://a.example/x?y=1", "https://a.example:8443/"], ["http://localhost/"]
    )
    two = openid.check_party("a", "b", ["https://a.example/", "https://b.example/"], [])
    assert [one.code for one in two] == ["identity.redirect_hosts"]
    assert [one.code for one in openid.check_party(" ", "b", [], [])] == [
        "identity.party_incomplete",
        "identity.redirect_invalid",
    ]


@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_request_asks_is_read_or_refused(claims: str, acr: str, age: str):
    try:
        wanted = openid.read_wanted({"claims": claims, "acr_values": acr, "max_age": age}, ["name"], ISSUER)
    except RequestFault as fault:
        error, learned = fault.error, set()
    else:
        error, learned = "", set(wanted.claims)
    assert error in {"", "invalid_request", "unmet_authentication_requirements"}
    assert learned <= {"name"}


@pytest.mark.parametrize(
    "claims",
    [
        '{"id_token": {"acr": {"values": 3}}}',
        '{"id_token": []}',
        '{"id_token": {"name": 3}}',
        '{"userinfo": null}',
        "[]",
        '"x"',
    ],
)
def test_claims_of_a_wrong_shape_are_refused(claims: str):
    with pytest.raises(RequestFault):
        openid.read_wanted({"claims": claims}, ["name"], ISSUER)


def test_levels_needed_and_preferred():
    needed = json.dumps({"id_token": {"acr": {"essential": True, "values": [openid.acr(2, ISSUER)]}}})
    assert openid.read_wanted({"claims": needed}, [], ISSUER).level_essential
    preferred = openid.read_wanted({"acr_values": f"urn:x {openid.acr(2, ISSUER)} {openid.acr(1, ISSUER)}"}, [], ISSUER)
    assert (preferred.level, preferred.level_essential) == (2, False)


def test_a_key_is_made_before_its_turn_and_stays_after():
    first = signing_keys.due([], "ES256", AT)
    assert first == (AT - signing_keys.EARLIER, AT + signing_keys.SIGNS)
    turns = [Turn(UUID(int=1), "ES256", *first)]
    assert signing_keys.due(turns, "ES256", AT + timedelta(days=82)) is None
    ahead = AT + timedelta(days=84)
    second = signing_keys.due(turns, "ES256", ahead)
    turns.append(Turn(UUID(int=2), "ES256", *second))
    assert signing_keys.signing(turns, "ES256", ahead).id == UUID(int=1)
    assert signing_keys.signing(turns, "ES256", AT + timedelta(days=91)).id == UUID(int=2)
    assert signing_keys.signing(turns, "RS256", ahead) is None


def test_a_key_without_a_successor_is_overdue():
    es, rs = (Turn(UUID(int=n), name, AT, AT + signing_keys.SIGNS) for n, name in ((1, "ES256"), (2, "RS256")))
    end = AT + signing_keys.SIGNS
    for days, overdue in ((60, []), (7, []), (6, [es, rs]), (0, [es, rs]), (-30, [es, rs])):
        assert signing_keys.overdue([rs, es], end - timedelta(days=days)) == overdue[::-1], days
    after = Turn(UUID(int=3), "ES256", end, end + signing_keys.SIGNS)
    assert signing_keys.overdue([after, es, rs], end) == [rs]
    assert signing_keys.overdue([], end) == []


@pytest.mark.parametrize("algorithm", openid.ALGORITHMS)
def test_a_private_key_is_sealed(algorithm: str):
    key = signing_keys.new_key(algorithm, "k")
    text = signing_keys.sealed(b"s" * 32, key)
    assert signing_keys.unsealed(b"s" * 32, text).as_dict(private=True) == key.as_dict(private=True)
    with pytest.raises(signing_keys.JoseError):
        signing_keys.unsealed(b"t" * 32, text)


def as_set(*keys) -> str:
    return json.dumps({"keys": keys})


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_public_keys_of_a_party():
    good = ECKey.generate_key("P-256", {"kid": "a"})
    assert not signing_keys.check_keys(as_set(good.as_dict(private=False)))
    for wrong in (
        "",
        "{}",
        "[1]",
        '{"keys": []}',
        '{"keys": [{"kty": "EC"}]}',
        as_set(good.as_dict(private=True)),
        as_set(ECKey.generate_key("P-256").as_dict(private=False, kid=None)),
        as_set(OctKey.generate_key(256, {"kid": "a"}).as_dict()),
        as_set(RSAKey.generate_key(1024, {"kid": "a"}).as_dict(private=False)),
        "[" * 100_000,
    ):
        assert [one.code for one in signing_keys.check_keys(wrong)] == ["identity.keys_invalid"], wrong[:60]
