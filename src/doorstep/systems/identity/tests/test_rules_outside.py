"""What is believed of an outside provider: by vectors and by whatever hypothesis thinks of."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, KeySet

from doorstep.systems.identity.rules import outside
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.outside import Kind, Proof, Reading
from doorstep.systems.identity.tests.builders import AT

ISSUER = "https://id.example/op"
PLACES = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize?tenant=1",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}
READING = Reading({"number": "nin", "name": "name"}, {"urn:high": 2, "urn:low": 1})
STAFF = Reading({"login": "sub"}, {"urn:high": 2})
KEYS = KeySet([ECKey.generate_key("P-256", {"kid": "k1"})])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("issuer", "public", "fits"),
    [
        (ISSUER, True, True),
        ("http://localhost:9000/op", False, True),
        ("http://localhost:9000/op", True, False),
        ("http://id.example", False, False),
        (f"{ISSUER}?a=b", True, False),
        (f"{ISSUER}#a", True, False),
        ("https://user@id.example", True, False),
        ("ftp://id.example", True, False),
        ("", True, False),
    ],
)
def test_issuers(issuer: str, public: object, fits: object):
    assert (outside.check_issuer(issuer, public=bool(public)) == []) is fits


def test_where_an_issuer_describes_itself():
    for issuer in (ISSUER, f"{ISSUER}/"):
        assert outside.description(issuer) == f"{ISSUER}/.well-known/openid-configuration"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": f"{ISSUER}/"},
        {"token_endpoint": None},
        {"token_endpoint": "http://id.example/token"},
        {"jwks_uri": "https://id.example/keys#x"},
        {"userinfo_endpoint": "javascript:alert(1)"},
        {"claims_parameter_supported": "yes"},
    ],
)
def test_descriptions_that_do_not_fit(changes: dict):
    assert outside.read_discovery(msgspec.json.encode(PLACES), ISSUER, public=True)
    assert outside.read_discovery(msgspec.json.encode({**PLACES, **changes}), ISSUER, public=True) is None


@given(st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_nothing_that_comes_crashes_the_readers(content: bytes):
    assert outside.read_discovery(content, ISSUER, public=False) is None
    keys = outside.read_keys(content)
    assert keys is None or keys.keys == []


@given(st.text(max_size=100))
def test_no_token_crashes_the_reader(token: str):
    assert outside.names_unknown_key(token, KEYS) in {True, False}
    found = outside.read_id_token(token, KEYS, issuer=ISSUER, client="c", nonce="n", at=AT)
    assert found is Cause.OUTSIDE_SIGNATURE


def test_the_way_there_keeps_what_the_provider_put_into_its_address():
    there = outside.read_discovery(msgspec.json.encode(PLACES), ISSUER, public=True)
    assert there
    address = outside.authorization_address(there, READING, "c&d", "https://here.example/back/", b"k" * 32, "s1")
    assert address.startswith(f"{ISSUER}/authorize?tenant=1&response_type=code&client_id=c%26d&")
    assert "acr_values=urn%3Ahigh+urn%3Alow" in address
    assert "claims=" not in address, "the provider does not say that it knows the parameter"
    other = outside.authorization_address(there, READING, "c&d", "https://here.example/back/", b"k" * 32, "s2")
    assert address.partition("nonce=")[2] != other.partition("nonce=")[2]


@given(st.text(max_size=30), st.text(max_size=30))
def test_only_the_own_state_is_an_answer(state: str, code: str):
    there = outside.read_discovery(msgspec.json.encode(PLACES), ISSUER, public=True)
    assert there
    cause = outside.check_answer({"state": state, "code": code}, there, "the-state")
    assert cause is (Cause.OUTSIDE_STATE if state != "the-state" else None if code else Cause.OUTSIDE_NO)


@pytest.mark.parametrize(
    ("claims", "more", "reading", "kind", "found"),
    [
        (
            {"nin": "012", "name": "A", "acr": "urn:low"},
            {},
            READING,
            Kind.EID,
            Proof("s", {"number": "012", "name": "A"}, 1),
        ),
        (
            {"nin": 12, "name": " A ", "acr": "urn:high"},
            {},
            READING,
            Kind.EID,
            Proof("s", {"number": "12", "name": "A"}, 2),
        ),
        (
            {"acr": "urn:low"},
            {"sub": "s", "nin": "1", "name": "B"},
            READING,
            Kind.EID,
            Proof("s", {"number": "1", "name": "B"}, 1),
        ),
        ({"acr": "urn:low"}, {"sub": "t", "nin": "1", "name": "B"}, READING, Kind.EID, Cause.OUTSIDE_CLAIM),
        ({"acr": "urn:low"}, {"nin": "1", "name": "B"}, READING, Kind.EID, Cause.OUTSIDE_CLAIM),
        ({"nin": True, "name": "A", "acr": "urn:low"}, {}, READING, Kind.EID, Cause.OUTSIDE_CLAIM),
        ({"nin": "1\x00", "name": "A", "acr": "urn:low"}, {}, READING, Kind.EID, Cause.OUTSIDE_CLAIM),
        ({"nin": "1", "name": "A", "acr": "urn:none"}, {}, READING, Kind.EID, Cause.OUTSIDE_LEVEL),
        ({}, {}, STAFF, Kind.STAFF, Proof("s", {"login": "s"}, 1)),
        (
            {"acr": "urn:high", "amr": ["otp", 3, ["x"], "own"]},
            {},
            STAFF,
            Kind.STAFF,
            Proof("s", {"login": "s"}, 2, ("otp",)),
        ),
    ],
)
def test_what_is_proved(claims: dict, more: dict, reading: Reading, kind: Kind, found: object):
    assert outside.proof({"sub": "s", **claims}, more, reading, kind) == found


@given(JSON, JSON, JSON, JSON)
def test_no_claim_crashes_the_proof(number, name, acr, amr):
    found = outside.proof({"sub": "s", "nin": number, "name": name, "acr": acr, "amr": amr}, {}, READING, Kind.EID)
    assert isinstance(found, Cause) or found.level in {1, 2}


@pytest.mark.parametrize(
    ("told", "same"),
    [
        ({}, True),
        ({"name": "VÍ DỤ NGUYỄN"}, True),
        ({"name": "Nguyen Vi Du", "birth": "1990-05-21"}, True),
        ({"name": "Nguyễn Ví"}, False),
        ({"birth": "1990-05-22"}, False),
        ({"birth": "soon"}, False),
    ],
)
def test_name_and_birth_are_the_registers(told: dict, same: object):
    assert outside.agrees(told, "Nguyễn Ví Dụ", date(1990, 5, 21)) is same


def test_a_staff_name_ends_with_its_directory():
    assert outside.staff_login("Lan Nguyen", "https://Login.Moh.example/x") == "lannguyen@login.moh.example"


@pytest.mark.parametrize(
    ("text", "found", "bad"),
    [
        ("number = nin\n\n name=name ", {"number": "nin", "name": "name"}, []),
        ("https://id.example/level?a=1=2", {"https://id.example/level?a=1": "2"}, []),
        ("number", {"": "number"}, [1]),
        ("a=b\n=c\nd=\na=e", {"a": "e", "": "c", "d": ""}, [2, 3, 4]),
    ],
)
def test_pairs_of_lines(text: str, found: dict, bad: list[int]):
    read, reasons = outside.read_pairs(text, "claims")
    assert read == found
    assert [one.line for one in reasons] == bad
    if not bad:
        assert outside.read_pairs(outside.pairs(read), "claims") == (read, [])
