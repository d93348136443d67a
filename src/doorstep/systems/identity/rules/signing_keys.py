"""Keys that sign ID tokens: published before they sign, and still after (OpenID Connect Core 10.1.1)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeyParameters, KeySet, OctKey, RSAKey

from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.rules.openid import ALGORITHMS, KEYS_INVALID

AHEAD = timedelta(days=7)
"""A key is published so long before it signs: relying parties fetch the set about daily."""
SIGNS = timedelta(days=90)
AFTER = timedelta(days=7)
"""It stays published so long after it signed last."""
PATIENCE = timedelta(days=1)
"""A successor is made within hours of AHEAD; without one for so long nobody makes it."""
EARLIER = timedelta(minutes=5)
"""The first key signs from a little earlier on, so that it serves requests that began before it was made."""
MOST_KEYS = 20
SignKey = ECKey | RSAKey


class Turn(msgspec.Struct, frozen=True):
    """A key's days: it signs from `signs_from` to `signs_to`, and is published until AFTER that."""

    id: UUID
    algorithm: str
    signs_from: datetime
    signs_to: datetime


def signing(turns: Sequence[Turn], algorithm: str, at: datetime) -> Turn | None:
    """Whose turn it is: of several the one that began last."""
    due = [one for one in turns if one.algorithm == algorithm and one.signs_from <= at < one.signs_to]
    return max(due, key=lambda one: one.signs_from, default=None)


def due(turns: Sequence[Turn], algorithm: str, at: datetime) -> tuple[datetime, datetime] | None:
    """The turn of a key to be made now: at once where none signs, else AHEAD of the end of the last one's."""
    last = max((one.signs_to for one in turns if one.algorithm == algorithm), default=at)
    if last <= at:
        return at - EARLIER, at + SIGNS
    return (last, last + SIGNS) if last - at <= AHEAD else None


def overdue(turns: Sequence[Turn], at: datetime) -> list[Turn]:
    """The last key of each algorithm whose successor should be there since a day or longer: rotation has stopped."""
    last = {one.algorithm: one for one in sorted(turns, key=lambda one: one.signs_to)}
    return [one for one in last.values() if one.signs_to - at <= AHEAD - PATIENCE]


def new_key(algorithm: str, kid: str) -> SignKey:
    """A fresh private key: P-256 for ES256, 2048 bits for RS256."""
    told: KeyParameters = {"kid": kid, "use": "sig", "alg": algorithm}
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", told, private=True, auto_kid=False)
    return RSAKey.generate_key(2048, told, private=True, auto_kid=False)


def sealed(key: bytes, private: SignKey) -> str:
    """A private key as it may lie in a table."""
    return sealed_text(key, msgspec.json.encode(private.as_dict(private=True)))


def unsealed(key: bytes, text: str) -> SignKey:
    """What `sealed` wrote; JoseError under another key."""
    return read_key(msgspec.json.decode(unsealed_text(key, text)))


def sealed_text(key: bytes, text: bytes) -> str:
    """A secret as it may lie in a table: JWE (RFC 7516), so that whoever reads the table has nothing of it."""
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, text, OctKey.import_key(key))


def unsealed_text(key: bytes, text: str) -> bytes:
    """What `sealed_text` wrote; JoseError under another key."""
    return jwe.decrypt_compact(text, OctKey.import_key(key)).plaintext or b""


def read_key(told: dict[str, Any]) -> SignKey:
    """A JSON Web Key of ours, private or public."""
    return ECKey.import_key(told) if told["kty"] == "EC" else RSAKey.import_key(told)


def signed(key: SignKey, claims: dict[str, Any], kind: str = "JWT") -> str:
    """A JWT (RFC 7519) that names its key."""
    algorithm = str(key.get("alg"))
    return jwt.encode({"alg": algorithm, "kid": key.kid, "typ": kind}, claims, key, [algorithm])


def read_own(keys: KeySet, token: str, issuer: str) -> dict[str, Any] | None:
    """The claims of an ID token of ours, however old (an `id_token_hint`); None for anything else."""
    try:
        told = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError):
        return None
    return dict(told) if told.get("iss") == issuer else None


def check_keys(text: str) -> list[Reason]:
    """Against a relying party's public keys, as a JSON Web Key Set."""
    try:
        told = msgspec.json.decode(text, type=dict[str, list[dict[str, Any]]])
        found = KeySet.import_key_set(told)  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        return [KEYS_INVALID("keys", detail=type(error).__name__)]
    if not 0 < len(found.keys) <= MOST_KEYS:
        return [KEYS_INVALID("keys", detail=f"{len(found.keys)}")]
    fit = all(isinstance(one, ECKey | RSAKey) and not one.is_private and one.get("kid") for one in found.keys)
    strong = all(not isinstance(one, RSAKey) or one.public_key.key_size >= 2048 for one in found.keys)
    return [] if fit and strong else [KEYS_INVALID("keys", detail="kid, kty")]
