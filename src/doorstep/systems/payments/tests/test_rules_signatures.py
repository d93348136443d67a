"""Signed requests: the RFC's own vector, and each way in which a message is not what its bank signed."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from http_message_signatures import HTTPMessageSigner
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from doorstep.kernel.values.reasons import NotAllowed, Refused
from doorstep.systems.payments.rules import signatures
from doorstep.systems.payments.rules.signatures import Key, Signed, check, read_keys, sign

AT = datetime(2026, 3, 2, 4, 5, 6, tzinfo=UTC)
URL = "https://pay.example.org/payments/bank/callback"
VECTOR_KEY = {  # RFC 9421, B.1.4
    "kty": "OKP",
    "crv": "Ed25519",
    "kid": "test-key-ed25519",
    "d": "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
    "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
}
VECTOR_SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="


def key_of(told: dict) -> Key:
    return read_keys(msgspec.json.encode({"keys": [told]}))[told["kid"]]


def made(kid: str = "bank-1", kind=OKPKey, curve: str = "Ed25519", **more) -> Key:
    return key_of({**kind.generate_key(curve, private=True).as_dict(private=True), "kid": kid, **more})


KEY = made()
KEYS = {KEY.keyid: KEY}


def signed(key: Key = KEY, at: datetime = AT, nonce: str = "n1", **changes) -> Signed:
    request = Signed("POST", URL, {"Content-Type": "application/json"}, b'{"credits": []}')
    sign(request, key, at, nonce)
    return msgspec.structs.replace(request, **changes)


def refusal(request: Signed, keys=KEYS, at: datetime = AT) -> str:
    with pytest.raises((NotAllowed, Refused)) as raised:
        check(request, keys, at)
    (why,) = raised.value.reasons
    return why.code.removeprefix("payments.")


def test_the_vector_of_the_rfc():
    """RFC 9421, B.2.6: Ed25519 is deterministic, so that signing gives the RFC's bytes."""
    headers = {
        "Host": "example.com",
        "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "Content-Type": "application/json",
        "Content-Digest": "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
        "Content-Length": "18",
    }
    request = Signed("POST", "https://example.com/foo?param=Value&Pet=dog", headers, b'{"hello": "world"}')
    key = key_of(VECTOR_KEY)
    HTTPMessageSigner(signature_algorithm=key.algorithm, key_resolver=signatures._Own(key)).sign(
        request,
        key_id=key.keyid,
        created=datetime.fromtimestamp(1618884473, UTC),
        label="sig-b26",
        include_alg=False,
        use_existing_digest=True,
        covered_component_ids=("date", "@method", "@path", "@authority", "content-type", "content-length"),
    )
    assert request.headers["Signature"] == f"sig-b26=:{VECTOR_SIGNATURE}:"
    at = datetime.fromtimestamp(1618884473, UTC)
    assert refusal(request, {key.keyid: key}, at) == "covers_too_little"  # without a nonce


@pytest.mark.parametrize("key", [KEY, made("bank-2", ECKey, "P-256")], ids=["Ed25519", "P-256"])
def test_what_a_bank_signed(key):
    proof = check(signed(key), {**KEYS, key.keyid: key}, AT + timedelta(minutes=4))
    assert (proof.key.keyid, proof.nonce) == (key.keyid, "n1")
    assert proof.until >= AT + 2 * signatures.WINDOW


def test_a_question_without_content():
    request = Signed("GET", "https://bank.example.org/credits?after=7", {})
    sign(request, KEY, AT, "n1")
    assert "Content-Digest" not in request.headers
    assert refusal(request) == "covers_too_little"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"headers": {}}, "signature_missing"),
        ({"headers": {**signed().headers, "Signature": "sig=:AAAA:"}}, "signature_wrong"),
        ({"headers": {**signed().headers, "Signature": "sig=17"}}, "signature_missing"),
        ({"headers": {**signed().headers, "Signature-Input": "sig=("}}, "signature_missing"),
        ({"headers": {**signed().headers, "Content-Type": "text/plain"}}, "signature_wrong"),
        ({"url": URL.replace("callback", "other")}, "signature_wrong"),
        ({"url": URL + "?more=1"}, "signature_wrong"),
        ({"url": URL.replace("pay.", "pay2.")}, "signature_wrong"),
        ({"url": "no address"}, "signature_wrong"),
        ({"method": "PUT"}, "signature_wrong"),
        ({"body": b'{"credits": [1]}'}, "digest_wrong"),
        ({"body": b'{"credi'}, "digest_wrong"),
        ({"body": b""}, "digest_wrong"),
    ],
)
def test_what_the_bank_did_not_sign(changes, why):
    assert refusal(signed(**changes)) == why


def test_one_signature_and_no_more():
    """A label is not signed, so that whoever saw a message could say its signature twice."""
    twice = {
        name: f"{value}, {value.replace('sig=', 'again=')}" for name, value in signed().headers.items() if "Sig" in name
    }
    assert refusal(signed(headers={**signed().headers, **twice})) == "signature_missing"


def test_a_digest_that_was_changed_with_the_content():
    other = signed(nonce="n2")
    forged = signed(body=b'{"credits": [9]}')
    fresh = Signed("POST", URL, {"Content-Type": "application/json"}, forged.body)
    sign(fresh, made("attacker"), AT, "n1")
    forged.headers["Content-Digest"] = fresh.headers["Content-Digest"]
    assert refusal(forged) == "signature_wrong"
    assert refusal(fresh) == "key_unknown"
    assert (
        refusal(
            msgspec.structs.replace(
                fresh, headers={**fresh.headers, "Signature-Input": other.headers["Signature-Input"]}
            )
        )
        == "signature_wrong"
    )


@pytest.mark.parametrize("away", [timedelta(minutes=6), timedelta(minutes=-6), timedelta(days=900)])
def test_stale_and_early(away):
    assert refusal(signed(), at=AT + away) == "signature_stale"


def test_keys_serve_for_their_time_only():
    key = made("k", nbf=int(AT.timestamp()), exp=int((AT + timedelta(minutes=2)).timestamp()))
    keys = {"k": key}
    assert check(signed(key), keys, AT).key.keyid == "k"
    assert refusal(signed(key), keys, AT - timedelta(seconds=1)) == "key_unknown"
    assert refusal(signed(key), keys, AT + timedelta(minutes=2)) == "key_unknown"


def test_a_key_of_the_same_name_and_of_another_kind():
    assert refusal(signed(made(KEY.keyid))) == "signature_wrong"
    assert refusal(signed(made(KEY.keyid, ECKey, "P-256"))) == "signature_wrong"


@pytest.mark.parametrize(
    ("covered", "nonce", "passes"),
    [
        (("@method", "@authority", "@path", "content-digest", "content-type"), "n", True),
        (("@method", "@path", "content-digest", "content-type"), "n", False),
        (("@authority", "@path", "content-digest", "content-type"), "n", False),
        (("@method", "@target-uri", "content-type"), "n", False),
        (("@method", "@target-uri", "content-digest"), "n", False),
        (("@method", "@target-uri", "content-digest", "content-type"), None, False),
        (("@method", "@target-uri", "content-digest", "content-type"), "n" * 201, False),
    ],
)
def test_what_has_to_be_covered(covered, nonce, passes):
    request = Signed("POST", URL, {"Content-Type": "application/json"}, b"{}")
    request.headers["Content-Digest"] = signed(body=b"{}").headers["Content-Digest"]
    fresh = Signed("POST", URL, {"Content-Type": "application/json"}, b"{}")
    sign(fresh, KEY, AT, "n")
    request.headers["Content-Digest"] = fresh.headers["Content-Digest"]
    HTTPMessageSigner(signature_algorithm=KEY.algorithm, key_resolver=signatures._Own(KEY)).sign(
        request, key_id=KEY.keyid, created=AT, nonce=nonce, covered_component_ids=covered, use_existing_digest=True
    )
    if passes:
        assert check(request, KEYS, AT).nonce == nonce
    else:
        assert refusal(request) == "covers_too_little"


def test_a_query_that_is_not_covered():
    request = Signed("POST", f"{URL}?a=1", {"Content-Type": "application/json"}, b"{}")
    covered = ("@method", "@authority", "@path", "content-type", "content-digest")
    HTTPMessageSigner(signature_algorithm=KEY.algorithm, key_resolver=signatures._Own(KEY)).sign(
        request, key_id=KEY.keyid, created=AT, nonce="n", covered_component_ids=covered, body=b"{}"
    )
    assert refusal(request) == "covers_too_little"


headers = st.dictionaries(
    st.sampled_from(["Signature", "Signature-Input", "Content-Digest", "Content-Type"]),
    st.one_of(
        st.text(max_size=60),
        st.text('sig=();"@method" :,created=1keyid"bank-1"nonce\\?', max_size=80),
        st.sampled_from([*signed().headers.values(), 'sig=("@method");created=99999999999999999999;keyid="bank-1"']),
    ),
)


@given(headers, st.binary(max_size=40))
def test_whatever_comes_is_refused_in_words(odd, body):
    request = signed(body=body)
    request.headers.update(odd)
    if (request.headers, request.body) != (signed().headers, signed().body):
        assert refusal(request)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{}]}', b'{"keys": [{"kty": "RSA", "kid": "a"}]}', b"\xff",
        msgspec.json.encode({"keys": [{**VECTOR_KEY, "kid": ""}]}),
        msgspec.json.encode({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "AA"}]}),
        msgspec.json.encode({"keys": [{**VECTOR_KEY, "exp": "soon"}]}),
        msgspec.json.encode({"keys": [{**VECTOR_KEY, "exp": 10**30}]}),
        msgspec.json.encode({"keys": [VECTOR_KEY, VECTOR_KEY]}),
    ],
)  # fmt: skip
def test_files_that_hold_no_keys(content):
    with pytest.raises(ValueError, match=r"[Kk]ey"):
        read_keys(content)
