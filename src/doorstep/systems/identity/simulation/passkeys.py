"""A device with a passkey, in software: what phones do, for the demo's people, the tests and the benches."""

import hashlib
from typing import Any

import cbor2
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

_PRESENT_VERIFIED = 0x05
_WITH_CREDENTIAL = 0x40


class SoftPasskey:
    """One ES256 credential. Its key is the caller's to keep; the counter goes up by one a use."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, credential: bytes, count: int = 0) -> None:
        self.key, self.credential, self.count = key, credential, count

    def make(self, options: str, origin: str) -> str:
        """The browser's answer to creation options, without attestation."""
        told: dict[str, Any] = msgspec.json.decode(options)
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        flags = _PRESENT_VERIFIED | _WITH_CREDENTIAL
        place = bytes(16) + len(self.credential).to_bytes(2) + self.credential + cose
        proof = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._head(told["rp"]["id"], flags) + place})
        client = _client("webauthn.create", told["challenge"], origin)
        return self._answer({"clientDataJSON": client, "attestationObject": proof})

    def use(self, options: str, origin: str) -> str:
        """The browser's answer to request options."""
        told: dict[str, Any] = msgspec.json.decode(options)
        self.count += 1
        head = self._head(told["rpId"], _PRESENT_VERIFIED)
        client = _client("webauthn.get", told["challenge"], origin)
        signature = self.key.sign(head + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": head, "signature": signature})

    def _head(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _answer(self, response: dict[str, bytes]) -> str:
        name = bytes_to_base64url(self.credential)
        told = {part: bytes_to_base64url(value) for part, value in response.items()}
        return msgspec.json.encode({"id": name, "rawId": name, "type": "public-key", "response": told}).decode()


def challenge_of(options: str) -> bytes:
    """The challenge that options name."""
    return base64url_to_bytes(msgspec.json.decode(options)["challenge"])


def _client(kind: str, challenge: str, origin: str) -> bytes:
    return msgspec.json.encode({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False})
