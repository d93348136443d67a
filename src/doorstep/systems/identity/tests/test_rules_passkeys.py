"""Passkeys: what a device's answer proves, and what it does not."""

from datetime import timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from doorstep.systems.identity.rules import passkeys
from doorstep.systems.identity.rules.passkeys import PASSKEY_REFUSED, Party
from doorstep.systems.identity.simulation.passkeys import SoftPasskey, challenge_of
from doorstep.systems.identity.tests.builders import AT, PARTY

KEY = b"k" * 32
ORIGIN = PARTY.origins[0]


def made():
    device = SoftPasskey(ec.generate_private_key(ec.SECP256R1()), b"credential-1")
    challenge = passkeys.new_challenge(KEY, AT)
    options = passkeys.creation_options(PARTY, "Doorstep", b"user", "lan", challenge, [])
    return device, passkeys.read_new(PARTY, device.make(options, ORIGIN), challenge)


def check(new, answer, challenge, party=PARTY, count=0):
    return passkeys.check_answer(party, answer, challenge, public_key=new.public_key, sign_count=count)


def test_a_passkey_is_made_and_used():
    device, new = made()
    options = passkeys.request_options(PARTY, passkeys.new_challenge(KEY, AT))
    answer = device.use(options, ORIGIN)
    assert passkeys.read_answer(answer) == (b"credential-1", challenge_of(options))
    assert check(new, answer, challenge_of(options)) == 1


@pytest.mark.parametrize(
    ("origin", "host"),
    [("https://evil.example", "localhost"), ("http://localhost:8001", "localhost"), (ORIGIN, "evil.example")],
)
def test_a_passkey_of_another_origin_is_refused(origin, host):
    device, new = made()
    options = passkeys.request_options(Party(host, (origin,)), passkeys.new_challenge(KEY, AT))
    assert check(new, device.use(options, origin), challenge_of(options)) == PASSKEY_REFUSED()


def test_another_challenge_another_key_and_a_counter_that_went_back_are_refused():
    device, new = made()
    options = passkeys.request_options(PARTY, passkeys.new_challenge(KEY, AT))
    answer = device.use(options, ORIGIN)
    _, stranger = made()
    assert check(new, answer, b"another") == PASSKEY_REFUSED()
    assert check(stranger, answer, challenge_of(options)) == PASSKEY_REFUSED()
    assert check(new, answer, challenge_of(options), count=7) == PASSKEY_REFUSED()


def test_a_challenge_is_ours_and_holds_for_minutes():
    challenge = passkeys.new_challenge(KEY, AT)
    assert passkeys.challenge_lasts(KEY, challenge, AT) == AT + passkeys.CHALLENGE_KEPT
    assert passkeys.challenge_lasts(KEY, challenge, AT + timedelta(minutes=5)) is None
    assert passkeys.challenge_lasts(b"x" * 32, challenge, AT) is None
    assert passkeys.challenge_lasts(KEY, challenge[:-1] + b"\0", AT) is None
    assert passkeys.challenge_lasts(KEY, b"", AT) is None


@given(
    st.text()
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: msgspec.json.encode(v).decode())
)
def test_whatever_comes_is_an_answer_or_none(text):
    assert passkeys.read_answer(text) is None
    assert passkeys.read_new(PARTY, text, b"c") == PASSKEY_REFUSED()
    assert check_any(text) == PASSKEY_REFUSED()


def test_an_answer_of_nothing_but_brackets_is_none():
    deep = "[" * 20_000
    assert passkeys.read_answer(deep) is None
    assert passkeys.read_new(PARTY, deep, b"c") == check_any(deep) == PASSKEY_REFUSED()


_, KNOWN = made()


def check_any(text):
    return check(KNOWN, text, b"c")
