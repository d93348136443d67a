"""Passwords, passcodes and codes, by vectors."""

from datetime import date

import pytest

from doorstep.kernel.values.reasons import Unavailable
from doorstep.profiles.testland.identity import country as of_testland
from doorstep.profiles.vietnam.identity import SECRETS
from doorstep.systems.identity.rules import secrets

(VIETNAM,) = SECRETS
TESTLAND = of_testland(fictitious=True).secrets[0]
BORN = date(1990, 5, 21)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Correct-Horse7", []),
        ("Short-7", ["identity.password_length"]),
        ("Much-too-long-for-the-rule-7", ["identity.password_length"]),
        ("correct-horse7", ["identity.password_kinds"]),
        ("CORRECT-HORSE7", ["identity.password_kinds"]),
        ("Correct-Horses", ["identity.password_kinds"]),
        ("CorrectHorse77", ["identity.password_kinds"]),
        ("Nguyen-900090", ["identity.password_names"]),
        ("Ngựa-Đúng-7", []),
    ],
)
def test_a_password(text, codes):
    names = ("nguyen", "van", "900090000123")
    assert [one.code for one in secrets.check_password(text, VIETNAM, names=names)] == codes


def test_another_country_asks_for_something_else():
    assert secrets.check_password("correct horse battery", TESTLAND) == []
    assert [one.code for one in secrets.check_passcode("803615", TESTLAND)] == ["identity.passcode_shape"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("803615", None),
        ("80361", "identity.passcode_shape"),
        ("80361a", "identity.passcode_shape"),
        ("８０３６１５", "identity.passcode_shape"),
        ("111111", "identity.passcode_easy"),
        ("123456", "identity.passcode_easy"),
        ("890123", "identity.passcode_easy"),
        ("654321", "identity.passcode_easy"),
        ("210590", "identity.passcode_easy"),
        ("900521", "identity.passcode_easy"),
    ],
)
def test_a_passcode(text, code):
    assert [one.code for one in secrets.check_passcode(text, VIETNAM, birth=BORN)] == ([code] if code else [])


def test_a_secret_is_kept_as_argon2id_and_matches_itself_only():
    kept = secrets.hashed("Correct-Horse7")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert secrets.hashed("Correct-Horse7") != kept
    assert secrets.matches("Correct-Horse7", kept)
    assert not secrets.matches("Correct-Horse8", kept)
    assert not secrets.matches("", "")


def test_a_code_is_kept_for_its_subject_and_purpose():
    code = secrets.new_code()
    assert len(code) == 6
    assert code.isdigit()
    digests = {
        secrets.code_digest(key, subject, purpose, code)
        for key in (b"a", b"b")
        for subject in ("x", "y")
        for purpose in ("p", "q")
    }
    assert len(digests) == 8


def test_hashing_leaves_threads_for_pages():
    for _ in range(secrets.AT_ONCE + secrets.WAITING):
        secrets._seats.acquire()
    try:
        with pytest.raises(Unavailable):
            secrets.matches("x", "")
    finally:
        for _ in range(secrets.AT_ONCE + secrets.WAITING):
            secrets._seats.release()
    assert not secrets.matches("x", "")
