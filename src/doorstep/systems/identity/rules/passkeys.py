"""Passkeys (WebAuthn Level 3): challenges that need no session, and what a browser's answer proves."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from doorstep.kernel.values.reasons import Reason, reason

PASSKEY_REFUSED = reason(
    "identity.passkey_refused",
    "The passkey's answer does not fit: it is for another site, too old, or was changed on the way.",
    repair="Load the page again and use the passkey once more, or sign in with the passcode and a code by SMS.",
)

CHALLENGE_KEPT = timedelta(minutes=5)
REFUSED_BY_LIBRARY = (
    WebAuthnException,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RecursionError,
)
"""What it raises for answers that do not fit, or are nonsense."""


class Party(msgspec.Struct, frozen=True):
    """The site that passkeys are bound to: its host name, and the origins its pages are served from."""

    host: str
    origins: tuple[str, ...]


class NewPasskey(msgspec.Struct, frozen=True):
    """A credential that a device made: its id, COSE public key, and counter."""

    credential: bytes
    public_key: bytes
    sign_count: int


def new_challenge(key: bytes, at: datetime) -> bytes:
    """24 random bytes, the second until which they hold, and our mark over both: nothing is kept for visitors."""
    body = secrets.token_bytes(24) + int((at + CHALLENGE_KEPT).timestamp()).to_bytes(6)
    return body + _mark(key, body)


def challenge_lasts(key: bytes, challenge: bytes, at: datetime) -> datetime | None:
    """Until when a challenge of ours holds; None for one that is not ours or is over."""
    body, mark = challenge[:-16], challenge[-16:]
    if len(body) != 30 or not hmac.compare_digest(mark, _mark(key, body)):
        return None
    until = datetime.fromtimestamp(int.from_bytes(body[24:]), UTC)
    return until if at < until else None


def _mark(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"passkey challenge" + body, hashlib.sha256)[:16]


def creation_options(party: Party, title: str, user: bytes, name: str, challenge: bytes, known: list[bytes]) -> str:
    """What the browser needs to make a passkey, as JSON; `known` credentials are not made twice on a device."""
    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=party.host,
            rp_name=title,
            user_id=user,
            user_name=name,
            challenge=challenge,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )
    )


def request_options(party: Party, challenge: bytes) -> str:
    """What the browser needs to use a passkey, as JSON; the person chooses which."""
    options = webauthn.generate_authentication_options(
        rp_id=party.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return webauthn.options_to_json(options)


def read_new(party: Party, answer: str, challenge: bytes) -> NewPasskey | Reason:
    """What a device made; PASSKEY_REFUSED for another site, another challenge, or anything malformed."""
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
    except REFUSED_BY_LIBRARY:
        return PASSKEY_REFUSED()
    return NewPasskey(made.credential_id, made.credential_public_key, made.sign_count)


def read_answer(answer: str) -> tuple[bytes, bytes] | None:
    """The credential and the challenge that an answer names, before anything is proven; None if it is malformed."""
    try:
        told: dict[str, Any] = msgspec.json.decode(answer)
        client = msgspec.json.decode(base64url_to_bytes(told["response"]["clientDataJSON"]))
        return base64url_to_bytes(told["rawId"]), base64url_to_bytes(client["challenge"])
    except (msgspec.DecodeError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def check_answer(party: Party, answer: str, challenge: bytes, *, public_key: bytes, sign_count: int) -> int | Reason:
    """The counter after a proven use. A counter that went back (a copied device) is refused by the library, too."""
    try:
        used = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except REFUSED_BY_LIBRARY:
        return PASSKEY_REFUSED()
    return used.new_sign_count


def text_of(credential: bytes) -> str:
    """Base64url without padding, as WebAuthn's JSON writes bytes."""
    return bytes_to_base64url(credential)


def bytes_of(text: str) -> bytes:
    """What `text_of` wrote; empty for anything else."""
    try:
        return base64url_to_bytes(text)
    except ValueError:
        return b""
