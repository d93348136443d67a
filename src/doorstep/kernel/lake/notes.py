"""What a log signs: C2SP signed notes with Ed25519, and the checkpoints written in them (C2SP tlog-checkpoint)."""

import base64
import os
import re
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from doorstep.kernel.disk import write_once

ED25519 = b"\x01"  # its signature type in C2SP signed-note
MAX_NOTE_BYTES = 1 << 17
# Only one spelling of each value, so that a changed byte is never without effect.
BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"
SIGNATURE_LINE = re.compile(rf"— ([^\s+]+) ({BASE64})\n")
SIGNED_NOTE = re.compile(rf"((?:[^\x00-\x1f]*\n)+)\n((?:— [^\s+]+ {BASE64}\n)+)")
CHECKPOINT_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")


class Head(NamedTuple):
    """What a checkpoint says: number of leaves and SHA-256 root."""

    size: int
    root: bytes


class LogRefused(Exception):  # noqa: N818  this house names refusals, not errors
    """The log does not do this; the message says why."""


class NotSigned(LogRefused):
    """A checkpoint is missing, malformed, or without a valid signature of the expected key."""


class SigningKey:
    """An Ed25519 key and the name it signs under, which is also the log's origin (an address without scheme)."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        if not re.fullmatch(r"[^\s+\x00-\x1f]+", name):
            raise ValueError(f"a key name is not empty and has no space, plus or control character: {name!r}")
        public = private.public_key().public_bytes_raw()
        self._private = private
        self._id = _key_id(name, public)
        self.name = name
        self.verifier = f"{name}+{self._id.hex()}+{base64.b64encode(ED25519 + public).decode()}"

    @classmethod
    def open(cls, path: Path, name: str) -> Self:
        """The key in a PKCS8 file (`keys/<name>.pem`); makes one, mode 0600, where there is none.

        Raises PermissionError when others may read the file, TypeError when it holds another kind of key.
        """
        if not path.exists():
            write_once(
                path,
                Ed25519PrivateKey.generate().private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                ),
            )
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise PermissionError(f"others may read the key {path}: chmod 600 it, or replace it if they did")
            private = serialization.load_pem_private_key(file.read(), password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError(f"{path} does not hold an Ed25519 key")
        return cls(name, private)

    def checkpoint(self, head: Head) -> bytes:
        """The signed checkpoint of the log of this name; `verify_checkpoint` reads it."""
        return self.sign(f"{self.name}\n{head.size}\n{base64.b64encode(head.root).decode()}\n")

    def sign(self, text: str) -> bytes:
        """The text (which ends in a newline) as a C2SP signed note."""
        signature = base64.b64encode(self._id + self._private.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n".encode()


def open_note(note: bytes, verifier_key: str) -> str:
    """Text of a C2SP signed note in which this key's signature holds (those of other keys are ignored); else NotSigned."""
    name, key_id, encoded = verifier_key.split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    if key[:1] != ED25519 or bytes.fromhex(key_id) != _key_id(name, key[1:]):
        raise ValueError(f"not an Ed25519 verifier key: {verifier_key}")
    try:
        parts = SIGNED_NOTE.fullmatch(note.decode()) if len(note) <= MAX_NOTE_BYTES else None
    except UnicodeDecodeError:
        parts = None
    if not parts:
        raise NotSigned("not a signed note")
    signatures = [base64.b64decode(signature) for by, signature in SIGNATURE_LINE.findall(parts[2]) if by == name]
    ours = [signature[4:] for signature in signatures if signature[:4] == bytes.fromhex(key_id)]
    if not ours:
        raise NotSigned(f"{name} did not sign this")
    try:
        for signature in ours:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature, parts[1].encode())
    except InvalidSignature as error:
        raise NotSigned(f"the signature of {name} is wrong") from error
    return parts[1]


def verify_checkpoint(note: bytes, verifier_key: str) -> Head:
    """Size and root in a checkpoint that the log with this key signed; NotSigned otherwise. C2SP tlog-checkpoint."""
    found = CHECKPOINT_TEXT.fullmatch(open_note(note, verifier_key))
    if not found or found[1] != verifier_key.split("+", 1)[0]:
        raise NotSigned("the signed text is not a checkpoint of this log")
    return Head(int(found[2]), base64.b64decode(found[3]))


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]
