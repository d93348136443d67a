"""The OpenID Provider's rules: claims, levels, redirect addresses, and tokens that only this installation can make.

OpenID Connect Core 1.0; RFC 6749 and 9700 (OAuth 2.0 and its security), 7636 (PKCE), 9126 (pushed requests).
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.reasons import Reason, reason

REDIRECT_INVALID = reason(
    "identity.redirect_invalid",
    "{address} cannot be an address to return to.",
    repair="Write whole https addresses without #, one a line; http is for localhost only.",
)
REDIRECT_HOSTS = reason(
    "identity.redirect_hosts",
    "The addresses to return to lie on several hosts.",
    repair="Register one relying party for each host: each of them knows people under identifiers of its own.",
)
KEYS_INVALID = reason(
    "identity.keys_invalid",
    "These are no public keys: {detail}",
    repair="Paste a JSON Web Key Set (RFC 7517) with public keys of ES256 or RS256, each with its kid.",
)
PARTY_INCOMPLETE = reason(
    "identity.party_incomplete", "A name and a purpose are missing.", repair="Say who asks, and what for."
)

CODE_KEPT = timedelta(seconds=60)
ACCESS_KEPT = timedelta(minutes=10)
ID_TOKEN_KEPT = timedelta(minutes=10)
REFRESH_KEPT = timedelta(days=30)
PUSHED_KEPT = timedelta(minutes=10)
ASSERTION_KEPT = timedelta(minutes=65)
"""The longest that a relying party's own assertion may hold (RFC 7523, 3): until then its id is kept. Some libraries make
them for an hour, and clocks differ.
"""
PUSHED = "urn:ietf:params:oauth:request_uri:"
ALGORITHMS = ("ES256", "RS256")
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
GRANTS = ("authorization_code", "refresh_token")
_MARK = 20


class Claim(Code):
    """What a relying party may learn. The names are those of OpenID Connect Core 5.1; the personal number's is that of
    the EU's person identification data, since Core has none.
    """

    NAME = "name", "Full name"
    BIRTHDATE = "birthdate", "Date of birth"
    GENDER = "gender", "Sex"
    ADDRESS = "address", "Address"
    PHONE = "phone_number", "Phone number"
    EMAIL = "email", "E-mail address"
    NUMBER = "personal_administrative_number", "Personal number"


SCOPES: Mapping[str, tuple[Claim, ...]] = {
    "openid": (),
    "profile": (Claim.NAME, Claim.BIRTHDATE, Claim.GENDER),
    "address": (Claim.ADDRESS,),
    "phone": (Claim.PHONE,),
    "email": (Claim.EMAIL,),
    "offline_access": (),
}
"""What each scope asks for; the personal number is asked for by name, in the parameter `claims`."""


class Wanted(msgspec.Struct, frozen=True):
    """What a request asks to know: all of it, what it cannot do without, and what is to stand in the ID token."""

    claims: tuple[Claim, ...]
    essential: frozenset[Claim]
    in_id_token: frozenset[Claim]
    offline: bool
    level: int
    """The level that the person must have reached (essential), or at least be asked for."""
    level_essential: bool
    max_age: int | None
    subject: str | None
    """Under which identifier the party knows the only person that it wants (Core 5.5.1); None where anybody will do."""


class RequestFault(Exception):  # noqa: N818  named as the protocol does
    """An authorization request that is wrong in itself: `error` is the protocol's code, `description` plain ASCII."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error, description)
        self.error, self.description = error, description


def read_wanted(told: Mapping[str, str], allowed: Collection[str], issuer: str) -> Wanted:
    """What the parameters `scope`, `claims`, `acr_values` and `max_age` ask for, within what the party may learn.

    Raises RequestFault where one of them cannot be read. Claims that the party may not learn and members that nobody
    knows are left out silently, as Core 5.5 has it.
    """
    scopes = told.get("scope", "").split()
    userinfo, token = _asked(told.get("claims") or "{}")
    by_scope = {claim for scope in scopes for claim in SCOPES.get(scope, ())}
    named = {*userinfo, *token}
    claims = tuple(c for c in Claim if (c in by_scope or c in named) and c in allowed)
    essential = frozenset(
        c for c in claims for part in (userinfo, token) if (part.get(c) or {}).get("essential") is True
    )
    level, needed = _level(told.get("acr_values", "").split(), token.get("acr") or {}, issuer)
    return Wanted(
        claims,
        essential,
        frozenset(c for c in claims if c in token),
        "offline_access" in scopes,
        level,
        needed,
        _max_age(told.get("max_age")),
        str(sub["value"]) if "value" in (sub := token.get("sub") or {}) else None,
    )


def _asked(text: str) -> list[dict[str, dict[str, Any] | None]]:
    try:
        told = msgspec.json.decode(text, type=dict[str, Any])
        form = dict[str, dict[str, Any] | None]
        return [msgspec.convert(told.get(part, {}), form) for part in ("userinfo", "id_token")]
    except (msgspec.DecodeError, RecursionError) as error:
        raise RequestFault("invalid_request", "The parameter claims is no JSON object of objects.") from error


def _level(preferred: Sequence[str], asked: Mapping[str, Any], issuer: str) -> tuple[int, bool]:
    needed = asked.get("essential") is True
    values = asked.get("values", [asked["value"]] if "value" in asked else [])
    if not isinstance(values, list):
        raise RequestFault("invalid_request", "acr asks for values that are no list.")
    if needed and values:
        known = [level for value in values if (level := level_of(value, issuer))]
        if not known:
            raise RequestFault("unmet_authentication_requirements", "None of these levels is known here.")
        return min(known), True
    known = [level for value in [*preferred, *values] if (level := level_of(value, issuer))]
    return (known[0] if known else 1), False


def _max_age(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise RequestFault("invalid_request", "max_age is no number of seconds.")
    return int(text)


def acr(level: int, issuer: str) -> str:
    """The name of a level of assurance, an absolute URI as Core 2 wants it."""
    return f"{issuer}/level/{level}"


def level_of(value: object, issuer: str) -> int | None:
    """The level that an `acr` names; None for another's."""
    return next((level for level in (1, 2) if value == acr(level, issuer)), None)


def pairwise(key: bytes, sector: str, subject: str) -> str:
    """Under which identifier one sector knows a person (Core 8.1): another sector cannot match it with its own."""
    return _text(hmac.digest(key, f"{sector}\0{subject}".encode(), hashlib.sha256))


class Kind(StrEnum):
    """What a token opens."""

    CODE = "c"
    ACCESS = "a"
    REFRESH = "r"


def mint(key: bytes, kind: Kind, grant: UUID, number: int = 0) -> str:
    """A token of a grant: its kind, the grant's id, a number, and our mark of 160 bits over them; nothing is kept of it.

    `number` is the second at which a code or access token ends, and a refresh token's generation.
    """
    body = grant.bytes + number.to_bytes(6)
    return kind + _text(body + _mark(key, kind, body))


def read_token(key: bytes, token: str) -> tuple[Kind, UUID, int] | None:
    """What `mint` wrote; None for anything that it did not."""
    raw = _bytes(token[1:]) if token[:1] in {"c", "a", "r"} and len(token) < 100 else b""
    kind, body = token[:1], raw[:-_MARK]
    if len(body) != 22 or not hmac.compare_digest(raw[-_MARK:], _mark(key, kind, body)):
        return None
    return Kind(kind), UUID(bytes=body[:16]), int.from_bytes(body[16:])


def _mark(key: bytes, kind: str, body: bytes) -> bytes:
    return hmac.digest(key, kind.encode() + body, hashlib.sha256)[:_MARK]


def new_secret() -> str:
    """A relying party's secret: 256 random bits."""
    return secrets.token_urlsafe(32)


def secret_digest(secret: str) -> bytes:
    """What is kept of it; a plain digest is enough for so many random bits."""
    return hashlib.sha256(secret.encode()).digest()


def half_hash(token: str) -> str:
    """`at_hash` (Core 3.1.3.6): the left half of the SHA-256, which both of our algorithms use."""
    return _text(hashlib.sha256(token.encode()).digest()[:16])


def check_party(name: str, purpose: str, redirects: Sequence[str], after: Sequence[str]) -> list[Reason]:
    """Against a registration: names, and addresses that could lead people elsewhere."""
    found = [] if name.strip() and purpose.strip() else [PARTY_INCOMPLETE("name")]
    found += [
        REDIRECT_INVALID(field, address=address[:200])
        for field, addresses in (("redirects", redirects), ("after_logout", after))
        for address in addresses
        if not is_address(address)
    ]
    if not redirects:
        found.append(REDIRECT_INVALID("redirects", address="-"))
    if len({urlsplit(one).hostname for one in redirects if is_address(one)}) > 1:
        found.append(REDIRECT_HOSTS("redirects"))
    return found


def sector_of(redirects: Iterable[str]) -> str:
    """The host that a relying party's addresses share."""
    return next((urlsplit(one).hostname or "" for one in redirects), "")


def is_address(text: str) -> bool:
    """Whether it is a whole https address without a fragment; http is for this machine only."""
    try:
        parts = urlsplit(text)
        plain = text.isascii() and not re.search(r"[\s\\#\"'<>;,]", text) and parts.port != 0
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return plain and bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or local)


def needs_fresh(signed: datetime, at: datetime, max_age: int | None) -> bool:
    """Whether signing in is too long ago for `max_age` (seconds)."""
    return max_age is not None and at - signed > timedelta(seconds=max_age)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
    return raw if _text(raw) == text else b""
