"""Requests signed by HTTP Message Signatures (RFC 9421) over a Content-Digest (RFC 9530): ours to a bank, a bank's to us.

A key says by which algorithm it signs (RFC 9421, 7.3.6): what a message claims is compared with it and decides nothing.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import msgspec
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from doorstep.kernel.values.reasons import NotAllowed, Reason, Refused, reason

WINDOW = timedelta(minutes=5)
"""How far the time of signing may be from our clock, either way."""
MOST_NONCE = 200
BODILY = ("content-digest", "content-type")
_COVERED = frozenset(f'"{name}"' for name in ("@method", *BODILY))
_ADDRESSES = (frozenset(('"@target-uri"',)), frozenset(('"@authority"', '"@path"')))

SIGNATURE_MISSING = reason(
    "payments.signature_missing",
    "The message is not signed, or its signature cannot be read.",
    repair="Sign it by RFC 9421, with one signature that names key, time and nonce.",
)
SIGNATURE_WRONG = reason(
    "payments.signature_wrong",
    "The signature does not fit the message and the address that it came to.",
    repair="Sign what is sent, as it is sent, with the key that is named.",
)
KEY_UNKNOWN = reason(
    "payments.key_unknown",
    "The key that signed is not known here, or not at this time.",
    repair="Hand over the new public key before it signs.",
)
COVERS_TOO_LITTLE = reason(
    "payments.covers_too_little",
    "The signature does not cover what it has to.",
    repair="Cover @method, @target-uri, content-digest and content-type, and add a nonce.",
)
STALE = reason(
    "payments.signature_stale",
    "The message was signed more than {minutes} minutes ago, or in the future.",
    repair="Sign it anew when it is sent, and set the clock.",
)
DIGEST_WRONG = reason(
    "payments.digest_wrong",
    "The content is not the one whose digest was signed: it was cut or changed on the way.",
    repair="Send it again.",
)
NOT_ITS_ACCOUNT = reason(
    "payments.not_its_account",
    "The key that signed does not speak for this account.",
    repair="Sign with the key of the account's bank.",
)
REPLAYED = reason("payments.replayed", "This very message came before.", repair="Give each message a nonce of its own.")


class Key(msgspec.Struct, frozen=True):
    """A key of a bank or of ours; `secret` where it is private. It signs from `not_before` to `expires`, where they are said.

    `accounts` are those it may speak for, each as "bank" or "bank:number"; without any, all.
    """

    keyid: str
    algorithm: type[HTTPSignatureAlgorithm]
    public: Any
    secret: Any = None
    not_before: datetime | None = None
    expires: datetime | None = None
    accounts: tuple[str, ...] = ()

    def speaks_for(self, bank: str, number: str) -> bool:
        return not self.accounts or bank in self.accounts or f"{bank}:{number}" in self.accounts

    def serves(self, at: datetime) -> bool:
        return (self.not_before is None or self.not_before <= at) and (self.expires is None or at < self.expires)


class Signed(msgspec.Struct):
    """A request: method in capitals, absolute address, headers, and the content as it travels."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""


class Proof(msgspec.Struct, frozen=True):
    """The key that signed, and the nonce that is to be used once; after `until` its message is too old anyway."""

    key: Key
    nonce: str
    until: datetime


def read_keys(content: bytes) -> dict[str, Key]:
    """A JSON Web Key Set (RFC 7517) by `kid`; Ed25519 and P-256. `nbf` and `exp`, in seconds, say when a key serves,
    and `accounts` (a list) for which accounts.

    Raises ValueError with a sentence for the operator.
    """
    try:
        told = msgspec.json.decode(content, type=dict[str, list[dict[str, Any]]])["keys"]
        found = [_key(one) for one in told]
    except (JoseError, OSError, KeyError, TypeError, ValueError, OverflowError) as failure:
        raise ValueError(
            f"this is no set of JSON Web Keys, Ed25519 or P-256, each with a kid ({failure})."
        ) from failure
    if not found or len({one.keyid for one in found}) < len(found):
        raise ValueError("there is no key in it, or two have one kid.")
    return {one.keyid: one for one in found}


def _key(told: dict[str, Any]) -> Key:
    """One JSON Web Key. Raises JoseError, KeyError, TypeError or ValueError for what is none."""
    key = OKPKey.import_key(told) if told["kty"] == "OKP" else ECKey.import_key(told)
    curve = told["crv"]
    algorithm = {"Ed25519": algorithms.ED25519, "P-256": algorithms.ECDSA_P256_SHA256}[curve]
    if not isinstance(told["kid"], str) or not told["kid"]:
        raise ValueError("kid")
    accounts = told.get("accounts", [])
    if not isinstance(accounts, list) or not all(isinstance(one, str) and one for one in accounts):
        raise ValueError("accounts")
    begins, ends = [datetime.fromtimestamp(told[name], UTC) if name in told else None for name in ("nbf", "exp")]
    secret = key.private_key if key.is_private else None
    return Key(told["kid"], algorithm, key.public_key, secret, begins, ends, tuple(accounts))


def sign(request: Signed, key: Key, at: datetime, nonce: str) -> None:
    """Add Content-Digest, Signature-Input and Signature to the request's headers."""
    covered = ("@method", "@target-uri", *(BODILY if request.body else ()))
    HTTPMessageSigner(signature_algorithm=key.algorithm, key_resolver=_Own(key)).sign(
        request,
        key_id=key.keyid,
        created=at,
        nonce=nonce,
        label="sig",
        covered_component_ids=covered,
        body=request.body or None,
    )


def check(request: Signed, keys: Mapping[str, Key], at: datetime) -> Proof:
    """Who signed this. Raises NotAllowed where nobody did who may, Refused where the content is not what was signed.

    That the nonce is used once is for the caller to see to.
    """
    verifier = _Verifier(keys, at)
    try:
        signatures = verifier.verify(request)
    except HTTPMessageSignaturesException as failure:
        raise NotAllowed(SIGNATURE_WRONG() if verifier.key else SIGNATURE_MISSING()) from failure
    if len(signatures) != 1:
        raise NotAllowed(SIGNATURE_MISSING())
    found = signatures[0]
    covered = set(found.covered_components)
    whole = any(address <= covered for address in _ADDRESSES)
    asked = "?" in request.url and not covered & {'"@target-uri"', '"@query"'}
    if not covered >= _COVERED or not whole or asked or verifier.key is None:
        raise NotAllowed(COVERS_TOO_LITTLE())
    try:
        verifier.verify_body(request, [found], request.body)
    except InvalidSignature as failure:
        raise Refused(DIGEST_WRONG()) from failure
    return Proof(verifier.key, str(found.nonce), at + 2 * WINDOW)


class _Own(HTTPSignatureKeyResolver):
    """The one key that signs."""

    def __init__(self, key: Key) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Any:  # noqa: ARG002  the interface's
        return self.key.secret

    def resolve_public_key(self, key_id: str) -> Any:  # noqa: ARG002
        return self.key.public


class _Verifier(HTTPMessageVerifier):
    """The library's, which calls `validate_created_and_expires` first: there the key decides on the algorithm."""

    def __init__(self, keys: Mapping[str, Key], at: datetime) -> None:
        super().__init__(signature_algorithm=algorithms.ED25519, key_resolver=None)  # both until the key is known
        self.keys, self.at = keys, at
        self.key: Key | None = None

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:  # noqa: ARG002
        """Raises NotAllowed for a key that does not serve now, a time outside the window, and no nonce."""
        told = sig_input.params
        keyid = told.get("keyid")
        key = self.keys.get(keyid) if isinstance(keyid, str) else None
        if key is None or not key.serves(self.at):
            _refuse(KEY_UNKNOWN())
        now, nonce = int(self.at.timestamp()), told.get("nonce")
        created, expires = told.get("created"), told.get("expires", now)
        if not isinstance(nonce, str) or not 0 < len(nonce) <= MOST_NONCE or type(created) is not int:
            _refuse(COVERS_TOO_LITTLE())
        if abs(now - created) > WINDOW.total_seconds() or type(expires) is not int or expires < now:
            _refuse(STALE(minutes=WINDOW // timedelta(minutes=1)))
        self.key, self.signature_algorithm, self.key_resolver = key, key.algorithm, _Own(key)


def _refuse(why: Reason) -> NoReturn:
    raise NotAllowed(why)
