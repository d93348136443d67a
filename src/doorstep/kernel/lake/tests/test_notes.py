"""Notes and checkpoints have one reading, and a key one owner."""

import base64
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from doorstep.kernel.lake.merkle import EMPTY_ROOT
from doorstep.kernel.lake.notes import Head, NotSigned, SigningKey, open_note, verify_checkpoint

KEY = SigningKey("log.example/public", Ed25519PrivateKey.generate())
HEAD = Head(3, bytes(range(32)))
CHECKPOINT = KEY.checkpoint(HEAD)


def test_notes_and_verifier_keys_are_those_of_the_go_implementation():
    """The example in the documentation of golang.org/x/mod/sumdb/note."""
    verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    note = f"{text}\n— PeterNeumann {signature}\n"
    assert open_note(note.encode(), verifier) == text
    with pytest.raises(NotSigned, match="is wrong"):
        open_note(note.replace("answer", "Answer").encode(), verifier)
    with pytest.raises(ValueError, match="not an Ed25519 verifier key"):
        open_note(note.encode(), verifier.replace("c74f20a3", "c74f20a4"))


def test_a_checkpoint_is_origin_size_and_root_signed():
    origin, size, root, blank, signature, end = CHECKPOINT.decode().split("\n")
    assert (origin, size, blank, end) == ("log.example/public", "3", "", "")
    assert base64.b64decode(root) == HEAD.root
    assert signature.startswith("— log.example/public ")
    assert verify_checkpoint(CHECKPOINT, KEY.verifier) == HEAD


def test_other_signatures_beside_the_logs_own_are_ignored():
    text = CHECKPOINT.decode().partition("\n\n")[0] + "\n"
    namesake = SigningKey(KEY.name, Ed25519PrivateKey.generate())
    witness = SigningKey("witness.example", Ed25519PrivateKey.generate())
    cosigned = CHECKPOINT
    for other in (namesake, witness):
        cosigned += other.sign(text).partition(b"\n\n")[2]
    assert verify_checkpoint(cosigned, KEY.verifier) == HEAD
    assert open_note(cosigned, witness.verifier) == text
    with pytest.raises(NotSigned, match="not a checkpoint of this log"):
        verify_checkpoint(cosigned, witness.verifier)


def test_a_signature_has_one_spelling():
    checkpoint = CHECKPOINT.decode()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = checkpoint[-3]  # of its six bits, the two lowest stand for nothing
    respelt = f"{checkpoint[:-3]}{alphabet[alphabet.index(last) + 1]}=\n"
    assert base64.b64decode(respelt[-93:]) == base64.b64decode(checkpoint[-93:])
    with pytest.raises(NotSigned, match="not a signed note"):
        verify_checkpoint(respelt.encode(), KEY.verifier)


ROOT = base64.b64encode(EMPTY_ROOT).decode()


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n\n",
        b"\xff" + KEY.sign(f"{KEY.name}\n0\n{ROOT}\n"),
        KEY.sign(f"{KEY.name}\n0\n{ROOT}\n").rstrip(b"\n"),
        KEY.sign(f"{KEY.name}\n0\n{ROOT}\n") + b"more",
        KEY.sign(f"{KEY.name}\n0\n{ROOT}\n").partition("—".encode())[0],
        KEY.sign(f"{KEY.name}\r\n0\n{ROOT}\n"),
        KEY.sign(f"{KEY.name}\n00\n{ROOT}\n"),
        KEY.sign(f"{KEY.name}\n-1\n{ROOT}\n"),
        KEY.sign(f"{KEY.name}\n٣\n{ROOT}\n"),
        KEY.sign(f"{KEY.name}\n0\n{ROOT[:-4]}\n"),
        KEY.sign(f"{KEY.name}\n0\n"),
        KEY.sign(f"another.example\n0\n{ROOT}\n"),
        KEY.sign(f"{KEY.name}\n0\n{ROOT}\n" + "more\n" * 30_000),
        SigningKey(KEY.name, Ed25519PrivateKey.generate()).sign(f"{KEY.name}\n0\n{ROOT}\n"),
        f"{KEY.name}\n0\n{ROOT}\n\n— {KEY.name} {base64.b64encode(KEY._id).decode()}\n".encode(),
    ],
    ids=range(16),
)
def test_what_is_not_a_checkpoint_signed_by_the_log_is_refused(note):
    assert verify_checkpoint(KEY.sign(f"{KEY.name}\n0\n{ROOT}\n"), KEY.verifier) == (0, EMPTY_ROOT)
    with pytest.raises(NotSigned):
        verify_checkpoint(note, KEY.verifier)


def test_a_key_is_made_once_and_closed_to_others(tmp_path):
    path = tmp_path / "keys" / "public.pem"
    key = SigningKey.open(path, "log.example")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert SigningKey.open(path, "log.example").verifier == key.verifier
    assert [file.name for file in path.parent.iterdir()] == ["public.pem"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_open_to_others_is_refused(tmp_path, mode):
    SigningKey.open(tmp_path / "public.pem", "log.example")
    (tmp_path / "public.pem").chmod(mode)
    with pytest.raises(PermissionError, match="others may read the key"):
        SigningKey.open(tmp_path / "public.pem", "log.example")


def test_two_that_start_at_once_get_the_same_key(tmp_path, monkeypatch):
    path, first = tmp_path / "public.pem", []
    generate = Ed25519PrivateKey.generate

    def late():
        """Meanwhile another process makes its key."""
        monkeypatch.setattr(Ed25519PrivateKey, "generate", generate)
        first.append(SigningKey.open(path, "log.example"))
        return generate()

    monkeypatch.setattr(Ed25519PrivateKey, "generate", late)
    assert SigningKey.open(path, "log.example").verifier == first[0].verifier


def test_another_kind_of_key_is_refused(tmp_path):
    pem = X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "public.pem").write_bytes(pem)
    (tmp_path / "public.pem").chmod(0o600)
    with pytest.raises(TypeError, match="does not hold an Ed25519 key"):
        SigningKey.open(tmp_path / "public.pem", "log.example")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak", "no-break\u00a0space"])
def test_a_key_name_must_fit_into_a_note(name):
    with pytest.raises(ValueError, match="a key name"):
        SigningKey(name, Ed25519PrivateKey.generate())
